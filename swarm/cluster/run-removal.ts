/**
 * Removes everything with a run's label from a hub: what it finds by lists of each kind, namespace by namespace, several at
 * once. Nothing else is touched but what the service has made for these objects.
 */
import type { KubeClient, Selection } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { type HubObjects, type HubTarget, isNamespace } from './hub-objects.ts';
import { describeTarget, type HubRemainder, removeHubObjects, stepOf } from './hub-removal.ts';
import { removeAll } from './removal.ts';

/** Kinds that runs make; those of users' own templates come on top. */
export const RUN_KINDS: readonly KubeResource[] = [
  RESOURCES.clusterDeployments,
  RESOURCES.agentClusterInstalls,
  RESOURCES.infraEnvs,
  RESOURCES.nmStateConfigs,
  RESOURCES.agentClassifications,
  RESOURCES.bareMetalHosts,
  RESOURCES.secrets,
  RESOURCES.configMaps,
  RESOURCES.clusterImageSets,
  RESOURCES.namespaces,
];

export interface RunRemovalOptions {
  objects: HubObjects;
  /** Value of the label. */
  run: string;
  kinds: readonly KubeResource[];
  signal: AbortSignal;
  /** Namespaces under way at once. */
  concurrency: number;
  /** Wall-clock milliseconds that finalizers of one step may take. */
  limitMs: number;
  controllers: boolean;
  strip: boolean;
  onGone?: (target: HubTarget) => void;
  onStrip?: (target: HubTarget, finalizers: readonly string[]) => void;
}

/** Wall-clock milliseconds beyond the limit of a step in which something must go. */
const STALL_MS = 120_000;

export class RunRemoval {
  readonly #options: RunRemovalOptions;
  /** What is to be removed, by namespace; '' for kinds without. */
  readonly #groups = new Map<string, HubTarget[]>();
  #gone = 0;
  #done = 0;
  #found = 0;

  constructor(options: RunRemovalOptions) {
    this.#options = options;
  }

  /** Objects that were found. */
  get found(): number {
    return this.#found;
  }

  /** Objects that are gone, those of others' making included. */
  get gone(): number {
    return this.#gone;
  }

  /** Namespaces, and what is in none, that are through. */
  get done(): number {
    return this.#done;
  }

  get of(): number {
    return this.#groups.size;
  }

  /** Looks for objects with the label. @throws ClusterAdapterError */
  async find(): Promise<void> {
    const { objects, kinds, run, signal } = this.#options;
    const selection = { labelSelector: `${RUN_LABEL}=${run}` };
    for (const resource of kinds) {
      const targets = await objects.insist(signal, () => listTargets(objects.client, resource, selection, signal));
      for (const target of targets) this.#add(target);
    }
  }

  /** What was found, in the order in which it would go. */
  targets(): HubTarget[] {
    return [...this.#groups.values()].flat().sort((a, b) => stepOf(a.resource) - stepOf(b.resource));
  }

  /** Removes what was found. @returns what is not gone; empty also when aborted, where {@link gone} tells. */
  async remove(): Promise<HubRemainder[]> {
    const { concurrency, signal, limitMs } = this.#options;
    const left: HubRemainder[] = [];
    const inNone = this.#groups.get('') ?? [];
    const jobs = [...this.#groups].filter(([namespace]) => namespace !== '').map(([, targets]) => targets);
    // Clusters name their ClusterImageSets.
    for (const batch of [jobs, inNone.length > 0 ? [inNone] : []]) {
      if (batch[0] === inNone && left.length > 0) {
        for (const target of inNone) left.push({ target, reason: 'left, because not all that may name it is gone' });
        break;
      }
      const failures = await removeAll({
        jobs: batch,
        remove: async (targets, giveUp) => {
          for (const one of await this.#removeJob(targets, giveUp)) left.push(one);
        },
        atOnce: concurrency,
        stallMs: limitMs + STALL_MS,
        signal,
        onRemoved: () => {
          this.#done++;
        },
      });
      if (signal.aborted) return left;
      for (const { job, reason } of failures) for (const target of job) left.push({ target, reason });
    }
    return left;
  }

  async #removeJob(targets: readonly HubTarget[], giveUp: AbortSignal): Promise<HubRemainder[]> {
    const { objects, limitMs, controllers, strip, signal, onGone, onStrip } = this.#options;
    const gone = new Set<string>();
    try {
      return await removeHubObjects({
        objects,
        targets,
        signal: giveUp,
        limitMs,
        controllers,
        strip,
        onGone: (target) => {
          gone.add(describeTarget(target));
          this.#gone++;
          onGone?.(target);
        },
        ...(onStrip && { onStrip }),
      });
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      return targets.filter((target) => !gone.has(describeTarget(target))).map((target) => ({ target, reason }));
    }
  }

  #add(target: HubTarget): void {
    const { resource, namespace, name } = target;
    const group = isNamespace(resource) ? name : (namespace ?? '');
    const targets = this.#groups.get(group);
    if (targets) targets.push(target);
    else this.#groups.set(group, [target]);
    this.#found++;
  }
}

async function listTargets(
  client: KubeClient,
  resource: KubeResource,
  selection: Selection,
  signal: AbortSignal,
): Promise<HubTarget[]> {
  const targets: HubTarget[] = [];
  try {
    for await (const { items } of client.pages(resource, selection, signal)) {
      for (const { metadata } of items) {
        targets.push({ resource, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid });
      }
    }
  } catch (error) {
    // Its CustomResourceDefinition is gone, and with it all of them.
    if (!(isKubeError(error) && error.notFound)) throw error;
  }
  return targets;
}
