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
  /** What has been found before this. */
  readonly causes: readonly StatusCause[];
  /** What checks of one walk leave for each other. */
  readonly notes: Map<string, unknown>;
  /** The object that many levels above the holder; lists do not count. 0 is the holder, or what holds it where that is a list. */
  up(levels: number): Fields;
}

/** What was found, and that nothing else is to be asked of the value nor of what it holds. */
export class Stop {
  readonly causes: readonly StatusCause[];

  constructor(...causes: StatusCause[]) {
    this.causes = causes;
  }
}

/** Causes in whatever form a check gives them. */
export function causesOf(found: ReturnType<Check>): readonly StatusCause[] {
  if (!found) return NO_CAUSES;
  if (found instanceof Stop) return found.causes;
  return Array.isArray(found) ? (found as readonly StatusCause[]) : [found as StatusCause];
}

const NO_CAUSES: readonly StatusCause[] = [];

export interface Check {
  /** @param value undefined where the holder is there and the field is not. */
  (value: unknown, place: Place): StatusCause | readonly StatusCause[] | Stop | undefined;
  /** Whether it is not to be asked of what is not there: see {@link ofValues}. */
  readonly ofValues?: boolean;
}

/** The check of a value that is there: most fields of most objects are not, and cost nothing then. */
export const ofValues = (check: Check, isSo = true): Check =>
  isSo
    ? Object.assign((value: unknown, place: Place) => (value === undefined ? undefined : check(value, place)), {
        ofValues: true,
      })
    : check;

export interface Rule {
  /**
   * Field names from the object on; `[*]` are all items of a list, `{*}` all values of a map: `spec.ports[*].port`. '' is the object.
   * A name with a `!` is a struct that Go has even where it was not given, so that what is within is asked for: `spec.target!.name`.
   */
  readonly field: string;
  readonly check: Check;
  /** Of Kubernetes 1.32: file below the repository, and function. */
  readonly source: string;
}

/** Rules that one function upstream has: pairs of field and check. @param source as in {@link Rule} */
export const rows = (source: string, pairs: readonly (readonly [field: string, check: Check])[]): Rule[] =>
  pairs.map(([field, check]) => ({ field, check, source }));

/** The same of checks that have nothing to say of what is not there. */
export const valueRows = (source: string, pairs: readonly (readonly [field: string, check: Check])[]): Rule[] =>
  pairs.map(([field, check]) => ({ field, check: ofValues(check), source }));

/** The same rules for what is held at another field, such as pods in templates: `below('spec.template', POD_RULES)`. */
export const below = (field: string, rules: readonly Rule[]): Rule[] =>
  rules.map((rule) => ({ ...rule, field: rule.field === '' ? field : `${field}.${rule.field}` }));

/** What is done at a value, in the order of the rules: a check, or going down to a field, to all items or to all values. */
interface Step {
  readonly check: Check | undefined;
  /** '' for a check. */
  readonly segment: string;
  /** Of a field that is there even where it was not given. */
  always: boolean;
  readonly steps: Step[];
  /** Where a field of a value stands in `steps`. */
  readonly places: Map<string, number>;
  /** Whether any of `steps` is a check of what is missing; if not, there is nothing to do below that. */
  asks: boolean;
}

const newStep = (segment: string, always: boolean, check?: Check): Step => ({
  check,
  segment,
  always,
  steps: [],
  places: new Map(),
  asks: false,
});

