/** What a user can do about a service that does not answer as one should. */

import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ServiceError } from '../service/service-client.ts';
import { TransportError } from '../transport/transport.ts';

const BY_KIND: Readonly<Partial<Record<TransportErrorKind, string>>> = {
  refused: "nothing listens there; check the service's URL and that it runs",
  dns: "no such name; check the service's URL",
  unreachable: "no way leads there; check the service's URL and the network",
  'dial-timeout': "no connection came about; check the service's URL and firewalls",
  tls: 'its certificate is not trusted or it speaks no TLS; give its authority with --ca, or --insecure, or an http:// URL',
  'tls-timeout': 'it does not answer TLS; is it an http:// URL?',
  eof: 'it hangs up without an answer; does it want https://?',
  reset: 'it hangs up without an answer; does it want https://?',
  'files-exhausted': 'this process may open no more files; raise the limit (ulimit -n) or run fewer hosts',
  'ports-exhausted': 'this machine has no local port left; name more addresses in connections.source_addresses',
  'memory-exhausted': 'this machine has no memory left for connections; run fewer hosts',
  'source-address': 'connections.source_addresses must be addresses of this machine',
  protocol: "it speaks no HTTP; check the service's URL",
};
/** About answers that no assisted-service gives. */
export const NO_SERVICE = 'is the URL that of an assisted-service?';

/** About a user's requests that are refused with 401 or 403. */
export const UNWANTED_USER = 'it wants a user who may do this; give user_authorization in the plan';

/** A hint for people about a request that got no answer, or ''. */
export function hintForKind(kind: TransportErrorKind): string {
  return BY_KIND[kind] ?? '';
}

/** A hint for people, or ''. */
export function hintFor(error: ServiceError): string {
  const { cause, status, detail } = error;
  if (cause instanceof TransportError) return hintForKind(cause.kind);
  if (status === 401 || status === 403) {
    return UNWANTED_USER;
  }
  return /^\s*<(!doctype|html)/i.test(detail) ? NO_SERVICE : '';
}
