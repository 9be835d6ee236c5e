/** Where rendered manifests go. Files appear whole or not at all; they hold secrets, so that only their owner may read them. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { InputError } from './exit.ts';
import { isReaderGone, writeFailure } from './output-errors.ts';
import { prepareOutputFolder } from './output-folder.ts';

export interface ManifestOutput {
  /** What people call it. */
  readonly name: string;
  /** Takes the documents of one cluster, or those of no cluster (`null`). Resolves to false when nobody reads them any more. */
  write(cluster: string | null, text: string): Promise<boolean>;
  /** Everything is written. */
  finish(): Promise<void>;
  /** Leaves nothing behind; what cannot be taken back is said. */
  abort(): string;
}

/** Text that is gathered before it is written, in characters. */
const CHUNK = 1 << 16;

/** Documents on a stream, one after another. */
export class StreamOutput implements ManifestOutput {
  readonly name = 'stdout';
  readonly #stream: Writable;
  #waiting = '';
  #written = 0;
  #closed = false;
  #failure: NodeJS.ErrnoException | null = null;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.once('error', (error) => this.#end(error));
  }

  async write(_cluster: string | null, text: string): Promise<boolean> {
    this.#waiting += text;
    if (this.#waiting.length >= CHUNK) await this.#flush();
    return !this.#closed;
  }

  async finish(): Promise<void> {
    await this.#flush();
  }

  abort(): string {
    return this.#written > 0 ? `${this.#written} bytes were already written to stdout` : 'nothing was written';
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '' || this.#closed) return;
    this.#written += Buffer.byteLength(text);
    // The callback comes with an error, too, when the reader has gone.
    await new Promise<void>((resolve) =>
      this.#stream.write(text, (error) => {
        if (error) this.#end(error);
        resolve();
      }),
    );
    if (this.#failure) throw this.#failure;
  }

  #end(error: NodeJS.ErrnoException): void {
    this.#closed = true;
    if (!isReaderGone(error)) this.#failure ??= error;
  }
}

/** All documents in one file. */
export class FileOutput implements ManifestOutput {
  readonly name: string;
  /** Null for devices and pipes, which are written to directly. */
  readonly #temporary: string | null;
  readonly #target: string;
  readonly #descriptor: number;
  #waiting = '';
  #open = true;

  /** @param option what errors call it. @throws InputError when the file cannot be written */
  constructor(path: string, option = '--output') {
    this.name = path;
    try {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      const direct = found && !found.isFile();
      // What /dev/stdout and /dev/fd/63 lead to has no path of its own.
      this.#target = found && !direct ? realpathSync(path) : resolve(path);
      this.#temporary = direct ? null : besides(this.#target);
      this.#descriptor = openSync(this.#temporary ?? this.#target, 'w', 0o600);
    } catch (error) {
      throw cannotWrite(option, path, error);
    }
  }

  async write(_cluster: string | null, text: string): Promise<boolean> {
    this.#waiting += text;
    if (this.#waiting.length >= CHUNK) this.#flush();
    return true;
  }

  async finish(): Promise<void> {
    this.#flush();
    this.#close();
    if (this.#temporary !== null) renameSync(this.#temporary, this.#target);
  }

  abort(): string {
    this.#close();
    if (this.#temporary === null) return `${this.name} may have got a part`;
    rmSync(this.#temporary, { force: true });
    return `${this.name} was not written`;
  }

  /** Also for one that is closed already: what comes after may fail. */
  #close(): void {
    if (this.#open) closeSync(this.#descriptor);
    this.#open = false;
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
  }
}

const KUSTOMIZATION = 'kustomization.yaml';
/** First line of our kustomization.yaml, by which a later rendering knows which files of a folder are ours. */
const MARK = '# Made by swarm manifests render.';
const SHARED = '_shared.yaml';

/** One file for each cluster, and a kustomization that names them. */
export class FolderOutput implements ManifestOutput {
  readonly name: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #files: string[] = [];
  readonly #made: boolean;

  /** @throws InputError when the folder holds files and `force` is not set, or cannot be made */
  constructor(path: string, force: boolean) {
    this.name = path;
    this.#target = resolve(path);
    this.#made = !existsSync(path);
    prepareOutputFolder(path, '--dir');
    const temporary = besides(join(this.#target, 'rendering'));
    const entries = readdirSync(this.#target);
    if (entries.length > 0 && !force) {
      throw new InputError(
        `--dir ${path} holds ${entries.length === 1 ? 'a file' : `${entries.length} files`} already; give an empty folder, or --force to write over an earlier rendering`,
      );
    }
    this.#temporary = temporary;
    try {
      mkdirSync(this.#temporary, { mode: 0o700 });
    } catch (error) {
      throw cannotWrite('--dir', path, error);
    }
  }

  async write(cluster: string | null, text: string): Promise<boolean> {
    if (text === '') return true;
    const file = cluster === null ? SHARED : `${cluster}.yaml`;
    writeFileSync(join(this.#temporary, file), text, { mode: 0o600 });
    this.#files.push(file);
    return true;
  }

  async finish(): Promise<void> {
    const lines = ['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization', 'resources:'];
    const text = [MARK, ...lines, ...this.#files.map((file) => `- ${file}`), ''].join('\n');
    writeFileSync(join(this.#temporary, KUSTOMIZATION), text, { mode: 0o600 });
    for (const stale of this.#earlier()) rmSync(join(this.#target, stale), { force: true });
    for (const file of [...this.#files, KUSTOMIZATION]) {
      renameSync(join(this.#temporary, file), join(this.#target, file));
    }
    rmSync(this.#temporary, { recursive: true });
  }

  abort(): string {
    rmSync(this.#temporary, { recursive: true, force: true });
    if (this.#made) rmSync(this.#target, { recursive: true, force: true });
    return `${this.name} was left as it was`;
  }

  /** Files of an earlier rendering that this one does not have. */
  #earlier(): string[] {
    const path = join(this.#target, KUSTOMIZATION);
    if (!existsSync(path)) return [];
    const [mark, ...lines] = readFileSync(path, 'utf8').split('\n');
    if (mark !== MARK) return [];
    const now = new Set(this.#files);
    return lines
      .filter((line) => line.startsWith('- '))
      .map((line) => line.slice(2))
      .filter((file) => file === basename(file) && !now.has(file));
  }
}

/** A name beside the path that only this process takes. Those of killed processes, which may hold secrets, are removed. */
function besides(path: string): string {
  const [folder, name] = [dirname(path), basename(path)];
  const left = new RegExp(`^\\.${name.replace(/\W/g, '\\$&')}\\.(\\d+)-[0-9a-f]{8}$`);
  for (const entry of readdirSync(folder)) {
    const owner = left.exec(entry)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(folder, entry), { recursive: true, force: true });
  }
  return join(folder, `.${name}.${process.pid}-${randomBytes(4).toString('hex')}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function cannotWrite(option: string, path: string, error: unknown): InputError {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'lies in a folder that does not exist',
    EISDIR: 'is a folder',
    EACCES: 'may not be written to by this user',
    ENOSPC: 'does not fit: the disk is full',
  };
  const reason = reasons[code ?? ''] ?? `cannot be written: ${writeFailure(error)}`;
  return new InputError(`${option} ${path} ${reason}; give another path`, { cause: error });
}
