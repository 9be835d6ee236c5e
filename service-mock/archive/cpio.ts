/** Archives as the kernel unpacks them into its first root: format `newc` of cpio. */

export interface CpioFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** With the bits of the file's type. */
  readonly mode: number;
}

const DIRECTORY = 0o40755;
const TYPE_BITS = 0o170000;
const REGULAR = 0o100000;

/** An archive of the files and, before each, all directories above it. */
export function cpioArchive(files: readonly CpioFile[]): Buffer {
  const parts: Buffer[] = [];
  let inode = 0;
  for (const { path, text, mode } of files) {
    for (const directory of directoriesOf(path)) parts.push(entry(++inode, directory, '', DIRECTORY));
    parts.push(entry(++inode, path, text, mode));
  }
  parts.push(entry(0, 'TRAILER!!!', '', 0));
  return Buffer.concat(parts);
}

function directoriesOf(path: string): string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
}

const aligned = (size: number) => (size + 3) & ~3;
const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');

function entry(inode: number, name: string, text: string, mode: number): Buffer {
  const content = Buffer.from(text);
  const nameBytes = Buffer.byteLength(name) + 1;
  const links = mode === 0 || (mode & TYPE_BITS) === REGULAR ? 1 : 0;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, nameBytes, 0];
  const header = Buffer.from(`070701${fields.map(hex).join('')}${name}\0`);
  const head = aligned(header.length);
  const result = Buffer.alloc(head + aligned(content.length));
  header.copy(result);
  content.copy(result, head);
  return result;
}
