/**
 * A machine's ignition configuration as far as programs read it: the files it writes and the systemd units it defines
 * (coreos/ignition config/v3_1/types/schema.go; version 2 has both in the same places).
 */
import { gunzipSync } from 'node:zlib';

/** What is wrong with an ignition, in words that continue "The ignition …". */
export class IgnitionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'IgnitionError';
  }
}

type Json = Record<string, unknown>;

/** A file unpacked from an ignition is at most this big, in bytes: an image's room for an ignition is 256 KiB packed. */
const FILE_LIMIT = 16 * 1024 * 1024;

export class IgnitionConfig {
  readonly #files: ReadonlyMap<string, Json>;
  readonly #units: readonly Json[];

  /** @throws IgnitionError when the text is not the JSON of an ignition. */
  constructor(text: string) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new IgnitionError(`is not valid JSON: ${(cause as Error).message}`, { cause });
    }
    const config = objectIn(value);
    if (!objectIn(config.ignition).version) throw new IgnitionError('has no ignition.version');
    this.#units = listIn(objectIn(config.systemd).units);
    this.#files = new Map(listIn(objectIn(config.storage).files).map((file) => [String(file.path), file]));
  }

  /**
   * Text of a unit with that of its drop-ins behind it, which come as part of the unit or as files below /etc/systemd/system, in
   * the order of their names; undefined when there is no such unit.
   */
  unit(name: string): string | undefined {
    const unit = this.#units.find((candidate) => candidate.name === name);
    if (!unit || typeof unit.contents !== 'string') return undefined;
    const folder = `/etc/systemd/system/${name}.d/`;
    const dropIns = [
      ...listIn(unit.dropins).map((dropIn) => [String(dropIn.name), String(dropIn.contents ?? '')] as const),
      ...[...this.#files.keys()]
        .filter((path) => path.startsWith(folder) && path.endsWith('.conf'))
        .map((path) => [path.slice(folder.length), this.file(path)!.toString()] as const),
    ];
    dropIns.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return [unit.contents, ...dropIns.map(([, contents]) => contents)].join('\n');
  }

  /** Paths of the files below a folder, which ends with a slash. */
  filesBelow(folder: string): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(folder));
  }

  /**
   * Content of a file, or undefined when the ignition writes no such file.
   * @throws IgnitionError when its content is not in the ignition or cannot be decoded.
   */
  file(path: string): Buffer | undefined {
    const file = this.#files.get(path);
    if (!file) return undefined;
    const { source, compression } = objectIn(file.contents);
    const data = decodeDataUrl(typeof source === 'string' ? source : '', path);
    if (!compression) return data;
    if (compression !== 'gzip') {
      throw new IgnitionError(
        `has ${path} with the compression ${JSON.stringify(compression)}, which is not known; known is gzip`,
      );
    }
    try {
      return gunzipSync(data, { maxOutputLength: FILE_LIMIT });
    } catch (cause) {
      throw new IgnitionError(`has ${path} with damaged gzip data: ${(cause as Error).message}`, { cause });
    }
  }
}

/** Content of a `data:` URL (RFC 2397); nothing for an absent source, which makes an empty file. */
function decodeDataUrl(source: string, path: string): Buffer {
  if (source === '') return Buffer.alloc(0);
  const match = /^data:([^,]*),([\s\S]*)$/i.exec(source);
  if (!match) {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(source)?.[0] ?? 'no scheme';
    throw new IgnitionError(`does not hold the content of ${path}: its source is not a data: URL (${scheme})`);
  }
  const bytes = percentDecode(match[2]!);
  return /;\s*base64\s*$/i.test(match[1]!) ? Buffer.from(bytes.toString('latin1'), 'base64') : bytes;
}

/** Percent-encoded octets; a percent sign that starts none stands for itself. */
function percentDecode(text: string): Buffer {
  return Buffer.concat(
    text
      .split(/((?:%[0-9a-f]{2})+)/i)
      .map((part, index) => (index % 2 ? Buffer.from(part.replaceAll('%', ''), 'hex') : Buffer.from(part))),
  );
}

function objectIn(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function listIn(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectIn) : [];
}
