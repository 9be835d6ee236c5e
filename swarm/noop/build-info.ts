/**
 * What an executable that was built by Go says of itself: its build information, and lists of words that its code carries.
 * Source: Go, src/debug/buildinfo/buildinfo.go.
 */
import { readFileSync } from 'node:fs';

/** What the build of a Go program is known to be made of. */
export interface BuildInfo {
  /** Such as `go1.24.1`. */
  goVersion: string;
  /** Import path of the program, such as `github.com/openshift/assisted-installer-agent/src/agent/main`. */
  path: string;
  /** Revision of its sources; '' when it was built without. */
  revision: string;
  /** Versions of modules by their path; the replacement's where there is one. */
  modules: ReadonlyMap<string, string>;
}

export interface GoProgram {
  /** Null for a program that carries none. */
  build: BuildInfo | null;
  /** Lists of texts in JSON in its code: go-swagger keeps the values of an enumeration so. */
  lists: readonly (readonly string[])[];
}

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
/** Bytes before the two texts, where they follow inline. */
const HEADER_BYTES = 32;
const FLAGS_AT = 15;
const INLINE = 2;
/** Around the text of modules. */
const MODULES_MARK_BYTES = 16;

/** Reads an executable. @throws Error of the file system */
export function readGoProgram(path: string): GoProgram {
  const file = readFileSync(path);
  return { build: buildInfoOf(file), lists: listsOf(file) };
}

function buildInfoOf(file: Buffer): BuildInfo | null {
  for (let at = file.indexOf(MAGIC); at >= 0; at = file.indexOf(MAGIC, at + 1)) {
    // The text itself is in the code of every program that reads such information.
    if (at % 16 !== 0 || !(file[at + FLAGS_AT]! & INLINE)) continue;
    const version = textAt(file, at + HEADER_BYTES);
    const modules = version && textAt(file, version.end);
    if (!version || !modules) continue;
    const { length } = modules.bytes;
    if (length < 2 * MODULES_MARK_BYTES) continue;
    const text = modules.bytes.toString('utf8', MODULES_MARK_BYTES, length - MODULES_MARK_BYTES);
    return { goVersion: version.bytes.toString('utf8'), ...moduleInfo(text) };
  }
  return null;
}

/** A text after its length, seven bits a byte. */
function textAt(file: Buffer, start: number): { bytes: Buffer; end: number } | null {
  let length = 0;
  let at = start;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = file[at++];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80)
      return at + length > file.length ? null : { bytes: file.subarray(at, at + length), end: at + length };
  }
  return null;
}

/** Lines of words with tabs between: `path`, `mod`, `dep`, `=>` for the replacement of the last, `build`. */
function moduleInfo(text: string): Omit<BuildInfo, 'goVersion'> {
  let path = '';
  let revision = '';
  let last = '';
  const modules = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [kind, ...words] = line.split('\t');
    if (kind === 'path') path = words[0] ?? '';
    else if (kind === 'mod' || kind === 'dep') {
      last = words[0] ?? '';
      modules.set(last, words[1] ?? '');
    } else if (kind === '=>') modules.set(last, words[1] ?? '');
    else if (kind === 'build' && words[0]?.startsWith('vcs.revision='))
      revision = words[0].slice('vcs.revision='.length);
  }
  return { path, revision, modules };
}

const LIST_START = Buffer.from('["');
/** Longer lists are none of words. */
const LONGEST_LIST = 4096;

/** A word of an enumeration: no more than letters, digits, blanks and hyphens. */
const LIST = /^\[(?:"[A-Za-z][\w .-]*",?)+\]/;

function listsOf(file: Buffer): string[][] {
  const lists: string[][] = [];
  for (let at = file.indexOf(LIST_START); at >= 0; at = file.indexOf(LIST_START, at + 1)) {
    const text = LIST.exec(file.toString('latin1', at, at + LONGEST_LIST))?.[0];
    if (text === undefined) continue;
    try {
      lists.push(JSON.parse(text) as string[]);
    } catch {
      // A list that ends in a comma.
    }
  }
  return lists;
}
