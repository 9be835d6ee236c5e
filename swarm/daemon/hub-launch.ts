/**
 * A launch as the daemon runs it: the hub's client, the workers, the launcher between them, and where nobody else does, the operator
 * of BareMetalHosts.
 *
 *   hub ──> Launcher ──> Pool ──> agents, installers, controllers ──> service
 *    ^         ^  └── discovery ignitions ──────────────────────────────┘
 *    └── BareMetalOperator: power
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { objectKey, splitKey } from '../../model/kube/kube-object.ts';
import type { SpokeProfileName } from '../../model/spoke/profiles.ts';
import { type ClockSpec, ScaledClock, startClock } from '../../model/time/clock.ts';
import { BareMetalOperator, OPERATOR_LIMIT } from '../bmh/bare-metal-operator.ts';
import { hardwareDetails } from '../bmh/hardware-details.ts';
import { derivedNetwork, HostNetwork } from '../cluster/launch/host-network.ts';
import { clusterPlan } from '../cluster/launch/infra-env-group.ts';
import type { LaunchEvent, LaunchNews } from '../cluster/launch/launch-event.ts';
import type { LaunchedInfraEnv, LaunchState } from '../cluster/launch/launch-state.ts';
import { Launcher } from '../cluster/launch/launcher.ts';
import { buildHost } from '../host/build-host.ts';
import { isOutside, outsideRefusal } from '../noop/outside.ts';
import { STOCK_IDLE_SECONDS, type TlsOptions } from '../plan/connections.ts';
import type { BootLoad } from '../plan/expanded-plan.ts';
import type { Pool, PoolOptions } from '../pool/pool.ts';
import { fetchDiscoveryIgnition } from '../service/discovery-ignition.ts';
import { AnswerMonitor } from '../telemetry/answer-monitor.ts';
import { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import type { RegistrySource } from '../telemetry/metric-row.ts';
import { SaturationMonitor } from '../telemetry/saturation.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { readConnectionLimits } from './connection-budget.ts';
import { isConverged } from './converged-flow.ts';
import { environmentProxy, proxyNotices } from './environment-proxy.ts';
import { checkLaunchHub } from './launch-check.ts';
import { NoopClusters } from './noop-clusters.ts';
import { type NoopMeans, noopSetup } from './noop-setup.ts';
import { ServedSpokes } from './served-spokes.ts';
import { createUserRuntime, USER_MACHINE, type UserRuntime } from './user-client.ts';

export interface HubLaunchOptions {
  kubeconfig: KubeConfig;
  /** All when empty. */
  namespaces: readonly string[];
  /** Label selector of InfraEnvs; null for all. */
  selector: string | null;
  seed: string;
  /** Hosts of an InfraEnv without a cluster. */
  agents: number;
  approve: boolean;
  /** Act as the operator of BareMetalHosts. */
  bmh: boolean;
  /** Whether the service makes the ramdisks of BareMetalHosts; null when the hub tells. */
  converged: boolean | null;
  /** What is trusted when discovery ignitions are downloaded; agents trust what these say. */
  tls: TlsOptions;
  spokeProfile: SpokeProfileName;
  /** Address of this machine by which the service reaches the kube-apis of clusters that take hosts of day 2. */
  spokeAddress: string;
  /** Simulated milliseconds over which the hosts of an InfraEnv boot. */
  bootSpreadMs: number;
  pollIntervalSeconds: number | null;
  /** What booting hosts download; null for nothing. */
  boot: BootLoad | null;
  /** What no-op agents run, and where their output goes; null or absent for native ones. */
  noop?: (NoopMeans & { folder: string }) | null;
  workers: number;
  emit: (event: LaunchEvent) => void;
  /** Real time when absent. */
  clock?: ClockSpec;
  createPool?: (options: PoolOptions) => Promise<Pool>;
}

/** Hosts that one launch can have alive. */
const CAPACITY = 100_000;
/** What a host has open on the average: see connection-budget.ts. */
const CONNECTIONS_PER_HOST = 1.8;
const RESERVED_FILES = 500;

export class HubLaunch {
  readonly #options: HubLaunchOptions;
  readonly #clock: ScaledClock;
  readonly #clockSpec: ClockSpec;
  readonly #client: KubeClient;
  readonly #hubRequests = new HubRequestCounts();
  readonly #telemetry: SharedArrayBuffer;
  readonly #answers: AnswerMonitor;
  readonly #measured: RegistrySource;
  readonly #failed = Promise.withResolvers<Error>();
  /** Keys of BareMetalHosts whose machines run the discovery image. */
  readonly #poweredOn = new Set<string>();
  #user: UserRuntime | null = null;
  #pool: Pool | null = null;
  #launcher: Launcher | null = null;
  #spokes: ServedSpokes | null = null;
  #noop: NoopClusters | null = null;
  #operator: { operator: BareMetalOperator; client: KubeClient } | null = null;
  /** Hosts for which this process has connections enough. */
  #roomFor = Number.POSITIVE_INFINITY;

