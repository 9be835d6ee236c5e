/**
 * OpenAPI v3 and v2 documents made from the schemas of the kinds: kubernetes/kube-openapi, pkg/handler3/handler.go
 * OpenAPIService.HandleDiscovery and HandleGroupVersion.
 */
import { createHash } from 'node:crypto';
import { apiVersionOf } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import type { Schema } from '../../api/schema.ts';
import type { TypeRegistry } from '../../registry/type-registry.ts';
import { openApiV2Protobuf } from './openapi-v2-protobuf.ts';
import { VERSION } from './version.ts';

interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

const INFO = { title: 'Kubernetes', version: VERSION.gitVersion };

const LIST_META: Schema = {
  definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta',
  type: 'object',
  description: 'Metadata of a list.',
  properties: {
    continue: { type: 'string', description: 'Token for the next page.' },
    remainingItemCount: { type: 'integer', format: 'int64', description: 'Items after this page.' },
    resourceVersion: { type: 'string', description: 'Version of the list.' },
    selfLink: { type: 'string', description: 'Not set any more.' },
  },
};

/** Schema keywords that OpenAPI v2 does not have. */
const V3_ONLY = new Set(['nullable', 'oneOf', 'anyOf', 'allOf', 'not']);

/** What may be said about a field beside the reference to its schema. */
const FIELD_KEYWORDS = [
  'description',
  'default',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
] as const satisfies readonly (keyof Schema)[];

/** Emits schemas with shared ones as references; collects those for the document. */
class Emitter {
  readonly definitions: Record<string, unknown> = {};
  readonly #v2: boolean;
  readonly #kinds = new Map<string, GroupVersionKind[]>();

  constructor(v2: boolean) {
    this.#v2 = v2;
  }

  addKind(type: ResourceType): void {
    const gvk = { group: type.group, version: type.version, kind: type.kind };
    const name = type.schema.definition ?? `${type.group || 'core'}.${type.version}.${type.kind}`;
    this.#note(name, gvk);
    this.#note(`${name}List`, { ...gvk, kind: type.listKind });
    const root: Schema = type.schema.definition ? type.schema : { ...type.schema, definition: name };
    this.ref({
      definition: `${name}List`,
      type: 'object',
      description: `A list of ${type.kind}.`,
      required: ['items'],
      properties: {
        apiVersion: { type: 'string', description: 'Versioned schema of this representation of an object.' },
        kind: { type: 'string', description: 'The REST resource this object represents.' },
        metadata: LIST_META,
        items: { type: 'array', description: `List of ${type.plural}.`, items: root },
      },
    });
  }

  #note(name: string, gvk: GroupVersionKind): void {
    const kinds = this.#kinds.get(name) ?? [];
    // Set before the definition is emitted or shared by several kinds: the array is emitted by reference.
    if (!kinds.some((entry) => entry.kind === gvk.kind && entry.version === gvk.version && entry.group === gvk.group)) {
      kinds.push(gvk);
    }
    this.#kinds.set(name, kinds);
  }

  ref(schema: Schema): unknown {
    const name = schema.definition;
    if (name === undefined) return this.#emit(schema);
    if (schema.published) return this.#refined(schema, schema.published);
    if (!(name in this.definitions)) {
      this.definitions[name] = {};
      const emitted = this.#emit(schema);
      const kinds = this.#kinds.get(name);
      this.definitions[name] = kinds ? { ...emitted, 'x-kubernetes-group-version-kind': kinds } : emitted;
    }
    return { $ref: `${this.#v2 ? '#/definitions/' : '#/components/schemas/'}${name}` };
  }

  /** A reference with what is said about one field beside it. */
  #refined(schema: Schema, published: Schema): unknown {
    const own: Record<string, unknown> = {};
    for (const key of FIELD_KEYWORDS) {
      if (schema[key] !== undefined && schema[key] !== published[key]) own[key] = schema[key];
    }
    const reference = this.ref(published) as object;
    return this.#v2 ? { ...own, ...reference } : { ...own, allOf: [reference] };
  }

  #emit(schema: Schema): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(schema) as (keyof Schema)[]) {
      const value = schema[key];
      if (value === undefined || key === 'definition' || key === 'published' || (this.#v2 && V3_ONLY.has(key)))
        continue;
      switch (key) {
        case 'properties': {
          const properties: Record<string, unknown> = {};
          for (const name of Object.keys(schema.properties!)) properties[name] = this.ref(schema.properties![name]!);
          result.properties = properties;
          break;
        }
        case 'items':
          result.items = this.ref(schema.items!);
          break;
        case 'additionalProperties':
          result.additionalProperties = typeof value === 'object' ? this.ref(value as Schema) : value;
          break;
        case 'allOf':
        case 'anyOf':
        case 'oneOf':
          result[key] = (value as Schema[]).map((part) => this.ref(part));
          break;
        case 'not':
          result.not = this.ref(value as Schema);
          break;
        default:
          result[key] = value;
      }
    }
    if (schema['x-kubernetes-int-or-string'] && schema.type === undefined) {
      if (this.#v2) Object.assign(result, { type: 'string', format: 'int-or-string' });
      else result.oneOf ??= [{ type: 'integer' }, { type: 'string' }];
    }
    return result;
  }
}

const ACTIONS = {
  get: ['get', 'get'],
  put: ['update', 'put'],
  patch: ['patch', 'patch'],
  delete: ['delete', 'delete'],
} as const;

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty'];
const LIST_PARAMETERS = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'pretty',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];

