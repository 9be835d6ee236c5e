/** Parts of a run that need no service and no threads, for tests of what stands above them. */
import type { Machines } from '../../cluster/cluster-life.ts';
import { clusterPlan, FakeService } from '../../cluster/testing/fake-service.ts';
import { buildHost } from '../../host/build-host.ts';
import type { ClusterPlan, ExpandedPlan, HostPlan } from '../../plan/expanded-plan.ts';
import type { PoolOptions } from '../../pool/pool.ts';
import type { RunSummary } from '../../report/summary.ts';
import { Ledger } from '../../telemetry/ledger.ts';
import type { RunEvent } from '../../telemetry/run-event.ts';
import type { CollectedSources } from '../collectors-of.ts';
import type { KeptFigures } from '../merge/figures-file.ts';
import type { RunParts, UserOptions } from '../run-parts.ts';

/** A plan of these clusters against the embedded service, at a speed that makes waits vanish. */
export function fakePlan(clusters: Partial<ClusterPlan>[], overrides: Partial<ExpandedPlan> = {}): ExpandedPlan {
  let hosts = 0;
  const plans = clusters.map((one, index) => {
    const plan = clusterPlan({ index, name: `cluster-${index}`, ...one }, hosts);
    hosts += plan.hosts.length;
    for (const host of plan.hosts) host.profile = 'sno-small';
    return plan;
  });
  return {
    name: 'test',
    seed: 'seed',
    service: { url: 'embedded', tls: {}, agentToken: '', userAuthorization: '' },
    hub: null,
    manifests: { values: null, templates: null },
    clockSpeed: 1000,
    connections: { mode: 'per-poll', idleSeconds: 90, sourceAddresses: [] },
    pollIntervalSeconds: null,
    userPollSeconds: null,
    spokeProfile: 'typical',
    openshiftVersion: '4.20',
    releaseImage: null,
    pullSecret: 'secret',
    sshPublicKey: '',
    boot: null,
    programs: null,
    limits: { discovery: 600, ready: 900, install: 3600, day2: 1200 },
    collect: {
      intervalSeconds: 5,
      service: false,
      controllers: null,
      imageService: null,
      hub: false,
      database: null,
      prometheus: null,
    },
    thresholds: [],
    phases: { idleSeconds: 0, soakSeconds: 0, removePerHour: null },
    steps: [],
    readers: [],
    churnPerHour: null,
    keep: false,
    clusters: plans,
    hostCount: hosts,
    shard: { index: 0, count: 1 },
    whole: {
      ...{ clusters: plans.length, hosts, lastArrivalMs: 0, digest: 'test' },
      shapes: plans.map(({ controlPlanes, arbiters, workers, day2Workers, api, justInfraEnv }) => ({
        ...{ controlPlanes, arbiters, workers, day2Workers, api, justInfraEnv, amount: 1 },
      })),
    },
    ...overrides,
  };
}

/** A part of a plan, as it would be dealt out. */
export function shardOf(plan: ExpandedPlan, index: number, count: number): ExpandedPlan {
  const clusters = plan.clusters.filter((_, turn) => turn % count === index);
  const hostCount = clusters.reduce((sum, { hosts }) => sum + hosts.length, 0);
  return { ...plan, clusters, hostCount, shard: { index, count } };
}

function hostFactsOf(cluster: ClusterPlan, host: HostPlan) {
  const { identity, installationDisk } = buildHost('seed', cluster, host);
  return { ...identity, installationDisk };
}

/** Parts around a {@link FakeService}; what a run did to them can be read afterwards. */
export class FakeParts implements RunParts {
  readonly service = new FakeService();
  readonly events: RunEvent[] = [];
  /** What the run's ledger was told, write by write. */
  readonly ledger: string[] = [];
  stored: RunSummary | null = null;
  figures: KeptFigures | null = null;
  pool: PoolOptions | null = null;
  poolStopped = false;
  embedded: 'none' | 'running' | 'stopped' | 'killed' = 'none';
  /** Makes the embedded service die, with this sentence. */
  die: (how: string) => void = () => {};
  /** Machines fall silent by themselves once their cluster is launched. */
  silent = true;

  constructor() {
    this.service.identify = (cluster, host) => hostFactsOf(cluster, host);
  }

  async createCollectors(): Promise<CollectedSources> {
    return { collectors: [], absent: [] };
  }

  async startEmbedded() {
    this.embedded = 'running';
    const { promise, resolve } = Promise.withResolvers<string>();
    this.die = resolve;
    return {
      url: 'http://127.0.0.1:1',
      pid: 0,
      died: promise,
      stop: async () => {
        this.embedded = 'stopped';
      },
      kill: () => {
        this.embedded = 'killed';
      },
    };
  }

  async createPool(options: PoolOptions) {
    this.pool = options;
    const { service } = this;
    return {
      launch: (launch: Parameters<FakeService['launch']>[0]) => {
        service.launch(launch);
        for (const ordinal of launch.start) {
          const host = launch.cluster.hosts[ordinal]!;
          options.onEvents([
            {
              time: 1,
              type: 'host.phase',
              cluster: launch.cluster.index,
              host: host.index,
              id: `id-${host.index}`,
              phase: 'done',
            },
          ]);
        }
        if (this.silent) setImmediate(() => options.onClusterIdle?.(launch.cluster.index));
      },
      startHosts: service.startHosts.bind(service),
      stopCluster: service.stopCluster.bind(service),
      controllerDue: () => {},
      bootstrapWrites: () => {},
      nodeOfDay2: () => {},
      traffic: async () => [],
      stop: async () => {
        this.poolStopped = true;
      },
    };
  }

  async startEmbeddedHub(): Promise<never> {
    throw new Error('these parts have no hub');
  }

  createUser({ ledger }: UserOptions) {
    this.service.ledger = ledger;
    return {
      adapterOf: () => this.service,
      attend: async (machines: Machines) => machines,
      read: async () => async () => {},
      apply: () => {},
      removeShared: async () => {},
      close: async () => {},
    };
  }

  async openStore(run: string) {
    return {
      directory: `/tmp/${run}`,
      ledger: new Ledger({ sink: (text) => void this.ledger.push(text), onFailure: () => {} }),
      write: (event: RunEvent) => void this.events.push(event),
      clusterHistory: async (cluster: number) =>
        this.events.filter((event) => 'cluster' in event && !('host' in event) && event.cluster === cluster),
      history: async (host: number) => this.events.filter((event) => 'host' in event && event.host === host),
      traffic: async () => {},
      finish: async (summary: RunSummary, figures: KeptFigures | null) => {
        this.stored = summary;
        this.figures = figures;
      },
    };
  }
}
