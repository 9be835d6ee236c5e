/**
 * What happened when: requests, errors, latency, waits and phases over the time of a run, in points of one length. Looked at once a second; a run
 * that outgrows the points gets points of twice the length.
 *
 *    looks       │ │ │ │ │ │ │ │ │ │ │ …          differences of counters since the look before
 *    points      [   ] [   ] [   ] …              60 to 120 of them; two neighbours become one when there are 120
 */
import type { ClusterPhase, HostPhase } from '../../model/protocol/phases.ts';
import { wallNow } from '../../model/time/clock.ts';
import { Distribution } from './histogram.ts';
import { LookTimer } from './look-timer.ts';
import type { TelemetryReader } from './telemetry-reader.ts';

type SeriesReader = Pick<TelemetryReader, 'underWay' | 'answers' | 'answered' | 'phases'>;

/** Wall-clock milliseconds between two looks. */
const LOOK_MS = 1000;
const MOST_POINTS = 120;

/** What happened between two moments. */
export interface SeriesPoint {
  /** Wall-clock milliseconds. */
  startMs: number;
  endMs: number;
  /** Attempts that ended, but for those we aborted ourselves. */
  requests: number;
  /** Of them answered with 400 … 499. */
  refused: number;
  /** Of them answered with 500 or more, or not at all. */
  failed: number;
  /** Of them never sent, because this machine had no means left. */
  own: number;
  /** Milliseconds since due of those that were answered. */
  latency: Distribution;
  /** Most requests that had no answer yet, at a look. */
  underWay: number;
  /** Longest that one of them had waited, in milliseconds. */
  oldestMs: number;
  /** How many were in each phase at its end. */
  hosts: Readonly<Record<HostPhase, number>>;
  clusters: Readonly<Record<ClusterPhase, number>>;
}

type Counts = Pick<SeriesPoint, 'requests' | 'refused' | 'failed' | 'own'>;

export class TimeSeries {
  readonly #reader: SeriesReader;
  #points: SeriesPoint[] = [];
  /** Looks that a full point takes in. */
  #looksPerPoint = 1;
  /** Looks of the last point; 0 when the next look begins one. */
  #looks = 0;
  #counts: Counts;
  #answered: Distribution;
  #lookedAt: number;
  readonly #timer = new LookTimer((nowMs) => this.look(nowMs));

  constructor(reader: SeriesReader, nowMs = wallNow()) {
    this.#reader = reader;
    this.#counts = this.#count();
    this.#answered = reader.answered();
    this.#lookedAt = nowMs;
  }

  /** Looks every second until `stop()`; does not keep the process alive. */
  start(): void {
    this.#timer.start(LOOK_MS);
  }

  stop(): void {
    this.#timer.stop();
  }

  /** Adds what has happened since the last look. */
  look(nowMs: number): void {
    const counts = this.#count();
    const answered = this.#reader.answered();
    const underWay = this.#reader.underWay();
    const before = this.#counts;
    this.#append({
      startMs: this.#lookedAt,
      endMs: nowMs,
      requests: counts.requests - before.requests,
      refused: counts.refused - before.refused,
      failed: counts.failed - before.failed,
      own: counts.own - before.own,
      latency: answered.since(this.#answered),
      underWay: underWay.reduce((sum, { count }) => sum + count, 0),
      oldestMs: Math.max(0, ...underWay.map(({ sinceMs }) => (sinceMs > 0 ? nowMs - sinceMs : 0))),
      ...this.#reader.phases(),
    });
    this.#counts = counts;
    this.#answered = answered;
    this.#lookedAt = nowMs;
  }

  /** In the order of time, without gaps. */
  points(): readonly SeriesPoint[] {
    return this.#points;
  }

  #append(point: SeriesPoint): void {
    if (this.#looks === 0) this.#points.push(point);
    else this.#points.push(joined(this.#points.pop()!, point));
    this.#looks = (this.#looks + 1) % this.#looksPerPoint;
    if (this.#looks !== 0 || this.#points.length < MOST_POINTS) return;
    const halved: SeriesPoint[] = [];
    for (let i = 0; i < this.#points.length; i += 2) halved.push(joined(this.#points[i]!, this.#points[i + 1]!));
    this.#points = halved;
    this.#looksPerPoint *= 2;
  }

  #count(): Counts {
    const counts: Counts = { requests: 0, refused: 0, failed: 0, own: 0 };
    for (const { good, refused, failed, own } of this.#reader.answers()) {
      counts.requests += good + refused + failed + own;
      counts.refused += refused;
      counts.failed += failed;
      counts.own += own;
    }
    return counts;
  }
}

function joined(one: SeriesPoint, next: SeriesPoint): SeriesPoint {
  const latency = new Distribution();
  latency.add(one.latency);
  latency.add(next.latency);
  return {
    startMs: one.startMs,
    endMs: next.endMs,
    requests: one.requests + next.requests,
    refused: one.refused + next.refused,
    failed: one.failed + next.failed,
    own: one.own + next.own,
    latency,
    underWay: Math.max(one.underWay, next.underWay),
    oldestMs: Math.max(one.oldestMs, next.oldestMs),
    hosts: next.hosts,
    clusters: next.clusters,
  };
}
