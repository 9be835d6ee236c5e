/** Images made by hand: archives of layers, and the folders that hold an image (OCI image layout; skopeo's `dir:`). */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export type LayerEntry = { name: string } & ({ text: string | Buffer } | { link: string } | { hardLink: string });

/** A tar archive. */
export async function archive(entries: readonly LayerEntry[]): Promise<Buffer> {
  const writer = pack();
  for (const entry of entries) {
    if ('text' in entry) writer.entry({ name: entry.name, mode: 0o755 }, entry.text as string);
    else if ('link' in entry) writer.entry({ name: entry.name, type: 'symlink', linkname: entry.link });
    else writer.entry({ name: entry.name, type: 'link', linkname: entry.hardLink });
  }
  writer.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of writer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** An image as skopeo's `dir:` has it. @returns its digest */
export async function writeDir(folder: string, layers: readonly (readonly LayerEntry[])[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const blob = (bytes: Buffer) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(folder, hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const descriptors = [];
  for (const layer of layers) {
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    descriptors.push({ mediaType, ...blob(gzipSync(await archive(layer))) });
  }
  const config = blob(Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux' })));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: descriptors,
  });
  writeFileSync(join(folder, 'manifest.json'), manifest);
  return `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
}
