/**
 * All that an object must satisfy before it is stored, in this order:
 *
 *   metadata of every kind      ./object-meta.ts
 *   built-in kinds              ResourceType.validate: builtins/validation/, builtins/behaviour/
 *   custom kinds                ../../schema/validate.ts: the schema; ./embedded-resources.ts; ResourceType.validate: crd/validation/replicas.ts;
 *                               ../../schema/rules.ts: CEL
 *
 * Each returns causes and throws nothing; one 422 has them all. At an update what was wrong before, and is as it was, may stay in custom objects.
 */
import { causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import type { RequestContext } from '../../api/cluster-access.ts';
import { nameFaults as faultsOfName, prefixFaults } from '../../api/names.ts';
import type { KubeObject, ObjectMeta } from '../../api/object.ts';
import type { ObjectRules, ResourceType } from '../../api/resource-type.ts';
import { invalid } from '../../api/status.ts';
import { ruleFaults } from '../../schema/rules.ts';
import { validateSchema } from '../../schema/validate.ts';
import { embeddedFaults } from './embedded-resources.ts';
import { finalizerWarnings, metadataFaults } from './object-meta.ts';

/** What is being written. */
export interface Write {
  object: KubeObject;
  /** Undefined at creation; must not be changed. */
  old: KubeObject | undefined;
  /** '' for the object itself. */
  subresource: string;
}

/**
 * @param causes faults that are known already; they come first.
 * @throws ApiStatusError 422
 */
export function validateObject(type: ResourceType, write: Write, causes: StatusCause[], context: RequestContext): void {
  const { object, old, subresource } = write;
  causes.push(...metadataFaults(object.metadata, type.standardFinalizers === true));
  causes.push(
    ...(type.builtin ? (type.validate?.(object, old, context, subresource) ?? []) : customFaults(type, write, context)),
  );
  if (type.rules) causes.push(...ruleFaults(causes, () => askRules(type.rules!, write, context)));
  if (!type.builtin && causes.length === 0) {
    for (const text of finalizerWarnings(object.metadata.finalizers, old?.metadata.finalizers)) context.warn(text);
  }
  if (causes.length > 0) throw invalid(type, object.metadata.name ?? '', causes);
  for (const text of type.adviceOn?.(object, old, subresource) ?? []) context.warn(text);
}

/** kubernetes/apiextensions-apiserver, pkg/registry/customresource/strategy.go and status_strategy.go, Validate and ValidateUpdate. */
function customFaults(type: ResourceType, { object, old, subresource }: Write, context: RequestContext): StatusCause[] {
  const code = type.validate?.(object, old, context, subresource) ?? [];
  if (subresource === 'status') return [...statusFaults(type, object), ...code];
  const faults = validateSchema(object, type.schema, old && { value: old });
  return [...faults, ...code, ...embeddedFaults(object, type.schema)];
}

/** Faults that were there before are warnings, but in a status. */
function askRules(rules: ObjectRules, { object, old, subresource }: Write, context: RequestContext): StatusCause[] {
  const warn = subresource === 'status' ? undefined : (text: string) => context.warn(text);
  return rules.faults(object, old, warn);
}

/** Of a write to the status, nothing else is looked at, and what was wrong with it counts. */
function statusFaults({ schema }: ResourceType, { status }: KubeObject): StatusCause[] {
  const part = schema.properties?.status;
  if (status === undefined || !part) return [];
  return validateSchema(status, part).map(({ field, ...cause }) => ({
    ...cause,
    field: field === '<nil>' ? 'status' : `status.${field}`,
  }));
}

/** Faults of the name that an object is to be created under, and of the beginning it was made from. */
export function nameFaults(type: ResourceType, { name, generateName }: ObjectMeta): StatusCause[] {
  const causes = generateName
    ? prefixFaults(generateName, type.nameRule).map((fault) =>
        causeInvalid('metadata.generateName', generateName, fault),
      )
    : [];
  if (!name) causes.push(causeRequired('metadata.name', 'name or generateName is required'));
  else for (const fault of faultsOfName(name, type.nameRule)) causes.push(causeInvalid('metadata.name', name, fault));
  return causes;
}
