/**
 * Keeps the hosts alive that the InfraEnvs of a hub need, whoever made them.
 *
 *   hub ──watch──> HubWatch ──key──> queue ──> facts ──> wantedHosts ──> InfraEnvGroup ──> pool
 *                                      │                                     ^
 *                                      └── once for each: discovery ignition ┘
 */
import type { KubeClient } from '../../../model/kube/kube-client.ts';
import { type KubeObject, objectKey, splitKey } from '../../../model/kube/kube-object.ts';
import { type Outcome, WorkQueue } from '../../../model/kube/work-queue.ts';
import type { Clock } from '../../../model/time/clock.ts';
import { hashWords, unitNumber } from '../../../model/time/random.ts';
import type { AgentKind, BootLoad } from '../../plan/expanded-plan.ts';
import type { AgentSetup } from '../../service/discovery-ignition.ts';
import { IgnitionError } from '../../service/ignition-config.ts';
import { bootSourceOf } from '../hub-status.ts';
import type { SpokeServer } from '../spoke-server.ts';
import { AgentApproval } from './agent-approval.ts';
import { GrowingClusters } from './growing-clusters.ts';
import { HubWatch } from './hub-watch.ts';
import { ANNOTATIONS, type InfraEnvFacts, ignitionUrlOf, infraEnvKeyOf } from './infra-env-facts.ts';
import { InfraEnvGroup, knownCluster, type LaunchPool, Slots } from './infra-env-group.ts';
import type { LaunchEvent, LaunchNews } from './launch-event.ts';
import { LaunchNetworks } from './launch-networks.ts';
import type { LaunchedInfraEnv, LaunchState } from './launch-state.ts';
import { allHosts, type WantedHost, type WantedOptions, wantedHosts } from './wanted-hosts.ts';

export interface LauncherOptions extends WantedOptions {
  client: KubeClient;
  clock: Clock;
  pool: LaunchPool;
  /** Hosts that the pool's telemetry has room for. */
  capacity: number;
  /** All when empty. */
  namespaces: readonly string[];
  /** Label selector of InfraEnvs. */
  selector: string | null;
  /** The hub has BareMetalHosts. */
  bareMetal: boolean;
  /** Approves the Agents of its hosts. */
  approve: boolean;
  /** Simulated milliseconds over which the hosts of an InfraEnv boot. */
  bootSpreadMs: number;
  spokeProfile: string;
  /** The kind of all agents. */
  agent: AgentKind;
  pollIntervalSeconds: number | null;
  /** What booting hosts download; null for nothing. */
  boot: Pick<BootLoad, 'from'> | null;
  /** Serves the kube-apis of clusters that take hosts of day 2. */
  spokes: SpokeServer;
  /** See fetchDiscoveryIgnition. */
  download: (url: string, signal: AbortSignal) => Promise<AgentSetup>;
  emit: (event: LaunchEvent) => void;
}

const WORKERS = 16;
/** Wall-clock pauses after a download that failed. */
const RETRY_FIRST_MS = 2_000;
const RETRY_MOST_MS = 60_000;

/** What is known of an InfraEnv beside its hosts. */
interface Entry {
  /** Why no host of it was started at the last look. */
  told: string;
  failures: number;
  download: AbortController | null;
}

export class Launcher {
  readonly #options: LauncherOptions;
  readonly #watch: HubWatch;
  readonly #queue: WorkQueue;
  readonly #approval: AgentApproval | null;
  readonly #growing: GrowingClusters;
  readonly #slots: Slots;
  readonly #groups = new Map<string, InfraEnvGroup>();
  /** By number. */
  readonly #keys = new Map<number, string>();
  readonly #entries = new Map<string, Entry>();
  readonly #networks: LaunchNetworks;
  #numbers = 0;

