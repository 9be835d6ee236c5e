/** Archives in the format `ustar`. */

export interface TarFile {
  /** At most 100 bytes. */
  readonly path: string;
  readonly text: string;
  /** Permissions. */
  readonly mode: number;
}

const BLOCK = 512;

export function tarArchive(files: readonly TarFile[]): Buffer {
  return Buffer.concat([...files.flatMap(({ path, text, mode }) => entry(path, text, mode)), Buffer.alloc(2 * BLOCK)]);
}

function entry(path: string, text: string, mode: number): Buffer[] {
  const content = Buffer.from(text);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, bytes: number) =>
    header.write(`${value.toString(8).padStart(bytes - 1, '0')}\0`, at);
  header.write(path, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0, 136, 12);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  header.write(' ', 155);
  return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}
