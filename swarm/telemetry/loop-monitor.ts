/**
 * Says once a second how busy the event loop of this thread is, into the thread's section of the shared telemetry.
 */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { wallNow } from '../../model/time/clock.ts';
import type { SharedTelemetry } from './shared-telemetry.ts';

/** Wall-clock milliseconds between two looks at the clock; a lag shorter than this may go unseen. */
const PROBE_MS = 20;
/** Wall-clock milliseconds between two reports. */
const REPORT_MS = 1000;

/**
 * Watches from construction to `stop()`. Its own probe instead of perf_hooks' histogram: that one drops the sample after
 * each reset, and with it every stall that spans two reports.
 */
export class LoopMonitor {
  readonly #telemetry: SharedTelemetry;
  readonly #timer: NodeJS.Timeout;
  #utilization = performance.eventLoopUtilization();
  #lastProbe = wallNow();
  #lastReport = 0;
  #lagMs = 0;

  constructor(telemetry: SharedTelemetry) {
    this.#telemetry = telemetry;
    this.#timer = setInterval(() => this.#probe(), PROBE_MS);
    this.#timer.unref();
    this.#report(this.#lastProbe);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #probe(): void {
    const now = wallNow();
    this.#lagMs = Math.max(this.#lagMs, now - this.#lastProbe - PROBE_MS);
    this.#lastProbe = now;
    if (now - this.#lastReport >= REPORT_MS) this.#report(now);
  }

  #report(now: number): void {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, this.#utilization);
    this.#utilization = current;
    this.#telemetry.thread({
      heartbeatMs: now,
      lagMs: this.#lagMs,
      utilization: Number.isFinite(utilization) ? utilization : 0,
      heapBytes: getHeapStatistics().used_heap_size,
    });
    this.#lagMs = 0;
    this.#lastReport = now;
  }
}
