/** The machines of a run, and which clusters have machines that still have something to do. */
import type { Clock } from '../../model/time/clock.ts';
import type { Machines } from '../cluster/cluster-life.ts';

/**
 * Simulated seconds for the machines of installed clusters to come to their own end: the last logs, and a day-2 worker that
 * counts as added when it reboots has yet to boot, join and become ready.
 */
const SETTLE_SECONDS = 1_200;

export class MachinesAtWork implements Machines {
  readonly #machines: Machines;
  readonly #clusters = new Set<number>();
  /** Whose machines are up, at work or not, and who waits until they are not. */
  readonly #up = new Map<number, (() => void)[]>();
  /** Those that were switched off: what is made anew after that has no end that anybody waits for. */
  readonly #removed = new Set<number>();
  #whenIdle: (() => void) | null = null;

  /** @param machines those that do what is asked here */
  constructor(machines: Machines) {
    this.#machines = machines;
  }

  launch(...launch: Parameters<Machines['launch']>): void {
    const { index } = launch[0].cluster;
    this.#atWork(index);
    this.#machines.launch(...launch);
    this.#up.set(index, []);
  }

  startHosts(...start: Parameters<Machines['startHosts']>): void {
    this.#atWork(start[0]);
    this.#machines.startHosts(...start);
  }

  stopCluster(cluster: number): void {
    this.#clusters.delete(cluster);
    this.#removed.add(cluster);
    this.#machines.stopCluster(cluster);
  }

  /** The machines of this cluster are gone. */
  left(cluster: number): void {
    const waiting = this.#up.get(cluster) ?? [];
    this.#up.delete(cluster);
    this.done(cluster);
    for (const go of waiting) go();
  }

  /** Resolves when the cluster has no machines, after they were switched off or by themselves, or `signal` aborts. */
  async gone(cluster: number, signal: AbortSignal): Promise<void> {
    const waiting = this.#up.get(cluster);
    if (!waiting || signal.aborted) return;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #atWork(cluster: number): void {
    if (!this.#removed.has(cluster)) this.#clusters.add(cluster);
  }

  /** The machines of this cluster have come to their end, or have none. */
  done(cluster: number): void {
    this.#clusters.delete(cluster);
    if (this.#clusters.size === 0) this.#whenIdle?.();
  }

  /**
   * Waits until no cluster has machines at work, or long enough, or until `signal` aborts.
   * @returns what to tell the user when machines were waited for in vain; null otherwise
   */
  async settle(clock: Clock, signal: AbortSignal): Promise<string | null> {
    if (this.#clusters.size === 0 || signal.aborted) return null;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    await Promise.race([idle, clock.sleep(SETTLE_SECONDS * 1000, signal).catch(() => {})]);
    const { size } = this.#clusters;
    if (size === 0 || signal.aborted) return null;
    const whose = size === 1 ? '1 installed cluster' : `${size} installed clusters`;
    return `machines of ${whose} had not come to their end after ${SETTLE_SECONDS} s (simulated) and are switched off`;
  }
}
