/** Whether defaults are values that their schemas take: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/defaulting/validation.go ValidateDefaults. */
import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import { cloneJson } from '../../api/json.ts';
import { CompiledSchema } from '../../schema/cel/validate.ts';
import { prune } from '../../schema/prune.ts';
import { hasRules } from '../../schema/rules.ts';
import { validateSchema } from '../../schema/validate.ts';
import { itemSchema, type JsonSchema, keyed } from './json-schema.ts';

/** @param schema known to be structural */
export function defaultFaults(schema: JsonSchema, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  check(schema, path, causes);
  return causes;
}

function check(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  const value = schema.default;
  if (value !== undefined && value !== null) {
    const at = `${path}.default`;
    if (prune({ value: cloneJson(value) }, { properties: { value: schema } }, false).length > 0) {
      causes.push(causeInvalid(at, value, 'must not have unknown fields'));
    }
    const faults = validateSchema(value, schema);
    for (const { field, ...cause } of faults.length > 0 ? faults : ruleFaults(value, schema)) {
      causes.push({ ...cause, field: field === '<nil>' ? at : `${at}.${field}` });
    }
  }
  const item = itemSchema(schema);
  if (item) check(item, `${path}.items`, causes);
  for (const [child, childPath] of keyed(schema.properties, `${path}.properties`)) check(child, childPath, causes);
}

/** A default must be good as a value that is there already, and as a new one. */
function ruleFaults(value: unknown, schema: JsonSchema): StatusCause[] {
  if (!hasRules(schema)) return [];
  const rules = new CompiledSchema(schema, schema['x-kubernetes-embedded-resource'] === true);
  const faults = rules.faults(value, value, undefined);
  return faults.length > 0 ? faults : rules.faults(value, undefined, undefined);
}
