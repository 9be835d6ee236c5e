/**
 * Files of an image out of its layers, each a tar archive of what it changes of those below: OCI image specification, layer.md.
 *
 *     layer 2   usr/bin/.wh.agent                    deletes what is below
 *     layer 1   usr/bin/agent, usr/bin/inventory → /usr/bin/agent
 *     layer 0   usr/, usr/bin/ …
 */
import { closeSync, copyFileSync, createReadStream, createWriteStream, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Extract, extract } from 'tar-stream';
import { ImageError, type ImageFile } from './image-tool.ts';

type Entry =
  | { type: 'folder' }
  /** Its bytes stand in this layer under this name. */
  | { type: 'file'; layer: number; name: string }
  | { type: 'symlink'; target: string };

/** Begins the names of files that delete others of layers below. */
const WHITEOUT = '.wh.';
/** Deletes everything in its folder. */
const OPAQUE = '.wh..wh..opq';
/** Links that lead to each other. */
const MOST_LINKS = 40;

/**
 * Copies files into a folder; links are followed within the image.
 * @param layers paths of the archives, the lowest first; as they are, by gzip or by zstd
 * @throws ImageError when one of the files is not in the image
 */
export async function copyFromLayers(
  layers: readonly string[],
  files: readonly ImageFile[],
  folder: string,
): Promise<void> {
  const tree = new Map<string, Entry>([['', { type: 'folder' }]]);
  for (const [number, layer] of layers.entries()) await apply(tree, number, layer);
  /** Where to, by layer and name in it. */
  const copies = layers.map(() => new Map<string, string[]>());
  for (const file of files) {
    for (const { layer, name, to } of sourcesOf(tree, file)) {
      const targets = copies[layer]!;
      targets.set(name, [...(targets.get(name) ?? []), join(folder, to)]);
    }
  }
  for (const [number, targets] of copies.entries()) if (targets.size > 0) await extractFrom(layers[number]!, targets);
}

/** Adds what a layer changes. */
async function apply(tree: Map<string, Entry>, layer: number, path: string): Promise<void> {
  const added = new Map<string, Entry>();
  for await (const { header, ...entry } of entriesOf(path)) {
    entry.skip();
    const name = nameOf(header.name);
    if (name === null) continue;
    const base = posix.basename(name);
    if (base === OPAQUE) remove(tree, posix.dirname(name), false);
    else if (base.startsWith(WHITEOUT)) remove(tree, join(posix.dirname(name), base.slice(WHITEOUT.length)), true);
    else if (header.type === 'directory') added.set(name, { type: 'folder' });
    else if (header.type === 'symlink') added.set(name, { type: 'symlink', target: header.linkname ?? '' });
    else if (header.type === 'link') {
      const target = nameOf(header.linkname ?? '') ?? '';
      const linked = added.get(target) ?? tree.get(target);
      if (linked) added.set(name, linked);
    } else added.set(name, { type: 'file', layer, name });
  }
  for (const [name, entry] of added) {
    if (entry.type !== 'folder' && tree.get(name)?.type === 'folder') remove(tree, name, true);
    // Archives need not name the folders of their files.
    for (let at = posix.dirname(name); at !== '.' && tree.get(at)?.type !== 'folder'; at = posix.dirname(at))
      tree.set(at, { type: 'folder' });
    tree.set(name, entry);
  }
}

function remove(tree: Map<string, Entry>, path: string, itself: boolean): void {
  const prefix = path === '.' ? '' : `${path}/`;
  if (itself) tree.delete(path);
  for (const name of tree.keys()) if (name !== '' && name.startsWith(prefix)) tree.delete(name);
}

/** A name in an archive, relative to the root; null for one that leads out of it. */
function nameOf(name: string): string | null {
  const path = posix.normalize(`/${name}`).slice(1).replace(/\/$/, '');
  return name.split('/').includes('..') ? null : path;
}

/** @throws ImageError when there is none */
function sourcesOf(tree: ReadonlyMap<string, Entry>, { from, to, kind }: ImageFile) {
  const path = resolved(tree, from);
  const entry = path === null ? undefined : tree.get(path);
  if (kind === 'file' && entry?.type === 'file') return [{ ...entry, to }];
  const inside =
    kind === 'folder' && path !== null ? [...tree.keys()].filter((name) => name.startsWith(`${path}/`)) : [];
  const sources = inside.flatMap((name) => {
    const real = resolved(tree, name);
    const source = real === null ? undefined : tree.get(real);
    return source?.type === 'file' ? [{ ...source, to: join(to, name.slice(path!.length + 1)) }] : [];
  });
  if (sources.length === 0) throw new ImageError(`has no ${kind} ${from}`);
  return sources;
}

/** A path with its links followed; null when it leads nowhere. */
function resolved(tree: ReadonlyMap<string, Entry>, path: string): string | null {
  let rest = path.split('/').filter((part) => part !== '' && part !== '.');
  let at = '';
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift()!;
    if (part === '..') {
      at = at.includes('/') ? posix.dirname(at) : '';
      continue;
    }
    const next = at === '' ? part : `${at}/${part}`;
    const entry = tree.get(next);
    if (entry?.type === 'symlink') {
      if (++links > MOST_LINKS) return null;
      if (entry.target.startsWith('/')) at = '';
      rest = [...entry.target.split('/').filter((one) => one !== '' && one !== '.'), ...rest];
    } else {
      if (entry === undefined) return null;
      at = next;
    }
  }
  return at;
}

async function extractFrom(path: string, targets: ReadonlyMap<string, readonly string[]>): Promise<void> {
  for await (const { header, stream, skip } of entriesOf(path)) {
    const name = header.type === 'file' || header.type === 'contiguous-file' ? nameOf(header.name) : null;
    const [first, ...others] = (name !== null && targets.get(name)) || [];
    if (first === undefined) {
      skip();
      continue;
    }
    for (const target of [first, ...others]) mkdirSync(dirname(target), { recursive: true });
    await pipeline(stream, createWriteStream(first, { mode: 0o755 }));
    for (const target of others) copyFileSync(first, target);
  }
}

/** Entries of an archive; each must be read or skipped before the next comes. */
async function* entriesOf(path: string) {
  const archive: Extract = extract();
  const flow = pipeline([createReadStream(path), ...decompression(path), archive]);
  // A broken archive ends the loop below with the same error.
  flow.catch(() => {});
  for await (const stream of archive) yield { header: stream.header, stream, skip: () => stream.resume() };
  await flow;
}

function decompression(path: string) {
  const head = Buffer.alloc(4);
  const file = openSync(path, 'r');
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (head.readUInt16BE(0) === 0x1f8b) return [createGunzip()];
  return head.readUInt32BE(0) === 0x28b52ffd ? [createZstdDecompress()] : [];
}
