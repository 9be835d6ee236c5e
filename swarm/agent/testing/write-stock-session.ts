/**
 * Takes a stock agent through the conversation of stock-session.ts and keeps what it said in stock-session.json:
 *
 *   node swarm/agent/testing/write-stock-session.ts AGENT [key.pem cert.pem]     (assisted-installer-agent, src/agent/main)
 *
 * (then `npx biome check --write` of that file). With a key and a certificate they speak TLS. The agent finds nothing to execute but
 * itself as next_step_runner.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET, SessionService } from './stock-session.ts';
import { AGENT_VERSION, INFRA_ENV_ID } from './world.ts';

/** Milliseconds for the whole of it: the agent registers again a minute after a failure, and there is none that lasts. */
const LIMIT_MS = 120_000;
/** Milliseconds that the kernel may take to tell of the end of a process's connections. */
const END_MS = 500;

const [agent, key, cert] = process.argv.slice(2);
if (agent === undefined) throw new Error('name the stock agent');
const folder = mkdtempSync(join(tmpdir(), 'stock-session-'));
const service = await new SessionService(
  key !== undefined && cert !== undefined
    ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    : undefined,
).open();
symlinkSync(resolve(agent), join(folder, 'agent'));
symlinkSync(resolve(agent), join(folder, 'next_step_runner'));
// Stands for `nsenter … podman run … IMAGE next_step_runner …`; every other command is not there.
const nsenter = join(folder, 'nsenter');
writeFileSync(
  nsenter,
  `#!/bin/sh
while [ $# -gt 0 ] && [ "$1" != next_step_runner ]; do shift; done
[ $# -gt 0 ] || exit 127
shift
exec ${join(folder, 'next_step_runner')} "$@"
`,
);
chmodSync(nsenter, 0o755);

const args = ['--url', service.url, '--infra-env-id', INFRA_ENV_ID, '--agent-version', AGENT_VERSION, '--insecure'];
const child = spawn(join(folder, 'agent'), [...args, '--with-journal-logging=false', '--with-stdout-logging=true'], {
  env: { PATH: folder, PULL_SECRET_TOKEN: SECRET },
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true,
});
try {
  const until = Date.now() + LIMIT_MS;
  while (!service.over) {
    if (Date.now() > until) throw new Error(`${service.requests.length} requests came, then none`);
    await sleep(50);
  }
  await sleep(END_MS);
  const { requests, closedByAgent } = service;
  const file = join(import.meta.dirname, 'stock-session.json');
  writeFileSync(file, `${JSON.stringify({ requests, closedByAgent }, null, 2)}\n`);
} finally {
  // The agent and its runner are a process group.
  process.kill(-child.pid!, 'SIGKILL');
  service.close();
  rmSync(folder, { recursive: true });
}
