/** What a CustomResourceDefinition must satisfy: names, versions, structural schemas. */

import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../api/causes.ts';
import { parseJsonPath } from '../api/json-path.ts';
import { nameFault } from '../api/names.ts';
import type { KubeObject } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import type { CrdSpec, CrdVersion } from './crd-types.ts';

const COLUMN_TYPES = ['integer', 'number', 'string', 'boolean', 'date'];
const VALUE_TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

export function crdFaults(crd: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const spec = crd.spec as Partial<CrdSpec> | undefined;
  if (!spec) return [causeRequired('spec')];
  const causes: StatusCause[] = [];
  const { group = '', names, versions = [], scope } = spec;
  if (!names?.plural) causes.push(causeRequired('spec.names.plural'));
  if (!names?.kind) causes.push(causeRequired('spec.names.kind'));
  const groupFault = nameFault(group, 'dns-subdomain');
  if (group === '') causes.push(causeRequired('spec.group'));
  else if (groupFault) causes.push(causeInvalid('spec.group', group, groupFault));
  else if (!group.includes('.'))
    causes.push(causeInvalid('spec.group', group, 'should be a domain with at least one dot'));
  if (names?.plural) {
    const fault = nameFault(names.plural, 'dns-1035-label');
    if (fault) causes.push(causeInvalid('spec.names.plural', names.plural, fault));
    if (crd.metadata.name !== `${names.plural}.${group}`) {
      causes.push(causeInvalid('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group'));
    }
  }
  if (scope !== 'Namespaced' && scope !== 'Cluster') {
    causes.push(
      scope ? causeNotSupported('spec.scope', scope, ['Cluster', 'Namespaced']) : causeRequired('spec.scope'),
    );
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    causes.push(causeInvalid('spec.versions', null, 'must have exactly one version marked as storage version'));
  }
  if (new Set(versions.map((version) => version.name)).size !== versions.length) {
    causes.push(causeInvalid('spec.versions', null, 'must contain unique version names'));
  }
  for (const [index, version] of versions.entries()) versionFaults(version, `spec.versions[${index}]`, causes);
  if (old) {
    const before = old.spec as CrdSpec;
    if (before.group !== group) causes.push(causeInvalid('spec.group', group, 'field is immutable'));
    if (before.scope !== scope) causes.push(causeInvalid('spec.scope', scope, 'field is immutable'));
  }
  return causes;
}

function versionFaults(version: CrdVersion, path: string, causes: StatusCause[]): void {
  const fault = nameFault(version.name ?? '', 'dns-1035-label');
  if (fault) causes.push(causeInvalid(`${path}.name`, version.name, fault));
  const schema = version.schema?.openAPIV3Schema;
  if (!schema) {
    causes.push(causeRequired(`${path}.schema.openAPIV3Schema`, 'schemas are required'));
  } else {
    const at = `${path}.schema.openAPIV3Schema`;
    if (schema.type !== 'object')
      causes.push(causeInvalid(`${at}.type`, schema.type ?? '', 'must be object at the root'));
    structuralFaults(schema, at, causes);
  }
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const at = `${path}.additionalPrinterColumns[${index}]`;
    if (!column.name) causes.push(causeRequired(`${at}.name`));
    if (!COLUMN_TYPES.includes(column.type)) causes.push(causeNotSupported(`${at}.type`, column.type, COLUMN_TYPES));
    if (!column.jsonPath || !parseJsonPath(column.jsonPath)) {
      causes.push(causeInvalid(`${at}.jsonPath`, column.jsonPath ?? '', 'must be a simple JSON path starting with .'));
    }
  }
  const scale = version.subresources?.scale;
  if (scale && !scale.specReplicasPath?.startsWith('.spec.')) {
    const detail = 'should be a json path under .spec';
    causes.push(causeInvalid(`${path}.subresources.scale.specReplicasPath`, scale.specReplicasPath ?? '', detail));
  }
  if (scale && !scale.statusReplicasPath?.startsWith('.status.')) {
    const detail = 'should be a json path under .status';
    causes.push(causeInvalid(`${path}.subresources.scale.statusReplicasPath`, scale.statusReplicasPath ?? '', detail));
  }
}

/** Every specified node needs a type; that is what makes a schema structural. */
function structuralFaults(schema: Schema, path: string, causes: StatusCause[]): void {
  const free = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (!schema.type && !free) {
    causes.push(causeRequired(`${path}.type`, 'must not be empty for specified object fields'));
  } else if (schema.type && !VALUE_TYPES.includes(schema.type)) {
    causes.push(causeNotSupported(`${path}.type`, schema.type, VALUE_TYPES));
  }
  if (schema.properties && schema.additionalProperties) {
    causes.push(causeForbidden(`${path}.additionalProperties`, 'must not be used together with properties'));
  }
  if (schema.type === 'array' && !schema.items) causes.push(causeRequired(`${path}.items`, 'must be specified'));
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    structuralFaults(child, `${path}.properties[${name}]`, causes);
  }
  if (schema.items) structuralFaults(schema.items, `${path}.items`, causes);
  if (typeof schema.additionalProperties === 'object') {
    structuralFaults(schema.additionalProperties, `${path}.additionalProperties`, causes);
  }
}
