/** A request to a Kubernetes API and what its response means, apart from how it is sent. */
import type { Dispatcher } from 'undici';
import { KubeError, type KubeStatus, type TransportReason } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import { type KubeResource, resourceName } from './resources.ts';

export type KubeVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface KubeRequest {
  verb: KubeVerb;
  resource: KubeResource;
  namespace?: string | undefined;
  name?: string;
  subresource?: string | undefined;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  /** `application/json` when absent. */
  accept?: string;
  signal?: AbortSignal | undefined;
}

export const METHODS: Readonly<Record<KubeVerb, Dispatcher.HttpMethod>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

export function pathOf({ resource, namespace, name, subresource, query = {} }: KubeRequest): string {
  const { group, version, plural, namespaced } = resource;
  const parts = [
    ...(group === '' ? ['api'] : ['apis', group]),
    version,
    ...(namespaced && namespace !== undefined ? ['namespaces', namespace] : []),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, value);
  const text = search.toString();
  return `/${parts.map(encodeURIComponent).join('/')}${text && `?${text}`}`;
}

/** For messages: `patch agents.agent-install.openshift.io ns/name`. */
export function describe({ verb, resource, namespace, name, body }: KubeRequest): string {
  const named = name ?? (body as Partial<KubeObject> | undefined)?.metadata?.name;
  const where = [namespace, named].filter((part) => part !== undefined).join('/');
  return `${verb} ${resourceName(resource)}${where && ` ${where}`}`;
}

export function statusError(
  what: string,
  status: number,
  text: string,
  headers: Dispatcher.ResponseData['headers'] = {},
): KubeError {
  let body: KubeStatus = {};
  try {
    body = (JSON.parse(text) ?? {}) as KubeStatus;
  } catch {
    // Proxies and web hooks answer in words of their own.
    body = { message: text.trim().slice(0, 200) };
  }
  const header = Number(headers['retry-after'] ?? Number.NaN);
  const seconds = Number.isFinite(header) ? header : (body.details?.retryAfterSeconds ?? null);
  const said = body.message || `HTTP ${status}`;
  return new KubeError(`${what}: ${said}`, {
    status,
    said,
    reason: body.reason || `HTTP ${status}`,
    retryAfterSeconds: seconds,
    causes: body.details?.causes?.flatMap((cause) => cause.reason ?? []) ?? [],
  });
}

/** Codes of Node (lib/internal/tls, deps/ncrypto: X509 verification) and OpenSSL for certificates that are not taken, on either side. */
const TRUST_CODES = /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL_|ERR_OSSL_)/;
const PROTOCOL_CODES: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'UND_ERR_RESPONSE', 'HPE_INVALID_CONSTANT']);

export function transportError(what: string, server: string, cause: unknown): KubeError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = 'code' in error ? String(error.code) : '';
  const reason: TransportReason = /TIMEOUT/.test(code)
    ? 'Timeout'
    : PROTOCOL_CODES.has(code) || code.startsWith('HPE_') || error instanceof SyntaxError
      ? 'Protocol'
      : TRUST_CODES.test(code)
        ? 'Trust'
        : 'Unreachable';
  // Node joins the failures of several addresses under an empty message.
  const text = error.message || (error instanceof AggregateError ? String(error.errors[0]?.message ?? code) : code);
  // Node tells how it is to be called.
  const message = text.replace(/; if the root CA is installed locally.*$/, '');
  const said =
    error instanceof SyntaxError ? `the response of ${server} ${message}` : `no response from ${server}: ${message}`;
  return new KubeError(`${what}: ${said}`, { status: 0, reason }, { cause });
}
