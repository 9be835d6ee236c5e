/** Makes the kinds that a CustomResourceDefinition describes. */
import type { StatusCause } from '../api/causes.ts';
import { humanDuration } from '../api/human-duration.ts';
import { cloneJson } from '../api/json.ts';
import { parseJsonPath } from '../api/json-path.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType, Subresource, TableColumn, TablePrinter } from '../api/resource-type.ts';
import type { Schema } from '../api/schema.ts';
import { compareVersions } from '../api/versions.ts';
import { applyDefaults } from '../schema/defaults.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { prune } from '../schema/prune.ts';
import { rulesOf } from '../schema/rules.ts';
import { validateSchema } from '../schema/validate.ts';
import { replicaFaults } from './validation/replicas.ts';

export interface CrdNames {
  plural: string;
  singular?: string;
  kind: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  schema?: { openAPIV3Schema?: Schema };
  subresources?: {
    status?: object;
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  };
  additionalPrinterColumns?: {
    name: string;
    type: string;
    format?: string;
    description?: string;
    priority?: number;
    jsonPath: string;
  }[];
  selectableFields?: { jsonPath: string }[];
}

/** How objects of one version become those of another. */
export interface CrdConversion {
  strategy?: string;
  webhook?: {
    clientConfig?: {
      url?: string;
      service?: { name?: string; namespace?: string; path?: string; port?: number };
      caBundle?: string;
    };
    conversionReviewVersions?: string[];
  };
}

export interface CrdSpec {
  group: string;
  names: CrdNames;
  scope: 'Namespaced' | 'Cluster';
  versions: CrdVersion[];
  preserveUnknownFields?: boolean;
  conversion?: CrdConversion;
}

export interface CrdCondition {
  type: string;
  status: 'True' | 'False';
  lastTransitionTime: string;
  reason: string;
  message: string;
}

export interface CrdStatus {
  conditions?: CrdCondition[];
  acceptedNames?: CrdNames;
  storedVersions?: string[];
}

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** Served versions of a CRD whose names have been accepted, preferred first. @param terminating whether it is being deleted */
export function typesOfCrd(spec: CrdSpec, terminating: boolean): ResourceType[] {
  const storage = spec.versions.find((version) => version.storage) ?? spec.versions[0];
  const served = spec.versions.filter((version) => version.served);
  return served
    .sort((a, b) => compareVersions(a.name, b.name))
    .map((version) => ({
      ...typeOfVersion(spec, version, spec.versions.length > 1 ? storage?.name : undefined),
      terminating,
    }));
}

/** How stored objects are read: defaulted and pruned by the schema of the version that they are stored in. */
export function storedReader(spec: CrdSpec): (stored: KubeObject) => KubeObject {
  const schema = rootSchema(spec, spec.versions.find(({ storage }) => storage) ?? spec.versions[0]!);
  return (stored) => {
    const object = cloneJson(stored);
    prune(object, schema);
    applyDefaults(object, schema);
    return object;
  };
}

function typeOfVersion(spec: CrdSpec, version: CrdVersion, storageVersion: string | undefined): ResourceType {
  const { names, group } = spec;
  const withApiVersion = (apiVersion: string) => (object: KubeObject) =>
    object.apiVersion === apiVersion ? object : { ...object, apiVersion };
  const selectable = (version.selectableFields ?? []).flatMap(({ jsonPath }) => {
    const path = parseJsonPath(jsonPath);
    return path ? [[jsonPath.replace(/^\./, ''), (object: KubeObject) => asText(path(object)[0])] as const] : [];
  });
  const rules = version.schema?.openAPIV3Schema && rulesOf(version.schema.openAPIV3Schema);
  return {
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    verbs: VERBS,
    subresources: subresourcesOf(version),
    schema: rootSchema(spec, version),
    printer: printerOf(version),
    builtin: false,
    versionedUpdates: true,
    generation: true,
    nameRule: 'dns-subdomain',
    selectableFields: Object.fromEntries(selectable),
    warnings: version.deprecated ? [version.deprecationWarning ?? deprecationOf(spec, version)] : [],
    validate: (object, old) => [
      ...(old ? [] : nameFaults(object, version.schema?.openAPIV3Schema?.properties?.metadata)),
      ...replicaFaults(object, version.subresources?.scale),
    ],
    ...(rules && { rules }),
    ...(storageVersion && {
      storedAs: {
        key: `${group}/${names.plural}`,
        toStored: withApiVersion(`${group}/${storageVersion}`),
        fromStored: withApiVersion(`${group}/${version.name}`),
      },
    }),
  };
}

