/** Kinds the worlds bring along: written down once, used as a CustomResourceDefinition or as a kind all clusters share. */
import { type CrdSpec, typesOfCrd } from '../../server/crd/crd-types.ts';
import type { KubeObject, ResourceType, Schema } from '../../server/resource.ts';

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: 'string' | 'integer' | 'boolean' | 'date';
  jsonPath: string;
  /** 1: only with `-o wide`. */
  priority?: number;
}

/** One kind with one schema. */
export interface KindDefinition {
  group: string;
  /** Served versions, the stored one first; all have the same schema. */
  versions: readonly [string, ...string[]];
  kind: string;
  plural: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  namespaced: boolean;
  description: string;
  /** Top-level fields besides apiVersion, kind and metadata. */
  fields: Record<string, Schema>;
  /** Top-level fields that must be there. */
  required?: readonly string[];
  /** Whether status is written at a path of its own. */
  statusSubresource: boolean;
  columns?: readonly Column[];
}

export const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function crdSpec(definition: KindDefinition): CrdSpec {
  const { kind, plural } = definition;
  const openAPIV3Schema: Schema = {
    type: 'object',
    description: definition.description,
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of the object.' },
      kind: { type: 'string', description: 'Kind of the object.' },
      metadata: { type: 'object' },
      ...definition.fields,
    },
    ...(definition.required && { required: [...definition.required] }),
  };
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
    versions: definition.versions.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema },
      ...(definition.statusSubresource && { subresources: { status: {} } }),
      ...(definition.columns && { additionalPrinterColumns: [...definition.columns] }),
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
  return definitions.flatMap((definition) => typesOfCrd(crdSpec(definition)));
}
