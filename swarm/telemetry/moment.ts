/** What stood at one moment of a run; what two moments differ by is what happened between them. */
import type { ClientKind } from '../../model/protocol/endpoints.ts';
import { CLIENT_KINDS } from '../../model/protocol/endpoints.ts';
import type { AnswerMonitor } from './answer-monitor.ts';
import { CLUSTER_SPANS, type ClusterDurations } from './cluster-durations.ts';
import type { FaultOutcomes } from './fault-outcomes.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import type { SaturationMonitor, SaturationTotals } from './saturation.ts';
import type { SeenStates, StateLook } from './state-look.ts';
import type { TelemetryCapture } from './telemetry-capture.ts';
import type { TelemetryReader } from './telemetry-reader.ts';

export interface Moment {
  wallMs: number;
  /** Simulated epoch milliseconds. */
  simulatedMs: number;
  telemetry: TelemetryCapture;
  /** Ages of the oldest requests, by kind of client. */
  ages: readonly Distribution[];
  saturation: SaturationTotals;
  /** In the order of CLUSTER_SPANS. */
  clusterDurations: readonly Distribution[];
  states: SeenStates;
  clusters: { of: number; failed: number; complete: number };
  /** That were up. */
  hosts: number;
  faults: ReturnType<FaultOutcomes['totals']>;
}

/** What a moment is taken from. */
export interface MomentSource {
  reader: TelemetryReader;
  answers: AnswerMonitor;
  saturation: SaturationMonitor;
  clusterDurations: ClusterDurations;
  stateLook: StateLook;
  faults: FaultOutcomes;
}

export function momentOf(
  { reader, answers, saturation, clusterDurations, stateLook, faults }: MomentSource,
  clusters: Moment['clusters'],
  time: Pick<Moment, 'wallMs' | 'simulatedMs'>,
): Moment {
  const { phases, total } = reader.snapshot(time.wallMs).hosts;
  return {
    ...time,
    telemetry: reader.capture(),
    ages: CLIENT_KINDS.map((client) => answers.ages(client)),
    saturation: saturation.totals(),
    clusterDurations: CLUSTER_SPANS.map((span) => clusterDurations.of(span)),
    states: stateLook.seen,
    clusters,
    hosts: total - phases.planned - phases.stopped,
    faults: faults.totals(),
  };
}

/** What is asked for more than two moments say. */
export interface BetweenSource {
  reader: TelemetryReader;
  answers: Pick<AnswerMonitor, 'outages'>;
}

/** What happened between two moments, in the form of what the whole run is measured by. */
export function between({ reader, answers }: BetweenSource, from: Moment, to: Moment) {
  return {
    reader: reader.within({ from: from.telemetry, to: to.telemetry }),
    answers: {
      ages: (client?: ClientKind) => {
        const merged = new Distribution();
        for (const [kind, ages] of to.ages.entries()) {
          if ((client ?? CLIENT_KINDS[kind]) === CLIENT_KINDS[kind]) merged.add(ages.since(from.ages[kind]!));
        }
        return merged;
      },
      /** Of outages that began in the time. */
      outageLengths: () => {
        const words = new Float64Array(HISTOGRAM_WORDS);
        for (const { startMs, endMs } of answers.outages()) {
          if (startMs >= from.wallMs && startMs < to.wallMs) recordDuration(words, 0, endMs - startMs);
        }
        const lengths = new Distribution();
        lengths.addWords(words, 0);
        return lengths;
      },
    },
    saturation: {
      totals: (): SaturationTotals => ({
        ...to.saturation,
        observedMs: to.saturation.observedMs - from.saturation.observedMs,
        saturatedMs: to.saturation.saturatedMs - from.saturation.saturatedMs,
        byReason: Object.fromEntries(
          Object.entries(to.saturation.byReason).map(([reason, ms]) => [
            reason,
            ms - (from.saturation.byReason[reason] ?? 0),
          ]),
        ),
      }),
    },
    clusterDurations: {
      of: ({ from: one, to: other }: { from: string; to: string }) => {
        const span = CLUSTER_SPANS.findIndex((known) => known.from === one && known.to === other);
        return span < 0 ? new Distribution() : to.clusterDurations[span]!.since(from.clusterDurations[span]!);
      },
    },
    states: to.states.since(from.states),
    clusters: {
      of: to.clusters.of,
      failed: to.clusters.failed - from.clusters.failed,
      complete: to.clusters.complete - from.clusters.complete,
    },
    faults: {
      judged: to.faults.judged - from.faults.judged,
      otherwise: to.faults.otherwise - from.faults.otherwise,
    },
    seconds: Math.max(1, to.wallMs - from.wallMs) / 1000,
  };
}
