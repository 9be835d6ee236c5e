/** Tokens of a YAML text, one by one as they are asked for. Upstream: gopkg.in/yaml.v2, scannerc.go. */
import { isBlank, isBlankOrEnd, isBreak, isEnd } from './characters.ts';
import { Cursor } from './cursor.ts';
import { scanAnchor, scanBlockScalar, scanDirective, scanPlain, scanQuoted, scanTag } from './scalars.ts';

export interface Token {
  readonly type:
    | 'stream-end'
    | 'directive'
    | 'document-start'
    | 'document-end'
    | 'block-sequence'
    | 'block-mapping'
    | 'block-end'
    | '['
    | ']'
    | '{'
    | '}'
    | ','
    | '-'
    | 'key'
    | 'value'
    | 'alias'
    | 'anchor'
    | 'tag'
    | 'scalar';
  /** From 0 on. */
  readonly line: number;
  /** Name of an anchor or alias, handle of a tag. */
  readonly name?: string;
  readonly version?: string;
}

/** Something that becomes a key if a colon follows it. */
interface SimpleKey {
  isPossible: boolean;
  readonly isRequired: boolean;
  readonly token: number;
  readonly line: number;
  readonly column: number;
  readonly position: number;
}

const LONGEST_KEY = 1024;
const DEEPEST = 10_000;

export class Scanner {
  readonly #cursor: Cursor;
  readonly #tokens: Token[] = [];
  #taken = 0;
  #flow = 0;
  #indent = -1;
  readonly #indents: number[] = [];
  #isKeyAllowed = true;
  /** For each level of flow collections. */
  readonly #keys: (SimpleKey | undefined)[] = [undefined];
  readonly #keyOfToken = new Map<number, SimpleKey>();

  constructor(text: string) {
    this.#cursor = new Cursor(text);
  }

  /** The next token. @throws YamlProblem */
  peek(): Token {
    while (this.#tokens.length === 0 || this.#isHeadUndecided()) this.#fetch();
    return this.#tokens[0]!;
  }

  skip(): void {
    this.#tokens.shift();
    this.#keyOfToken.delete(this.#taken++);
  }

  /** Whether the next token may still turn out to be a key. */
  #isHeadUndecided(): boolean {
    return this.#isValid(this.#keyOfToken.get(this.#taken));
  }

  #isValid(key: SimpleKey | undefined): boolean {
    if (!key?.isPossible) return false;
    if (key.line === this.#cursor.line && this.#cursor.position - key.position <= LONGEST_KEY) return true;
    if (key.isRequired) this.#cursor.fail("could not find expected ':'");
    key.isPossible = false;
    return false;
  }

