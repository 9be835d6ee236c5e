/**
 * Clusters and infra-envs of the service as objects that were made and go again: found by name, removed with all that
 * belongs to them. What a run does to its own and what `swarm clean` does to those of a run that was killed.
 */

import type { ClusterStatus } from '../../model/protocol/states.ts';
import type { LedgerEntry } from '../telemetry/ledger.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';
import { orAborted } from './or-aborted.ts';
import { type RestCalls, statusOf } from './rest-calls.ts';

export type RestKind = 'cluster' | 'infra-env';
export const REST_KINDS: readonly RestKind[] = ['cluster', 'infra-env'];

/** An object as lists show it. */
export interface NamedObject {
  name: string;
  id: string;
}

/** How the names of infra-envs are made of those of clusters. */
export const INFRA_ENV_SUFFIX = '-infra-env';

const LIST_ENDPOINTS = { cluster: 'list-clusters', 'infra-env': 'list-infra-envs' } as const;

/** Cluster states in which DELETE answers 409 until the installation is cancelled: assisted-service, internal/cluster/statemachine.go. */
const CANCEL_FIRST: readonly ClusterStatus[] = [
  'preparing-for-installation',
  'installing',
  'finalizing',
  'installing-pending-user-action',
];
/** How often hosts that have registered meanwhile are removed before an infra-env is given up. */
const HOST_ROUNDS = 3;

/** All methods throw {@link ClusterAdapterError}, or the signal's reason when aborted. */
export class RestObjects {
  readonly #calls: RestCalls;
  /** Lists that wait for their turn. Who asks meanwhile shares them; who asks later might miss what was made since. */
  readonly #waiting = new Map<RestKind, Promise<NamedObject[]>>();

  constructor(calls: RestCalls) {
    this.#calls = calls;
  }

  /** All objects of a kind, by one request for all who ask at the same time. */
  async list(kind: RestKind, signal: AbortSignal): Promise<NamedObject[]> {
    let list = this.#waiting.get(kind);
    if (!list) {
      // It belongs to nobody, so that no caller's end is the end of the others' list.
      // Its turn may come at once; it must be among those that wait before it is not any more.
      list = Promise.resolve().then(() => this.#list(kind, () => this.#waiting.delete(kind)));
      this.#waiting.set(kind, list);
    }
    return orAborted(list, signal);
  }

  async #list(kind: RestKind, begin: () => void): Promise<NamedObject[]> {
    const rows = await this.#calls.json<Partial<NamedObject>[]>(
      { endpoint: LIST_ENDPOINTS[kind], expect: 200 },
      new AbortController().signal,
      begin,
    );
    // Rows of the service are large; only this is kept of them.
    return rows.map(({ name = '', id = '' }) => ({ name, id }));
  }

  /** Ids of the objects of exactly this name. */
  async find(kind: RestKind, name: string, signal: AbortSignal): Promise<string[]> {
    return (await this.list(kind, signal)).filter((one) => one.name === name).map((one) => one.id);
  }

  /**
   * Removes what an entry of the ledger is about, by its id, and by its name where more than the id may be there.
   * @param notOurs ids that are known to belong to somebody else
   * @returns how many objects it was
   */
  async removeEntry(entry: LedgerEntry, signal: AbortSignal, notOurs: ReadonlySet<string> = NOBODYS): Promise<number> {
    const kind = entry.kind as RestKind;
    const ids = new Set(entry.id === null ? [] : [entry.id]);
    if (entry.id === null || entry.unanswered) {
      for (const id of await this.find(kind, entry.name, signal)) if (!notOurs.has(id)) ids.add(id);
    }
    for (const id of ids) await this.remove(kind, id, signal);
    entry.gone();
    return ids.size;
  }

  /** Removes one object with its hosts; one that is already gone counts as removed. */
  remove(kind: RestKind, id: string, signal: AbortSignal): Promise<void> {
    return unlessGone(() => (kind === 'cluster' ? this.#removeCluster(id, signal) : this.#removeInfraEnv(id, signal)));
  }

  async #removeCluster(clusterId: string, signal: AbortSignal): Promise<void> {
    const params = { cluster_id: clusterId };
    const { status } = await this.#calls.json<{ status: ClusterStatus }>(
      { endpoint: 'get-cluster', params, query: [['exclude-hosts', 'true']], expect: 200 },
      signal,
    );
    if (CANCEL_FIRST.includes(status)) {
      await this.#calls.call({ endpoint: 'cancel-cluster', params, expect: 202 }, signal);
    }
    await this.#calls.call({ endpoint: 'delete-cluster', params, expect: 204 }, signal);
  }

  async #removeInfraEnv(infraEnvId: string, signal: AbortSignal): Promise<void> {
    const params = { infra_env_id: infraEnvId };
    for (let round = 1; ; round++) {
      // Deleting the cluster has deleted the hosts of an infra-env that is tied to it; what is left is deleted here, because
      // the infra-env's own deletion answers 400 as long as one host belongs to it.
      const hosts = await this.#calls.json<{ id: string }[]>(
        { endpoint: 'list-infra-env-hosts', params, expect: 200 },
        signal,
      );
      for (const { id } of hosts) {
        await unlessGone(() =>
          this.#calls.call({ endpoint: 'delete-host', params: { ...params, host_id: id }, expect: 204 }, signal),
        );
      }
      try {
        return await this.#calls.call({ endpoint: 'delete-infra-env', params, expect: 204 }, signal);
      } catch (error) {
        // A registration that was under way when its host was switched off may have come in between.
        const intruded = statusOf(error) === 400 && (round === 1 || hosts.length > 0);
        if (!intruded || round === HOST_ROUNDS) throw error;
      }
    }
  }
}

const NOBODYS: ReadonlySet<string> = new Set();

/** Runs a deletion; what is already gone counts as deleted. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ClusterAdapterError && statusOf(error) === 404)) throw error;
  }
}
