/**
 * Text of an expression to nodes. The grammar is that of a library; where things stand, macros and what is wrong are as in
 * google/cel-go, parser/parser.go.
 */
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import type { Expression } from './expression.ts';
import type { SourceFault } from './fault.ts';
import { expandCall, expandMethod, MacroFault, newCall } from './macros.ts';
import { type Mistake, syntaxMistake } from './syntax-faults.ts';
import { BYTES, DYN } from './types.ts';
import { INT_MAX, INT_MIN, UINT_MAX, Uint, type Value } from './values.ts';

const DEPTH = 250;
const MAX_CODE_POINTS = 100_000;
const MAX_FAULTS = 100;
const MANY = Number.MAX_SAFE_INTEGER;

const library = new Environment({
  enableOptionalTypes: true,
  limits: { maxAstNodes: MANY, maxDepth: DEPTH, maxListElements: MANY, maxMapEntries: MANY, maxCallArguments: MANY },
});

/** What is wrong where a node was made. */
class NodeFault extends Error {
  readonly at: number | undefined;

  constructor(at: number | undefined, message: string) {
    super(message);
    this.at = at;
  }
}

/** What is said of expressions within too many others. */
export const TOO_DEEP: SourceFault = { at: undefined, message: `expression recursion limit exceeded: ${DEPTH}` };

/** An expression, or what is wrong with its text. */
export type Parsed = { readonly expression: Expression } | { readonly faults: readonly SourceFault[] };

export function parseExpression(source: string): Parsed {
  const { length } = [...source];
  if (length > MAX_CODE_POINTS) {
    const message = `expression code point size exceeds limit: size: ${length}, limit ${MAX_CODE_POINTS}`;
    return { faults: [{ at: undefined, message }] };
  }
  const faults: SourceFault[] = [];
  let text = source;
  while (faults.length < MAX_FAULTS) {
    try {
      const expression = new Reader(text).read(library.parse(text).ast);
      return faults.length > 0 ? { faults } : { expression };
    } catch (error) {
      const { fault, skipped } = mistakeOf(text, error);
      faults.push(fault);
      if (!skipped) break;
      text = text.slice(0, skipped.start) + ' '.repeat(skipped.end - skipped.start) + text.slice(skipped.end);
    }
  }
  return { faults };
}

function mistakeOf(text: string, error: unknown): Mistake {
  const only = (fault: SourceFault): Mistake => ({ fault, skipped: undefined });
  if (error instanceof NodeFault || error instanceof MacroFault) return only({ at: error.at, message: error.message });
  if (error instanceof ParseError) return syntaxMistake(text, error);
  // The stack has its end.
  if (error instanceof RangeError) return only(TOO_DEEP);
  throw error;
}

const OPERATORS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%']);

const NUMBERS: readonly string[] = ['bigint', 'number'];

/** What a chain of selections, indices and methods begins with. */
function firstOperand(node: ASTNode): ASTNode {
  switch (node.op) {
    case 'rcall':
      return firstOperand(node.args[1]);
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return firstOperand(node.args[0]);
    default:
      return node;
  }
}

