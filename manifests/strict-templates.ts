/**
 * nunjucks made strict: an undefined variable is an error wherever it is used, errors say file, line and column, and every `{{ value }}`
 * becomes YAML that means exactly that value.
 *
 *     source ── parser ── transformer ── StrictCompiler ── JavaScript ── Template ── text
 *                                        │ every look-up: runtime.own / runtime.named, with its place
 *                                        └ every output:  runtime.suppressValue, which is yamlText here
 *
 * nunjucks itself passes an undefined value on until it is printed, knows lines only then, and escapes for HTML alone.
 */
import { createRequire } from 'node:module';
import nunjucks from 'nunjucks';
import { nearest } from '../model/text/nearest.ts';
import { UnwritableValueError, yamlText } from './yaml-text.ts';

/** A template that is wrong, and where. */
export class TemplateError extends Error {
  /** File of the template. */
  readonly file: string;
  /** From 1; 0 when nunjucks does not tell. */
  readonly lineno: number;
  readonly colno: number;

  constructor(file: string, line: number, column: number, reason: string) {
    super(`${file}:${line > 0 ? `${line}:${column}: ` : ' '}${reason}`);
    this.name = 'TemplateError';
    this.file = file;
    this.lineno = line;
    this.colno = column;
  }

  /** nunjucks calls this to add the name of the template; it is known here already. */
  Update(): this {
    return this;
  }
}

/** Where templates are found. */
export interface TemplateSource {
  /** What errors call it. */
  file: string;
  text: string;
}

/** Node of a syntax tree; lines and columns count from 0. */
interface SyntaxNode {
  lineno: number;
  colno: number;
  value: string;
  target: SyntaxNode;
  val: SyntaxNode;
  name: SyntaxNode;
}
interface Scope {
  lookup(name: string): string | undefined;
}
/** The parts of nunjucks that its types leave out. */
interface Internals {
  compiler: {
    Compiler: new (
      name: string,
      throwOnUndefined: boolean,
    ) => {
      compile(tree: unknown): void;
      getCode(): string;
      _emit(code: string): void;
      _compileExpression(node: SyntaxNode, scope: Scope): void;
      compileFilter(node: SyntaxNode, scope: Scope): void;
    };
  };
  parser: { parse(text: string, extensions: unknown[], options: object): unknown };
  transformer: { transform(tree: unknown, asyncFilters: unknown[], name: string): unknown };
  runtime: { SafeString: new (text: string) => object };
}

const require = createRequire(import.meta.url);
const { compiler, parser, runtime } = nunjucks as unknown as Internals;
const transformer = require('nunjucks/src/transformer') as Internals['transformer'];

type RenderFunction = (env: unknown, context: unknown, frame: unknown, runtime: unknown, done: unknown) => void;
interface Context {
  lookup(name: string): unknown;
  getVariables(): Record<string, unknown>;
}

/** A set of templates that may include each other. */
export class StrictTemplates {
  readonly #environment: nunjucks.Environment;

  /**
   * @param find the template of a name, or undefined when there is none
   */
  constructor(find: (name: string) => TemplateSource | undefined) {
    const loader = {
      cache: {},
      getSource: (name: string) => {
        const source = find(name);
        if (!source) throw new TemplateError(name, 0, 0, 'there is no such template');
        const filterExists = (filter: string) => {
          try {
            return Boolean(this.#environment.getFilter(filter));
          } catch {
            return false;
          }
        };
        return { src: { type: 'code', obj: compile(source, filterExists) }, path: source.file, noCache: false, loader };
      },
    };
    // `dev` passes our errors through as they are.
    this.#environment = new nunjucks.Environment(loader as unknown as nunjucks.ILoader, { dev: true } as object);
    this.#environment.addFilter('b64', (text: unknown) => Buffer.from(String(text)).toString('base64'));
    this.#environment.addFilter('merge', (first: object, second: object) => ({ ...first, ...second }));
    this.#environment.addFilter('json', (value: unknown) => JSON.stringify(value));
  }

  /** Compiles a template now, so that what is wrong with it is told before anything is rendered. @throws TemplateError */
  check(name: string): void {
    this.#environment.getTemplate(name, true);
  }

  /** @throws TemplateError */
  render(name: string, values: object): string {
    try {
      return this.#environment.getTemplate(name, true).render(values);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError(name, 0, 0, firstLine(error));
    }
  }
}

/** Functions of one template: `root` and one for each block. */
function compile({ file, text }: TemplateSource, filterExists: (name: string) => boolean) {
  try {
    const strict = new StrictCompiler(file, filterExists);
    strict.compile(transformer.transform(parser.parse(text, [], { trimBlocks: true, lstripBlocks: true }), [], file));
    const functions = new Function(strict.getCode())() as Record<string, RenderFunction>;
    const own = strictRuntime(file);
    return Object.fromEntries(
      Object.entries(functions).map(([name, run]) => [
        name,
        typeof run !== 'function'
          ? run
          : (env: unknown, context: unknown, frame: unknown, _runtime: unknown, done: unknown) =>
              run(env, context, frame, own, done),
      ]),
    );
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    const { lineno = 0, colno = 0 } = error as { lineno?: number; colno?: number };
    throw new TemplateError(file, lineno, colno, firstLine(error));
  }
}

class StrictCompiler extends compiler.Compiler {
  readonly #file: string;
  readonly #filterExists: (name: string) => boolean;