/** A definition may say more about names, and about nothing else of metadata. What there is has its name for good. */
function nameFaults({ metadata }: KubeObject, schema: Schema | undefined): StatusCause[] {
  const properties = schema?.properties;
  return properties ? validateSchema({ metadata }, { properties: { metadata: { properties } } }) : [];
}

/** What is said of a deprecated version that says nothing itself (customresource_handler.go defaultDeprecationWarning). */
function deprecationOf({ group, names, versions }: CrdSpec, { name }: CrdVersion): string {
  const better = versions
    .filter((version) => version.served && !version.deprecated && compareVersions(version.name, name) < 0)
    .sort((a, b) => compareVersions(a.name, b.name))[0];
  const text = `${group}/${name} ${names.kind} is deprecated`;
  return better ? `${text}; use ${group}/${better.name} ${names.kind}` : text;
}

/** A custom resource's status subresource leaves metadata alone. */
const STATUS: Subresource = {
  name: 'status',
  verbs: ['get', 'patch', 'update'],
  merge: (live, body) => {
    const { status: _status, ...rest } = live;
    return (body.status === undefined ? rest : { ...rest, status: body.status }) as KubeObject;
  },
};

function subresourcesOf(version: CrdVersion): Subresource[] {
  const subresources: Subresource[] = [];
  if (version.subresources?.status) subresources.push(STATUS);
  const scale = version.subresources?.scale;
  if (scale) {
    subresources.push({
      name: 'scale',
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
      scale,
    });
  }
  return subresources;
}

/** The user's schema with the server's own apiVersion, kind and metadata, named for OpenAPI. */
function rootSchema(spec: CrdSpec, version: CrdVersion): Schema {
  const given = version.schema?.openAPIV3Schema ?? { type: 'object' };
  const reversed = spec.group.split('.').reverse().join('.');
  return {
    ...given,
    definition: `${reversed}.${version.name}.${spec.names.kind}`,
    ...(spec.preserveUnknownFields && { 'x-kubernetes-preserve-unknown-fields': true }),
    properties: {
      apiVersion: { type: 'string', description: 'Versioned schema of this representation of an object.' },
      kind: { type: 'string', description: 'The REST resource this object represents.' },
      ...given.properties,
      metadata: OBJECT_META_SCHEMA,
    },
  };
}

const NAME_COLUMN: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
};

function printerOf(version: CrdVersion): TablePrinter {
  const given = version.additionalPrinterColumns ?? [
    { name: 'Age', type: 'date', description: 'When the object was created.', jsonPath: '.metadata.creationTimestamp' },
  ];
  const paths = given.map((column) => parseJsonPath(column.jsonPath));
  return {
    columns: [
      NAME_COLUMN,
      ...given.map((column) => ({
        name: column.name,
        type: column.type as TableColumn['type'],
        format: column.format ?? '',
        description: column.description ?? '',
        priority: column.priority ?? 0,
      })),
    ],
    cells: (object, nowMs) => [
      object.metadata.name,
      ...given.map((column, index) => cell(column.type, paths[index]?.(object) ?? [], nowMs)),
    ],
  };
}

function cell(type: string, values: unknown[], nowMs: number): unknown {
  if (values.length === 0) return null;
  const value = values[0];
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date': {
      const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      return Number.isNaN(time) ? '<unknown>' : humanDuration(nowMs - time);
    }
    default:
      return values.length === 1 ? asText(value) : values.map(asText).join(',');
  }
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