  constructor(options: LauncherOptions) {
    this.#options = options;
    const { client, clock, namespaces, selector, bareMetal, approve, capacity } = options;
    this.#slots = new Slots(capacity);
    this.#networks = new LaunchNetworks(options.seed, (message) => this.#warn(message));
    this.#queue = new WorkQueue({
      clock,
      workers: WORKERS,
      work: (key) => this.#reconcile(key),
      onError: (key, error) => this.#warn(`InfraEnv ${key}: ${messageOf(error)}`),
    });
    this.#watch = new HubWatch({
      client,
      clock,
      namespaces,
      labelSelector: selector,
      bareMetal,
      onChange: (key) => this.#changed(key),
      onAgent: (agent) => this.#approval?.look(agent),
      onCluster: (cluster) => this.#growing.look(cluster),
      onTrouble: (trouble) =>
        this.#warn(trouble === null ? 'the hub answers again' : `the hub cannot be followed: ${trouble}; hosts go on`),
    });
    this.#growing = this.#growingClusters();
    this.#approval = approve
      ? new AgentApproval({
          client,
          clock,
          agent: (key) => this.#watch.agent(key),
          hostOf: (agent) => this.#hostOf(agent),
          onApproved: (infraEnv, agent, role) => this.#tell({ type: 'agent.approved', infraEnv, agent, role }),
          onError: (message) => this.#warn(message),
        })
      : null;
  }

  #growingClusters(): GrowingClusters {
    const { client, clock, spokes } = this.#options;
    return new GrowingClusters({
      client,
      clock,
      spokes,
      cluster: (key) => this.#watch.cluster(key),
      hostsOf: (cluster) => this.#watch.hostsOf(cluster),
      idsOf: (infraEnv) => new Set(this.#allHosts(infraEnv).map(({ id }) => id)),
      isAlive: ({ id, infraEnv }) => infraEnv !== null && this.#groups.get(infraEnv)?.host(id) !== undefined,
      warn: (message) => this.#warn(message),
    });
  }

  /** Begins to follow the hub; resolves when everything on it is known. */
  async start(): Promise<void> {
    await this.#watch.start();
  }

  /** Ends to follow the hub; hosts are the pool's to end. */
  async stop(): Promise<void> {
    for (const { download } of this.#entries.values()) download?.abort(new Error('the launch ends'));
    await this.#watch.stop();
    await this.#queue.stop();
    await this.#approval?.stop();
    await this.#growing.stop();
  }

  get state(): LaunchState {
    let hosts = 0;
    let launched = 0;
    for (const group of this.#groups.values()) {
      hosts += group.size;
      if (group.size > 0) launched++;
    }
    const waiting = new Map(
      [...this.#entries].filter(([, { told }]) => told !== '').map(([key, { told }]) => [key, told]),
    );
    return { infraEnvs: this.#entries.size, launched, hosts, waiting };
  }

  /** InfraEnvs by name, those that wait first. */
  infraEnvs(limit: number): LaunchedInfraEnv[] {
    const order = ([a, one]: [string, Entry], [b, other]: [string, Entry]) =>
      Number(one.told === '') - Number(other.told === '') || (a < b ? -1 : 1);
    return [...this.#entries]
      .sort(order)
      .slice(0, limit)
      .map(([infraEnv, { told }]) => ({ infraEnv, slots: this.#groups.get(infraEnv)?.slots ?? [], waiting: told }));
  }

  /** See HubWatch. */
  noteCall: HubWatch['noteCall'] = (call) => this.#watch.noteCall(call);

  /** Key of the InfraEnv whose hosts have this number as their cluster in events. */
  infraEnvOf(number: number): string | undefined {
    return this.#keys.get(number);
  }

  /** The power of a BareMetalHost has changed. @param key its namespace/name */
  powerChanged(key: string): void {
    const infraEnv = this.#watch.infraEnvOfBareMetalHost(key);
    if (infraEnv !== null) this.#changed(infraEnv);
  }

  /** The machine of a BareMetalHost, on or off; undefined when it belongs to no InfraEnv that is followed. */
  machineOf(bareMetalHost: string): WantedHost | undefined {
    const key = this.#watch.infraEnvOfBareMetalHost(bareMetalHost);
    const { name } = splitKey(bareMetalHost);
    return key === null ? undefined : this.#allHosts(key).find(({ bmh }) => bmh === name);
  }

  /** A machine boots the discovery image, or from its disk. @param id of the host */
  hostBoots(id: string, from: 'image' | 'disk'): void {
    this.#growing.boots(id, from);
  }

  /** Key of the BareMetalHost that is this host of an InfraEnv; null when it is none. */
  bareMetalHostOf(infraEnv: string, id: string): string | null {
    const name = this.#groups.get(infraEnv)?.host(id)?.bmh;
    return name ? objectKey(splitKey(infraEnv).namespace, name) : null;
  }

  /** A group could not be kept by the pool: it is launched again. */
  groupLost(number: number, why: string): void {
    const key = this.#keys.get(number);
    const group = key === undefined ? undefined : this.#groups.get(key);
    if (key === undefined || group?.number !== number) return;
    this.#forget(key, group);
    this.#warn(`InfraEnv ${key}: its hosts are started again, because ${why}`);
    this.#queue.addAfter(key, RETRY_FIRST_MS * this.#options.clock.speed);
  }

  #changed(key: string): void {
    const infraEnv = this.#watch.infraEnv(key);
    // Whoever waits for its ignition learns at once that nobody needs it any more.
    if (!infraEnv || infraEnv.metadata.deletionTimestamp) {
      this.#entries.get(key)?.download?.abort(new Error(`InfraEnv ${key} is gone`));
    }
    this.#queue.add(key);
  }

  async #reconcile(key: string): Promise<Outcome> {
    const infraEnv = this.#watch.infraEnv(key);
    const group = this.#groups.get(key);
    const gone = !infraEnv || infraEnv.metadata.deletionTimestamp !== undefined;
    if (group && (gone || infraEnv.metadata.uid !== group.uid)) this.#stopGroup(key, group);
    if (gone) {
      this.#entries.delete(key);
      return null;
    }
    const entry = this.#entryOf(key);
    const facts = this.#watch.facts(infraEnv);
    const running = this.#groups.get(key)?.running ?? new Set<string>();
    const wanted = wantedHosts(facts, this.#options, running);
    if (!('hosts' in wanted)) {
      this.#say(key, entry, 'problem' in wanted ? wanted.problem : `waits: ${wanted.waiting}`);
      return null;
    }
    const launched = this.#groups.get(key) ?? (await this.#launch(key, entry, infraEnv, facts, wanted.hosts));
    if (typeof launched === 'number') return { requeueAfterMs: launched };
    if (launched) this.#settle(key, entry, launched, facts, wanted.hosts);
    return null;
  }

  /** @returns the group, milliseconds after which it is to be tried again, or null when it has to wait for the hub */
  async #launch(
    key: string,
    entry: Entry,
    infraEnv: KubeObject,
    facts: InfraEnvFacts,
    hosts: readonly WantedHost[],
  ): Promise<InfraEnvGroup | number | null> {
    if (hosts.length === 0) {
      this.#say(key, entry, needsNone(facts, this.#options.poweredOn !== null));
      return null;
    }
    const url = ignitionUrlOf(infraEnv);
    if (url === '') {
      this.#say(key, entry, 'waits: the service has not made its discovery ignition yet');
      return null;
    }
    const network = this.#networks.of(facts);
    if (typeof network === 'string') {
      this.#say(key, entry, network);
      return null;
    }
    const { clock, boot } = this.#options;
    const source = boot ? bootSourceOf(infraEnv, boot.from) : null;
    if (boot && !source) {
      this.#say(key, entry, `waits: it names nothing to boot from by ${boot.from}`);
      return null;
    }
    entry.download = new AbortController();
    let setup: AgentSetup;
    try {
      setup = await this.#options.download(url, entry.download.signal);
    } catch (error) {
      if (entry.download.signal.aborted) return 0;
      if (!(error instanceof IgnitionError)) throw error;
      this.#say(key, entry, error.message);
      return Math.min(RETRY_FIRST_MS * 2 ** entry.failures++, RETRY_MOST_MS) * clock.speed;
    } finally {
      entry.download = null;
    }
    const { uid = '' } = infraEnv.metadata;
    // It may have been made anew while the ignition of the former one came.
    if (this.#watch.infraEnv(key)?.metadata.uid !== uid) return 0;
    entry.failures = 0;
    const number = this.#numbers++;
    this.#keys.set(number, key);
    const { pool, spokeProfile, agent, pollIntervalSeconds } = this.#options;
    const group = new InfraEnvGroup(facts, {
      number,
      uid,
      setup,
      network,
      boot: source,
      pool,
      slots: this.#slots,
      bootDelayMs: (host) => this.#bootDelayMs(host),
      spokeProfile,
      agent,
      pollIntervalSeconds,
    });
    this.#groups.set(key, group);
    const { baseUrl, agentVersion, infraEnvId } = setup;
    this.#tell({ type: 'infra-env.ready', infraEnv: key, service: baseUrl, agentVersion, infraEnvId });
    return group;
  }

  #settle(key: string, entry: Entry, group: InfraEnvGroup, facts: InfraEnvFacts, hosts: readonly WantedHost[]): void {
    const network = this.#networks.of(facts);
    if (typeof network !== 'string') for (const { ipv4Cidr } of hosts) if (ipv4Cidr) network.reserve(ipv4Cidr);
    let change = { added: [] as string[], removed: [] as string[] };
    try {
      change = group.settle(hosts);
      entry.told = '';
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#say(key, entry, error.message);
    }
    if (change.added.length + change.removed.length === 0) return;
    this.#tell({ type: 'infra-env.hosts', infraEnv: key, hosts: group.size, ...change });
    for (const agent of this.#watch.agentsOf(key)) this.#approval?.look(agent);
  }

  #stopGroup(key: string, group: InfraEnvGroup): void {
    const hosts = group.size;
    group.stop();
    this.#forget(key, group);
    this.#tell({ type: 'infra-env.gone', infraEnv: key, hosts });
  }

  #forget(key: string, { number }: InfraEnvGroup): void {
    this.#groups.delete(key);
    this.#keys.delete(number);
  }

  #bootDelayMs({ seed, index }: WantedHost): number {
    return Math.floor(unitNumber(hashWords(`boot/${seed}/${index}`)) * this.#options.bootSpreadMs);
  }

  /** The host of an Agent, when it is ours. */
  #hostOf(agent: KubeObject): { infraEnv: string; host: WantedHost | undefined; roles: boolean } | null {
    const infraEnv = infraEnvKeyOf(agent);
    const object = infraEnv === null ? undefined : this.#watch.infraEnv(infraEnv);
    if (infraEnv === null || !object) return null;
    const host = this.#groups.get(infraEnv)?.host(agent.metadata.name);
    return { infraEnv, host, roles: knownCluster(this.#watch.facts(object)) !== null };
  }

  /** Hosts of an InfraEnv, on or off, now or before. */
  #allHosts(key: string): readonly WantedHost[] {
    const infraEnv = this.#watch.infraEnv(key);
    if (!infraEnv) return [];
    const all = allHosts(this.#watch.facts(infraEnv), { ...this.#options, poweredOn: () => true });
    return 'hosts' in all ? all.hosts : [];
  }

  #entryOf(key: string): Entry {
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { told: '', failures: 0, download: null };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Tells why an InfraEnv has no hosts, each reason once. */
  #say(key: string, entry: Entry, message: string): void {
    if (entry.told === message) return;
    entry.told = message;
    this.#tell({ type: 'infra-env.waiting', infraEnv: key, message });
  }

  #warn(message: string): void {
    this.#tell({ type: 'launch.warning', message });
  }

  #tell(news: LaunchNews): void {
    this.#options.emit({ time: this.#options.clock.now(), ...news } as LaunchEvent);
  }
}

const INSTALLED = 'needs no hosts: its cluster is installed';

function needsNone(facts: InfraEnvFacts, provisioned: boolean): string {
  const known = facts.bareMetalHosts.length;
  const told = ANNOTATIONS.agents in facts.annotations;
  if (provisioned && known > 0 && !told) {
    return knownCluster(facts)?.installed
      ? INSTALLED
      : `waits: its ${known === 1 ? 'BareMetalHost is' : `${known} BareMetalHosts are`} not switched on yet`;
  }
  if (facts.cluster === null) return `needs no hosts; annotation ${ANNOTATIONS.agents} or --agents says how many`;
  return knownCluster(facts)?.installed ? INSTALLED : 'needs no hosts';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
