/** Faults of the API server itself: requests that are refused or late. */
import { hashWords, mixWords, unitNumber } from '../../../model/time/random.ts';
import type { Interference, RequestInfo, Verb } from '../../server/endpoint.ts';
import { ApiStatusError, tooManyRequests } from '../../server/status.ts';

export interface ApiFault {
  /** Which requests; all unless given. */
  readonly verbs?: readonly Verb[];
  /** Plurals; all unless given. */
  readonly resources?: readonly string[];
  /** Share of those requests; all unless given. */
  readonly share?: number;
  /** So many, then no more. */
  readonly times?: number;
  /** They are answered with this. */
  readonly code?: 429 | 500 | 503 | 504;
  /** What a 429 asks for; 1 unless given. */
  readonly retryAfterSeconds?: number;
  /** They are served so much later, in simulated milliseconds. */
  readonly delayMs?: number;
}

export class ApiFaults {
  readonly #faults = new Map<string, { fault: ApiFault; left: number; asked: number }>();
  /** Requests so far, by verb and plural: `create devworkspaces`. */
  readonly requests = new Map<string, number>();

  /** @param fault null takes it away */
  set(name: string, fault: ApiFault | null): void {
    if (fault) this.#faults.set(name, { fault, left: fault.times ?? Number.POSITIVE_INFINITY, asked: 0 });
    else this.#faults.delete(name);
  }

  readonly interceptor = (request: RequestInfo): Interference | undefined => {
    const key = `${request.verb} ${request.resource}${request.subresource && `/${request.subresource}`}`;
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
    let delayMs = 0;
    for (const [name, entry] of this.#faults) {
      const { fault } = entry;
      const { verbs, resources, share = 1 } = fault;
      if (verbs && !verbs.includes(request.verb)) continue;
      if (resources && !resources.includes(request.resource)) continue;
      entry.asked += 1;
      if (entry.left === 0 || unitNumber(mixWords(hashWords(name), entry.asked)) >= share) continue;
      entry.left -= 1;
      delayMs += fault.delayMs ?? 0;
      if (fault.code) return { refuse: refusal(fault), delayMs };
    }
    return delayMs > 0 ? { delayMs } : undefined;
  };
}

function refusal({ code, retryAfterSeconds = 1 }: ApiFault): ApiStatusError {
  switch (code) {
    case 429:
      return tooManyRequests('too many requests, please try again later', retryAfterSeconds);
    case 503:
      return new ApiStatusError(503, 'ServiceUnavailable', 'apiserver not ready');
    case 504:
      return new ApiStatusError(504, 'Timeout', 'request did not complete within the allotted timeout');
    default:
      return new ApiStatusError(500, 'InternalError', 'Internal error occurred: etcdserver: request timed out');
  }
}
