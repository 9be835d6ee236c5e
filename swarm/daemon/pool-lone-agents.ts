/**
 * Single agents on a worker of their own. Those that the service binds to one cluster are installed together; nobody installs them
 * from here. The pool starts with the first agent.
 */
import { randomUUID } from 'node:crypto';
import { type ClockSpec, ScaledClock, startClock } from '../../model/time/clock.ts';
import { buildHost } from '../host/build-host.ts';
import type { ForcedIdentity } from '../host/host.ts';
import { FIRST_HOST_OFFSET, formatIpv4, GATEWAY_OFFSET, parseCidr } from '../host/ipv4.ts';
import { DEFAULT_PROFILES } from '../host/profiles.ts';
import { isOutside, outsideRefusal } from '../noop/outside.ts';
import { STOCK_IDLE_SECONDS, type TlsOptions } from '../plan/connections.ts';
import type { AgentKind, ClusterPlan } from '../plan/expanded-plan.ts';
import { Redactor } from '../plan/redact.ts';
import { serviceUrl } from '../plan/service-url.ts';
import type { PoolOptions } from '../pool/pool.ts';
import type { RegistrySource } from '../telemetry/metric-row.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SaturationMonitor } from '../telemetry/saturation.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { AgentFiles } from './agent-files.ts';
import { environmentProxy } from './environment-proxy.ts';
import { LoneAgentError, type LoneAgentParams, type LoneAgentRecord, type LoneAgents } from './lone-agent.ts';
import { NoopClusters } from './noop-clusters.ts';
import { type NoopMeans, noopSetup } from './noop-setup.ts';
import type { RunPool } from './run-parts.ts';

/** Agents that one daemon can start in its life. */
const MOST_AGENTS = 100_000;
/** Hosts whose creator named no address get one of this network, each its own. */
const DEFAULT_NETWORK = '10.122.0.0/15';
/** What a date says that was never set. */
const NEVER = '0001-01-01T00:00:00.000Z';
const SPOKE_PROFILE = 'typical';
/** The public tool does not verify certificates either. */
const TLS: TlsOptions = { insecure: true };

interface LoneAgent {
  record: LoneAgentRecord;
  rebootMarker: string | undefined;
}

export type CreatePool = (options: PoolOptions) => Promise<RunPool>;

export interface LoneAgentsOptions {
  /** Where clients' files may lie. */
  files?: AgentFiles;
  /** What no-op agents run, and where their output goes; null or absent where there can be none. */
  noop?: (NoopMeans & { folder: string }) | null;
  /** Told of what goes wrong and ends nothing. */
  warn?: (message: string) => void;
  createPool?: CreatePool;
}

export class PoolLoneAgents implements LoneAgents {
  readonly #seed = randomUUID();
  readonly #files: AgentFiles;
  readonly #createPool: CreatePool;
  readonly #noop: NonNullable<LoneAgentsOptions['noop']> | null;
  readonly #warn: (message: string) => void;
  /** Those that can still be asked about. */
  readonly #agents = new Map<number, LoneAgent>();
  /** Those that may still do something, forgotten ones too. */
  readonly #running = new Map<number, LoneAgent>();
  #pool: Promise<RunPool> | null = null;
  #clusters: NoopClusters | null = null;
  #measured: RegistrySource | null = null;
  #last = 0;

  constructor({ files = new AgentFiles(), noop = null, warn = () => {}, createPool }: LoneAgentsOptions = {}) {
    this.#files = files;
    this.#noop = noop;
    this.#warn = warn;
    this.#createPool = createPool ?? (async (options) => (await import('../pool/pool.ts')).createPool(options));
  }

