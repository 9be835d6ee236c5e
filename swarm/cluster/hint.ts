/** What a user can do about a service that does not answer as one should. */

import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ServiceError } from '../service/service-client.ts';
import { TransportError } from '../transport/transport.ts';

const BY_KIND: Readonly<Partial<Record<TransportErrorKind, string>>> = {
  refused: "nothing listens there; check the service's URL and that it runs",
  dns: "no such name; check the service's URL",
  unreachable: "host unreachable; check the service's URL and the network",
  'dial-timeout': "connection timed out; check the service's URL and firewalls",
  tls: 'its certificate is not trusted or it speaks no TLS; give its authority with --ca, or --insecure, or an http:// URL',
  'tls-timeout': 'it does not answer TLS; is it an http:// URL?',
  eof: 'it hangs up without an answer; does it want https://?',
  reset: 'it hangs up without an answer; does it want https://?',
  'files-exhausted': 'this process may open no more files; raise the limit (ulimit -n) or run fewer hosts',
  'ports-exhausted': 'this machine has no local port left; name more addresses in connections.source_addresses',
  'memory-exhausted': 'this machine has no memory left for connections; run fewer hosts',
  'source-address': 'connections.source_addresses must be addresses of this machine',
  protocol: "the response is not HTTP; check the service's URL",
};
/** About answers that no assisted-service gives. */
export const NO_SERVICE = 'is the URL that of an assisted-service?';

/** What the simulated user shows of itself, for advice where that is not enough. */
export interface UserAccess {
  /** An Authorization header is sent. */
  given: boolean;
  /** What it is taken from. */
  from: string;
  /** What to do where no user is served over REST. */
  otherwise: string;
}

/** A run's user. @param authorization of the plan; '' for none */
export function planAccess(authorization: string): UserAccess {
  return {
    given: authorization !== '',
    from: 'service.user_authorization in the plan',
    otherwise: "make clusters with api: kube on the service's hub, or set AUTH_TYPE to none",
  };
}

/** Says so whatever the header is: assisted-service, pkg/auth/local_authenticator.go AuthUserAuth. */
const LOCAL_AUTH = /not allowed for local auth/i;

/**
 * About a user's request that was refused. AUTH_TYPE of the service decides what helps (assisted-service, pkg/auth
 * NewAuthenticator): none asks for nothing, rhsso for a user's token, local refuses all users over REST.
 * @param status 401 or 403
 * @param detail what the answer says; '' when unknown
 */
export function userRefused(status: number, { given, from, otherwise }: UserAccess, detail = ''): string {
  const local = `no user is ever served over REST: ${otherwise}`;
  if (LOCAL_AUTH.test(detail)) return `AUTH_TYPE of the service is local, with which ${local}`;
  if (status === 403) {
    return given
      ? `it wants a user who may do this: not that of ${from}`
      : `it wants a user who may do this; give ${from}`;
  }
  const token = given
    ? `it does not take ${from}: has the token ended, or is it for another service?`
    : `it wants a user who may do this: where AUTH_TYPE of the service is rhsso, give ${from}.`;
  return `${token} Where AUTH_TYPE is local, ${local}`;
}

/** How agents of a run come by their token. */
export interface AgentAccess {
  /** The plan has one. */
  given: boolean;
  /** Hosts take it from the discovery ignition of their InfraEnv. */
  fromIgnition: boolean;
}

/** About requests of agents that are refused with 401 or 403, as {@link userRefused}. */
export function agentsRefused({ given, fromIgnition }: AgentAccess): string {
  if (fromIgnition) {
    return 'it does not take the tokens of its own discovery ignitions: was the key of its tokens changed (secret assisted-installer-local-auth-key), or were InfraEnvs removed?';
  }
  if (given) return 'it does not take service.agent_token of the plan';
  return 'it wants a token from agents; give service.agent_token in the plan: where AUTH_TYPE of the service is rhsso, the auth of cloud.openshift.com in the pull secret';
}

/** A hint for people about a request that got no answer, or ''. */
export function hintForKind(kind: TransportErrorKind): string {
  return BY_KIND[kind] ?? '';
}

/** A hint for people about a request of the user, or ''. */
export function hintFor(error: ServiceError, access: UserAccess): string {
  const { cause, status, detail } = error;
  if (cause instanceof TransportError) return hintForKind(cause.kind);
  if (status === 401 || status === 403) {
    return userRefused(status, access, detail);
  }
  return /^\s*<(!doctype|html)/i.test(detail) ? NO_SERVICE : '';
}
