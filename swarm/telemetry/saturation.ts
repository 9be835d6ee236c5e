/**
 * Whether the generator itself is the bottleneck, so that nobody takes its limits for the service's.
 */
import { readFileSync } from 'node:fs';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { Distribution } from './histogram.ts';
import type { TelemetryReader } from './telemetry-reader.ts';

/**
 * Wall-clock milliseconds below which an interval says nothing about how busy threads are: starting up takes a moment, threads
 * tell of themselves once a second, and a run may be over after one request.
 */
const LEAST_MS = 1000;
/** Polls below which their 99th percentile is that of a few. */
const LEAST_POLLS = 10;

/** What the rules look at: the time since the last look. */
export interface SaturationInterval {
  /** 99th percentile of the polls started in the interval; 0 when there were too few to say. */
  pollLatenessP99Ms: number;
  /** Of the busiest thread, 0 … 1. */
  loopUtilization: number;
  /** Longest stall of any thread. */
  loopLagMs: number;
  /** Time since the last sign of life of the most silent thread. */
  silentMs: number;
  /** Open connections as a share of the files that the process may open. */
  fileShare: number;
  /** Dials that found no local port. */
  portsExhausted: number;
  /** Dials that found the open-file limit reached. */
  filesExhausted: number;
  /** Dials for which the kernel had no memory. */
  memoryExhausted: number;
  /** Dials from an address that cannot be used. */
  sourceAddress: number;
}

/** Failures of dials that are this machine's own, by what an interval calls them. */
const OWN_FAILURES = {
  portsExhausted: 'ports-exhausted',
  filesExhausted: 'files-exhausted',
  memoryExhausted: 'memory-exhausted',
  sourceAddress: 'source-address',
} as const satisfies Partial<Record<keyof SaturationInterval, TransportErrorKind>>;

type OwnFailures = Pick<SaturationInterval, keyof typeof OWN_FAILURES>;

export interface SaturationRule {
  /** Label of the metric. */
  reason: string;
  of: keyof SaturationInterval;
  /** Saturated above this. */
  above: number;
  unit: 'ms' | 'share' | 'attempts';
  /** What it means and what to do. */
  advice: string;
}

export const SATURATION_RULES: readonly SaturationRule[] = [
  {
    reason: 'poll-lateness',
    of: 'pollLatenessP99Ms',
    above: 100,
    unit: 'ms',
    advice: 'polls start late: use more workers or fewer hosts',
  },
  {
    reason: 'event-loop-utilization',
    of: 'loopUtilization',
    above: 0.95,
    unit: 'share',
    advice: 'a thread has no idle time left: use more workers, fewer hosts or a lower clock speed',
  },
  {
    reason: 'event-loop-lag',
    of: 'loopLagMs',
    above: 500,
    unit: 'ms',
    advice: 'a thread stood still: look for other load on this machine',
  },
  {
    reason: 'thread-silent',
    of: 'silentMs',
    above: 5000,
    unit: 'ms',
    advice: 'a thread gives no sign of life: look for other load on this machine',
  },
  {
    reason: 'open-files',
    of: 'fileShare',
    above: 0.9,
    unit: 'share',
    advice: 'connections use up the open-file limit: raise it (ulimit -n)',
  },
  {
    reason: 'files-exhausted',
    of: 'filesExhausted',
    above: 0,
    unit: 'attempts',
    advice: 'the open-file limit was reached and connections failed: raise it (ulimit -n)',
  },
  {
    reason: 'ports-exhausted',
    of: 'portsExhausted',
    above: 0,
    unit: 'attempts',
    advice: 'no local port is left: add source addresses or widen net.ipv4.ip_local_port_range',
  },
  {
    reason: 'memory-exhausted',
    of: 'memoryExhausted',
    above: 0,
    unit: 'attempts',
    advice: 'the kernel has no memory left for connections: run fewer hosts, or raise net.ipv4.tcp_mem',
  },
  {
    reason: 'source-address',
    of: 'sourceAddress',
    above: 0,
    unit: 'attempts',
    advice: 'a source address cannot be used: name addresses of this machine, of the family of the service',
  },
];

export interface SaturationFinding {
  rule: SaturationRule;
  value: number;
}

