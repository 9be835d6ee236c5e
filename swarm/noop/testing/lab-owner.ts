/**
 * A program that has two no-op hosts in a lab until its standard input ends, for those who look what is left of it:
 *
 *     node lab-owner.ts PATCHES LOGS
 */
import { Lab } from '../lab.ts';

const [patches, logs] = process.argv.slice(2) as [string, string];
const DIAL = { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 10_000 };
/** What stock programs do on a host: wait for others that live long and short, and write. */
const PROGRAM = `
  import { execFileSync, spawn } from 'node:child_process';
  import { writeFileSync } from 'node:fs';
  writeFileSync('/var/log/agent.log', 'written');
  spawn('sleep', ['3600']);
  execFileSync('nsenter', ['--', 'podman', 'run', 'IMG', 'inventory']);
  setInterval(() => {}, 1000);
`;

const lab = new Lab({
  patches,
  programs: { agent: process.execPath },
  manifests: null,
  logs,
  warn: console.error,
  dial: DIAL,
});
const { url } = await lab.reach('http://127.0.0.1:9');
let booted = 0;
for (const slot of [1, 2]) {
  await lab.start(
    {
      slot,
      hostname: `host-${slot}`,
      nics: [{ name: 'eth0', mac: `52:54:00:00:00:0${slot}`, mtu: 1500, addresses: [`10.3.0.1${slot}/24`] }],
      files: [
        { path: 'answers/inventory', text: '{}' },
        { path: 'program.mjs', text: PROGRAM },
      ],
      names: null,
      devices: ['sda'],
      command: ['agent', '/host/program.mjs', url],
      restart: true,
      environment: {},
    },
    {
      onEvent: ([what]) => {
        if (what === 'inventory' && ++booted === 2) console.log('booted');
      },
      onConnection: () => ({ sent: () => {}, received: () => {}, closed: () => {} }),
      onEnded: (message) => message !== undefined && console.error(message),
    },
  );
}
process.stdin.resume().once('end', () => void lab.close());
