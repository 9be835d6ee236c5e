/** The hosts of one InfraEnv that are alive: what was launched, and what has to be added and removed to have what is wanted. */
import type { AgentKind, ClusterPlan, HostPlan } from '../../plan/expanded-plan.ts';
import type { AddedHost, ClusterLaunch } from '../../pool/messages.ts';
import type { BootSource } from '../../service/boot-source.ts';
import type { AgentSetup } from '../../service/discovery-ignition.ts';
import type { HostNetwork } from './host-network.ts';
import type { ClusterFacts, InfraEnvFacts } from './infra-env-facts.ts';
import type { WantedHost } from './wanted-hosts.ts';

/** The workers, as a launch reaches them. */
export interface LaunchPool {
  launch(launch: ClusterLaunch): void;
  addHosts(cluster: number, hosts: AddedHost[]): void;
  removeHosts(cluster: number, ordinals: number[]): void;
  stopCluster(cluster: number): void;
}

/** Numbers of hosts in the telemetry: each is one host's at a time. */
export class Slots {
  readonly #capacity: number;
  readonly #free: number[] = [];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @throws RangeError when all are taken. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#next >= this.#capacity) {
      throw new RangeError(
        `${this.#capacity} hosts are alive, and one process can have no more; start another with --selector or --namespace`,
      );
    }
    return this.#next++;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }
}

interface AliveHost {
  wanted: WantedHost;
  ordinal: number;
  slot: number;
}

export interface GroupOptions {
  /** Number in the pool and in events. */
  number: number;
  /** Of the InfraEnv resource. */
  uid: string;
  setup: AgentSetup;
  network: HostNetwork;
  /** Where hosts download what they boot; null when they do not. */
  boot: BootSource | null;
  pool: LaunchPool;
  slots: Slots;
  /** Simulated milliseconds between its first request and the launch, for a host's position. */
  bootDelayMs: (host: WantedHost) => number;
  spokeProfile: string;
  agent: AgentKind;
  pollIntervalSeconds: number | null;
}

export class InfraEnvGroup {
  readonly number: number;
  readonly uid: string;
  readonly setup: AgentSetup;
  readonly #options: GroupOptions;
  readonly #key: string;
  readonly #alive = new Map<string, AliveHost>();
  #ordinals = 0;

  /** Launches it without hosts. @throws Error when no worker is left. */
  constructor(facts: InfraEnvFacts, options: GroupOptions) {
    const { number, uid, setup, network, boot, pool, spokeProfile, agent, pollIntervalSeconds } = options;
    this.number = number;
    this.uid = uid;
    this.setup = setup;
    this.#options = options;
    this.#key = facts.key;
    const { ca, insecure, proxy, registrationRetrySeconds: retry } = setup;
    pool.launch({
      seed: facts.key,
      cluster: clusterPlan(number, facts, network),
      infraEnvId: setup.infraEnvId,
      agentVersion: setup.agentVersion,
      access: {
        baseUrl: setup.baseUrl,
        token: setup.token,
        pollIntervalSeconds,
        ...(retry !== null && { registrationRetrySeconds: retry }),
      },
      tls: { insecure, ...(ca !== null && { ca }) },
      ...(proxy && { proxy }),
      ...(boot && { boot }),
      firstSlot: 0,
      start: [],
      spokeProfile,
      agent,
      attached: true,
      lasting: true,
      // Hosts of late binding may be installed into one cluster, wherever their InfraEnvs are.
      placement: knownCluster(facts)?.key ?? '',
    });
  }