  constructor(options: HubLaunchOptions) {
    this.#options = options;
    this.#clockSpec = options.clock ?? startClock(1);
    this.#clock = new ScaledClock(this.#clockSpec);
    this.#telemetry = createTelemetryBuffer({ writers: options.workers + 1, hostSlots: CAPACITY, clusterSlots: 1 });
    const reader = new TelemetryReader(this.#telemetry);
    this.#answers = new AnswerMonitor(reader);
    this.#measured = {
      reader,
      saturation: new SaturationMonitor(reader),
      answers: this.#answers,
      clockSpeed: this.#clock.speed,
      hubRequests: this.#hubRequests,
    };
    this.#client = this.#connect();
  }

  /** Settles when the launch cannot go on. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  /** What is alive; null before the start. */
  get state(): LaunchState | null {
    return this.#launcher?.state ?? null;
  }

  infraEnvs(limit: number): LaunchedInfraEnv[] {
    return this.#launcher?.infraEnvs(limit) ?? [];
  }

  measured(): RegistrySource {
    return this.#measured;
  }

  /**
   * Looks at the hub, starts workers and follows it.
   * @throws Error that says what of the hub cannot be used, and what to do
   */
  async start(): Promise<void> {
    const { tls, bmh, workers, kubeconfig, spokeAddress, ...wishes } = this.#options;
    const { noop } = this.#options;
    if (noop && !noop.outside && isOutside(this.#client.server))
      throw new Error(outsideRefusal('the hub', this.#client.server));
    const bareMetal = await checkLaunchHub(this.#client, this.#clock, this.#options);
    this.#spokes = await this.#serveSpokes(spokeAddress);
    const telemetry = new SharedTelemetry(this.#telemetry, 0);
    const user = createUserRuntime({ tls, clock: this.#clock, telemetry });
    this.#user = user;
    this.#measured.saturation.start();
    this.#answers.start();
    const { files } = await readConnectionLimits();
    this.#roomFor = Math.floor((files - RESERVED_FILES) / CONNECTIONS_PER_HOST);
    this.#noop = this.#options.noop ? await this.#noopClusters() : null;
    this.#pool = await this.#createPool();
    this.#noop?.serve(this.#pool);
    this.#launcher = new Launcher({
      ...wishes,
      client: this.#client,
      clock: this.#clock,
      pool: this.#pool,
      capacity: CAPACITY,
      bareMetal,
      spokes: this.#spokes,
      poweredOn: bmh ? (key) => this.#poweredOn.has(key) : null,
      agent: this.#noop ? 'noop' : 'native',
      download: (url, signal) => fetchDiscoveryIgnition(url, { runtime: user, machine: USER_MACHINE, signal }),
      emit: (event) => this.#emit(event),
    });
    this.#tell({ type: 'launch.started', hub: this.#client.server });
    for (const message of proxyNotices({ service: null, hub: this.#client.server, noop: noop !== null }))
      this.#tell({ type: 'launch.warning', message });
    await this.#launcher.start();
    if (bmh) await this.#operate();
  }

  /** Pulls the plugs of all hosts and ends everything. The hub's objects stay as they are. */
  async stop(): Promise<void> {
    await this.#operator?.operator.stop();
    await this.#operator?.client.close();
    await this.#launcher?.stop();
    await this.#pool?.stop();
    await this.#noop?.close();
    await this.#spokes?.close();
    this.#measured.saturation.stop();
    this.#answers.stop();
    await this.#user?.transport.close();
    await this.#client.close();
  }

  async #serveSpokes(address: string): Promise<ServedSpokes> {
    try {
      return await ServedSpokes.start({ clock: this.#clock, address, profile: this.#options.spokeProfile });
    } catch (error) {
      throw new Error(
        `nothing can be served at ${address}: ${(error as Error).message}; give an address of this machine with --spoke-address`,
        { cause: error },
      );
    }
  }

  #noopClusters(): Promise<NoopClusters> {
    const warn = (message: string) => this.#tell({ type: 'launch.warning', message });
    return NoopClusters.start({ clock: this.#clock, openshiftVersion: null, warn });
  }

  async #createPool(): Promise<Pool> {
    const { workers, createPool, boot, noop } = this.#options;
    const create = createPool ?? (await import('../pool/pool.ts')).createPool;
    return create({
      workers,
      clock: this.#clockSpec,
      boot,
      noop: noop ? noopSetup(noop, noop.folder, this.#noop!.access) : null,
      telemetry: this.#telemetry,
      transport: {
        ...environmentProxy(),
        mode: 'per-poll',
        idleTimeoutMs: (STOCK_IDLE_SECONDS * 1000) / this.#clock.speed,
        dialTimeoutMs: 30_000,
        tlsHandshakeTimeoutMs: 10_000,
      },
      onEvents: (events) => {
        for (const event of events) {
          this.#noop?.apply(event);
          if (event.type === 'run.warning') this.#tell({ type: 'launch.warning', message: event.message });
          else if ('host' in event) this.#hostEvent(event.cluster, event);
        }
      },
      onInstallation: (cluster, installation) => this.#noop?.installing(cluster, installation),
      onClusterIdle: (cluster) => {
        this.#noop?.left(cluster);
        this.#launcher?.groupLost(cluster, 'its worker could not keep them');
      },
      onWorkerLost: ({ worker, message }) => {
        this.#failed.resolve(new Error(`worker ${worker} was lost with its hosts: ${message}`));
      },
    });
  }

  #hostEvent(cluster: number, event: Extract<Parameters<PoolOptions['onEvents']>[0][number], { host: number }>): void {
    const infraEnv = this.#launcher?.infraEnvOf(cluster);
    if (infraEnv === undefined) return;
    this.#emit({ time: event.time, type: 'host', infraEnv, event });
    if (event.type !== 'host.phase') return;
    if (event.phase === 'rebooted') this.#launcher?.hostBoots(event.id, 'disk');
    else if (event.phase === 'booting') this.#launcher?.hostBoots(event.id, 'image');
    if (!this.#operator) return;
    const bmh = this.#launcher?.bareMetalHostOf(infraEnv, event.id);
    if (!bmh) return;
    const { namespace = '', name } = splitKey(bmh);
    if (event.phase === 'rebooted') this.#operator.operator.agentEnded({ namespace, name });
    else if (event.phase === 'failed')
      this.#operator.operator.agentEnded({ namespace, name }, event.reason ?? 'failed');
  }

  async #operate(): Promise<void> {
    const { namespaces, seed } = this.#options;
    const converged = this.#options.converged ?? (await isConverged(this.#client));
    const client = this.#connect(OPERATOR_LIMIT);
    const operator = new BareMetalOperator({
      client,
      clock: this.#clock,
      seed,
      converged,
      ...(namespaces.length > 0 && { namespaces }),
      hardwareOf: ({ namespace, name, bootMACAddress }) => this.#hardwareOf(objectKey(namespace, name), bootMACAddress),
      onPower: ({ namespace, name }, on, boot) => this.#power(objectKey(namespace, name), on && boot.runs === 'agent'),
      onEvent: (event) => {
        if (event.kind !== 'state') this.#tell({ type: 'launch.warning', message: bmhError(event) });
      },
    });
    this.#operator = { operator, client };
    await operator.start();
  }

  #power(key: string, alive: boolean): void {
    if (alive) this.#poweredOn.add(key);
    else this.#poweredOn.delete(key);
    this.#launcher?.powerChanged(key);
  }

  #hardwareOf(key: string, bootMac: string) {
    const wanted = this.#launcher?.machineOf(key);
    const { seed, index, profile, hostname, mac } = wanted ?? {
      seed: `${this.#options.seed}/${key}`,
      index: 0,
      profile: 'master',
      hostname: splitKey(key).name,
      mac: bootMac || null,
    };
    const plan = {
      index,
      clusterIndex: 0,
      ordinal: 0,
      role: 'master',
      day2: false,
      profile,
      kind: 'native',
      bootDelayMs: 0,
    } as const;
    const network = new HostNetwork(derivedNetwork(this.#options.seed, key, [], false));
    const cluster = clusterPlan(0, { name: hostname, cluster: null }, network);
    return hardwareDetails(buildHost(seed, cluster, plan, { hostname, ...(mac && { mac }) }));
  }

  #connect(limit?: typeof OPERATOR_LIMIT): KubeClient {
    return new KubeClient({
      kubeconfig: this.#options.kubeconfig,
      clock: this.#clock,
      ...(limit && { limit }),
      onCall: (call) => {
        this.#hubRequests.record(limit ? 'baremetal-operator' : 'user', call);
        this.#launcher?.noteCall(call);
      },
    });
  }

  #emit(event: LaunchEvent): void {
    this.#options.emit(event);
    if (event.type !== 'infra-env.hosts') return;
    const hosts = this.#launcher?.state.hosts ?? 0;
    if (hosts <= this.#roomFor) return;
    this.#roomFor = Number.POSITIVE_INFINITY;
    const message = `${hosts} hosts will have about ${Math.ceil(hosts * CONNECTIONS_PER_HOST)} connections open, more than this process may; raise the limit of open files (ulimit -n)`;
    this.#tell({ type: 'launch.warning', message });
  }

  #tell(news: LaunchNews): void {
    this.#emit({ time: this.#clock.now(), ...news } as LaunchEvent);
  }
}

function bmhError({ host, message }: { host: { namespace: string; name: string } | null; message: string }): string {
  return host ? `BareMetalHost ${host.namespace}/${host.name}: ${message}` : message;
}