  constructor(file: string, filterExists: (name: string) => boolean) {
    super(file, true);
    this.#file = file;
    this.#filterExists = filterExists;
  }

  compileSymbol(node: SyntaxNode, scope: Scope): void {
    const known = scope.lookup(node.value);
    this._emit(known ?? `runtime.named(context, frame, ${JSON.stringify(node.value)}, ${placeOf(node)})`);
  }

  compileLookupVal(node: SyntaxNode, scope: Scope): void {
    this._emit('runtime.own((');
    this._compileExpression(node.target, scope);
    this._emit('),');
    this._compileExpression(node.val, scope);
    this._emit(`, ${JSON.stringify(spelling(node.target))}, ${placeOf(node)})`);
  }

  override compileFilter(node: SyntaxNode, scope: Scope): void {
    const name = String(node.name.value);
    if (!this.#filterExists(name)) {
      throw new TemplateError(this.#file, node.lineno + 1, node.colno + 1, `there is no filter ${name}`);
    }
    super.compileFilter(node, scope);
  }
}

const placeOf = (node: SyntaxNode) => `${node.lineno + 1}, ${node.colno + 1}`;

/** `cluster.api_vip` as it was written; what is not a name is left out. */
function spelling(node: SyntaxNode): string {
  if (node.target && node.val) return `${spelling(node.target)}.${node.val.value}`;
  return typeof node.value === 'string' ? node.value : '…';
}

/** What compiled templates call. */
function strictRuntime(file: string): object {
  const undefinedName = (name: string, known: readonly string[], line: number, column: number) => {
    const near = nearest(name.split('.').at(-1)!, known);
    const hint = near ? `did you mean ${near}?` : `known: ${known.join(', ') || 'nothing'}`;
    return new TemplateError(file, line, column, `${name} is not defined; ${hint}`);
  };
  return {
    ...runtime,
    named(context: Context, frame: Scope, name: string, line: number, column: number): unknown {
      const local = frame.lookup(name);
      const value = local !== undefined ? local : context.lookup(name);
      if (value === undefined) throw undefinedName(name, Object.keys(context.getVariables()), line, column);
      return value;
    },
    /** A key of the object itself; what JavaScript adds to every object stays out of reach. */
    own(object: unknown, key: string | number, name: string, line: number, column: number): unknown {
      if (typeof object === 'object' && object !== null && Object.hasOwn(object, key)) {
        const value = (object as Record<string | number, unknown>)[key];
        if (value !== undefined) return value;
      }
      const known = typeof object === 'object' && object !== null && !Array.isArray(object) ? Object.keys(object) : [];
      throw undefinedName(`${name}.${key}`, known, line, column);
    },
    ensureDefined(value: unknown, line: number, column: number): unknown {
      if (value instanceof runtime.SafeString) return value;
      try {
        return new runtime.SafeString(yamlText(value));
      } catch (error) {
        if (!(error instanceof UnwritableValueError)) throw error;
        throw new TemplateError(file, line + 1, column + 1, `YAML cannot carry this value: ${error.message}`);
      }
    },
    suppressValue: (value: object) => String(value),
    handleError: (error: Error & { lineno?: number; colno?: number }, line: number, column: number) =>
      error instanceof TemplateError ? error : new TemplateError(file, line + 1, column + 1, firstLine(error)),
  };
}

/** Message of an error of nunjucks without the name of the template and the line that begin it. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^\(.*\)( \[Line \d+, Column \d+\])?\s*/, '')
    .replace(/^(Template render error|Error|TypeError): /, '')
    .split('\n')[0]!
    .trim();
}
