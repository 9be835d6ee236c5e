/**
 * What is on the volumes of workspaces, without their bytes: the entries at the top of a source directory, each with its size and
 * a hash. And what containers do with it, which a world can only be told: their environment says it.
 *
 *   PAYLOAD_BYTES    at its first start, with nothing there, the container writes so many bytes
 *   PAYLOAD_MARKER   … whose hash is made of this text; without it, of the workspace's uid
 *   PAYLOAD_ENTRY    … as this file or directory; `payload` unless given, and hidden with a dot before it
 *   EXPECT_MARKER    the container writes nothing: it looks whether the entry has the hash of this text, and ends with an error
 *                    if it has not
 */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../../api/object.ts';
import { items, text } from '../../builtins/fields.ts';

/** One file or directory with all that is in it. */
export interface Entry {
  readonly bytes: number;
  readonly hash: string;
}

/** Entries at the top of a directory, by name. */
export type Content = ReadonlyMap<string, Entry>;

export const EMPTY: Content = new Map();

export function bytesOf(content: Content): number {
  let sum = 0;
  for (const { bytes } of content.values()) sum += bytes;
  return sum;
}

/** One hash for all of it; equal exactly when names, sizes and hashes are. */
export function contentHash(content: Content): string {
  const entries = [...content].sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256');
  for (const [name, entry] of entries) hash.update(`${name}\0${entry.bytes}\0${entry.hash}\0`);
  return hash.digest('hex');
}

/** The same entries, and nothing in them is what it was. */
export function spoiled(content: Content): Content {
  return new Map([...content].map(([name, entry]) => [name, { ...entry, hash: markerHash(`not ${entry.hash}`) }]));
}

/** The hash of an entry that was made of a marker. */
export function markerHash(marker: string): string {
  return createHash('sha256').update(marker).digest('hex');
}

/** What a container does: leaves this on the volume, or ends with an error and this last line. */
export type ContainerProgram = (workspace: KubeObject, found: Content) => { content: Content } | { error: string };

/** Bytes a workspace writes when its environment does not say how many. */
const DEFAULT_BYTES = 1024 * 1024;

function environment(workspace: KubeObject): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const component of items(workspace, 'spec', 'template', 'components')) {
    for (const variable of items(component, 'container', 'env')) {
      values.set(text(variable, 'name'), text(variable, 'value'));
    }
  }
  return values;
}

/** What the environment of the workspace's containers says. */
export const programOfEnvironment: ContainerProgram = (workspace, found) => {
  const values = environment(workspace);
  const name = values.get('PAYLOAD_ENTRY') || 'payload';
  const expected = values.get('EXPECT_MARKER');
  if (expected !== undefined) {
    const hash = found.get(name)?.hash;
    if (hash === undefined) return { error: `/projects/${name}: FAILED, it is not there` };
    if (hash !== markerHash(expected)) return { error: `/projects/${name}: FAILED, it has changed` };
    return { content: found };
  }
  if (found.size > 0) return { content: found };
  const stated = Number(values.get('PAYLOAD_BYTES') || DEFAULT_BYTES);
  const bytes = Number.isFinite(stated) && stated >= 0 ? stated : DEFAULT_BYTES;
  const marker = values.get('PAYLOAD_MARKER') ?? workspace.metadata.uid ?? '';
  return { content: bytes === 0 ? EMPTY : new Map([[name, { bytes, hash: markerHash(marker) }]]) };
};