/** Paths of one kind, with what clients look for: the kind, and which query parameters a write takes. */
function pathsOf(type: ResourceType, v2: boolean): Record<string, unknown> {
  const base = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const collection = type.namespaced ? `${base}/namespaces/{namespace}/${type.plural}` : `${base}/${type.plural}`;
  const gvk = { group: type.group, version: type.version, kind: type.kind };
  const parameter = (name: string, where = 'query') => ({
    name,
    in: where,
    ...(where === 'path' && { required: true }),
    ...(v2 ? { type: 'string', uniqueItems: true } : { schema: { type: 'string', uniqueItems: true } }),
  });
  const scope = type.namespaced ? [parameter('namespace', 'path')] : [];
  const operation = (action: string, parameters: readonly string[]) => ({
    responses: { 200: { description: 'OK' } },
    parameters: parameters.map((name) => parameter(name)),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
  });
  const item = (verbs: readonly string[], extra: readonly string[]) => {
    const operations: Record<string, unknown> = { parameters: [parameter('name', 'path'), ...scope] };
    for (const [method, [verb, action]] of Object.entries(ACTIONS)) {
      if (verbs.includes(verb)) operations[method] = operation(action, method === 'get' ? ['pretty'] : extra);
    }
    return operations;
  };
  const whole: Record<string, unknown> = { parameters: scope };
  if (type.verbs.includes('list')) whole.get = operation('list', LIST_PARAMETERS);
  if (type.verbs.includes('create')) whole.post = operation('post', WRITE_PARAMETERS);
  if (type.verbs.includes('deletecollection')) whole.delete = operation('deletecollection', LIST_PARAMETERS);
  const patchParameters = [...WRITE_PARAMETERS, 'force'];
  return {
    [collection]: whole,
    [`${collection}/{name}`]: item(type.verbs, patchParameters),
    ...Object.fromEntries(
      type.subresources.map((subresource) => [
        `${collection}/{name}/${subresource.name}`,
        item(subresource.verbs, patchParameters),
      ]),
    ),
  };
}

/** `/openapi/v3/<path>` for one group and version. */
function documentV3(types: readonly ResourceType[]): Buffer {
  const emitter = new Emitter(false);
  for (const type of types) emitter.addKind(type);
  const paths = Object.assign({}, ...types.map((type) => pathsOf(type, false)));
  return Buffer.from(
    JSON.stringify({
      openapi: '3.0.0',
      info: INFO,
      paths,
      components: {
        schemas: emitter.definitions,
        securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
      },
    }),
  );
}

function documentV2(types: readonly ResourceType[]): Record<string, unknown> {
  const emitter = new Emitter(true);
  for (const type of types) emitter.addKind(type);
  const paths = Object.assign({}, ...types.map((type) => pathsOf(type, true)));
  return { swagger: '2.0', info: INFO, paths, definitions: emitter.definitions };
}

const openApiPath = (group: string, version: string) => (group === '' ? `api/${version}` : `apis/${group}/${version}`);

const digest = (content: Buffer | string) => createHash('sha256').update(content).digest('hex').toUpperCase();

/** Documents of the built-in groups, shared by all clusters that have the same built-in kinds. */
const shared = new WeakMap<readonly ResourceType[], Map<string, Buffer>>();

/** OpenAPI of one cluster, made when asked for and kept until its kinds change. */
export class OpenApi {
  readonly #registry: TypeRegistry;
  readonly #base: ReadonlySet<ResourceType>;
  #revision = -1;
  readonly #documents = new Map<string, Buffer>();

  constructor(registry: TypeRegistry) {
    this.#registry = registry;
    this.#base = new Set(registry.base);
  }

  /** `/openapi/v3`: where the documents are; the hash in a URL changes with its content. */
  root() {
    const paths: Record<string, unknown> = {};
    for (const { group, versions } of this.#registry.groups()) {
      for (const { version, types } of versions) {
        const path = openApiPath(group, version);
        // Built-in kinds change with the program alone, so their documents need not be made for a hash.
        const hash = this.#isShared(types)
          ? digest(types.map((type) => `${apiVersionOf(type)} ${type.kind} ${INFO.version}`).join())
          : digest(this.v3(path)!);
        paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
      }
    }
    return { paths };
  }

  /** @param path such as `apis/apps/v1`; undefined if it is not served. */
  v3(path: string): Buffer | undefined {
    for (const { group, versions } of this.#registry.groups()) {
      for (const { version, types } of versions) {
        if (openApiPath(group, version) !== path) continue;
        return this.#cached(path, this.#isShared(types), () => documentV3(types));
      }
    }
    return undefined;
  }

  /** @param protobuf the form that Go clients ask for */
  v2(protobuf: boolean): Buffer {
    const types = [...this.#registry.all()];
    const isShared = this.#isShared(types);
    return protobuf
      ? this.#cached('v2.pb', isShared, () => openApiV2Protobuf(documentV2(types)))
      : this.#cached('v2', isShared, () => Buffer.from(JSON.stringify(documentV2(types))));
  }

  #isShared(types: readonly ResourceType[]): boolean {
    return types.every((type) => this.#base.has(type));
  }

  #cached(key: string, isShared: boolean, make: () => Buffer): Buffer {
    if (this.#revision !== this.#registry.revision) {
      this.#documents.clear();
      this.#revision = this.#registry.revision;
    }
    const common = shared.get(this.#registry.base) ?? new Map<string, Buffer>();
    shared.set(this.#registry.base, common);
    const documents = isShared ? common : this.#documents;
    let document = documents.get(key);
    if (!document) {
      document = make();
      documents.set(key, document);
    }
    return document;
  }
}
