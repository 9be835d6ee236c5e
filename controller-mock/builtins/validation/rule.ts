/**
 * What an API server checks of built-in kinds, as rows: a field, what is asked of it, and the place upstream that asks. A next version of
 * Kubernetes is a change of rows.
 */
import type { StatusCause } from '../../api/causes.ts';
import type { RequestContext } from '../../api/cluster-access.ts';
import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Fields } from '../fields.ts';

/** Where a check is: valid only while it runs. */
export interface Place {
  /** As causes name it: `spec.ports[1].name`; values of maps are `spec.capacity[cpu]`. */
  readonly path: string;
  /** The object or list that holds the value. */
  readonly holder: Fields;
  readonly object: KubeObject;
  /** Undefined at creation; must not be changed. */
  readonly old: KubeObject | undefined;
  /** What stood at this path before (items of lists by their index); undefined at creation. */
  readonly before: unknown;
  readonly context: RequestContext;
}

/** @param value undefined where the holder is there and the field is not. */
export type Check = (value: unknown, place: Place) => StatusCause | readonly StatusCause[] | undefined;

export interface Rule {
  /** Field names from the object on; `[*]` are all items of a list, `{*}` all values of a map: `spec.ports[*].port`. '' is the object. */
  readonly field: string;
  readonly check: Check;
  /** Of Kubernetes 1.32: file below the repository, and function. */
  readonly source: string;
}

/** The same rules for what is held at another field, such as pods in templates: `below('spec.template', POD_RULES)`. */
export const below = (field: string, rules: readonly Rule[]): Rule[] =>
  rules.map((rule) => ({ ...rule, field: rule.field === '' ? field : `${field}.${rule.field}` }));

interface Node {
  readonly checks: Check[];
  readonly keys: Map<string, Node>;
  items: Node | undefined;
  values: Node | undefined;
}

const newNode = (): Node => ({ checks: [], keys: new Map(), items: undefined, values: undefined });

/** `spec.ports[*].port` → spec, ports, [*], port */
const segmentsOf = (field: string): string[] => field.match(/\[\*\]|\{\*\}|[^.[{]+/g) ?? [];

function childOf(node: Node, segment: string): Node {
  if (segment === '[*]') {
    node.items ??= newNode();
    return node.items;
  }
  if (segment === '{*}') {
    node.values ??= newNode();
    return node.values;
  }
  let child = node.keys.get(segment);
  if (!child) {
    child = newNode();
    node.keys.set(segment, child);
  }
  return child;
}

/** All rules of a kind in one walk of its objects; made once, since paths are only written down for causes. */
export class RuleSet {
  readonly #root = newNode();

  constructor(rules: readonly Rule[]) {
    for (const { field, check } of rules) segmentsOf(field).reduce(childOf, this.#root).checks.push(check);
  }

  /** Causes from the outside in, in the order of the rules. @param old undefined at creation. */
  faults(object: KubeObject, old: KubeObject | undefined, context: RequestContext): StatusCause[] {
    const walk = new Walk(object, old, context);
    walk.visit(this.#root, object);
    return walk.causes;
  }
}

class Walk implements Place {
  readonly causes: StatusCause[] = [];
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  readonly context: RequestContext;
  holder: Fields;

  /** Keys of objects, indices of lists, and keys of maps in brackets. */
  readonly #steps: { key: string | number; bracket: boolean }[] = [];

  constructor(object: KubeObject, old: KubeObject | undefined, context: RequestContext) {
    this.object = object;
    this.old = old;
    this.context = context;
    this.holder = object;
  }

  get path(): string {
    let text = '';
    for (const { key, bracket } of this.#steps) text += bracket ? `[${key}]` : text === '' ? key : `.${key}`;
    return text;
  }

  get before(): unknown {
    let here: unknown = this.old;
    for (const { key } of this.#steps) {
      if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
      here = (here as Fields)[key];
    }
    return here;
  }

  visit(node: Node, value: unknown): void {
    for (const check of node.checks) {
      const found = check(value, this);
      if (!found) continue;
      if (Array.isArray(found)) this.causes.push(...(found as readonly StatusCause[]));
      else this.causes.push(found as StatusCause);
    }
    if (Array.isArray(value)) {
      if (node.items) for (const [index, item] of value.entries()) this.#enter(node.items, value, index, item, true);
    } else if (isPlainObject(value)) {
      for (const [key, child] of node.keys) this.#enter(child, value, key, value[key], false);
      if (node.values)
        for (const [key, entry] of Object.entries(value)) this.#enter(node.values, value, key, entry, true);
    }
  }

  #enter(node: Node, holder: object, key: string | number, value: unknown, bracket: boolean): void {
    const outer = this.holder;
    this.holder = holder as Fields;
    this.#steps.push({ key, bracket });
    this.visit(node, value);
    this.#steps.pop();
    this.holder = outer;
  }
}