/** `spec.ports[*].port` → spec, ports, [*], port */
const segmentsOf = (field: string): string[] => field.match(/\[\*\]|\{\*\}|[^.[{]+/g) ?? [];

function stepBelow({ steps, places }: Step, name: string): Step {
  const always = name.endsWith('!');
  const segment = always ? name.slice(0, -1) : name;
  const known = steps[places.get(segment) ?? -1];
  if (known) {
    known.always ||= always;
    return known;
  }
  const below = newStep(segment, always);
  places.set(segment, steps.push(below) - 1);
  return below;
}

/** A struct without values. */
const ZERO: Readonly<Fields> = {};

/** All rules of a kind in one walk of its objects; made once, since paths are only written down for causes. */
export class RuleSet {
  readonly #root = newStep('', true);

  constructor(rules: readonly Rule[]) {
    for (const { field, check } of rules) {
      const holder = segmentsOf(field).reduce(stepBelow, this.#root);
      holder.steps.push(newStep('', false, check));
      holder.asks ||= !check.ofValues;
    }
  }

  /**
   * Causes in the order of the rules; those of one list or map item by item, where the first of its rules stands.
   * @param old undefined at creation.
   */
  faults(object: KubeObject, old: KubeObject | undefined, context: RequestContext): StatusCause[] {
    if (this.#root.steps.length === 0) return [];
    const walk = new Walk(object, old, context);
    walk.visit(this.#root, object);
    return walk.causes;
  }
}

/** So many fields are looked up one by one; structs have few of those that rules know, and are better read through where there are more. */
const FEW = 4;

/** Values of fields, each where its step stands. */
function valuesOf(struct: Fields, places: ReadonlyMap<string, number>, length: number): unknown[] {
  const values: unknown[] = new Array(length);
  for (const key of Object.keys(struct)) {
    const place = places.get(key);
    if (place !== undefined) values[place] = struct[key];
  }
  return values;
}

/** One field, item or value on the way down. */
interface Level {
  key: string | number;
  /** Of items, and of values of maps. */
  bracket: boolean;
  holder: Fields;
  /** Of the value; written once, for all that asks below. */
  path: string | undefined;
}

class Walk implements Place {
  readonly causes: StatusCause[] = [];
  readonly notes = new Map<string, unknown>();
  readonly object: KubeObject;
  readonly old: KubeObject | undefined;
  readonly context: RequestContext;

  /** The first `#depth` are in use; others are kept for the next way down. */
  readonly #levels: Level[] = [];
  #depth = 0;

  constructor(object: KubeObject, old: KubeObject | undefined, context: RequestContext) {
    this.object = object;
    this.old = old;
    this.context = context;
  }

  get holder(): Fields {
    return this.#depth === 0 ? this.object : this.#levels[this.#depth - 1]!.holder;
  }

  get path(): string {
    return this.#pathTo(this.#depth - 1);
  }

  get before(): unknown {
    let here: unknown = this.old;
    for (let index = 0; index < this.#depth; index++) {
      const { key } = this.#levels[index]!;
      if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
      here = (here as Fields)[key];
    }
    return here;
  }

  up(levels: number): Fields {
    let left = levels;
    for (let index = this.#depth - 1; index >= 0; index--) {
      const { holder } = this.#levels[index]!;
      if (!Array.isArray(holder) && left-- === 0) return holder;
    }
    return this.object;
  }

  visit({ steps, places }: Step, value: unknown): void {
    const struct = isPlainObject(value) ? value : undefined;
    const found = struct && steps.length > FEW ? valuesOf(struct, places, steps.length) : undefined;
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index]!;
      const { segment } = step;
      if (step.check) {
        if (this.#ask(step.check, value)) return;
      } else if (segment === '[*]') {
        if (Array.isArray(value)) {
          for (let item = 0; item < value.length; item++) this.#enter(step, value, item, value[item], true);
        }
      } else if (segment === '{*}') {
        if (struct) for (const key of Object.keys(struct)) this.#enter(step, struct, key, struct[key], true);
      } else if (struct) {
        const inner = (found ? found[index] : struct[segment]) ?? (step.always ? ZERO : undefined);
        if (inner !== undefined || step.asks) this.#enter(step, struct, segment, inner, false);
      }
    }
  }

  /** @returns whether it was the last to be asked. */
  #ask(check: Check, value: unknown): boolean {
    const found = check(value, this);
    if (!found) return false;
    this.causes.push(...causesOf(found));
    return found instanceof Stop;
  }

  #enter(step: Step, holder: object, key: string | number, value: unknown, bracket: boolean): void {
    const level = this.#levels[this.#depth];
    if (level) {
      level.key = key;
      level.bracket = bracket;
      level.holder = holder as Fields;
      level.path = undefined;
    } else {
      this.#levels.push({ key, bracket, holder: holder as Fields, path: undefined });
    }
    this.#depth++;
    this.visit(step, value);
    this.#depth--;
  }

  #pathTo(index: number): string {
    if (index < 0) return '';
    const level = this.#levels[index]!;
    if (level.path === undefined) {
      const outer = this.#pathTo(index - 1);
      level.path = level.bracket ? `${outer}[${level.key}]` : outer === '' ? `${level.key}` : `${outer}.${level.key}`;
    }
    return level.path;
  }
}
