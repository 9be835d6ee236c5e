/** What all hosts of a lab see: replaced commands, stock programs, libraries, devices; and links to what is each one's own. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabSetup } from './lab-protocol.ts';
import { TOOLS } from './programs.ts';

const run = promisify(execFile);

/** Folders of shared libraries, where the machine has them. */
const LIBRARIES = ['usr/lib', 'usr/lib64'];
/** Where a host's own files are seen by everybody else's names for them. */
const OWN = ['etc', 'opt', 'root', 'run', 'sys', 'tmp', 'var'];

/** Those of the machine that hosts may use. */
export const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];

/** Makes it in an empty folder. @throws Error that says what the machine lacks or refuses */
export async function makeLabRoot(root: string, { patches, programs, manifests }: LabSetup): Promise<void> {
  for (const path of ['usr/bin', 'dev', 'devices', 'proc', 'host', 'patches', 'programs', 'peers'])
    mkdirSync(join(root, path), { recursive: true });
  for (const path of OWN) symlinkSync(`host/${path}`, join(root, path));
  for (const path of ['bin', 'sbin', 'usr/sbin']) symlinkSync(path.includes('/') ? 'bin' : 'usr/bin', join(root, path));
  mkdirSync(join(root, 'usr/local'));
  symlinkSync('../bin', join(root, 'usr/local/bin'));
  for (const path of ['lib', 'lib64']) symlinkSync(`usr/${path}`, join(root, path));
  symlinkSync('/host/share', join(root, 'usr/share'));
  const binds: [string, string][] = [[patches, 'patches']];
  if (manifests !== null) binds.push([manifests, 'assisted-installer-controller/deploy']);
  for (const path of LIBRARIES) if (existsSync(`/${path}`)) binds.push([`/${path}`, path]);
  for (const device of DEVICES) binds.push([`/dev/${device}`, `devices/${device}`]);
  const files = [...new Set(Object.values(programs))];
  for (const [index, file] of files.entries()) binds.push([file, `programs/${index}`]);
  for (const [from, to] of binds) {
    const target = join(root, to);
    if (statSync(from).isDirectory()) mkdirSync(target, { recursive: true });
    else writeFileSync(target, '');
    await run('mount', ['--bind', ...(to.startsWith('devices/') ? [] : ['-o', 'ro']), from, target]);
  }
  for (const tool of TOOLS) copyTool(tool, join(root, 'usr/bin'));
  // Outside of any PATH: what a host needs once, before its own life begins.
  mkdirSync(join(root, 'machine'));
  for (const tool of ['umount', 'setpriv']) copyTool(tool, join(root, 'machine'));
  for (const folder of ['agent', 'installer', 'controller']) {
    for (const command of readdirSync(join(patches, folder))) {
      symlinkSync(`/patches/${folder}/${command}`, join(root, 'usr/bin', command));
    }
  }
  for (const [name, file] of Object.entries(programs)) {
    symlinkSync(`/programs/${files.indexOf(file)}`, join(root, 'usr/bin', name));
  }
}

/** @throws Error when the machine has no such tool */
function copyTool(name: string, folder: string): void {
  const path = `/usr/bin/${name}`;
  if (!existsSync(path)) throw new Error(`no-op hosts need ${path}, which is not on this machine`);
  const target = join(folder, name);
  copyFileSync(realpathSync(path), target);
  chmodSync(target, 0o755);
}
