/**
 * All that an object must satisfy before it is stored, in this order:
 *
 *   metadata of every kind      ./object-meta.ts
 *   schema of the kind          ../../schema/validate.ts
 *   rules (CEL) of its schema   ../../schema/rules.ts
 *   code of the kind            ResourceType.validate: builtins/behaviour/, crd/crd-validation.ts
 *
 * Each returns causes and throws nothing; one 422 has them all.
 */
import { causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import type { RequestContext } from '../../api/cluster-access.ts';
import { nameFault } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import { invalid } from '../../api/status.ts';
import { uncheckedRules } from '../../schema/rules.ts';
import { validateSchema } from '../../schema/validate.ts';
import { finalizerWarnings, metadataFaults } from './object-meta.ts';

/**
 * @param old undefined at creation; must not be changed.
 * @param causes faults that are known already; they come first.
 * @throws ApiStatusError 422
 */
export function validateObject(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  causes: StatusCause[],
  context: RequestContext,
): void {
  // Lists of built-in kinds may repeat a key: what they must not repeat is checked by the code of the kind.
  const faults = validateSchema(object, type.schema).filter(
    (cause) => !type.builtin || cause.reason !== 'FieldValueDuplicate',
  );
  causes.push(...metadataFaults(object.metadata, type.builtin));
  for (const fault of faults) causes.push(fault);
  if (!type.builtin) causes.push(...uncheckedRules(type.schema, causes));
  if (!type.builtin && causes.length === 0) {
    for (const text of finalizerWarnings(object.metadata.finalizers, old?.metadata.finalizers)) context.warn(text);
  }
  // Code of one kind relies on the shapes; faults of names and labels do not matter to it.
  if (faults.length === 0) causes.push(...(type.validate?.(object, old, context) ?? []));
  if (causes.length > 0) throw invalid(type, object.metadata.name ?? '', causes);
}

/** Faults of the name that an object is to be created under. */
export function nameFaults(type: ResourceType, name: string | undefined): StatusCause[] {
  if (!name) return [causeRequired('metadata.name', 'name or generateName is required')];
  const fault = nameFault(name, type.nameRule);
  return fault ? [causeInvalid('metadata.name', name, fault)] : [];
}
