/** The command line as real processes, in a folder of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Environment of commands: nothing of the tests' own but what makes them start fast (vitest.config.ts). */
export const CLI_ENV: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  NO_COLOR: '1',
  ...(process.env.NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
};

export const MAIN = join(import.meta.dirname, '..', '..', 'main.ts');

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Cli {
  /** Working folder of the commands. */
  readonly folder = mkdtempSync(join(tmpdir(), 'swarm-cli-'));
  readonly #running = new Set<ChildProcess>();

  /** Starts a command; `env` is added to its bare environment. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return this.#start(process.execPath, [MAIN, ...args], env);
  }

  /** Starts a command after lines of bash that end in `exec "$0" "$@"`. */
  shell(script: string, args: readonly string[]) {
    return this.#start('bash', ['-c', script, process.execPath, MAIN, ...args], {});
  }

  #start(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const child = spawn(program, args, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...CLI_ENV, ...env },
    });
    this.#running.add(child);
    let stdout = '';
    let stderr = '';
    const waiting = new Set<() => void>();
    child.stdout.on('data', (data) => {
      stdout += data;
      for (const check of waiting) check();
    });
    child.stderr.on('data', (data) => {
      stderr += data;
      for (const check of waiting) check();
    });
    const ended = new Promise<Outcome>((resolve) =>
      child.on('close', (code) => {
        this.#running.delete(child);
        resolve({ code, stdout, stderr });
      }),
    );
    /** Resolves once stdout and stderr together match. */
    const said = (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(stdout + stderr);
          if (!match) return;
          waiting.delete(check);
          resolve(match[1] ?? match[0]);
        };
        waiting.add(check);
        check();
        void ended.then(() => reject(new Error(`ended without saying ${pattern}: ${stdout}${stderr}`)));
      });
    return { child, ended, said };
  }

  run(...args: string[]): Promise<Outcome> {
    return this.start(args).ended;
  }

  /** Writes a file into the working folder and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Ends what still runs. */
  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}
