/** A cluster without HTTP for the tests of the built-in kinds. */
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { apiVersionOf, type KubeObject } from '../api/object.ts';
import type { ResourceType, SubresourceResponse } from '../api/resource-type.ts';
import { ApiStatusError, type Status } from '../api/status.ts';
import { builtinTypes } from '../builtins/index.ts';
import { Cluster } from '../registry/cluster.ts';
import type { WriteOptions } from '../registry/write-options.ts';

export const NAMESPACE = 'ns';

/** Reads like JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into objects.
export type Loose = any;

export class TestCluster {
  readonly clock = new ManualClock();
  readonly cluster = new Cluster({
    clock: this.clock,
    types: builtinTypes(),
    historyLength: 100,
    firstResourceVersion: 0,
  });

  constructor() {
    this.create('v1 Namespace', NAMESPACE);
  }

  type(kind: string): ResourceType {
    return typeNamed(kind);
  }

  /** As a client, not as a trusted program. */
  options(): WriteOptions {
    return { manager: 'test', fieldValidation: 'Strict', trusted: false, context: this.cluster.context() };
  }

  /** @param kind such as `apps/v1 Deployment`. */
  create(kind: string, name: string, rest: object = {}): Loose {
    const type = this.type(kind);
    const namespace = type.namespaced ? NAMESPACE : '';
    const { metadata, ...fields } = rest as { metadata?: object };
    const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { name, ...metadata }, ...fields };
    return this.cluster.createObject(type, namespace, structuredClone(object) as KubeObject, this.options());
  }

  get(kind: string, name: string): Loose {
    const type = this.type(kind);
    return this.cluster.live(type, type.namespaced ? NAMESPACE : '', name);
  }

  /** Replaces an object by a changed copy. @param subresource such as `status`. */
  update(kind: string, name: string, change: (draft: Loose) => void, subresource?: string): Loose {
    const type = this.type(kind);
    const draft = structuredClone(this.get(kind, name));
    change(draft);
    const part = subresource ? type.subresources.find((entry) => entry.name === subresource) : undefined;
    return this.cluster.updateObject(type, type.namespaced ? NAMESPACE : '', name, draft, part, this.options());
  }

  /** Asks a subresource that has a handler. */
  async ask(
    kind: string,
    name: string,
    subresource: string,
    more: { body?: object; query?: string; verb?: 'get' | 'create'; signal?: AbortSignal } = {},
  ): Promise<SubresourceResponse> {
    const found = this.type(kind).subresources.find((entry) => entry.name === subresource)!;
    const context = this.cluster.context();
    return found.handle!({
      verb: more.verb ?? 'create',
      namespace: NAMESPACE,
      name,
      parent: this.get(kind, name),
      query: new URLSearchParams(more.query ?? ''),
      body: more.body as KubeObject | undefined,
      context: more.signal ? { ...context, signal: more.signal } : context,
    });
  }

  /** Text of one row of the table, with columns in order. */
  row(kind: string, object: KubeObject): unknown[] {
    return this.type(kind).printer.cells(object, this.clock.now());
  }
}

export function typeNamed(kind: string): ResourceType {
  const type = builtinTypes().find((entry) => `${apiVersionOf(entry)} ${entry.kind}` === kind);
  if (!type) throw new Error(`no type ${kind}`);
  return type;
}

/** The Status that `act` is answered with. */
export function refusalOf(act: () => unknown): Status {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiStatusError) return error.status;
    throw error;
  }
  throw new Error('was accepted');
}

/** `field: message` of every cause. */
export const causesOf = (act: () => unknown): string[] =>
  (refusalOf(act).details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