  #push(type: Token['type'], more: Partial<Token> = {}): void {
    this.#tokens.push({ type, line: this.#cursor.line, ...more });
  }

  #fetch(): void {
    this.#skipToToken();
    const cursor = this.#cursor;
    this.#unroll(cursor.column);
    const c = cursor.at();
    if (isEnd(c)) this.#fetchEnd();
    else if (cursor.column === 0 && c === '%') this.#fetchDirective();
    else if (cursor.standsAt('---')) this.#fetchIndicator('document-start');
    else if (cursor.standsAt('...')) this.#fetchIndicator('document-end');
    else if (c === '[' || c === '{') this.#fetchFlowStart(c);
    else if (c === ']' || c === '}') this.#fetchFlowEnd(c);
    else if (c === ',') this.#fetchComma();
    else this.#fetchNode(c);
  }

  #fetchNode(c: string): void {
    const isAlone = isBlankOrEnd(this.#cursor.at(1));
    const isInFlow = this.#flow > 0;
    if (c === '-' && isAlone) this.#fetchEntry();
    else if (c === '?' && (isInFlow || isAlone)) this.#fetchKey();
    else if (c === ':' && (isInFlow || isAlone)) this.#fetchValue();
    else if (c === '*' || c === '&') this.#fetchNamed(c === '*' ? 'alias' : 'anchor', scanAnchor);
    else if (c === '!') this.#fetchNamed('tag', scanTag);
    else if ((c === '|' || c === '>') && !isInFlow) this.#fetchBlockScalar();
    else if (c === "'" || c === '"') this.#fetchNamed('scalar', scanQuoted);
    else this.#fetchPlain(c);
  }

  #fetchPlain(c: string): void {
    const next = this.#cursor.at(1);
    const isStart =
      !'-?:,[]{}#&*!|>\'"%@`\t'.includes(c) ||
      (c === '-' && !isBlank(next)) ||
      (this.#flow === 0 && (c === '?' || c === ':') && !isBlankOrEnd(next));
    if (!isStart) this.#cursor.fail('found character that cannot start any token');
    this.#fetchNamed('scalar', (cursor) => {
      if (scanPlain(cursor, this.#indent, this.#flow > 0)) this.#isKeyAllowed = true;
    });
  }

  #skipToToken(): void {
    const cursor = this.#cursor;
    for (;;) {
      if (cursor.column === 0 && cursor.at() === '\ufeff') cursor.skip();
      while (cursor.at() === ' ' || ((this.#flow > 0 || !this.#isKeyAllowed) && cursor.at() === '\t')) cursor.skip();
      cursor.skipComment();
      if (!isBreak(cursor.at())) return;
      cursor.skipBreak();
      if (this.#flow === 0) this.#isKeyAllowed = true;
    }
  }

  #saveKey(): void {
    const { line, column, position } = this.#cursor;
    const isRequired = this.#flow === 0 && this.#indent === column;
    if (!this.#isKeyAllowed) return;
    this.#removeKey();
    const token = this.#taken + this.#tokens.length;
    const key = { isPossible: true, isRequired, token, line, column, position };
    this.#keys[this.#keys.length - 1] = key;
    this.#keyOfToken.set(token, key);
  }

  #removeKey(): void {
    const key = this.#keys.at(-1);
    if (!key?.isPossible) return;
    if (key.isRequired) this.#cursor.fail("could not find expected ':'");
    key.isPossible = false;
  }

  /** @param before the token that the new one comes before; none for the end. */
  #roll(column: number, type: Token['type'], line: number, before?: number): void {
    if (this.#flow > 0 || this.#indent >= column) return;
    this.#indents.push(this.#indent);
    this.#indent = column;
    if (this.#indents.length > DEEPEST) this.#cursor.fail(`exceeded max depth of ${DEEPEST}`);
    this.#tokens.splice(before === undefined ? this.#tokens.length : before - this.#taken, 0, { type, line });
  }

  #unroll(column: number): void {
    if (this.#flow > 0) return;
    for (; this.#indent > column; this.#indent = this.#indents.pop()!) this.#push('block-end');
  }

  #fetchEnd(): void {
    const cursor = this.#cursor;
    if (cursor.column !== 0) {
      cursor.column = 0;
      cursor.line++;
    }
    this.#leaveBlocks();
    this.#push('stream-end');
  }

  #leaveBlocks(): void {
    this.#unroll(-1);
    this.#removeKey();
    this.#isKeyAllowed = false;
  }

  #fetchDirective(): void {
    this.#leaveBlocks();
    const { line } = this.#cursor;
    const { version, handle } = scanDirective(this.#cursor);
    this.#push('directive', {
      line,
      ...(version !== undefined && { version }),
      ...(handle !== undefined && { name: handle }),
    });
  }

  #fetchIndicator(type: 'document-start' | 'document-end'): void {
    this.#leaveBlocks();
    this.#push(type);
    this.#cursor.skip(3);
  }

  #fetchFlowStart(type: '[' | '{'): void {
    this.#saveKey();
    this.#keys.push(undefined);
    this.#flow++;
    if (this.#flow > DEEPEST) this.#cursor.fail(`exceeded max depth of ${DEEPEST}`);
    this.#isKeyAllowed = true;
    this.#push(type);
    this.#cursor.skip();
  }

  #fetchFlowEnd(type: ']' | '}'): void {
    this.#removeKey();
    if (this.#flow > 0) {
      this.#flow--;
      this.#keys.pop();
    }
    this.#isKeyAllowed = false;
    this.#push(type);
    this.#cursor.skip();
  }

  #fetchComma(): void {
    this.#removeKey();
    this.#isKeyAllowed = true;
    this.#push(',');
    this.#cursor.skip();
  }

  #fetchEntry(): void {
    const { line, column } = this.#cursor;
    if (this.#flow === 0) {
      if (!this.#isKeyAllowed) this.#cursor.fail('block sequence entries are not allowed in this context');
      this.#roll(column, 'block-sequence', line);
    }
    this.#removeKey();
    this.#isKeyAllowed = true;
    this.#push('-');
    this.#cursor.skip();
  }

  #fetchKey(): void {
    const { line, column } = this.#cursor;
    if (this.#flow === 0) {
      if (!this.#isKeyAllowed) this.#cursor.fail('mapping keys are not allowed in this context');
      this.#roll(column, 'block-mapping', line);
    }
    this.#removeKey();
    this.#isKeyAllowed = this.#flow === 0;
    this.#push('key');
    this.#cursor.skip();
  }

  #fetchValue(): void {
    const { line, column } = this.#cursor;
    const key = this.#keys.at(-1);
    if (key && this.#isValid(key)) {
      this.#tokens.splice(key.token - this.#taken, 0, { type: 'key', line: key.line });
      this.#roll(key.column, 'block-mapping', key.line, key.token);
      key.isPossible = false;
      this.#isKeyAllowed = false;
    } else {
      if (this.#flow === 0) {
        if (!this.#isKeyAllowed) this.#cursor.fail('mapping values are not allowed in this context');
        this.#roll(column, 'block-mapping', line);
      }
      this.#isKeyAllowed = this.#flow === 0;
    }
    this.#push('value');
    this.#cursor.skip();
  }

  #fetchNamed(type: 'alias' | 'anchor' | 'tag' | 'scalar', scan: (cursor: Cursor) => string | void): void {
    this.#saveKey();
    this.#isKeyAllowed = false;
    const { line } = this.#cursor;
    const name = scan(this.#cursor);
    this.#push(type, { line, ...(typeof name === 'string' && { name }) });
  }

  #fetchBlockScalar(): void {
    this.#removeKey();
    this.#isKeyAllowed = true;
    const { line } = this.#cursor;
    scanBlockScalar(this.#cursor, this.#indent);
    this.#push('scalar', { line });
  }
}
