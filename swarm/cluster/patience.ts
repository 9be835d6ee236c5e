/** How long a simulated user waits, and what it waits through. All waits are in simulated time. */

import type { Clock } from '../../model/time/clock.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { type ClusterAdapter, ClusterAdapterError } from './cluster-adapter.ts';
import type { PollPacer } from './poll-pacer.ts';

/** The cluster cannot reach its goal; the message is the reason shown to the user. */
export class ClusterFailed extends Error {}

export interface PatienceOptions {
  clock: Clock;
  pace: PollPacer;
  adapter: Pick<ClusterAdapter, 'reached' | 'changed'>;
  cluster: ClusterPlan;
}

export class Patience {
  readonly #clock: Clock;
  readonly #pace: PollPacer;
  readonly #adapter: PatienceOptions['adapter'];
  readonly #cluster: ClusterPlan;

  constructor({ clock, pace, adapter, cluster }: PatienceOptions) {
    this.#clock = clock;
    this.#pace = pace;
    this.#adapter = adapter;
    this.#cluster = cluster;
  }

  /**
   * Looks again and again until `done`, sooner when the adapter knows of a change. Errors that may pass are waited through, as a person would; not those of a service
   * that nobody has reached yet, which are more likely those of a wrong address.
   * @throws ClusterFailed with `explain`'s text after `limitSeconds` simulated seconds.
   */
  async until(
    limitSeconds: number,
    signal: AbortSignal,
    done: () => Promise<boolean>,
    explain: () => Promise<string>,
  ): Promise<void> {
    const deadline = this.#clock.now() + limitSeconds * 1000;
    let trouble = '';
    for (;;) {
      const look = new AbortController();
      // Asked for before the look: what changes meanwhile must not be slept through.
      const changed = this.#adapter.changed(this.#cluster, look.signal);
      try {
        try {
          if (await done()) return;
          trouble = '';
        } catch (error) {
          if (!(error instanceof ClusterAdapterError && error.passing && this.#adapter.reached)) throw error;
          trouble = `; last answer: ${error.message}`;
        }
        const left = deadline - this.#clock.now();
        if (left <= 0) throw new ClusterFailed(`gave up after ${limitSeconds} s: ${await explain()}${trouble}`);
        const pause = Math.min(left, this.#pace.delay());
        // A call that failed is not repeated because something has changed.
        await (changed && trouble === '' ? this.#sleep(pause, changed, signal) : this.#clock.sleep(pause, signal));
      } finally {
        look.abort();
      }
    }
  }

  /** Sleeps until the time is over or `changed` resolves. @throws the signal's reason when it aborts. */
  async #sleep(ms: number, changed: Promise<void>, signal: AbortSignal): Promise<void> {
    const awake = new AbortController();
    const asleep = this.#clock.sleep(ms, AbortSignal.any([signal, awake.signal])).catch(() => {});
    await Promise.race([asleep, changed]);
    awake.abort();
    signal.throwIfAborted();
  }

  /** Repeats an action that may be repeated, while its errors may pass and the time lasts. @throws as {@link until}. */
  async insist<T>(limitSeconds: number, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    let result: { value: T } | null = null;
    await this.until(
      limitSeconds,
      signal,
      async () => {
        result = { value: await action() };
        return true;
      },
      async () => 'the service does not take the request',
    );
    return result!.value;
  }
}
