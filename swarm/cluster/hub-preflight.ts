/**
 * What must be true of a hub before the first object is made on it: it answers, serves the kinds, lets its user make them, and
 * nobody has namespaces of the same names. Requests that write nothing.
 */
import { KubeDiscovery } from '../../model/kube/discovery.ts';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError, type KubeError } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { ACCESS_REVIEWS, type KubeResource, RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { HubRequests } from './hub-requests.ts';

/** Kinds by how objects name them: `apiVersion kind`. */
export type HubKinds = ReadonlyMap<string, KubeResource>;

/** How namespaces of these names stand on the hub; those that it does not have are in none. */
export interface HubNamespaces {
  ours: string[];
  /** With the run that each belongs to; null for none. */
  others: { name: string; run: string | null }[];
  terminating: string[];
}

/** Connections at first, before a hub counts as one that cannot be reached. */
const CONTACTS = 3;

const SERVICE_ACCOUNTS: KubeResource = {
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
};

/** Methods throw what {@link HubRequests.insist} throws. */
export class HubPreflight {
  readonly #requests: HubRequests;
  readonly #client: KubeClient;
  readonly #discovery: KubeDiscovery;
  readonly #signal: AbortSignal;

  constructor(requests: HubRequests, signal: AbortSignal) {
    this.#requests = requests;
    this.#client = requests.client;
    this.#discovery = new KubeDiscovery(requests.client);
    this.#signal = signal;
  }

  /** @returns why the hub cannot be worked with at all; null when it can. Nobody waits for a hub that does not answer. */
  async unreachable(): Promise<string | null> {
    const { server } = this.#client;
    const error = await this.#firstContact();
    // Who may do nothing but what matters here is no failure, and a busy server is asked again by what follows.
    if (error === null || error.status === 403 || (error.passing && error.status !== 0)) return null;
    if (error.status === 0 && error.cause instanceof SyntaxError) {
      return `${server} does not answer as a Kubernetes API (no JSON to /version); check the server of the kubeconfig`;
    }
    if (error.status === 0) {
      return `the hub ${server} cannot be reached (${reasonOf(error.message)}); check the server of the kubeconfig, and whether it is up`;
    }
    if (error.status === 401 && error.cause !== undefined)
      return `${error.said}; log in again, or choose another context`;
    if (error.status === 401) {
      return `the hub ${server} does not accept the credentials of the kubeconfig (401); log in again, or choose another context`;
    }
    return `${server} does not answer as a Kubernetes API (${error.status} to /version); check the server of the kubeconfig`;
  }

  /** Connections that break are tried again: a load balancer may have lost its server this very moment. */
  async #firstContact(): Promise<KubeError | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#client.json('/version', this.#signal);
        return null;
      } catch (error) {
        if (!isKubeError(error)) throw error;
        if (error.reason !== 'Protocol' || attempt === CONTACTS) return error;
      }
    }
  }

  /** Those of the kinds that the hub serves. */
  async served(kinds: Iterable<string>): Promise<HubKinds> {
    const served = new Map<string, KubeResource>();
    for (const type of kinds) {
      const [apiVersion, kind] = type.split(' ') as [string, string];
      const resource = await this.#requests.insist(this.#signal, () =>
        this.#discovery.find(apiVersion, kind, this.#signal),
      );
      if (resource) served.set(type, resource);
    }
    return served;
  }

  /**
   * What the user may not do, as `verb resource`. Empty also when the hub does not tell.
   * @param namespace all of them when absent
   */
  async missingRights(
    resources: readonly KubeResource[],
    verbs: readonly string[],
    namespace?: string,
  ): Promise<string[]> {
    const asked = resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource })));
    const answers = await Promise.all(asked.map(({ verb, resource }) => this.#may(verb, resource, namespace)));
    return asked.flatMap(({ verb, resource }, at) => (answers[at] ? [] : `${verb} ${resourceName(resource)}`));
  }

  /**
   * Whether garbage is collected and namespaces are emptied: an API server alone does neither. Every namespace that
   * controllers look after has a ServiceAccount. Upstream: kubernetes, cmd/kube-controller-manager.
   */
  async hasControllers(): Promise<boolean> {
    return this.#requests.insist(this.#signal, async () => {
      try {
        await this.#client.get(SERVICE_ACCOUNTS, 'default', 'default', this.#signal);
        return true;
      } catch (error) {
        if (isKubeError(error) && !error.passing) return !error.notFound;
        throw error;
      }
    });
  }

  async #may(verb: string, { group, plural }: KubeResource, namespace: string | undefined): Promise<boolean> {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: ACCESS_REVIEWS.kind,
      metadata: {} as KubeObject['metadata'],
      spec: { resourceAttributes: { group, resource: plural, verb, ...(namespace && { namespace }) } },
    };
    return this.#requests.insist(this.#signal, async () => {
      try {
        const { status } = await this.#client.create(ACCESS_REVIEWS, review, {}, this.#signal);
        return (status as { allowed?: boolean } | undefined)?.allowed ?? true;
      } catch (error) {
        if (isKubeError(error) && !error.passing) return true;
        throw error;
      }
    });
  }

  /** Looks at all namespaces of the hub for these names; null when the user may not. */
  async namespaces(names: ReadonlySet<string>, run: string): Promise<HubNamespaces | null> {
    return this.#requests.insist(this.#signal, async () => {
      const found: HubNamespaces = { ours: [], others: [], terminating: [] };
      try {
        for await (const { items } of this.#client.pages(RESOURCES.namespaces, {}, this.#signal)) {
          for (const { metadata } of items) if (names.has(metadata.name)) sortIn(found, metadata, run);
        }
        return found;
      } catch (error) {
        if (isKubeError(error) && error.status === 403) return null;
        throw error;
      }
    });
  }
}

function sortIn(found: HubNamespaces, { name, labels, deletionTimestamp }: KubeObject['metadata'], run: string): void {
  const owner = labels?.[RUN_LABEL] ?? null;
  if (owner !== run) found.others.push({ name, run: owner });
  else if (deletionTimestamp) found.terminating.push(name);
  else found.ours.push(name);
}

/** Why a hub is not the one that a run has used; null when it is: of another, everything would seem to be gone. */
export function elsewhereReason(then: string, now: string): string | null {
  if (then === now) return null;
  return `the run has used the hub ${then}, and the kubeconfig leads to ${now}; give the kubeconfig or context of that hub (or say so, when it is the same)`;
}

/** The last part of a message: what the system said. */
function reasonOf(message: string): string {
  return message.slice(message.lastIndexOf(': ') + 2);
}
