/**
 * Where a host's own files are: a file system in memory, so large that no run of the stock programs fills it, and so small that one
 * host cannot take the memory of all.
 */
import { execFile } from 'node:child_process';
import { lstatSync, mkdirSync, rmdirSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { linkAddress } from './addresses.ts';
import type { HostFile, HostStart } from './lab-protocol.ts';
import { DEVICES } from './lab-root.ts';

const run = promisify(execFile);

/** Of a host's files: an installation writes some 5 MB, the logs of a day in discovery some 20 MB. */
export const HOST_FOLDER_BYTES = 64 * 1024 * 1024;
/** Share of it from which programs may fail for want of space at any moment. */
const FULL = 0.98;

/** Of a host: who else is in its network. */
const PEERS = 'answers/peers';

/** Of every host. */
const FOLDERS = [
  'boot',
  'run/systemd/journal',
  'root',
  'tmp',
  'opt',
  'var/log',
  'etc',
  'dev',
  'sys/class/net',
  'sys/devices/virtual/net/lo',
];
/** What leads from a host to them. */
const LINKS = DEVICES.map((device) => [`dev/${device}`, `/devices/${device}`] as const);

/** Makes it. @throws Error that says what the machine refuses */
export async function makeHostFolder(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `mode=755,nosuid,nodev,size=${HOST_FOLDER_BYTES}`, 'swarm', folder]);
}

/** Removes it with all that is in it. No process may be in it any more. */
export async function removeHostFolder(folder: string): Promise<void> {
  // Detached at once: whoever still has it open, has it for himself.
  await run('umount', ['--lazy', folder]);
  rmdirSync(folder);
}

export function isFull(folder: string): boolean {
  const { blocks, bavail } = statfsSync(folder);
  return blocks > 0 && (blocks - bavail) / blocks >= FULL;
}

/** Makes a host's own files. @param meet adds to a network's peers, and says where its hosts find them all */
export function fillHostFolder(
  folder: string,
  host: HostStart,
  meet: (network: string, peers: string) => string,
): void {
  for (const path of FOLDERS) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, target] of LINKS) symlinkSync(target, join(folder, path));
  for (const file of filesOf(host)) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    if (file.path === PEERS && host.network !== undefined) symlinkSync(meet(host.network, file.text), path);
    else if (file.link !== undefined) symlinkSync(file.link, path);
    else writeFileSync(path, file.text);
  }
  symlinkSync('/journal', join(folder, 'run/systemd/journal/socket'));
  // What has no such link counts as a physical NIC: assisted-installer-agent, src/util/network_interface.go, IsPhysical.
  symlinkSync('../../devices/virtual/net/lo', join(folder, 'sys/class/net/lo'));
  for (const device of host.devices) {
    const path = join(folder, 'dev', device);
    mkdirSync(dirname(path), { recursive: true });
    if (!lstatSync(path, { throwIfNoEntry: false })) writeFileSync(path, '');
  }
}

function filesOf({ slot, nics, files, command, environment, restart, outside = [] }: HostStart): HostFile[] {
  const [first] = nics;
  const network = [
    'link set lo up',
    `address add ${linkAddress(slot)}/32 dev lo`,
    ...nics.flatMap(({ name, addresses }) => [
      `link set ${name} up`,
      ...addresses.map((address) => `address add ${address} dev ${name}`),
    ]),
    ...['default', ...outside.map((address) => `${address}/32`)].map(
      (target) => `route add ${target} dev ${first!.name} src ${linkAddress(slot)}`,
    ),
    // Nothing goes over it: the way to the lab needs no gateway, and is preferred.
    ...nics.flatMap(({ name, gateway }) =>
      gateway === undefined ? [] : [`route add default via ${gateway} dev ${name} onlink metric 100`],
    ),
  ];
  const lines = {
    ...environment,
    PATH: '/usr/bin',
    HOME: '/root',
    SWARM_HOST: String(slot),
    SWARM_RESTART: restart ? 'yes' : 'no',
  };
  return [
    { path: 'boot/network', text: `${network.join('\n')}\n` },
    {
      path: 'boot/environment',
      text: Object.entries(lines)
        .map(([key, value]) => `export ${key}=${quoted(value)}\n`)
        .join(''),
    },
    { path: 'boot/service', text: `exec ${command.map(quoted).join(' ')}\n` },
    ...files,
  ];
}

/** Text as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
