/** Support for tests: an agent that speaks as the stock one does, by a script that Node runs on a host of a lab, and errs as it is told to. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StockPrograms } from '../../../plan/expanded-plan.ts';

/** What the stand-in does wrong. */
export interface Errors {
  /** Never says anything to the service, and ends with this as its last words. */
  silent?: string;
  /** A command that it executes when its runner starts. */
  command?: string[];
  /** Output of its ntp-synchronizer. */
  ntp?: string;
  /** A stage that it tells of when its runner starts. */
  stage?: string;
  /** A field that its inventory has more. */
  field?: string;
}

/** Name on a host under which Node stands beside the script: that of a program which the check never starts. */
const NODE = 'assisted-installer-controller';

const SCRIPT = `
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const name = process.argv[1].split('/').at(-1);
const flag = (word) => process.argv[process.argv.indexOf('--' + word) + 1];
const api = flag('url') + '/api/assisted-install/v2/infra-envs/' + flag('infra-env-id') + '/hosts';
const call = (method, path, body) =>
  fetch(api + path, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' } });
const NSENTER = ['--target', '1', '--cgroup', '--mount', '--ipc', '--net', '--'];
const pause = () => new Promise((resolve) => setTimeout(resolve, 1000));

async function agent() {
  if (ERRORS.silent) { console.error(ERRORS.silent); process.exit(1); }
  const id = readFileSync('/sys/class/dmi/id/product_uuid', 'utf8').trim();
  await call('POST', '', { host_id: id, discovery_agent_version: flag('agent-version') });
  const runner = ['next_step_runner', '--url', flag('url'), '--infra-env-id', flag('infra-env-id'), '--host-id', id];
  spawnSync('nsenter', [...NSENTER, 'podman', 'run', 'IMAGE', ...runner], { stdio: 'inherit' });
}

async function runner() {
  const own = '/' + flag('host-id');
  if (ERRORS.command) spawnSync(ERRORS.command[0], ERRORS.command.slice(1));
  if (ERRORS.stage) await call('PUT', own + '/progress', { current_stage: ERRORS.stage });
  for (;;) {
    const { instructions } = await (await call('GET', own + '/instructions')).json();
    for (const { step_type, step_id } of instructions) {
      const output = outputOf(step_type);
      await call('POST', own + '/instructions', { step_type, step_id, exit_code: 0, output, error: '' });
    }
    await pause();
  }
}

function outputOf(type) {
  if (type === 'ntp-synchronizer') return ERRORS.ntp ?? '{"ntp_sources":[]}';
  if (type === 'inventory') {
    const line = 'podman run IMAGE inventory';
    return spawnSync('nsenter', [...NSENTER, 'sh', '-c', line], { encoding: 'utf8' }).stdout;
  }
  return '{}';
}

if (name === 'agent') agent();
else if (name === 'next_step_runner') runner();
else {
  const document = { hostname: 'stand-in', disks: [], interfaces: [], cpu: {}, memory: {} };
  if (ERRORS.field) document[ERRORS.field] = true;
  console.log(JSON.stringify(document));
}
`;

/** Writes the script. @returns programs of which only the agent is meant to be run */
export function standIn(folder: string, errors: Errors): StockPrograms {
  const agent = join(folder, 'agent');
  writeFileSync(agent, `#!/usr/bin/${NODE}\nconst ERRORS = ${JSON.stringify(errors)};\n${SCRIPT}`);
  chmodSync(agent, 0o755);
  return { agent, installer: null, controller: process.execPath, manifests: null };
}
