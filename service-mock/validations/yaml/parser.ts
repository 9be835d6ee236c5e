/** Whether tokens make up documents. States as upstream has them, so that depth costs no call frames: gopkg.in/yaml.v2, parserc.go and decode.go. */
import { FORBIDDEN, YamlProblem } from './characters.ts';
import { Scanner, type Token } from './scanner.ts';

/** Why the first document of a text, or any of them, is none; undefined for good ones. */
export function syntaxProblem(text: string, which: 'first' | 'all'): string | undefined {
  try {
    if (FORBIDDEN.test(text)) throw new YamlProblem('control characters are not allowed', 0);
    const parser = new Parser(text);
    while (parser.document() && which === 'all');
    return undefined;
  } catch (error) {
    if (error instanceof YamlProblem) return error.message;
    throw error;
  }
}

type State = () => void;

class Parser {
  readonly #scanner: Scanner;
  /** What is to be done, the next one last. */
  readonly #states: State[] = [];
  readonly #anchors = new Set<string>();
  readonly #handles = new Set<string>();
  #isFirst = true;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  /** @returns whether there was one. @throws YamlProblem */
  document(): boolean {
    if (!this.#begin()) return false;
    for (let state = this.#states.pop(); state; state = this.#states.pop()) state();
    if (this.#peek().type === 'document-end') this.#skip();
    return true;
  }

  #begin(): boolean {
    this.#anchors.clear();
    this.#handles.clear();
    if (!this.#isFirst) while (this.#peek().type === 'document-end') this.#skip();
    const { type } = this.#peek();
    if (type === 'stream-end') return false;
    if (this.#isFirst && type !== 'directive' && type !== 'document-start') {
      this.#states.push(() => this.#node('block'));
    } else {
      this.#directives();
      if (this.#peek().type !== 'document-start') this.#fail('did not find expected <document start>');
      this.#skip();
      if (!['directive', 'document-start', 'document-end', 'stream-end'].includes(this.#peek().type))
        this.#states.push(() => this.#node('block'));
    }
    this.#isFirst = false;
    return true;
  }

  #directives(): void {
    let isVersioned = false;
    for (let token = this.#peek(); token.type === 'directive'; token = this.#peek()) {
      if (token.version !== undefined) {
        if (isVersioned) this.#fail('found duplicate %YAML directive');
        if (token.version !== '1.1') this.#fail('found incompatible YAML document');
        isVersioned = true;
      } else if (this.#handles.has(token.name!)) {
        this.#fail('found duplicate %TAG directive');
      } else {
        this.#handles.add(token.name!);
      }
      this.#skip();
    }
  }

  #peek(): Token {
    return this.#scanner.peek();
  }

  #skip(): void {
    this.#scanner.skip();
  }

  #is(...types: Token['type'][]): boolean {
    return types.includes(this.#peek().type);
  }

  #fail(words: string): never {
    throw new YamlProblem(words, this.#peek().line);
  }

  /** @param place `loose` where the entries of a sequence may stand at the column of their key. */
  #node(place: 'block' | 'loose' | 'flow'): void {
    const { type, name } = this.#peek();
    if (type === 'alias') {
      if (!this.#anchors.has(name!)) throw new YamlProblem(`unknown anchor '${name}' referenced`, 0);
      this.#skip();
      return;
    }
    const isMarked = this.#properties();
    if (place === 'loose' && this.#is('-')) this.#states.push(() => this.#looseEntry());
    else if (this.#is('scalar')) this.#skip();
    else if (this.#is('[')) this.#open(() => this.#flowEntry(true));
    else if (this.#is('{')) this.#open(() => this.#flowKey(true));
    else if (place !== 'flow' && this.#is('block-sequence')) this.#open(() => this.#entry());
    else if (place !== 'flow' && this.#is('block-mapping')) this.#open(() => this.#key());
    else if (!isMarked) this.#fail('did not find expected node content');
  }

  /** Passes an anchor and a tag. @returns whether there was one. */
  #properties(): boolean {
    const seen = new Set<string>();
    for (
      let token = this.#peek();
      ['anchor', 'tag'].includes(token.type) && !seen.has(token.type);
      token = this.#peek()
    ) {
      seen.add(token.type);
      if (token.type === 'anchor') this.#anchors.add(token.name!);
      else if (!['', '!', '!!'].includes(token.name!) && !this.#handles.has(token.name!))
        this.#fail('found undefined tag handle');
      this.#skip();
    }
    return seen.size > 0;
  }

  #open(state: State): void {
    this.#skip();
    this.#states.push(state);
  }

  /** A node, unless it is left out; then something else. */
  #nodeUnless(empty: Token['type'][], place: 'block' | 'loose' | 'flow', after: State): void {
    this.#states.push(after);
    if (!this.#is(...empty)) this.#states.push(() => this.#node(place));
  }

  #entry(): void {
    if (this.#is('-')) {
      this.#skip();
      this.#nodeUnless(['-', 'block-end'], 'block', () => this.#entry());
    } else if (this.#is('block-end')) this.#skip();
    else this.#fail("did not find expected '-' indicator");
  }

  #looseEntry(): void {
    if (!this.#is('-')) return;
    this.#skip();
    this.#nodeUnless(['-', 'key', 'value', 'block-end'], 'block', () => this.#looseEntry());
  }

  #key(): void {
    if (this.#is('key')) {
      this.#skip();
      this.#nodeUnless(['key', 'value', 'block-end'], 'loose', () => this.#value());
    } else if (this.#is('block-end')) this.#skip();
    else this.#fail('did not find expected key');
  }

  #value(): void {
    if (this.#is('value')) {
      this.#skip();
      this.#nodeUnless(['key', 'value', 'block-end'], 'loose', () => this.#key());
    } else this.#states.push(() => this.#key());
  }

  #flowEntry(isFirst: boolean): void {
    if (!this.#is(']')) {
      if (!isFirst) this.#comma("did not find expected ',' or ']'");
      if (this.#is('key')) {
        this.#skip();
        if (this.#is('value', ',', ']')) {
          // Upstream passes what follows an empty key.
          this.#skip();
          this.#states.push(() => this.#pairValue());
        } else {
          this.#nodeUnless([], 'flow', () => this.#pairValue());
        }
        return;
      }
      if (!this.#is(']')) {
        this.#nodeUnless([], 'flow', () => this.#flowEntry(false));
        return;
      }
    }
    this.#skip();
  }

  #pairValue(): void {
    const after = () => this.#flowEntry(false);
    if (this.#is('value')) {
      this.#skip();
      this.#nodeUnless([',', ']'], 'flow', after);
    } else this.#states.push(after);
  }

  #flowKey(isFirst: boolean): void {
    if (!this.#is('}')) {
      if (!isFirst) this.#comma("did not find expected ',' or '}'");
      if (this.#is('key')) {
        this.#skip();
        this.#nodeUnless(['value', ',', '}'], 'flow', () => this.#flowValue());
        return;
      }
      if (!this.#is('}')) {
        this.#nodeUnless([], 'flow', () => this.#flowKey(false));
        return;
      }
    }
    this.#skip();
  }

  #flowValue(): void {
    const after = () => this.#flowKey(false);
    if (this.#is('value')) {
      this.#skip();
      this.#nodeUnless([',', '}'], 'flow', after);
    } else this.#states.push(after);
  }

  #comma(otherwise: string): void {
    if (!this.#is(',')) this.#fail(otherwise);
    this.#skip();
  }
}