/** Soft limit of open files of this process; Infinity where it cannot be known. */
function openFileLimit(): number {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match ? Number(match[1]) : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Since the beginning of the run. */
function ownFailures(reader: TelemetryReader): OwnFailures {
  const { portsExhausted, filesExhausted, memoryExhausted, sourceAddress } = OWN_FAILURES;
  return {
    portsExhausted: reader.countOf(portsExhausted),
    filesExhausted: reader.countOf(filesExhausted),
    memoryExhausted: reader.countOf(memoryExhausted),
    sourceAddress: reader.countOf(sourceAddress),
  };
}

/** Rules that the interval breaks. */
export function judge(interval: SaturationInterval, rules = SATURATION_RULES): SaturationFinding[] {
  return rules.flatMap((rule) => (interval[rule.of] > rule.above ? [{ rule, value: interval[rule.of] }] : []));
}

/** Wall-clock milliseconds, since the start. */
export interface SaturationTotals {
  observedMs: number;
  saturatedMs: number;
  byReason: Record<string, number>;
  /** Generators that these are sums of; one when absent. */
  machines?: number;
}

export class SaturationMonitor {
  readonly #reader: TelemetryReader;
  readonly #fileLimit = openFileLimit();
  #lateness: Distribution;
  #failures: OwnFailures;
  #findings: SaturationFinding[] = [];
  #lookedAt: number;
  /** Beginning of what is known of polls and threads and was not judged yet. */
  #judgedAt: number;
  #observedMs = 0;
  readonly #saturatedMs = new Map<string, number>();
  #anyMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(reader: TelemetryReader, nowMs = wallNow()) {
    this.#reader = reader;
    this.#lateness = reader.pollLateness();
    this.#failures = ownFailures(reader);
    this.#lookedAt = nowMs;
    this.#judgedAt = nowMs;
  }

  /** Looks from now on every `everyMs` wall-clock milliseconds until `stop()`; does not keep the process alive. */
  start(everyMs = 5000): void {
    this.stop();
    this.#lateness = this.#reader.pollLateness();
    this.#lookedAt = wallNow();
    this.#judgedAt = this.#lookedAt;
    this.#timer = setInterval(() => this.look(wallNow()), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Judges the time since the last look, unless it was never started. */
  end(): void {
    if (this.#timer !== undefined) this.look(wallNow());
  }

  /** Judges the time since the last look. */
  look(nowMs: number): SaturationFinding[] {
    const lateness = this.#reader.pollLateness();
    const failures = ownFailures(this.#reader);
    const threads = this.#reader.threads();
    const brief = nowMs - this.#judgedAt < LEAST_MS;
    const busy = brief ? [] : threads;
    const polls = lateness.since(this.#lateness);
    this.#findings = judge({
      pollLatenessP99Ms: brief || polls.count < LEAST_POLLS ? 0 : polls.quantile(0.99),
      loopUtilization: Math.max(0, ...busy.map((thread) => thread.utilization)),
      loopLagMs: Math.max(0, ...busy.map((thread) => thread.lagMs)),
      silentMs: Math.max(0, ...threads.map((thread) => nowMs - thread.heartbeatMs)),
      fileShare: this.#reader.connectionsOpen() / this.#fileLimit,
      portsExhausted: failures.portsExhausted - this.#failures.portsExhausted,
      filesExhausted: failures.filesExhausted - this.#failures.filesExhausted,
      memoryExhausted: failures.memoryExhausted - this.#failures.memoryExhausted,
      sourceAddress: failures.sourceAddress - this.#failures.sourceAddress,
    });
    const span = Math.max(0, nowMs - this.#lookedAt);
    this.#observedMs += span;
    if (this.#findings.length > 0) this.#anyMs += span;
    for (const { rule } of this.#findings) {
      this.#saturatedMs.set(rule.reason, (this.#saturatedMs.get(rule.reason) ?? 0) + span);
    }
    if (!brief) {
      this.#lateness = lateness;
      this.#judgedAt = nowMs;
    }
    this.#failures = failures;
    this.#lookedAt = nowMs;
    return this.#findings;
  }

  /** What the last look found. */
  get findings(): readonly SaturationFinding[] {
    return this.#findings;
  }

  /** How long the generator was saturated, of how long it was watched, in wall-clock milliseconds. */
  totals(): SaturationTotals {
    return {
      observedMs: this.#observedMs,
      saturatedMs: this.#anyMs,
      byReason: Object.fromEntries(this.#saturatedMs),
    };
  }
}
