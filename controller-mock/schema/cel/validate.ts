/** Rules of a kind, asked about its objects: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go. */
import { causeDuplicate, causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { isPlainObject } from '../../api/json.ts';
import type { Schema } from '../../api/schema.ts';
import { type CompiledExpression, type CompiledRule, compileRules } from './compile.ts';
import { Correlation, findByKeys } from './correlation.ts';
import { escapeName } from './escaping.ts';
import { CostFault, EvaluationFault } from './fault.ts';
import { type DeclaredType, declareType } from './schema-types.ts';
import { schemaValue, withObjectMeta } from './schema-values.ts';
import { Optional, type Value } from './values.ts';

/** Steps that all rules of an object may take together: k8s.io/apiserver, pkg/apis/cel/config.go RuntimeCELCostBudget. */
const BUDGET = 10_000_000;

/** Bytes of a message that an expression makes. */
const LONGEST_MESSAGE = 5 * 1024;

/** Rules of a schema and of what is below it. */
interface RuleNode {
  readonly schema: Schema;
  readonly isResource: boolean;
  readonly rules: readonly CompiledRule[];
  readonly items: RuleNode | undefined;
  readonly element: RuleNode | undefined;
  readonly properties: ReadonlyMap<string, RuleNode>;
}

/** @returns undefined where there are no rules. @param declared undefined for data that expressions do not see */
function compileNode(schema: Schema, isResource: boolean, declared: DeclaredType | undefined): RuleNode | undefined {
  const { items, additionalProperties } = schema;
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const below = (part: Schema | undefined) => part && compileNode(part, isEmbedded(part), declared?.element);
  const properties = new Map<string, RuleNode>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const escaped = escapeName(key);
    const type =
      escaped === undefined ? declareType(property, isEmbedded(property), 'selfType') : declared?.fields?.get(escaped);
    const node = type && compileNode(property, isEmbedded(property), type);
    if (node) properties.set(key, node);
  }
  const rules = declared ? compileRules(schema, declared) : [];
  const node: RuleNode = { schema, isResource, rules, items: below(items), element: below(values), properties };
  return rules.length > 0 || node.items || node.element || properties.size > 0 ? node : undefined;
}

const isEmbedded = (schema: Schema) => schema['x-kubernetes-embedded-resource'] === true;

/** All rules of a schema. */
export class CompiledSchema {
  readonly #schema: Schema;
  readonly #root: RuleNode | undefined;

  /** @param isResource whether its values are resources, which show their names */
  constructor(schema: Schema, isResource: boolean) {
    this.#schema = schema;
    this.#root = compileNode(schema, isResource, declareType(schema, isResource, 'selfType'));
  }

  /**
   * @param old the value before; undefined for a new one
   * @param warn told of faults that may stay, as what has them is what it was; undefined where none may
   * @returns one cause for each rule that does not hold
   */
  faults(value: unknown, old: unknown, warn: ((text: string) => void) | undefined): StatusCause[] {
    if (!this.#root) return [];
    const correlation = warn && old !== undefined ? Correlation.of(value, old, this.#schema) : Correlation.NONE;
    const run = new Run(warn);
    try {
      run.check(this.#root, value, old, '', correlation);
    } catch (error) {
      if (!(error instanceof OutOfBudget)) throw error;
    }
    return run.causes;
  }
}

/** No further rule is asked. */
class OutOfBudget extends Error {}

/** The values of a rule's variables. */
interface Variables {
  readonly self: () => Value;
  readonly oldSelf: () => Value | undefined;
}

class Run {
  readonly causes: StatusCause[] = [];
  readonly #warn: ((text: string) => void) | undefined;
  #budget = BUDGET;

  constructor(warn: ((text: string) => void) | undefined) {
    this.#warn = warn;
  }

  check(node: RuleNode, value: unknown, old: unknown, path: string, correlation: Correlation): void {
    if (value === null || value === undefined) return;
    if (node.rules.length > 0) this.#checkRules(node, value, old ?? undefined, path, correlation);
    if (Array.isArray(value)) this.#checkItems(node, value, old, path, correlation);
    else if (isPlainObject(value)) this.#checkFields(node, value, old, path, correlation);
  }

  #checkItems(node: RuleNode, list: unknown[], old: unknown, path: string, correlation: Correlation): void {
    if (!node.items) return;
    for (const [index, item] of list.entries()) {
      const before = findByKeys(old, item, node.schema);
      this.check(node.items, item, before, `${path}[${index}]`, correlation.item(index));
    }
  }

  #checkFields(
    node: RuleNode,
    object: Record<string, unknown>,
    old: unknown,
    path: string,
    correlation: Correlation,
  ): void {
    const before = isPlainObject(old) ? old : {};
    for (const key of Object.keys(object)) {
      const { element } = node;
      const property = node.properties.get(key);
      const was = Object.hasOwn(before, key) ? before[key] : undefined;
      if (element) this.check(element, object[key], was, `${path}[${key}]`, correlation.field(key));
      if (property)
        this.check(property, object[key], was, path === '' ? key : `${path}.${key}`, correlation.field(key));
    }
  }

  #checkRules(node: RuleNode, value: unknown, old: unknown, path: string, correlation: Correlation): void {
    const schema = node.isResource ? withObjectMeta(node.schema) : node.schema;
    const variables: Variables = {
      self: once(() => schemaValue(value, schema)),
      oldSelf: once(() => (old === undefined ? undefined : schemaValue(old, schema))),
    };
    for (const compiled of node.rules) {
      const { usesOldSelf, rule } = compiled;
      if (usesOldSelf && old === undefined && !rule.optionalOldSelf) continue;
      this.#checkRule(node.schema.type ?? '', compiled, variables, path, correlation);
    }
  }

