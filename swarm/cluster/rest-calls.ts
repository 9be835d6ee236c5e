/** The simulated user's requests: so many at once, none for ever, and errors that say whether to try again. */

import { GENERATOR_ERROR_KINDS } from '../../model/protocol/outcomes.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from '../service/service-client.ts';
import { TransportError } from '../transport/transport.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';
import { hintFor, planAccess, type UserAccess } from './hint.ts';
import { Semaphore } from './semaphore.ts';

/** Longer than any proxy waits for the service; without a limit a silent service would hold a run for ever. */
const CALL_LIMIT_MS = 120_000;

/** Failures of a request that has not left this machine, or has found nobody. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'refused',
  'dns',
  'dial-timeout',
  'tls',
  'tls-timeout',
  ...GENERATOR_ERROR_KINDS,
]);

export interface RestCallsOptions {
  /** Of kind `user`. */
  client: ServiceClient;
  /** Calls under way at once; default 16. */
  concurrency?: number;
  /** What the client shows of the user; default: that of a plan without authorization. */
  userAccess?: UserAccess;
  /** Wall-clock milliseconds after which a call, its retries included, is given up; default {@link CALL_LIMIT_MS}. */
  callLimitMs?: number;
}

/** All methods throw {@link ClusterAdapterError}, or the signal's reason when aborted. */
export class RestCalls {
  readonly #client: ServiceClient;
  readonly #semaphore: Semaphore;
  readonly #callLimitMs: number;
  readonly #access: UserAccess;
  #reached = false;

  constructor(options: RestCallsOptions) {
    this.#client = options.client;
    this.#semaphore = new Semaphore(options.concurrency ?? 16);
    this.#access = options.userAccess ?? planAccess('');
    this.#callLimitMs = options.callLimitMs ?? CALL_LIMIT_MS;
  }

  /** A call has succeeded: the service is there, and what fails later may pass. */
  get reached(): boolean {
    return this.#reached;
  }

  /** `begin` is called when the call's turn has come, before it is sent. */
  json<T>(call: ServiceCall, signal: AbortSignal, begin: () => void = () => {}): Promise<T> {
    return this.#semaphore.run(signal, () => {
      begin();
      return this.#limited(call, signal, (limited) => this.#client.json<T>(limited));
    });
  }

  async call(call: ServiceCall, signal: AbortSignal): Promise<void> {
    await this.#semaphore.run(signal, () => this.#limited(call, signal, (limited) => this.#client.call(limited)));
  }

  /**
   * A creation. `before` runs when its turn has come; what it throws keeps it from being sent. One that was sent is waited
   * for, by a run that is stopped too: what it makes must be known to be removed.
   */
  create<T>(call: ServiceCall, signal: AbortSignal, before: () => Promise<void>): Promise<T> {
    return this.#semaphore.run(signal, async () => {
      await before();
      return this.#limited(call, null, (limited) => this.#client.json<T>(limited));
    });
  }

  /** @param under ends the call; null for one that must not be broken off. */
  async #limited<T>(call: ServiceCall, under: AbortSignal | null, send: (call: ServiceCall) => Promise<T>): Promise<T> {
    // AbortSignal.timeout would keep timer and signals until its time, long after the answer.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#callLimitMs);
    const { signal } = limit;
    try {
      const answer = await send({ ...call, signal: under ? AbortSignal.any([under, signal]) : signal });
      this.#reached = true;
      return answer;
    } catch (error) {
      if (signal.aborted && !under?.aborted && !(error instanceof ServiceError)) {
        throw new ClusterAdapterError(
          `${call.endpoint}: no answer within ${this.#callLimitMs / 1000} s; is the service overloaded, or the URL that of something else?`,
          { passing: true, conflict: false },
        );
      }
      throw translated(error, this.#access);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A service error in the adapter's own terms; anything else (an abort's reason) as it is. */
function translated(error: unknown, access: UserAccess): unknown {
  if (!(error instanceof ServiceError)) return error;
  const { status, detail, cause } = error;
  // The business error's reason says more than its envelope; of a transport's error it is only the kind.
  const more = cause instanceof TransportError || error.message.includes(detail) ? '' : `: ${detail}`;
  const hint = hintFor(error, access);
  return new ClusterAdapterError(
    `${error.message}${more}${hint && ` (${hint})`}`.replace(/\s+/g, ' '),
    { passing: status === 0 || status === 429 || status >= 500, conflict: status === 409 },
    { cause: error },
  );
}

/** HTTP status of the answer that an error tells of; 0 when there was none. */
export function statusOf(error: unknown): number {
  const cause = error instanceof ClusterAdapterError ? error.cause : undefined;
  return cause instanceof ServiceError ? cause.status : 0;
}

/** Whether the service may have done what a failed request asked for: it was sent, and no refusal came back. */
export function mayHaveBeenDone(error: unknown): boolean {
  const cause = error instanceof ClusterAdapterError ? error.cause : undefined;
  if (!(cause instanceof ServiceError)) return true;
  if (cause.cause instanceof TransportError) return !NEVER_SENT.has(cause.cause.kind);
  // 408 is also what a proxy says that has lost its patience with the service.
  return cause.status < 400 || cause.status >= 500 || cause.status === 408;
}
