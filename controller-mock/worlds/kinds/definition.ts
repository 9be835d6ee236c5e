/** Kinds the worlds bring along: written down once, used as a CustomResourceDefinition or as a kind all clusters share. */

import type { KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import type { Schema } from '../../api/schema.ts';
import { type CrdSpec, typesOfCrd } from '../../crd/crd-types.ts';
import type { Fields } from './notation.ts';

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  jsonPath: string;
  /** 1: only with `-o wide`. */
  priority?: number;
}

/** One served version of a kind. */
export interface KindVersion {
  name: string;
  /** Top-level fields besides apiVersion and kind. */
  fields: Fields;
  deprecated?: boolean;
  columns?: readonly Column[];
}

/** One kind. */
export interface KindDefinition {
  group: string;
  kind: string;
  plural: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  description: string;
  /** Whether status is written at a path of its own. */
  statusSubresource: boolean;
  /** The stored one first. */
  versions: readonly [KindVersion, ...KindVersion[]];
}

export const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function rootSchema(definition: KindDefinition, version: KindVersion): Schema {
  const { properties, ...root } = version.fields();
  return {
    ...root,
    description: definition.description,
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of the object.' },
      kind: { type: 'string', description: 'Kind of the object.' },
      metadata: { type: 'object' },
      ...properties,
    },
  };
}

function crdSpec(definition: KindDefinition): CrdSpec {
  const { kind, plural } = definition;
  return {
    group: definition.group,
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    names: {
      kind,
      plural,
      singular: kind.toLowerCase(),
      listKind: `${kind}List`,
      ...(definition.shortNames && { shortNames: [...definition.shortNames] }),
      ...(definition.categories && { categories: [...definition.categories] }),
    },
    versions: definition.versions.map((version, index) => ({
      name: version.name,
      served: true,
      storage: index === 0,
      ...(version.deprecated && { deprecated: true }),
      schema: { openAPIV3Schema: rootSchema(definition, version) },
      ...(definition.statusSubresource && { subresources: { status: {} } }),
      ...(version.columns && { additionalPrinterColumns: [...version.columns] }),
    })),
  };
}

/** The object that makes a cluster serve the kind. */
export function customResourceDefinition(definition: KindDefinition): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${definition.plural}.${definition.group}` },
    spec: crdSpec(definition),
  };
}

/** The kind itself, for many clusters to share. */
export function resourceTypes(definitions: readonly KindDefinition[]): ResourceType[] {
  return definitions.flatMap((definition) => typesOfCrd(crdSpec(definition), false));
}
