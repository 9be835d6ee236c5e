/** What daemon and servers show at /metrics once all kinds of things have happened. */
import type { HostStatus } from '../../model/protocol/states.ts';
import { wallNow } from '../../model/time/clock.ts';
import { HttpServiceMetrics } from '../../service-mock/http/metrics.ts';
import { ImageMetrics } from '../../service-mock/images/image-metrics.ts';
import { backupMetrics } from '../../swarm/backup/backup-metrics.ts';
import { SOME_RESTORES, someFigures } from '../../swarm/backup/testing/some-figures.ts';
import { clusterPlan } from '../../swarm/cluster/testing/fake-service.ts';
import type { BackupLoad } from '../../swarm/daemon/backup-load.ts';
import { infoMetrics } from '../../swarm/daemon/info-metrics.ts';
import type { LoneAgents } from '../../swarm/daemon/lone-agent.ts';
import type { Run } from '../../swarm/daemon/run.ts';
import { fakePlan } from '../../swarm/daemon/testing/fakes.ts';
import { AnswerMonitor } from '../../swarm/telemetry/answer-monitor.ts';
import { ChurnCounts } from '../../swarm/telemetry/churn-counts.ts';
import { ClusterDurations } from '../../swarm/telemetry/cluster-durations.ts';
import { LINK } from '../../swarm/telemetry/counted-metrics.ts';
import { HubRequestCounts } from '../../swarm/telemetry/hub-request-counts.ts';
import { createRegistry } from '../../swarm/telemetry/metric-registry.ts';
import { ProcessFigures } from '../../swarm/telemetry/process-figures.ts';
import { ReaderFigures } from '../../swarm/telemetry/reader-figures.ts';
import { SaturationMonitor } from '../../swarm/telemetry/saturation.ts';
import { SharedTelemetry } from '../../swarm/telemetry/shared-telemetry.ts';
import { StateLook } from '../../swarm/telemetry/state-look.ts';
import { StateTimes } from '../../swarm/telemetry/state-times.ts';
import { CELLS, createTelemetryBuffer } from '../../swarm/telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../../swarm/telemetry/telemetry-reader.ts';
import { type Family, parseExposition } from '../../swarm/telemetry/testing/exposition.ts';

/** Of a daemon that has had a run with all kinds of hosts, a backup load with restores, and lone agents. */
export async function daemonShows(): Promise<Map<string, Family>> {
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 2, clusterSlots: 2 });
  const reader = new TelemetryReader(buffer);
  const answers = new AnswerMonitor(reader, wallNow() - 60_000);
  const clusterDurations = new ClusterDurations();
  const hubRequests = new HubRequestCounts();
  const figures = new ProcessFigures();
  const telemetry = new SharedTelemetry(buffer, 0);
  happen(telemetry);
  answers.look(wallNow() - 50_000);
  // An outage, in which one request waits.
  telemetry.request({ client: 'agent', endpoint: 'get-instructions', outcome: 'reset', ...ATTEMPT });
  answers.look(wallNow());
  clusterDurations.apply({ type: 'cluster.phase', time: 0, cluster: 0, name: 'c', phase: 'discovering' });
  clusterDurations.apply({ type: 'cluster.phase', time: 90_000, cluster: 0, name: 'c', phase: 'preparing' });
  hubRequests.record('user', { verb: 'list', resource: 'agents', status: 200, milliseconds: 5 });
  hubRequests.record('user', { verb: 'list', resource: 'agents', status: 0, milliseconds: 5 });
  figures.apply(stockPrograms());
  const readers = new ReaderFigures([{ load: 'cluster-list', amount: 2, everySeconds: 10 }]);
  readers.looked(0, 'answered', 12_000, 1, 10_000);
  const churn = new ChurnCounts();
  churn.removed = 1;
  churn.results.complete = 1;
  const source = {
    ...{ reader, saturation: new SaturationMonitor(reader), clockSpeed: 30, answers, clusterDurations, hubRequests },
    processes: { run: 'r', figures },
    background: { churn, readers },
    states: someStates(),
  };
  const registry = createRegistry('1.2.3', () => source, [
    ...infoMetrics(() => ({ run: someRun(), backup: someBackup(), agents: someAgents() })),
    ...backupMetrics(() => someMeasuredBackup()),
  ]);
  return parseExposition(await registry.metrics());
}

/** A cluster that is ready ten seconds after its host was discovered, and one whose host has waited for hours. */
function someStates() {
  const clusters = [0, 1].map((index) => clusterPlan({ index, name: `c-${index}` }, index));
  const times = new StateTimes({ clusters });
  const host = (time: number, cluster: number, status: HostStatus) =>
    times.apply({ time, type: 'host.status', cluster, host: cluster, id: 'id', status, info: '' });
  times.apply({ time: 0, type: 'run.started', run: 'r', plan: 'p', seed: 's', clusters: 2, hosts: 2 });
  for (const cluster of [0, 1]) {
    times.apply({ time: 0, type: 'cluster.status', cluster, status: 'insufficient', info: '' });
    host(0, cluster, 'discovering');
  }
  host(10_000, 0, 'known');
  host(10_000, 1, 'pending-for-input');
  times.apply({ time: 12_000, type: 'cluster.status', cluster: 0, status: 'ready', info: '' });
  return { times, look: new StateLook(times, () => 4 * 3_600_000) };
}

