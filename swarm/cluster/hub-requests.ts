/** Requests to a hub that are repeated while their failures may pass. */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import type { Clock } from '../../model/time/clock.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';

/** Wall-clock milliseconds before a request is repeated; doubles each time. */
const FIRST_MS = 250;
const MOST_MS = 10_000;
/** Wall-clock milliseconds for which requests are repeated: an API server that restarts is back by then. */
const PATIENCE_MS = 60_000;

export interface HubRequestsOptions {
  client: KubeClient;
  clock: Clock;
  /** Wall-clock milliseconds for which requests are repeated; default 60,000. */
  patienceMs?: number;
}

export class HubRequests {
  readonly client: KubeClient;
  protected readonly clock: Clock;
  readonly #patienceMs: number;
  #reached = false;

  constructor({ client, clock, patienceMs = PATIENCE_MS }: HubRequestsOptions) {
    this.client = client;
    this.clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** The hub has answered before. */
  get reached(): boolean {
    return this.#reached;
  }

  /**
   * Repeats what fails because of overload, a lost connection, or somebody else's change of the same object.
   * @throws ClusterAdapterError with the KubeError as its cause, or the signal's reason when aborted
   */
  async insist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { speed } = this.clock;
    const deadline = this.clock.now() + this.#patienceMs * speed;
    for (let pause = FIRST_MS * speed; ; pause = Math.min(pause * 2, MOST_MS * speed)) {
      try {
        const result = await work();
        this.#reached = true;
        return result;
      } catch (error) {
        signal.throwIfAborted();
        if (!isKubeError(error)) throw error;
        const { message, passing, conflict, fieldConflict, retryAfterSeconds } = error;
        const again = passing || (conflict && !fieldConflict);
        const left = deadline - this.clock.now();
        if (!again || pause > left) throw new ClusterAdapterError(message, { passing, conflict }, { cause: error });
        // The server may ask for a longer rest, but not for one that outlasts our patience.
        const rest = Math.max(pause, (retryAfterSeconds ?? 0) * 1000 * speed);
        await this.clock.sleep(Math.min(rest, left), signal);
      }
    }
  }
}
