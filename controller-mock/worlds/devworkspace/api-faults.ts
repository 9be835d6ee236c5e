/** Faults of the API server itself: requests that are refused or late. */
import { hashWords, mixWords, unitNumber } from '../../../model/time/random.ts';
import type { ResourceRight } from '../../api/cluster-access.ts';
import { ApiStatusError, forbidden, tooManyRequests, unauthorized } from '../../api/status.ts';
import type { Interference, ResourceAttributes } from '../../http/interference.ts';
import type { Verb } from '../../http/verb.ts';

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
  readonly code?: 401 | 429 | 500 | 503 | 504;
  /** Their connection breaks in place of an answer. */
  readonly cut?: true;
  /** What a 429 asks for; 1 unless given, null for nothing. */
  readonly retryAfterSeconds?: number | null;
  /** They are served so much later, in simulated milliseconds. */
  readonly delayMs?: number;
}

/** `group` and `namespace`: any unless given. */
export type DeniedRight = Pick<ResourceRight, 'verb' | 'resource'> &
  Partial<Pick<ResourceRight, 'group' | 'namespace'>>;

export function isDenied(denied: readonly DeniedRight[], right: ResourceRight): boolean {
  return denied.some(
    ({ verb, resource, group = right.group, namespace = right.namespace }) =>
      verb === right.verb && resource === right.resource && group === right.group && namespace === right.namespace,
  );
}

export class ApiFaults {
  denied: readonly DeniedRight[] = [];
  readonly #faults = new Map<string, { fault: ApiFault; left: number; asked: number }>();
  /** Requests so far, by verb and plural: `create devworkspaces`. */
  readonly requests = new Map<string, number>();
  /** Requests that a fault has met so far, by its name. */
  readonly hits = new Map<string, number>();

  /** @param fault null takes it away */
  set(name: string, fault: ApiFault | null): void {
    if (fault) this.#faults.set(name, { fault, left: fault.times ?? Number.POSITIVE_INFINITY, asked: 0 });
    else this.#faults.delete(name);
  }

  readonly interceptor = (request: ResourceAttributes): Interference | undefined => {
    const key = `${request.verb} ${request.resource}${request.subresource && `/${request.subresource}`}`;
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
    const { verb, group, namespace } = request;
    const resource = `${request.resource}${request.subresource && `/${request.subresource}`}`;
    if (isDenied(this.denied, { verb, group, resource, namespace })) {
      const why = `User "kube-admin" cannot ${verb} resource "${resource}" in API group "${group}"${namespace && ` in the namespace "${namespace}"`}`;
      return { refuse: forbidden({ group, plural: request.resource }, request.name, why) };
    }
    let delayMs = 0;
    for (const [name, entry] of this.#faults) {
      const { fault } = entry;
      const { verbs, resources, share = 1 } = fault;
      if (verbs && !verbs.includes(request.verb)) continue;
      if (resources && !resources.includes(request.resource)) continue;
      entry.asked += 1;
      if (entry.left === 0 || unitNumber(mixWords(hashWords(name), entry.asked)) >= share) continue;
      entry.left -= 1;
      this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
      delayMs += fault.delayMs ?? 0;
      if (fault.code) return { refuse: refusal(fault), delayMs };
      if (fault.cut) return { cut: true, delayMs };
    }
    return delayMs > 0 ? { delayMs } : undefined;
  };
}

function refusal({ code, retryAfterSeconds = 1 }: ApiFault): ApiStatusError {
  switch (code) {
    case 401:
      return unauthorized();
    case 429:
      return tooManyRequests('too many requests, please try again later', retryAfterSeconds ?? undefined);
    case 503:
      return new ApiStatusError(503, 'ServiceUnavailable', 'apiserver not ready');
    case 504:
      return new ApiStatusError(504, 'Timeout', 'request did not complete within the allotted timeout');
    default:
      return new ApiStatusError(500, 'InternalError', 'Internal error occurred: etcdserver: request timed out');
  }
}