  async create(params: LoneAgentParams): Promise<LoneAgentRecord> {
    if (!params.service_url || serviceUrl(params.service_url) === null) {
      throw new LoneAgentError(
        400,
        'service_url must be the base URL of the service: http or https, without user, query and fragment',
      );
    }
    if (!params.infra_env_id) throw new LoneAgentError(400, 'infra_env_id must be the UUID of an infra-env');
    const kind = this.#kindOf(params);
    await this.#checkFiles(params);
    if (this.#last >= MOST_AGENTS) {
      throw new LoneAgentError(500, `this daemon has started ${MOST_AGENTS} agents and can start no more; restart it`);
    }
    const id = ++this.#last;
    const index = id - 1;
    const ipv4Cidr = params.dry_forced_host_ipv4 || addressOf(index);
    const cluster = loneCluster(index, ipv4Cidr, kind);
    const forced: ForcedIdentity = {
      ipv4Cidr,
      ...(params.dry_forced_host_id && { id: params.dry_forced_host_id.toLowerCase() }),
      ...(params.dry_forced_hostname && { hostname: params.dry_forced_hostname }),
      ...(params.dry_forced_mac_address && { mac: params.dry_forced_mac_address.toLowerCase().replaceAll('-', ':') }),
    };
    try {
      buildHost(this.#seed, cluster, cluster.hosts[0]!, forced);
      this.#pool ??= this.#startPool();
      const pool = await this.#pool;
      pool.launch({
        seed: this.#seed,
        cluster,
        infraEnvId: params.infra_env_id,
        agentVersion: params.agent_version ?? '',
        access: {
          baseUrl: params.service_url.replace(/\/+$/, ''),
          token: params.pull_secret ?? '',
          pollIntervalSeconds: null,
        },
        firstSlot: index,
        start: [0],
        forced: { 0: forced },
        spokeProfile: SPOKE_PROFILE,
        attached: true,
        ...(kind === 'noop' && { tls: TLS }),
      });
    } catch (error) {
      const message = new Redactor([params.pull_secret ?? '']).text((error as Error).message);
      throw new LoneAgentError(error instanceof RangeError ? 400 : 500, message);
    }
    const record: LoneAgentRecord = {
      id,
      status: 'Running',
      created_at: new Date().toISOString(),
      terminated_at: NEVER,
      phase: 'booting',
      reason: '',
    };
    const agent = { record, rebootMarker: params.dry_fake_reboot_marker_path };
    this.#agents.set(id, agent);
    this.#running.set(index, agent);
    return record;
  }

  list(): LoneAgentRecord[] {
    return [...this.#agents.values()].map((agent) => agent.record);
  }

  get(id: number): LoneAgentRecord | undefined {
    return this.#agents.get(id)?.record;
  }

  forget(id: number): boolean {
    return this.#agents.delete(id);
  }

  measured(): RegistrySource | null {
    return this.#measured;
  }

  get active(): boolean {
    return this.#running.size > 0;
  }

  /** Ends all agents. */
  async stop(): Promise<void> {
    const pool = await this.#pool?.catch(() => null);
    await pool?.stop();
    await this.#clusters?.close();
  }

  /** @throws LoneAgentError for a kind that is unknown, or that this daemon cannot start */
  #kindOf({ agent = 'native', service_url: service }: LoneAgentParams): AgentKind {
    if (agent === 'noop' && this.#noop && !this.#noop.outside && isOutside(service!))
      throw new LoneAgentError(400, outsideRefusal('the service', service!));
    if (agent === 'native' || (agent === 'noop' && this.#noop)) return agent;
    throw new LoneAgentError(
      400,
      agent === 'noop'
        ? 'agent is noop, and this daemon knows no stock programs; start it with --programs FILE, or attach a native agent'
        : `agent is ${JSON.stringify(agent)}; allowed: native, noop`,
    );
  }

  /** Files must lie where they may; the list of hosts must be readable, as for the public tool. @throws LoneAgentError */
  async #checkFiles({ dry_cluster_hosts_path, dry_fake_reboot_marker_path }: LoneAgentParams): Promise<void> {
    try {
      if (dry_cluster_hosts_path) await this.#files.checkHosts(dry_cluster_hosts_path);
      if (dry_fake_reboot_marker_path) this.#files.checkMarker(dry_fake_reboot_marker_path);
    } catch (error) {
      throw new LoneAgentError(400, (error as Error).message);
    }
  }

  async #startPool(): Promise<RunPool> {
    const telemetry = createTelemetryBuffer({ writers: 2, hostSlots: MOST_AGENTS, clusterSlots: 1 });
    const reader = new TelemetryReader(telemetry);
    this.#measured = { reader, saturation: new SaturationMonitor(reader), clockSpeed: 1 };
    const clock = startClock(1);
    const clusters = this.#noop && (await this.#startClusters(clock));
    const pool = await this.#createPool({
      workers: 1,
      clock,
      noop: this.#noop && noopSetup(this.#noop, this.#noop.folder, clusters!.access),
      telemetry,
      transport: {
        mode: 'per-poll',
        tls: TLS,
        ...environmentProxy(),
        idleTimeoutMs: STOCK_IDLE_SECONDS * 1000,
        dialTimeoutMs: 30_000,
        tlsHandshakeTimeoutMs: 10_000,
      },
      onEvents: (events) => {
        for (const event of events) {
          clusters?.apply(event);
          this.#notice(event);
        }
      },
      onInstallation: (cluster, installation) => clusters?.installing(cluster, installation),
      onClusterIdle: (cluster) => {
        clusters?.left(cluster);
        this.#terminate(cluster);
        this.#running.delete(cluster);
      },
      onWorkerLost: ({ clusters: lost, message }) => {
        for (const cluster of lost) this.#lost(cluster, `its worker thread was lost: ${message}`);
      },
    });
    clusters?.serve(pool);
    return pool;
  }