const ATTEMPT = { dueAt: 1, sentAt: 2, firstByteAt: 3, endAt: 4, bytesSent: 10, bytesReceived: 20 };

function happen(telemetry: SharedTelemetry): void {
  for (const outcome of [200, 503, 'reset'] as const) {
    telemetry.request({ client: 'agent', endpoint: 'get-instructions', outcome, ...ATTEMPT });
  }
  telemetry.requestSucceeded('agent', 'get-instructions', 7);
  telemetry.pollWaited(150, 60, 1);
  telemetry.pollLateness(3);
  telemetry.requestRepeated('replayed');
  telemetry.requestStarted('user', wallNow() - 5000);
  telemetry.hostPhase(0, 'polling');
  telemetry.hostStage(0, 'Writing image to disk');
  telemetry.clusterPhase(0, 'discovering');
  telemetry.stageDuration('worker', 'Rebooting', 90_000);
  for (const fate of ['received', 'posted'] as const) telemetry.stepReply('inventory', fate);
  telemetry.error('poll-frozen');
  telemetry.connectionOpened();
  telemetry.request({
    ...{ client: 'agent', endpoint: 'get-instructions', outcome: 200, ...ATTEMPT },
    overLink: { link: 0, ms: 1 },
  });
  telemetry.add(CELLS.linkConnections, 1, LINK.of('1'));
  telemetry.record(CELLS.linkConnects, 50, LINK.of('1'));
  telemetry.bootRequest('rootfs', 200, 1000);
  telemetry.bootDownload('rootfs', 5000);
  telemetry.thread({ heartbeatMs: 1, lagMs: 40, utilization: 0.5, heapBytes: 1e6 });
}

const stockPrograms = () => ({
  worker: 1,
  driver: { labCpuSeconds: 3, labMemory: { resident: 50, proportional: 40 }, relayCpuSeconds: 4 },
  hosts: [
    {
      ...{ cluster: 'c', host: 'h', index: 0, seconds: 60 },
      programs: {
        agent: { cpuSeconds: 1.5, memory: { resident: 9, proportional: 7 }, restarts: 2, exits: { SIGKILL: 1 } },
      },
    },
  ],
});

const someRun = () =>
  ({
    ...{ id: 'r', plan: fakePlan([]), state: 'running', verdict: null },
    part: { phase: 'deploy', step: 2 },
  }) as unknown as Run;
const someBackup = () =>
  ({ id: 'b', name: 'backup of 50', figures: someFigures(), state: 'running', verdict: null }) as unknown as BackupLoad;
const someAgents = () => ({ list: () => [{ phase: 'polling' }] }) as unknown as LoneAgents;

function someMeasuredBackup() {
  const durations = {
    workspaces: { readyMs: [4000], stopMs: [9000] },
    jobs: { creationLagMs: [30_000], waitMs: [1000], runMs: [5000], totalMs: [6000] },
  };
  return {
    progress: {
      phase: 'watch' as const,
      done: 3,
      of: 50,
      elapsedMs: 1000,
      deadlineMs: null,
      startedAt: 0,
      details: [],
    },
    phases: [],
    figures: someFigures({ restore: SOME_RESTORES }),
    durations,
    requests: [{ verb: 'list', resource: 'jobs', code: '200', count: 3 }],
  };
}

/** Of the embedded service and image service. */
export async function serversShow(): Promise<Map<string, Family>> {
  const service = new HttpServiceMetrics();
  const route = service.route('/v2/clusters', 'GET');
  route.begin();
  route.end(200, 0.1, 100);
  service.operation('HostMonitoring', 5, true);
  service.installationFinished('installed', 100);
  const images = new ImageMetrics();
  images.begin('/images/:id');
  images.end('/images/:id', 'GET', 200, 0.1, 100);
  const texts = await Promise.all([service.registry.metrics(), images.registry.metrics()]);
  return new Map(texts.flatMap((text) => familiesOf(text)));
}

/** The service's names follow rules of their own, so these families are read without the checks that ours must pass. */
function familiesOf(text: string): [string, Family][] {
  const families = new Map<string, Family>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)/.exec(line);
    if (type) families.set(type[1]!, { help: '', type: type[2]!, samples: [] });
    const sample = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) continue;
    const labels = Object.fromEntries(
      [...(sample[2] ?? '').matchAll(/([A-Za-z_]+)="([^"]*)"/g)].map(([, label, value]) => [label!, value!]),
    );
    const family = families.get(sample[1]!) ?? families.get(sample[1]!.replace(/_(bucket|sum|count)$/, ''));
    family?.samples.push({ name: sample[1]!, labels, value: Number(sample[3]) });
  }
  return [...families];
}
