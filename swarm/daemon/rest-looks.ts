/** What readers of the service's REST API ask for. */
import type { ReaderLoadName } from '../plan/expanded-plan.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from '../service/service-client.ts';
import type { Look, Looking } from './readers.ts';

/** Ids on the service of what can be read. */
export interface ReadTargets {
  clusters: readonly string[];
  infraEnvs: readonly string[];
}

/** Rows of the events page: openshift-assisted/assisted-installer-ui, libs/ui-lib/lib/common/api/assisted-service/EventsAPI.ts. */
const PAGE_OF_USER = 10;
/** Rows that whoever follows events asks for at once. */
const PAGE = 100;

/** Looks of one reader. @param targets what the run has made and is there */
export function restLooks(
  load: Exclude<ReaderLoadName, 'hub-list'>,
  client: Pick<ServiceClient, 'call' | 'json'>,
  targets: () => ReadTargets,
): Looking {
  const reader = new RestReader(client, targets);
  switch (load) {
    case 'cluster-list':
      return (look) => reader.clusterList(look);
    case 'cluster-page':
      return (look) => reader.clusterPage(look);
    case 'host-list':
      return (look) => reader.hostList(look);
    case 'events':
      return (look) => reader.events(look);
  }
}

class RestReader {
  readonly #client: Pick<ServiceClient, 'call' | 'json'>;
  readonly #targets: () => ReadTargets;
  /** Whose events are followed, and how many of them were read. */
  #followed: { cluster: string; offset: number } | null = null;

  constructor(client: Pick<ServiceClient, 'call' | 'json'>, targets: () => ReadTargets) {
    this.#client = client;
    this.#targets = targets;
  }

  async clusterList(look: Look): Promise<void> {
    await this.#read(look, { endpoint: 'list-clusters', dueMs: look.dueMs });
  }

  /** A cluster with its hosts, their list as the page of a cluster that grows asks for it, and the last events. */
  async clusterPage(look: Look): Promise<void> {
    const cluster = chosen(this.#targets().clusters, look.draw);
    if (cluster === null) return this.clusterList(look);
    const params = { cluster_id: cluster };
    await this.#read(look, { endpoint: 'get-cluster', params, dueMs: look.dueMs });
    await this.#read(look, { endpoint: 'list-cluster-hosts', params });
    const query: ServiceCall['query'] = [
      ['order', 'descending'],
      ['cluster_id', cluster],
      ['deleted_hosts', 'true'],
      ['cluster_level', 'true'],
      ['limit', String(PAGE_OF_USER)],
      ['offset', '0'],
    ];
    await this.#read(look, { endpoint: 'list-events', query });
  }

  async hostList(look: Look): Promise<void> {
    const infraEnv = chosen(this.#targets().infraEnvs, look.draw);
    if (infraEnv === null) return this.clusterList(look);
    await this.#read(look, {
      endpoint: 'list-infra-env-hosts',
      params: { infra_env_id: infraEnv },
      dueMs: look.dueMs,
    });
  }

  /** Reads on where it left off, page by page to the last, for as long as the cluster is there. */
  async events(look: Look): Promise<void> {
    const { clusters } = this.#targets();
    if (this.#followed === null || !clusters.includes(this.#followed.cluster)) {
      const cluster = chosen(clusters, look.draw);
      this.#followed = cluster === null ? null : { cluster, offset: 0 };
    }
    const { cluster, offset } = this.#followed ?? {};
    if (cluster === undefined || offset === undefined) return this.clusterList(look);
    let dueMs: number | undefined = look.dueMs;
    for (let from = offset; ; ) {
      look.requested();
      const rows: unknown[] | null = await this.#answer(
        this.#client.json<unknown[]>({
          endpoint: 'list-events',
          query: [
            ['cluster_id', cluster],
            ['limit', String(PAGE)],
            ['offset', String(from)],
          ],
          ...(dueMs !== undefined && { dueMs }),
          expect: 200,
          signal: look.signal,
        }),
      );
      if (rows === null) return;
      from += rows.length;
      this.#followed = { cluster, offset: from };
      if (rows.length < PAGE) return;
      dueMs = undefined;
    }
  }

  async #read(look: Look, call: Omit<ServiceCall, 'expect'>): Promise<void> {
    look.requested();
    await this.#answer(this.#client.call({ ...call, discardBody: true, expect: 200, signal: look.signal }));
  }

  /** Null for what is gone: the run removes things. */
  async #answer<T>(answer: Promise<T>): Promise<T | null> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ServiceError && error.status === 404) return null;
      throw error;
    }
  }
}

/** One of them; null when there is none. */
function chosen(ids: readonly string[], draw: number): string | null {
  return ids[Math.floor(draw * ids.length)] ?? null;
}
