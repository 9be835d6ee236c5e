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

/** Rules that one function upstream has: pairs of field and check. @param source as in {@link Rule} */
export const rows = (source: string, pairs: readonly (readonly [field: string, check: Check])[]): Rule[] =>
  pairs.map(([field, check]) => ({ field, check, source }));

/** The same rules for what is held at another field, such as pods in templates: `below('spec.template', POD_RULES)`. */
export const below = (field: string, rules: readonly Rule[]): Rule[] =>
  rules.map((rule) => ({ ...rule, field: rule.field === '' ? field : `${field}.${rule.field}` }));

/** What is done at a value, in the order of the rules: a check, or going down to a field, to all items or to all values. */
interface Step {
  readonly check: Check | undefined;
  /** '' for a check. */
  readonly segment: string;
  readonly steps: Step[];
}

/** `spec.ports[*].port` → spec, ports, [*], port */
const segmentsOf = (field: string): string[] => field.match(/\[\*\]|\{\*\}|[^.[{]+/g) ?? [];

function stepsBelow(steps: Step[], segment: string): Step[] {
  const known = steps.find((step) => step.segment === segment);
  if (known) return known.steps;
  const below: Step[] = [];
  steps.push({ check: undefined, segment, steps: below });
  return below;
}

/** All rules of a kind in one walk of its objects; made once, since paths are only written down for causes. */
export class RuleSet {
  readonly #root: Step[] = [];

  constructor(rules: readonly Rule[]) {
    for (const { field, check } of rules)
      segmentsOf(field).reduce(stepsBelow, this.#root).push({ check, segment: '', steps: [] });
  }

  /**
   * Causes in the order of the rules; those of one list or map item by item, where the first of its rules stands.
   * @param old undefined at creation.
   */
  faults(object: KubeObject, old: KubeObject | undefined, context: RequestContext): StatusCause[] {
    if (this.#root.length === 0) return [];
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

  visit(steps: readonly Step[], value: unknown): void {
    for (const step of steps) {
      if (step.check) this.#ask(step.check, value);
      else if (step.segment === '[*]') {
        if (Array.isArray(value)) {
          for (let index = 0; index < value.length; index++) this.#enter(step.steps, value, index, value[index], true);
        }
      } else if (isPlainObject(value)) {
        if (step.segment !== '{*}') this.#enter(step.steps, value, step.segment, value[step.segment], false);
        else for (const key of Object.keys(value)) this.#enter(step.steps, value, key, value[key], true);
      }
    }
  }

  #ask(check: Check, value: unknown): void {
    const found = check(value, this);
    if (!found) return;
    if (Array.isArray(found)) this.causes.push(...(found as readonly StatusCause[]));
    else this.causes.push(found as StatusCause);
  }

  #enter(steps: readonly Step[], holder: object, key: string | number, value: unknown, bracket: boolean): void {
    const outer = this.holder;
    this.holder = holder as Fields;
    this.#steps.push({ key, bracket });
    this.visit(steps, value);
    this.#steps.pop();
    this.holder = outer;
  }
}
