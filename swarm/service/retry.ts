/**
 * The retry layer below a program's own logic, as data (PuerkitoBio/rehttp as assisted-installer-agent's
 * src/session/inventory_session.go and assisted-installer's src/inventory_client/inventory_client.go configure it).
 */

import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { TransportError } from '../transport/transport.ts';

/** Which program a client imitates; `user` is ours and keeps its own rules, a `reader` is a browser. */
export const SERVICE_CLIENT_KINDS = ['installer', 'controller', 'agent-logs', 'user', 'reader'] as const;
export type ServiceClientKind = (typeof SERVICE_CLIENT_KINDS)[number];

export interface RetryPolicy {
  /** Retries after the first try, by status; `5xx` stands for every status from 500 that has no entry. */
  readonly statuses: Readonly<Record<number | '5xx', number>>;
  /** Retries after time-outs of dial and TLS handshake. */
  readonly temporary: number;
  /** Further kinds of network errors that are tried again. */
  readonly kinds: Readonly<Partial<Record<TransportErrorKind, number>>>;
  /** Whether everything that may have reached the service is repeated only for methods that may be repeated. */
  readonly repeatableOnly: boolean;
}

/** The agent, its logs_sender included. */
export const AGENT_RETRY: RetryPolicy = {
  statuses: { 503: 3, 504: 3, '5xx': 0 },
  temporary: 3,
  kinds: {},
  repeatableOnly: false,
};

const upTo = (retries: number): RetryPolicy => ({
  statuses: { 404: 10, 423: 10, 425: 10, 408: retries, 429: retries, '5xx': retries },
  temporary: retries,
  kinds: { refused: retries },
  repeatableOnly: false,
});

export const RETRY_POLICIES: Readonly<Record<ServiceClientKind, RetryPolicy>> = {
  installer: upTo(360),
  controller: upTo(15),
  'agent-logs': AGENT_RETRY,
  user: {
    statuses: { 502: 3, 503: 3, 504: 3, 429: 3, '5xx': 0 },
    temporary: 3,
    kinds: { refused: 3, reset: 3, eof: 3 },
    repeatableOnly: true,
  },
  // The web page leaves it to its next look: openshift-assisted/assisted-installer-ui, libs/ui-lib/lib/common/api/axiosClient.ts.
  reader: { statuses: { '5xx': 0 }, temporary: 0, kinds: {}, repeatableOnly: true },
};

/** How often a policy retries after this outcome of a request. */
export function retriesFor(policy: RetryPolicy, method: string, outcome: number | TransportError): number {
  const repeatable = !policy.repeatableOnly || method === 'GET' || method === 'PUT' || method === 'DELETE';
  if (typeof outcome === 'number') {
    if (!repeatable) return 0;
    return policy.statuses[outcome] ?? (outcome >= 500 && outcome <= 599 ? policy.statuses['5xx'] : 0);
  }
  // Nothing of these has reached the service, so everything may be repeated.
  if (outcome.temporary) return policy.temporary;
  if (outcome.kind === 'refused') return policy.kinds.refused ?? 0;
  return repeatable ? (policy.kinds[outcome.kind] ?? 0) : 0;
}

const MIN_DELAY_MS = 2000;
const MAX_DELAY_MS = 10_000;

/** Simulated milliseconds before retry `index` (from 0): uniform in [0, min(10 s, 2 s x 2^index)). */
export function retryDelayMs(index: number, random: () => number): number {
  return random() * Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** Math.min(index, 16));
}
