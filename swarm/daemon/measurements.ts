/** Everything that measures one run, from its shared counters to the monitors that look at them. */

import type { FaultKind } from '../../model/faults/faults.ts';
import { type ClockSpec, ScaledClock, wallNow } from '../../model/time/clock.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { faultKindsOf } from '../plan/fault-choice.ts';
import { USUAL_POLL_SECONDS } from '../plan/open-connections.ts';
import { serverFigureNamed } from '../plan/server-figures.ts';
import { type RunThreshold, thresholdsOf } from '../plan/thresholds.ts';
import { type Measured, RunFigures, type TimeOfRun } from '../report/figures.ts';
import { ServerFigureSource } from '../report/server-figures.ts';
import type { RunSummary } from '../report/summary.ts';
import { type Evaluated, evaluate } from '../report/thresholds.ts';
import { alike } from '../telemetry/alike.ts';
import { AnswerMonitor } from '../telemetry/answer-monitor.ts';
import { ChurnCounts } from '../telemetry/churn-counts.ts';
import { ClusterDurations } from '../telemetry/cluster-durations.ts';
import { Divergence } from '../telemetry/divergence.ts';
import { FailureCauses } from '../telemetry/failure-causes.ts';
import { FailureSamples } from '../telemetry/failure-samples.ts';
import { FaultOutcomes } from '../telemetry/fault-outcomes.ts';
import { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import { momentOf } from '../telemetry/moment.ts';
import { ProcessFigures } from '../telemetry/process-figures.ts';
import { ReaderFigures } from '../telemetry/reader-figures.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SaturationMonitor } from '../telemetry/saturation.ts';
import { ServerFigures } from '../telemetry/server-figures.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { StateLook } from '../telemetry/state-look.ts';
import { StateTimes } from '../telemetry/state-times.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { TimeSeries } from '../telemetry/time-series.ts';
import { RunWindows } from './run-windows.ts';

export class Measurements {
  /** Shared memory of the run's counters. */
  readonly telemetry: SharedArrayBuffer;
  readonly reader: TelemetryReader;
  readonly saturation: SaturationMonitor;
  readonly answers: AnswerMonitor;
  readonly series: TimeSeries;
  readonly failures = new FailureSamples();
  readonly clusterDurations = new ClusterDurations();
  readonly stateTimes: StateTimes;
  readonly stateLook: StateLook;
  readonly divergence = new Divergence();
  readonly #hostCauses = new FailureCauses(alike);
  readonly hubRequests = new HubRequestCounts();
  readonly readers: ReaderFigures;
  readonly churn = new ChurnCounts();
  readonly faults = new FaultOutcomes();
  readonly servers = new ServerFigures();
  /** Of no-op hosts. */
  readonly processes = new ProcessFigures();
  readonly windows: RunWindows;
  readonly #plan: Pick<ExpandedPlan, 'clockSpeed' | 'pollIntervalSeconds' | 'links'>;
  readonly #thresholds: readonly RunThreshold[];
  readonly #workers: number;
  readonly #startedAt: number;
  readonly #clock: ClockSpec;
  /** Simulated epoch milliseconds; null while clusters live. */
  #endedAt: number | null = null;
  readonly #cpuAtStart = process.cpuUsage();
  readonly #faultKinds: ReadonlySet<FaultKind>;

  /** @param clusters of the run, as they stand */
  constructor(plan: ExpandedPlan, workers: number, clock: ClockSpec, clusters: () => Measured['clusters']) {
    this.telemetry = createTelemetryBuffer({
      writers: workers + 1,
      hostSlots: Math.max(1, plan.hostCount),
      clusterSlots: plan.clusters.reduce((slots, { index }) => Math.max(slots, index + 1), 1),
    });
    this.reader = new TelemetryReader(this.telemetry);
    this.saturation = new SaturationMonitor(this.reader);
    this.answers = new AnswerMonitor(this.reader);
    this.series = new TimeSeries(this.reader);
    this.readers = new ReaderFigures(plan.readers);
    this.#faultKinds = faultKindsOf(plan.clusters);
    // What goes wrong takes as long as it takes: others are not to be compared with it.
    this.stateTimes = new StateTimes({
      clusters: plan.clusters.filter((cluster) => faultKindsOf([cluster]).size === 0),
    });
    this.stateLook = new StateLook(this.stateTimes, () => this.simulatedNow());
    this.#clock = clock;
    const simulated = new ScaledClock(clock);
    this.windows = new RunWindows(this, () =>
      momentOf(this, clusters(), { wallMs: wallNow(), simulatedMs: simulated.now() }),
    );
    this.#plan = plan;
    this.#thresholds = thresholdsOf(plan);
    this.#workers = workers;
    this.#startedAt = clock.originWall;
  }

  start(): void {
    this.answers.start();
    this.series.start();
  }

  /**
   * All is prepared, and clusters arrive from now on: what keeps threads busy is load. What it takes to prepare a plan of a
   * million hosts makes no latency too high.
   */
  startLoad(): void {
    this.saturation.start();
  }

  /** The last cluster has come to its end. */
  endLoad(): void {
    this.#endedAt = this.simulatedNow();
    this.stateLook.forget();
    this.saturation.end();
  }

  /** Looks for the last time. */
  stop(): void {
    this.saturation.stop();
    this.answers.look(wallNow());
    this.answers.stop();
    this.series.look(wallNow());
    this.series.stop();
  }

  /** Takes note of what happens. */
  apply(event: RunEvent): void {
    this.clusterDurations.apply(event);
    this.stateTimes.apply(event);
    this.#hostCauses.apply(event);
    this.faults.apply(event);
  }

  /** Simulated epoch milliseconds until which states are looked at. */
  simulatedNow(): number {
    const { originSimulated, originWall, speed } = this.#clock;
    return this.#endedAt ?? originSimulated + (wallNow() - originWall) * speed;
  }

  /** A worker thread has died, and what it waited for with it. */
  workerLost(worker: number): void {
    new SharedTelemetry(this.telemetry, worker + 1).requestsLost();
  }

  /** Wall-clock milliseconds since the start of the run; at least 1. */
  sinceStartMs(): number {
    return Math.max(1, wallNow() - this.#startedAt);
  }

  /** The same since a part of the run began, or the run; null for a part that has not begun. */
  ageMs({ phase, step }: TimeOfRun): number | null {
    if (phase === undefined && step === undefined) return this.sinceStartMs();
    return this.windows.ageMs(
      { ...(phase !== undefined && { phase }), ...(step !== undefined && { step }) },
      wallNow(),
    );
  }

  /** What it has to say in a summary. */
  facts(percentiles: readonly number[]) {
    const { answers, series, failures, clusterDurations, hubRequests, processes } = this;
    return {
      phases: this.windows.summarize(this.#startedAt, percentiles),
      outages: answers.outages(),
      longestWaits: answers.longestWaits(),
      series: series.points(),
      failureSamples: failures,
      clusterDurations: clusterDurations.all(),
      states: this.#states(),
      hubRequests: hubRequests.rows(),
      readers: this.readers.rows(),
      churn: this.churn,
      faults: this.faults.counts(),
      processes,
      countedSeconds: this.sinceStartMs() / 1000,
      generator: this.generator(),
    };
  }

  /** The plan's thresholds as things stand. */
  evaluate(clusters: Measured['clusters']): Evaluated<RunThreshold>[] {
    const { reader, answers, saturation, clusterDurations } = this;
    const faults = this.faults.totals();
    const faultKinds = this.#faultKinds;
    const states = this.stateLook.seen;
    const seconds = this.sinceStartMs() / 1000;
    const pollMs = ((this.#plan.pollIntervalSeconds ?? USUAL_POLL_SECONDS) * 1000) / this.#plan.clockSpeed;
    const whole = {
      reader,
      answers,
      saturation,
      clusterDurations,
      states,
      clusters,
      seconds,
      pollMs,
      faults,
      faultKinds,
    };
    const within = (time: TimeOfRun) => {
      const part = this.windows.measured(time);
      return part && { ...part, pollMs, faultKinds };
    };
    const figures = new RunFigures(whole, within);
    // A slow link is what the plan asks for: whoever says nothing of durations does not want a run to fail of it.
    const usual = this.#plan.links ? new RunFigures(whole, within, { withoutLinks: true }) : figures;
    const servers = new ServerFigureSource(this.servers);
    return this.#thresholds.flatMap((threshold) => {
      const own = threshold.default ? usual : figures;
      const source = serverFigureNamed(threshold.figure) ? servers : own;
      return evaluate([threshold], source);
    });
  }

  #states() {
    const { states, reactions, stuck } = this.stateLook.seen;
    const divergence = this.divergence.times(this.simulatedNow());
    return { states, reactions, stuck, divergence, hostCauses: this.#hostCauses.list() };
  }

  /** What the generator itself took, and whether it was the bottleneck. */
  generator(): RunSummary['generator'] {
    const cpu = process.cpuUsage(this.#cpuAtStart);
    const { observedMs, saturatedMs, byReason } = this.saturation.totals();
    return {
      cpuPercent: (cpu.user + cpu.system) / 10 / this.sinceStartMs(),
      rssBytes: process.memoryUsage.rss(),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      workers: this.#workers,
      saturated: saturatedMs > 0,
      saturatedSeconds: saturatedMs / 1000,
      watchedSeconds: observedMs / 1000,
      saturatedBy: Object.fromEntries(Object.entries(byReason).map(([reason, ms]) => [reason, ms / 1000])),
    };
  }
}
