/** A loop over the keys of one kind, as controller-runtime's. */
import type { KubeObject } from '../../model/kube/kube-object.ts';
import type { KubeResource } from '../../model/kube/resources.ts';
import type { Outcome } from '../../model/kube/work-queue.ts';
import type { KubeKey } from '../service-api.ts';

export interface Reconciler {
  /** For messages, such as `InfraEnv`. */
  readonly name: string;
  /** The kind whose keys it works on: each change of one of its objects is reason to. */
  readonly resource: KubeResource;
  /** Which of the service's own notices give it work; none when absent. */
  readonly notice?: 'cluster' | 'infraEnv' | 'agent';
  /** Changes of other kinds that give it work. */
  readonly watches?: readonly ReconcilerWatch[];
  /** Further kinds that it reads from the cache. */
  readonly reads?: readonly KubeResource[];
  /** Keys worked on at once; default 1. */
  readonly workers?: number;
  /** What it throws is reported, and the key comes back with a growing delay. */
  reconcile(key: KubeKey): Promise<Outcome>;
}

export interface ReconcilerWatch {
  readonly resource: KubeResource;
  /** Keys, as {@link keyOf} writes them, that an object gives work for; asked before and after a change. */
  keysOf(object: KubeObject): Iterable<string>;
  /** Which changes of an object count; all when absent. New and gone objects always count. */
  matters?(after: KubeObject, before: KubeObject): boolean;
}
