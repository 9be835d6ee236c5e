/**
 * Who may talk to the daemon. Everything that reaches it passes these rules first, in their order, whatever the path:
 *
 *   target form → Host → Origin → fetch metadata → token
 *
 * The dangers: a web page of another origin that sends requests to a loopback port (cross-site request forgery, and the same
 * through a WebSocket, which knows no same-origin policy), a page that makes its own host name point to this machine and then
 * *is* of our origin (DNS rebinding), and, beyond loopback, anybody on the network. No answer carries CORS headers, so a
 * browser never lets a page of another origin read one or send a request that needs a preflight.
 */
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';
import { PAGE_PATHS } from './page-files.ts';
import type { AccessToken } from './token.ts';

/** What the rules need to know of a daemon. */
export interface AccessRules {
  /** Demanded of every request but those for {@link OPEN_PATHS}; null asks for none. */
  token: AccessToken | null;
  /** Names and addresses by which clients may call the daemon beside the loopback ones, as {@link hostName} gives them. */
  hosts: ReadonlySet<string>;
}

/** The part of a request that the rules look at. */
export interface JudgedRequest {
  method?: string | undefined;
  /** As on the request line. */
  url?: string | undefined;
  headers: NodeJS.Dict<string | string[]>;
  /** Names and values in turn, as they came: {@link headers} has the first of two Hosts only. */
  rawHeaders: readonly string[];
}

/** Asked for without a token: a page without data that asks the user for it, and a probe's question. Exact, as sent. */
export const OPEN_PATHS: ReadonlySet<string> = new Set([...PAGE_PATHS, '/api/assisted-swarm/health']);

/** Subprotocol by which a browser's WebSocket, which cannot set headers, carries the token: prefix and base64url of it. */
export const TOKEN_PROTOCOL = 'base64url.bearer.authorization.swarm.';

const TOKEN_HINT = 'send the token as "Authorization: Bearer TOKEN"; the daemon named its file when it started';

type Rule = (request: JudgedRequest, rules: AccessRules) => ApiError | null;

const RULES: readonly Rule[] = [targetForm, knownHost, ownOrigin, ownSite, rightToken];

/** Why a request must not be answered, or null. */
export function refusalOf(request: JudgedRequest, rules: AccessRules): ApiError | null {
  for (const rule of RULES) {
    const refusal = rule(request, rules);
    if (refusal) return refusal;
  }
  return null;
}

/** Puts the rules before every route of `app`, unknown ones and WebSockets included. Register it before any route. */
export function guard(app: FastifyInstance, rules: AccessRules): void {
  app.addHook('onRequest', async (request, reply) => {
    const refusal = refusalOf(request.raw, rules);
    if (!refusal) return;
    prepareRefusal(reply, refusal);
    throw refusal;
  });
}

/** Sets what belongs to a refusal beside its body. */
export function prepareRefusal(reply: FastifyReply, refusal: ApiError): void {
  // Whatever body is still to come will not be read.
  reply.header('connection', 'close');
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer realm="assisted-swarm"');
}

/**
 * For routes that change something by GET: refuses whatever a browser sent, of whichever origin, because an image tag or a link
 * is enough to send it. Use as `onRequest`.
 */
