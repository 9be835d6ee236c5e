/** What copies files out of images: one interface, and how the programs behind it are run. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something in an image. */
export interface ImageFile {
  /** Absolute path in the image. */
  from: string;
  /** Name in the folder that takes it. */
  to: string;
  kind: 'file' | 'folder';
}

export interface ImageTool {
  /** Of the program. */
  readonly name: string;
  /** What a reference means now, such as `sha256:…`. @throws ImageError */
  digestOf(reference: string): Promise<string>;
  /**
   * Copies files of this machine's architecture into an empty folder; links are followed within the image.
   * @param digest as {@link digestOf} gave it
   * @throws ImageError when the image has none of one of them, too
   */
  copy(reference: string, digest: string, files: readonly ImageFile[], folder: string): Promise<void>;
}

/** An image that cannot be used; the message begins with what is wrong with it. */
export class ImageError extends Error {}

/** The names that images have for architectures: those of Go. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ppc64: 'ppc64le' };
/** Of this machine, as images call it. */
export const ARCHITECTURE = ARCHITECTURES[process.arch] ?? process.arch;

/** Names that are not of a registry: where else skopeo and podman find images. */
const PLACE = /^(oci|oci-archive|docker-archive|docker-daemon|dir|containers-storage):/;

/** Whether a reference is one of an image in a registry. */
export function isOfRegistry(reference: string): boolean {
  return !PLACE.test(reference);
}

/** Whether a reference names no registry, as podman names what was built on this machine. */
export function isLocalName(reference: string): boolean {
  const [first = '', rest] = reference.split('/', 2);
  return rest === undefined || first === 'localhost' || !/[.:]/.test(first);
}

/** A reference of a registry without its tag or digest, and the digest that it names. */
export function partsOf(reference: string): { name: string; tag: string | null; digest: string | null } {
  const bare = reference.replace(/^docker:\/\//, '');
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(bare)?.[1] ?? null;
  const rest = bare.replace(/@.*$/, '');
  const tag = /:([\w][\w.-]*)$/.exec(rest)?.[1] ?? null;
  return { name: tag === null ? rest : rest.slice(0, -tag.length - 1), tag, digest };
}

/** Path of a program on PATH; null when it is not there. */
export function onPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
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

/** Bytes of a manifest or a list of names. */
const MOST_OUTPUT = 16 * 1024 * 1024;

/** What such a program prints; credentials are its own matter. @throws ImageError that says what its complaint means */
export function runTool(name: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    execFile(name, args, { encoding: 'buffer', maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else reject(new ImageError(complaintOf(name, stderr.toString('utf8').trim() || error.message), { cause: error }));
    });
  });
}

const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /unauthori[sz]ed|authentication required|access .*denied|permission to access|\b40[13]\b/i,
    'needs credentials that are not there (log in with the tool, or set REGISTRY_AUTH_FILE to a file that has them)',
  ],
  [
    /no image found in|no matching manifest|no image matching|filter-by-os/i,
    `has nothing for linux/${ARCHITECTURE}, which this machine is`,
  ],
  [
    /manifest unknown|name unknown|not found|no such (file|image|host)|does not exist|image not known/i,
    'cannot be found',
  ],
];

/** Of what such programs print: the words of the last line, with what they come to. */
function complaintOf(name: string, output: string): string {
  const last = output.split('\n').at(-1)!;
  const message = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(last)?.[1]?.replaceAll('\\"', '"') ?? last.replace(/^error: /i, '');
  const meaning = MEANINGS.find(([pattern]) => pattern.test(message))?.[1] ?? 'cannot be read';
  return `${meaning}; ${name} says: ${message}`;
}
