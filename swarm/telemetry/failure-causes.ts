/** What hosts failed of, alike causes together; of each a few names. Clusters tell their own reasons. */
import type { RunEvent } from './run-event.ts';

/** Causes that are told apart; what comes after them counts as one. */
const MOST_CAUSES = 200;
const MOST_NAMES = 5;
const MORE = 'other causes';

export interface FailureCause {
  cause: string;
  count: number;
  /** Of the first that failed of it. */
  names: string[];
}

export class FailureCauses {
  readonly #causes = new Map<string, FailureCause>();
  readonly #alike: (reason: string) => string;

  /** @param alike what a reason has in common with others of its kind */
  constructor(alike: (reason: string) => string) {
    this.#alike = alike;
  }

  /** Takes note of hosts that failed; other events say nothing of it. */
  apply(event: RunEvent): void {
    if (event.type !== 'host.phase' || (event.phase !== 'failed' && event.phase !== 'frozen')) return;
    this.add(event.reason ?? `a host is ${event.phase}`, event.id);
  }

  add(reason: string, name: string): void {
    let cause = this.#alike(reason);
    if (!this.#causes.has(cause) && this.#causes.size >= MOST_CAUSES) cause = MORE;
    const known = this.#causes.get(cause) ?? { cause, count: 0, names: [] };
    this.#causes.set(cause, known);
    known.count++;
    if (known.names.length < MOST_NAMES) known.names.push(name);
  }

  /** The most frequent first. */
  list(): FailureCause[] {
    return [...this.#causes.values()].sort((a, b) => b.count - a.count);
  }
}