  #checkRule(type: string, compiled: CompiledRule, variables: Variables, path: string, correlation: Correlation): void {
    const { rule, condition, usesOldSelf, fieldPath } = compiled;
    const field = path || '<nil>';
    const invalid = (detail: string) => this.causes.push(causeInvalid(field, type, detail));
    if (condition.fault !== undefined) invalid(`rule compile error: ${condition.fault}`);
    if (!condition.program) return;
    if (this.#budget <= 0) throw this.#outOfBudget(field, type);
    const outcome = this.#run(condition, valuesOf(variables, usesOldSelf, rule.optionalOldSelf === true));
    if (outcome.cost > this.#budget) throw this.#outOfBudget(field, type);
    this.#budget -= outcome.cost;
    if (outcome.fault instanceof CostFault) {
      const why = 'no further validation rules will be run due to call cost exceeds limit for rule';
      invalid(`'${outcome.fault.message}': ${why}: ${ruleText(compiled)}`);
      throw new OutOfBudget();
    }
    if (outcome.fault) invalid(faultDetail(outcome.fault, compiled));
    else if (outcome.value !== true) {
      const detail =
        this.#messageOf(compiled, variables) ?? (rule.message?.trim() || `failed rule: ${rule.rule.trim()}`);
      const at = fieldPath === undefined ? field : path === '' ? fieldPath : `${path}.${fieldPath}`;
      const cause = causeFor(rule.reason, at, type, detail);
      if (this.#warn && !usesOldSelf && correlation.isSame) this.#warn(`${cause.field}: ${cause.message}`);
      else this.causes.push(cause);
    }
  }

  #outOfBudget(field: string, type: string): OutOfBudget {
    const detail = 'validation failed due to running out of cost budget, no further validation rules will be run';
    this.causes.push(causeInvalid(field, type, detail));
    return new OutOfBudget();
  }

  #run({ program }: CompiledExpression, values: () => (Value | undefined)[]) {
    try {
      return program!.run(values());
    } catch (error) {
      if (error instanceof EvaluationFault) return { value: undefined, fault: error, cost: 0 };
      throw error;
    }
  }

  /** What `messageExpression` says, if it says something that can be told. */
  #messageOf({ message, usesOldSelf }: CompiledRule, variables: Variables): string | undefined {
    if (!message?.program) return undefined;
    const { value, cost } = this.#run(message, valuesOf(variables, usesOldSelf, false));
    if (cost > this.#budget) return undefined;
    this.#budget -= cost;
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' || text.includes('\n') || Buffer.byteLength(text) > LONGEST_MESSAGE ? undefined : text;
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** @returns values in the order of the variables. @throws EvaluationFault for data that its schema does not take */
function valuesOf({ self, oldSelf }: Variables, usesOldSelf: boolean, optional: boolean): () => (Value | undefined)[] {
  return () => {
    if (!usesOldSelf) return [self(), undefined];
    const old = oldSelf();
    if (!optional) return [self(), old];
    return [self(), old === undefined ? Optional.NONE : new Optional(old)];
  };
}

const ruleText = ({ rule }: CompiledRule) => rule.message?.trim() || rule.rule.trim();

function faultDetail({ message }: EvaluationFault, compiled: CompiledRule): string {
  if (!message.startsWith('no such overload')) return `${message} evaluating rule: ${ruleText(compiled)}`;
  const why = 'call arguments did not match a supported operator, function or macro signature for rule';
  return `'${message}': ${why}: ${ruleText(compiled)}`;
}

function causeFor(reason: string | undefined, field: string, type: string, detail: string): StatusCause {
  switch (reason) {
    case 'FieldValueForbidden':
      return causeForbidden(field, detail);
    case 'FieldValueRequired':
      return causeRequired(field, detail);
    case 'FieldValueDuplicate':
      return causeDuplicate(field, type);
    default:
      return causeInvalid(field, type, detail);
  }
}