class Reader {
  readonly #source: string;
  /** Numbers that have a minus, and where it stands. */
  readonly #minuses = new Map<ASTNode, number>();
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(node: ASTNode): Expression {
    switch (node.op) {
      case 'value':
        return this.#literal(node);
      case 'id':
        return { kind: 'name', at: node.start, type: DYN, name: node.args };
      case '.':
        return this.#selection(node.args[0], node.args[1]);
      case '.?': {
        const operand = this.#deeper(() => this.read(node.args[0]));
        const field: Expression = { kind: 'literal', at: node.pos, type: DYN, value: node.args[1] };
        return newCall(this.#after(node.args[0].end), '_?._', undefined, [operand, field]);
      }
      case '[]':
      case '[?]': {
        const args = this.#deeper(() => node.args.map((part) => this.read(part)));
        return newCall(this.#after(node.args[0].end), node.op === '[]' ? '_[_]' : '_[?_]', undefined, args);
      }
      case 'list':
        return { kind: 'list', at: node.start, type: DYN, elements: node.args.map((part) => this.read(part)) };
      case 'map': {
        const entries = node.args.map(([key, value]) => [this.read(key), this.read(value)] as const);
        return { kind: 'map', at: node.start, type: DYN, entries };
      }
      default:
        return this.#operation(node);
    }
  }

  #operation(node: ASTNode): Expression {
    switch (node.op) {
      case 'call':
        return this.#call(node.start, node.args[0], node.args[1]);
      case 'rcall':
        return this.#method(node.args[0], node.args[1], node.args[2]);
      case '!_':
      case '-_':
        return this.#unary(node.op, node.start, node.args);
      case '?:': {
        const args = node.args.map((part) => this.read(part));
        return newCall(this.#after(node.args[0].end), '_?_:_', undefined, args);
      }
      case '&&':
      case '||':
        return this.#logic(node.op, node);
      default: {
        const [left, right] = node.args as readonly [ASTNode, ASTNode];
        const name = OPERATORS.has(node.op) ? `_${node.op}_` : '@in';
        return this.#deeper(() => newCall(this.#after(left.end), name, undefined, [this.read(left), this.read(right)]));
      }
    }
  }

  /** Chains of these are balanced: they may be as long as one likes. */
  #logic(op: '&&' | '||', node: ASTNode): Expression {
    const terms: Expression[] = [];
    const places: number[] = [];
    let rest = node;
    while (rest.op === op) {
      const [left, right]: readonly [ASTNode, ASTNode] = rest.args;
      places.unshift(this.#after(left.end));
      terms.unshift(this.read(right));
      rest = left;
    }
    terms.unshift(this.read(rest));
    const tree = (low: number, high: number): Expression => {
      const middle = Math.floor((low + high + 1) / 2);
      const left = middle === low ? terms[middle]! : tree(low, middle - 1);
      const right = middle === high ? terms[middle + 1]! : tree(middle + 1, high);
      return newCall(places[middle]!, `_${op}_`, undefined, [left, right]);
    };
    return tree(0, places.length - 1);
  }

  /** Operands within operands, as far as the API server follows them. */
  #deeper<T>(read: () => T): T {
    if (++this.#depth > DEPTH) throw new NodeFault(undefined, 'max recursion depth exceeded');
    const made = read();
    this.#depth--;
    return made;
  }

  #selection(left: ASTNode, field: string): Expression {
    const operand = this.#deeper(() => this.read(left));
    return { kind: 'select', at: this.#after(left.end), type: DYN, operand, field, test: false };
  }

  #call(start: number, name: string, parts: readonly ASTNode[]): Expression {
    const at = this.#after(start + name.length);
    const args = parts.map((part) => this.read(part));
    return expandCall(at, name, args) ?? newCall(at, name, undefined, args);
  }

  #method(name: string, receiver: ASTNode, parts: readonly ASTNode[]): Expression {
    const dot = this.#after(receiver.end);
    const at = this.#after(this.#after(dot + 1) + name.length);
    const target = this.#deeper(() => this.read(receiver));
    const args = parts.map((part) => this.read(part));
    return expandMethod(at, name, target, args) ?? newCall(at, name, target, args);
  }

  /** A minus belongs to the number that follows, even if that is the target of a call; two in a row are none. */
  #unary(op: '!_' | '-_', start: number, operand: ASTNode): Expression {
    const isAdjacent = (node: ASTNode) => this.#after(start + 1) === node.start;
    const first = op === '-_' ? firstOperand(operand) : undefined;
    if (first?.op === 'value' && NUMBERS.includes(typeof first.args) && isAdjacent(first)) {
      this.#minuses.set(first, start);
      return this.read(operand);
    }
    if (operand.op === op && isAdjacent(operand)) return this.read(operand.args);
    return newCall(start, op, undefined, [this.read(operand)]);
  }

  #literal(literal: ASTNode & { op: 'value' }): Expression {
    const minus = this.#minuses.get(literal);
    const at = minus ?? literal.start;
    const given: unknown = literal.args;
    const node = (value: Value): Expression => ({ kind: 'literal', at, type: DYN, value });
    if (given instanceof UnsignedInt) {
      const value = BigInt(String(given));
      if (value > UINT_MAX) throw new NodeFault(at, 'invalid uint literal');
      return node(new Uint(value));
    }
    if (typeof given === 'bigint') {
      const value = minus === undefined ? given : -given;
      if (value > INT_MAX || value < INT_MIN) throw new NodeFault(at, 'invalid int literal');
      return node(value);
    }
    if (typeof given === 'number') return node(minus === undefined ? given : -given);
    return given instanceof Uint8Array ? { kind: 'literal', at, type: BYTES, value: given } : node(given as Value);
  }

  /** Where the next token begins: behind blanks, comments and closing parentheses. */
  #after(offset: number): number {
    const gap = /(?:[\s)]|\/\/[^\n]*)*/y;
    gap.lastIndex = offset;
    gap.test(this.#source);
    return gap.lastIndex;
  }
}
