/** The first failure of each client, endpoint and outcome, with the words of whoever refused or failed. */
import type { FailureSample } from './shared-telemetry.ts';

export class FailureSamples {
  readonly #samples = new Map<string, FailureSample>();

  /** Keeps it, unless one of its kind is known from before. */
  add(sample: FailureSample): void {
    const key = keyOf(sample);
    const known = this.#samples.get(key);
    if (!known || sample.atMs < known.atMs) this.#samples.set(key, sample);
  }

  all(): FailureSample[] {
    return [...this.#samples.values()];
  }

  /** Undefined where none is known: stock programs keep the answers they get to themselves. */
  of(kind: Pick<FailureSample, 'client' | 'endpoint' | 'code'>): FailureSample | undefined {
    return this.#samples.get(keyOf(kind));
  }
}

function keyOf({ client, endpoint, code }: Pick<FailureSample, 'client' | 'endpoint' | 'code'>): string {
  return `${client} ${endpoint} ${code}`;
}
