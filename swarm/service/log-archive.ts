/**
 * Archives as the programs upload them: a gzip of a tar with text inside. Contents are made up once per size and shared
 * by everything on the thread, because uploads are about bytes, not about their meaning. Upstream:
 * assisted-installer, src/utils/tarutil.go, and assisted-installer-agent, src/logs_sender/send_logs.go.
 */
import { gzipSync } from 'node:zlib';

const TAR_BLOCK = 512;
/** Sizes are rounded up to this, so that growing logs need few different archives. */
const SIZE_STEP = 16 * 1024;
/** Bytes of base64 noise per compressed byte. */
const TEXT_PER_COMPRESSED_BYTE = 1.32;

const archives = new Map<string, Buffer>();

/**
 * A `.tar.gz` with one entry.
 * @param bytes compressed size wanted; met within about a twentieth, for more than a few kilobytes
 */
export function logArchive(entry: string, bytes: number): Buffer {
  const size = Math.max(1, Math.ceil(bytes / SIZE_STEP)) * SIZE_STEP;
  const key = `${entry}:${size}`;
  let archive = archives.get(key);
  if (!archive) {
    archive = gzipSync(tar(entry, text(Math.round(size * TEXT_PER_COMPRESSED_BYTE))));
    archives.set(key, archive);
  }
  return archive;
}

/** Printable noise, the same for the same length. */
function text(length: number): Buffer {
  const noise = Buffer.alloc(Math.ceil((length * 3) / 4 / 4) * 4);
  let state = 0x2545f491;
  for (let at = 0; at < noise.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise.writeInt32LE(state | 0, at);
  }
  return Buffer.from(noise.toString('base64').slice(0, length), 'latin1');
}

/** A ustar archive with one regular file, mode 0644. */
function tar(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('00000000000\0', 136, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\0' + '00', 257, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const padding = Buffer.alloc((TAR_BLOCK - (content.length % TAR_BLOCK)) % TAR_BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK)]);
}
