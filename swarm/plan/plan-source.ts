/** One plan file as text and tree, so that every complaint can point at the line and column it is about. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { PlanError, type PlanProblem, type Position } from './plan.ts';
import { redactText } from './redact.ts';

export type Path = readonly (string | number)[];

/** Longest plan text that is read, in characters. */
const MAX_TEXT = 4 * 2 ** 20;

/** `clusters[0].workers` */
export function formatPath(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

/** A value as an error shows it: short, on one line, and without what `hide` takes out of texts (by default passwords in URLs). */
export function formatGiven(given: unknown, hide: (text: string) => string = redactText): string {
  const value = typeof given === 'string' ? hide(given) : given;
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text;
}

export class PlanSource {
  readonly file: string;
  /** Content as plain values; `null` for an empty file. */
  readonly value: unknown;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed;

  /**
   * @throws PlanError with all errors of YAML syntax found (repeated keys included).
   */
  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#lines = new LineCounter();
    if (text.length > MAX_TEXT) {
      throw new PlanError([
        { file, line: 1, column: 1, message: `a plan of ${text.length} characters; allowed: ${MAX_TEXT}` },
      ]);
    }
    try {
      const document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        uniqueKeys: true,
        // `<<: *anchor`, of YAML 1.1, which Go's and Python's parsers know.
        merge: true,
        // The level `silent` would also drop the error about a second document.
        logLevel: 'error',
      });
      const broken = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
      if (broken.length > 0) throw new PlanError(broken.map((error) => this.#syntaxProblem(error)));
      const dangling: PlanProblem[] = [];
      visit(document, {
        Alias: (_, alias) => {
          if (alias.resolve(document)) return;
          const message = `the alias *${alias.source} has no anchor; allowed: aliases of anchors (&${alias.source}) that stand before them`;
          dangling.push({ ...this.#at(alias.range?.[0] ?? 0), message });
        },
      });
      if (dangling.length > 0) throw new PlanError(dangling);
      this.#document = document;
      this.value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      if (error instanceof PlanError) throw error;
      // Alias bombs, and nesting that exhausts the parser's stack.
      const reason = error instanceof RangeError ? 'nested too deeply' : (error as Error).message;
      throw new PlanError([{ file, line: 1, column: 1, message: `YAML that cannot be read: ${reason}` }]);
    }
  }

  /** Place of the value at a path, or of the nearest value above it that exists. */
  positionOf(path: Path): Position {
    return this.#at(this.#find(path).start);
  }

  /** Place of a key of the mapping at a path. */
  positionOfKey(path: Path, key: string): Position {
    return this.#at(this.#find([...path, key]).keyStart);
  }

  /** The value at a path as it was written: `4.20`, not 4.2. */
  givenAt(path: Path, hide?: (text: string) => string): string {
    const { node, value } = this.#find(path);
    if (node && isScalar(node) && typeof node.value === 'number' && node.source) return node.source;
    return formatGiven(value, hide);
  }

  #at(offset: number): Position {
    // A file without content has no lines to the counter.
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #find(path: Path): { node: Node | null; value: unknown; start: number; keyStart: number } {
    let node: Node | null = this.#resolve(this.#document.contents);
    let value = this.value;
    let start = node?.range?.[0] ?? 0;
    let keyStart = start;
    for (const part of path) {
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
        if (pair && isScalar(pair.key)) keyStart = pair.key.range?.[0] ?? start;
        next = pair?.value;
        if (pair && !next) start = keyStart;
      } else if (isSeq(node) && typeof part === 'number') {
        next = node.items[part];
      }
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
      if (!next) return { node: null, value, start, keyStart };
      const found = next as Node;
      start = found.range?.[0] ?? start;
      if (isSeq(node)) keyStart = start;
      node = this.#resolve(found);
    }
    return { node, value, start, keyStart };
  }

  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }

  #syntaxProblem(error: YAMLError): PlanProblem {
    const [start, end] = error.pos;
    const line = this.#text.slice(start, start + 80).split('\n')[0]!;
    if (error.code === 'DUPLICATE_KEY') {
      // The error points at the first character of the key only.
      const key = /^("[^"]*"|'[^']*'|[^:,}]*)/.exec(line)![0].trim();
      return {
        ...this.#at(start),
        message: `the key ${key} is given twice in one mapping; allowed: once`,
        code: error.code,
      };
    }
    if (error.code === 'RESOURCE_EXHAUSTION') {
      const message = 'nested too deeply to be read; give one that is less nested';
      return { ...this.#at(start), message, code: error.code };
    }
    const given = line.slice(0, Math.min(end - start, 40)).trim();
    const message = `not valid YAML: ${error.message}${given ? ` (at ${JSON.stringify(given)})` : ''}`;
    return { ...this.#at(start), message, code: error.code };
  }
}