export async function refuseBrowsers(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const sign = BROWSER_HEADERS.find((name) => request.headers[name] !== undefined);
  if (!sign && !/^mozilla\//i.test(request.headers['user-agent'] ?? '')) return;
  const refusal = new ApiError(403, 'browser', 'browsers may not ask for this; use a program such as curl', {
    given: sign ?? 'user-agent',
  });
  prepareRefusal(reply, refusal);
  throw refusal;
}

/** Headers that browsers send and programs do not. (Node's own fetch sends sec-fetch-mode and accept-language.) */
const BROWSER_HEADERS = [
  'origin',
  'referer',
  'cookie',
  'sec-fetch-site',
  'sec-fetch-dest',
  'sec-fetch-user',
  'sec-ch-ua',
  'upgrade-insecure-requests',
] as const;

/** True for addresses and names that only programs on this machine reach. */
export function isLoopback(host: string): boolean {
  const name = hostName(host);
  return name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'));
}

/**
 * The name or address in a Host header or an option, without port, lower-case, IPv6 in brackets, as `URL.hostname` writes it.
 * '' when there is none.
 */
export function hostName(text: string): string {
  const authority = isIP(text) === 6 ? `[${text}]` : text;
  // What may not stand in a Host header would otherwise be read as another part of a URL.
  if (!/^[\w.:[\]-]+$/.test(authority)) return '';
  return URL.parse(`http://${authority}`)?.hostname.replace(/\.$/, '') ?? '';
}

/** A target such as `http://elsewhere/` names a host of its own beside the header; only proxies are asked like that. */
function targetForm({ url = '' }: JudgedRequest): ApiError | null {
  if (url.startsWith('/') || url === '*') return null;
  return new ApiError(400, 'bad-target', 'the request target must begin with a slash; this is not a proxy');
}

/**
 * A rebound name is what the Host header says. With a token the rule would only get in the way of port mappings and service
 * names: a page that made its name point here does not have the token.
 */
function knownHost(request: JudgedRequest, { token, hosts }: AccessRules): ApiError | null {
  const given = allOf(request, 'host');
  if (given.length !== 1) return new ApiError(400, 'bad-host', 'the request must have exactly one Host header');
  if (token) return null;
  const name = hostName(given[0]!);
  if (name !== '' && (isLoopback(name) || hosts.has(name))) return null;
  return new ApiError(
    421,
    'unknown-host',
    'the daemon is not known by the name in the Host header; use one that is allowed, or start it with --allow-host NAME',
    { given: given[0], allowed: ['localhost', '127.0.0.1', '[::1]', ...hosts] },
  );
}

/** Browsers send Origin with every WebSocket and with whatever is not GET or HEAD. The scheme may be a TLS proxy's. */
function ownOrigin(request: JudgedRequest): ApiError | null {
  const given = allOf(request, 'origin');
  if (given.length === 0) return null;
  const [host] = allOf(request, 'host');
  const origin = given.length === 1 ? URL.parse(given[0]!) : null;
  const own =
    origin !== null &&
    /^https?:$/.test(origin.protocol) &&
    origin.origin === given[0]!.toLowerCase() &&
    origin.host === URL.parse(`${origin.protocol}//${host}`)?.host;
  return own ? null : foreign(given.join(', '));
}

/** What browsers say of a request's source in addition (Fetch Metadata); a link to the page itself may be followed. */
function ownSite(request: JudgedRequest): ApiError | null {
  const { headers, method, url } = request;
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  if (method === 'GET' && url === '/' && headers['sec-fetch-mode'] === 'navigate') return null;
  return foreign(`sec-fetch-site: ${String(site)}`);
}

/** All values of a header. */
function allOf({ rawHeaders }: JudgedRequest, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name);
}

function foreign(given: string): ApiError {
  return new ApiError(403, 'foreign-origin', 'pages of another origin may not use this API', { given });
}

function rightToken(request: JudgedRequest, { token }: AccessRules): ApiError | null {
  if (!token || (OPEN_PATHS.has(request.url ?? '') && (request.method === 'GET' || request.method === 'HEAD'))) {
    return null;
  }
  const given = tokenIn(request);
  if (given !== null && token.is(given)) return null;
  return given === null
    ? new ApiError(401, 'no-token', `this daemon needs a token: ${TOKEN_HINT}`)
    : new ApiError(401, 'wrong-token', `the token is wrong: ${TOKEN_HINT}`);
}

/** The token that a request carries; null when it carries none. Query and cookies are never looked at. */
function tokenIn({ headers }: JudgedRequest): string | null {
  const { authorization } = headers;
  if (typeof authorization === 'string') return /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
  const protocols = headers['sec-websocket-protocol'];
  if (typeof protocols !== 'string') return null;
  const offered = protocols.split(',').map((one) => one.trim());
  const carrier = offered.find((one) => one.startsWith(TOKEN_PROTOCOL));
  return carrier === undefined ? null : Buffer.from(carrier.slice(TOKEN_PROTOCOL.length), 'base64url').toString();
}
