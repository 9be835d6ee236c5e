/**
 * The API of an installed cluster that nobody serves, as far as it is looked at while hosts join: they reboot, ask for
 * certificates, and become nodes, in the time that clusters usually take.
 *
 *   reboot → request (client) → approved → node → request (serving) → approved → Ready
 */
import { createHash } from 'node:crypto';
import type { KubeList } from '../../model/kube/kube-client.ts';
import { KubeError } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import { SPOKE_PROFILES } from '../../model/spoke/profiles.ts';
import { type ClusterRow, type HostRow, hostnameOf, isDay2Host } from '../core/store.ts';
import { makeCertificateRequest } from './certificate-request.ts';
import type { KubeContext } from './context.ts';
import type { SpokeApi } from './spoke-clients.ts';

type Purpose = 'client' | 'serving';

/** What is remembered of a host that joins; simulated milliseconds, undefined before. */
interface Joining {
  rebootedAt: number;
  approvedAt: Partial<Record<Purpose, number>>;
}

const { shutdown, boot, nodeJoin, nodeReady } = SPOKE_PROFILES.typical.host;
const BOOT_MS = shutdown.delayMs + boot.delayMs;
/** After so long the cluster's own machine-approver has approved what nobody else did. */
const OWN_APPROVAL_MS = 120_000;
const BOOTSTRAPPER = 'system:serviceaccount:openshift-machine-config-operator:node-bootstrapper';

export class ImaginedSpoke implements SpokeApi {
  readonly #context: KubeContext;
  readonly #cluster: ClusterRow;
  readonly #joining = new Map<string, Joining>();
  readonly #labels = new Map<string, Record<string, string>>();
  readonly #deleted = new Set<string>();

  constructor(context: KubeContext, cluster: ClusterRow) {
    this.#context = context;
    this.#cluster = cluster;
  }

  async get(resource: KubeResource, _namespace: string | undefined, name: string): Promise<KubeObject> {
    const host = resource === RESOURCES.nodes ? this.#hostNamed(name) : undefined;
    const node = host && this.#nodeOf(host);
    if (node) return node;
    const said = `${resource.plural} "${name}" not found`;
    throw new KubeError(said, { status: 404, reason: 'NotFound', said });
  }

  async list(resource: KubeResource): Promise<KubeList> {
    const items = resource === RESOURCES.certificateSigningRequests ? this.#requests() : [];
    return { items, resourceVersion: '' };
  }

  /** What is made there is looked at by nobody. */
  async create(_resource: KubeResource, object: KubeObject): Promise<KubeObject> {
    return object;
  }

  /** Approves a request. */
  async update(_resource: KubeResource, object: KubeObject): Promise<KubeObject> {
    for (const host of this.#cluster.hosts) {
      for (const purpose of ['client', 'serving'] as const) {
        if (requestName(host, purpose) === object.metadata.name)
          this.#joiningOf(host).approvedAt[purpose] ??= this.#context.clock.now();
      }
    }
    return object;
  }

  async patch(
    resource: KubeResource,
    _namespace: string | undefined,
    name: string,
    patch: { metadata?: { labels?: Record<string, string> } },
  ): Promise<KubeObject> {
    const { apiVersion = '', kind } = { apiVersion: resource.version, kind: resource.kind };
    if (resource === RESOURCES.nodes) {
      this.#labels.set(name, { ...this.#labels.get(name), ...patch.metadata?.labels });
    }
    return { apiVersion, kind, metadata: { name } };
  }

  async delete(resource: KubeResource, _namespace: string | undefined, name: string): Promise<null> {
    if (resource === RESOURCES.nodes) this.#deleted.add(name);
    return null;
  }

  async close(): Promise<void> {}

  #hostNamed(name: string): HostRow | undefined {
    return this.#deleted.has(name) ? undefined : this.#cluster.hosts.find((host) => hostnameOf(host) === name);
  }

  #joiningOf(host: HostRow): Joining {
    let joining = this.#joining.get(host.id);
    if (!joining) {
      joining = { rebootedAt: host.stageStartedAt, approvedAt: {} };
      this.#joining.set(host.id, joining);
    }
    return joining;
  }

  /** When the host asked for its certificate; undefined before. */
  #askedAt(host: HostRow, purpose: Purpose): number | undefined {
    if (!isDay2Host(host) || host.stage === '' || BEFORE_REBOOT.has(host.stage)) return undefined;
    const at = purpose === 'client' ? this.#joiningOf(host).rebootedAt + BOOT_MS : this.#joinedAt(host);
    return at !== undefined && at <= this.#context.clock.now() ? at : undefined;
  }

  #approvedAt(host: HostRow, purpose: Purpose): number | undefined {
    const given = this.#joiningOf(host).approvedAt[purpose];
    if (given !== undefined) return given;
    const asked = this.#askedAt(host, purpose);
    if (asked === undefined || asked + OWN_APPROVAL_MS > this.#context.clock.now()) return undefined;
    return asked + OWN_APPROVAL_MS;
  }

  #joinedAt(host: HostRow): number | undefined {
    const approved = this.#approvedAt(host, 'client');
    return approved === undefined ? undefined : approved + nodeJoin.delayMs;
  }

  #nodeOf(host: HostRow): KubeObject | undefined {
    const name = hostnameOf(host);
    const now = this.#context.clock.now();
    let isReady = host.status === 'installed';
    if (isDay2Host(host)) {
      const joined = this.#joinedAt(host);
      if (joined === undefined || joined > now) return undefined;
      isReady = this.#approvedAt(host, 'serving') !== undefined && now >= joined + nodeReady.delayMs;
    } else if (!isReady) return undefined;
    const addresses = [{ type: 'Hostname', address: name }];
    const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
    const labels = this.#labels.get(name) ?? {};
    return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status: { addresses, conditions } };
  }

  #requests(): KubeObject[] {
    return this.#cluster.hosts.flatMap((host) =>
      (['client', 'serving'] as const).flatMap((purpose) =>
        this.#askedAt(host, purpose) === undefined ? [] : [this.#request(host, purpose)],
      ),
    );
  }

  #request(host: HostRow, purpose: Purpose): KubeObject {
    const name = hostnameOf(host);
    const user = `system:node:${name}`;
    const isClient = purpose === 'client';
    const pem = makeCertificateRequest({
      commonName: user,
      organizations: ['system:nodes'],
      dnsNames: isClient ? [] : [name],
      emailAddresses: [],
      ipAddresses: [],
    });
    const approved = this.#approvedAt(host, purpose);
    const authenticated = 'system:authenticated';
    const accounts = ['system:serviceaccounts:openshift-machine-config-operator', 'system:serviceaccounts'];
    return {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: requestName(host, purpose) },
      spec: {
        request: Buffer.from(pem).toString('base64'),
        usages: ['digital signature', isClient ? 'client auth' : 'server auth'],
        username: isClient ? BOOTSTRAPPER : user,
        groups: isClient ? [...accounts, authenticated] : ['system:nodes', authenticated],
      },
      status:
        approved === undefined
          ? {}
          : { conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: rfc3339(approved) }] },
    };
  }
}

const BEFORE_REBOOT: ReadonlySet<string> = new Set([
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Waiting for control plane',
]);

function requestName(host: HostRow, purpose: Purpose): string {
  return `csr-${createHash('sha256').update(`${host.id} ${purpose}`).digest('hex').slice(0, 5)}`;
}