  /** Names of the hosts that are alive here. */
  get running(): ReadonlySet<string> {
    return new Set(this.#alive.keys());
  }

  get size(): number {
    return this.#alive.size;
  }

  /** Slots of the hosts that are alive, in the pool's telemetry. */
  get slots(): number[] {
    return [...this.#alive.values()].map(({ slot }) => slot);
  }

  /** The host with this id, which is also its Agent's name. */
  host(id: string): WantedHost | undefined {
    for (const { wanted } of this.#alive.values()) if (wanted.id === id) return wanted;
    return undefined;
  }

  /**
   * Switches hosts on and pulls the plugs of others until exactly these are alive.
   * @returns host names of those that came and went
   * @throws RangeError when addresses or slots run out; hosts before that are alive
   */
  settle(wanted: readonly WantedHost[]): { added: string[]; removed: string[] } {
    const keys = new Set(wanted.map(({ key }) => key));
    const gone = [...this.#alive.values()].filter((host) => !keys.has(host.wanted.key));
    this.#remove(gone);
    const added: AliveHost[] = [];
    try {
      for (const host of wanted) if (!this.#alive.has(host.key)) added.push(this.#register(host));
    } finally {
      if (added.length > 0)
        this.#options.pool.addHosts(
          this.number,
          added.map((host) => this.#addedHost(host)),
        );
    }
    const names = (hosts: readonly AliveHost[]) => hosts.map((host) => host.wanted.hostname);
    return { added: names(added), removed: names(gone) };
  }

  /** Unplugs everything. */
  stop(): void {
    this.#remove([...this.#alive.values()]);
    this.#options.pool.stopCluster(this.number);
  }

  #register(wanted: WantedHost): AliveHost {
    const { slots, network } = this.#options;
    if (wanted.ipv4Cidr === null) network.give(this.#addressKey(wanted), wanted.position);
    const host = { wanted, ordinal: this.#ordinals++, slot: slots.take() };
    this.#alive.set(wanted.key, host);
    return host;
  }

  #remove(hosts: readonly AliveHost[]): void {
    if (hosts.length === 0) return;
    const { pool, slots, network } = this.#options;
    pool.removeHosts(
      this.number,
      hosts.map(({ ordinal }) => ordinal),
    );
    for (const { wanted, slot } of hosts) {
      this.#alive.delete(wanted.key);
      slots.release(slot);
      network.release(this.#addressKey(wanted));
    }
  }

  #addressKey({ key }: WantedHost): string {
    return `${this.#key} ${key}`;
  }

  #addedHost({ wanted, ordinal, slot }: AliveHost): AddedHost {
    const { network, bootDelayMs, agent } = this.#options;
    const { seed, index, role, day2, profile, hostname, mac, ipv4Cidr } = wanted;
    const plan: HostPlan = {
      index,
      clusterIndex: this.number,
      ordinal,
      role,
      day2,
      profile,
      kind: agent,
      bootDelayMs: bootDelayMs(wanted),
    };
    return {
      plan,
      slot,
      seed,
      forced: {
        hostname,
        ipv4Cidr: ipv4Cidr ?? network.give(this.#addressKey(wanted), wanted.position),
        ...(mac !== null && { mac }),
      },
    };
  }
}

export function knownCluster({ cluster }: Pick<InfraEnvFacts, 'cluster'>): ClusterFacts | null {
  return typeof cluster === 'string' ? null : cluster;
}

/** What hosts tell of the cluster that they are for; of late binding the InfraEnv stands in its place. */
export function clusterPlan(
  index: number,
  facts: Pick<InfraEnvFacts, 'name' | 'cluster'>,
  network: HostNetwork,
): ClusterPlan {
  const cluster = knownCluster(facts);
  return {
    index,
    name: cluster?.name || facts.name,
    baseDomain: cluster?.baseDomain || 'example.com',
    api: 'kube',
    platform: cluster?.apiVip ? 'baremetal' : 'none',
    controlPlanes: cluster?.controlPlanes ?? 0,
    arbiters: cluster?.arbiters ?? 0,
    workers: cluster?.workers ?? 0,
    day2Workers: 0,
    olmOperators: [],
    justInfraEnv: cluster === null,
    infraEnvLabels: {},
    withNmstate: false,
    flow: {},
    machineNetwork: network.cidr,
    gateway: network.gateway,
    apiVip: cluster?.apiVip ?? null,
    ingressVip: cluster?.ingressVip ?? null,
    arrivalMs: 0,
    assignRoles: false,
    setHostnames: false,
    hosts: [],
  };
}