  async #startClusters(clock: ClockSpec): Promise<NoopClusters> {
    this.#clusters = await NoopClusters.start({
      clock: new ScaledClock(clock),
      openshiftVersion: null,
      warn: this.#warn,
    });
    return this.#clusters;
  }

  #notice(event: RunEvent): void {
    if (event.type === 'run.warning') this.#warn(event.message);
    if (event.type !== 'host.phase') return;
    const agent = this.#running.get(event.cluster);
    if (!agent) return;
    agent.record.phase = event.phase;
    agent.record.reason = event.reason ?? '';
    if (event.phase === 'rebooted') {
      // The agent's process ends with the reboot; programs that wait for the host watch for the file.
      if (agent.rebootMarker) this.#files.touchMarker(agent.rebootMarker);
      this.#terminate(event.cluster);
    } else if (event.phase === 'stopped') this.#terminate(event.cluster);
  }

  #lost(index: number, reason: string): void {
    const record = this.#running.get(index)?.record;
    if (record?.status === 'Running') Object.assign(record, { phase: 'failed', reason });
    this.#terminate(index);
    this.#running.delete(index);
  }

  /** The program of a frozen agent does not end, though it never says anything again. */
  #terminate(index: number): void {
    const record = this.#running.get(index)?.record;
    if (record?.status !== 'Running' || record.phase === 'frozen') return;
    record.status = 'Terminated';
    record.terminated_at = new Date().toISOString();
  }
}

function addressOf(index: number): string {
  const { network } = parseCidr(DEFAULT_NETWORK);
  return `${formatIpv4(network.base + FIRST_HOST_OFFSET + index)}/${network.prefix}`;
}

function loneCluster(index: number, ipv4Cidr: string, kind: AgentKind): ClusterPlan {
  const { network } = parseCidr(ipv4Cidr);
  return {
    index,
    name: `agent-${index + 1}`,
    baseDomain: 'example.com',
    api: 'rest',
    platform: 'none',
    controlPlanes: 1,
    arbiters: 0,
    workers: 0,
    day2Workers: 0,
    olmOperators: [],
    justInfraEnv: false,
    infraEnvLabels: {},
    withNmstate: false,
    flow: {},
    machineNetwork: `${formatIpv4(network.base)}/${network.prefix}`,
    gateway: formatIpv4(network.base + GATEWAY_OFFSET),
    apiVip: null,
    ingressVip: null,
    arrivalMs: 0,
    assignRoles: false,
    setHostnames: false,
    hosts: [
      {
        index,
        clusterIndex: index,
        ordinal: 0,
        role: 'master',
        day2: false,
        profile: DEFAULT_PROFILES.master,
        kind,
        bootDelayMs: 0,
      },
    ],
  };
}
