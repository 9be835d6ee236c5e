/** What rules of a definition's schema are compiled with: kubernetes/apiextensions-apiserver, pkg/apis/apiextensions/validation/cel_validation.go. */
import { escapeName } from '../../schema/cel/escaping.ts';
import { type DeclaredType, declareType } from '../../schema/cel/schema-types.ts';
import type { JsonSchema } from './json-schema.ts';

/** What rules may cost at worst. */
interface Expense {
  readonly path: string;
  readonly cost: number;
}

/** Costs of all rules of a schema. */
export class TotalCost {
  /** In steps. */
  sum = 0;
  readonly #expenses: Expense[] = [];

  /** @param path of the expression */
  add(path: string, cost: number): void {
    this.sum += cost;
    this.#expenses.push({ path, cost });
  }

  /** Those that cost as much as `least`, the most expensive first, and four at most. */
  mostExpensive(least: number): Expense[] {
    const large = this.#expenses.filter(({ cost }) => cost >= least);
    return large.sort((a, b) => b.cost - a.cost).slice(0, 4);
  }
}

type Step = 'items' | 'values' | { readonly property: string };

/** A schema's place among those around it. */
export class RuleScope {
  readonly #schema: JsonSchema;
  readonly #parent: RuleScope | undefined;
  readonly #step: Step | undefined;
  /** Whether rules here or around here see values of the schema. */
  readonly isSeen: boolean;
  readonly total: TotalCost;
  /** How many values there can be in an object, by the limits of lists and maps around; undefined for no limit. */
  readonly cardinality: number | undefined;
  #type: DeclaredType | undefined;

  private constructor(schema: JsonSchema, parent: RuleScope | undefined, step: Step | undefined) {
    this.#schema = schema;
    this.#parent = parent;
    this.#step = step;
    this.isSeen = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || parent?.isSeen === true;
    this.total = parent?.total ?? new TotalCost();
    const factor = parent ? elementsOf(parent.#schema) : 1;
    const around = parent ? parent.cardinality : 1;
    this.cardinality = factor === undefined || around === undefined ? undefined : factor * around;
  }

  static root(schema: JsonSchema): RuleScope {
    return new RuleScope(schema, undefined, undefined);
  }

  below(schema: JsonSchema, step: Step): RuleScope {
    return new RuleScope(schema, this, step);
  }

  /** Type of the schema's values; undefined for data that expressions do not see. */
  get type(): DeclaredType | undefined {
    this.#type ??= this.#typeInParent() ?? this.#ownType();
    return this.#type;
  }

  #typeInParent(): DeclaredType | undefined {
    const parent = this.#parent;
    const around = parent?.isSeen ? parent.type : undefined;
    if (typeof this.#step !== 'object') return around?.element;
    const name = escapeName(this.#step.property);
    return name === undefined ? undefined : around?.fields?.get(name);
  }

  #ownType(): DeclaredType | undefined {
    const isResource = this.#parent === undefined || this.#schema['x-kubernetes-embedded-resource'] === true;
    return declareType(this.#schema, isResource, 'selfType');
  }
}

function elementsOf({ type, additionalProperties, maxItems, maxProperties }: JsonSchema): number | undefined {
  if (type === 'array') return maxItems === undefined ? undefined : Math.max(0, maxItems);
  if (type !== 'object' || additionalProperties === undefined) return 1;
  return maxProperties === undefined ? undefined : Math.max(0, maxProperties);
}
