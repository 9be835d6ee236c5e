/** The stock programs that no-op hosts run, by the names under which they are executed. */
import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ProgramSources, StockPrograms } from '../plan/expanded-plan.ts';

/** Of the agent's one binary: assisted-installer-agent, src/agent/main/main.go. */
const AGENT_NAMES = ['agent', 'next_step_runner', 'inventory', 'free_addresses', 'logs_sender', 'disk_speed_check'];
/** Of its container's entry point: assisted-installer, Dockerfile.assisted-installer. */
const INSTALLER_NAME = 'installer';
/** The entry point of the controller's container: assisted-installer, Dockerfile.assisted-installer-controller. */
export const CONTROLLER_NAME = 'assisted-installer-controller';

/** Of the machine: harmless commands that stock programs and replaced commands use. */
export const TOOLS = ['sh', 'cat', 'cp', 'mkdir', 'mv', 'rm', 'sleep', 'grep', 'tar', 'gzip', 'tr', 'timeout'];

/** Paths of the programs of a host. */
export function hostPrograms({ agent, installer, controller }: StockPrograms): Record<string, string> {
  return {
    ...Object.fromEntries(AGENT_NAMES.map((name) => [name, agent])),
    ...(installer !== null && { [INSTALLER_NAME]: installer }),
    ...(controller !== null && { [CONTROLLER_NAME]: controller }),
  };
}

/** Where the programs are, when none of them is in an image any more. @throws Error for one that is */
export function stockPrograms({ agent, installer, controller, manifests }: ProgramSources): StockPrograms {
  const pathOf = <T>(source: T): Exclude<T, object> => {
    if (typeof source === 'object' && source !== null) throw new Error('a stock program is still in its image');
    return source as Exclude<T, object>;
  };
  return { agent: pathOf(agent), installer: pathOf(installer), controller: pathOf(controller), manifests };
}

/** `e_machine` of executables that run here: elf(5). */
const MACHINES: Readonly<Record<string, number>> = { x64: 0x3e, arm64: 0xb7 };
const ELF_MAGIC = 0x7f454c46;
const ELF_HEADER_BYTES = 20;

/** Looks at the programs before anything is made. @throws RangeError that names the key, the path and what is wrong with it */
export function checkPrograms(programs: StockPrograms): void {
  const { manifests, ...files } = programs;
  for (const [key, path] of Object.entries(files)) {
    const fault = path === null ? null : faultOf(path);
    if (fault !== null) throw new RangeError(`programs.${key} is ${path}, which ${fault}`);
  }
  const job = manifests === null ? null : join(manifests, 'assisted-installer-controller-pod.yaml.template');
  if (job !== null && !existsSync(job)) {
    throw new RangeError(
      `programs.controller_manifests is ${manifests}, which has no ${basename(job)}; allowed: the folder deploy/assisted-installer-controller of the installer`,
    );
  }
}

/** What is wrong with a program, as the end of a sentence; null for nothing. */
export function faultOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 'does not exist';
  if (!stat.isFile()) return 'is not a file';
  try {
    accessSync(path, constants.X_OK | constants.R_OK);
  } catch {
    return 'cannot be executed by this user';
  }
  // Root of a host has none of the rights by which root passes over permissions.
  if (process.getuid?.() === 0 && stat.uid !== 0 && (stat.mode & 0o005) !== 0o005)
    return 'belongs to another user and is not for all to execute; give it mode 755';
  const head = Buffer.alloc(ELF_HEADER_BYTES);
  const file = openSync(path, 'r');
  const bytes = readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (bytes < head.length || head.readUInt32BE(0) !== ELF_MAGIC) return 'is not a Linux executable';
  const machine = MACHINES[process.arch];
  if (machine !== undefined && head.readUInt16LE(18) !== machine)
    return `was built for another architecture than ${process.arch}`;
  return null;
}
