/**
 * Tries credentials at a registry as its clients do before a push: the API is asked, says where tokens are given, and a token is
 * asked for (distribution/distribution, docs/spec/auth/token.md; oras-project/oras-go, registry/remote/auth/client.go). Nothing is
 * written. Whether the cluster gets through to the registry this does not tell.
 */
import { type Dispatcher, request } from 'undici';
import { registryHost } from './registry-path.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** `unknown`: it was not reached from here, or speaks otherwise; `why` says so. */
export type Login =
  | { readonly result: 'accepted' }
  | { readonly result: 'refused'; readonly why: string }
  | { readonly result: 'unknown'; readonly why: string };

/** Wall-clock milliseconds for each request. */
const TIMEOUT_MS = 5_000;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/** @param path as `--registry-path` has it. @throws the signal's reason */
export async function tryLogin(path: string, credentials: Credentials, signal: AbortSignal): Promise<Login> {
  const host = registryHost(path);
  try {
    const base = `${LOOPBACK.test(host) ? 'http' : 'https'}://${host}/v2/`;
    const first = await ask(base, null, signal);
    if (first.status === 200) return { result: 'accepted' };
    const challenge = first.challenge;
    if (first.status !== 401 || challenge === null) {
      return { result: 'unknown', why: `${host} answers ${first.status} to /v2/, which is not what registries say` };
    }
    const where = challenge.scheme === 'basic' ? base : tokenUrl(challenge, path);
    if (where === null) return { result: 'unknown', why: `${host} wants a way to log in that is not known here` };
    const { status } = await ask(where, credentials, signal);
    if (status === 200) return { result: 'accepted' };
    return status === 401 || status === 403
      ? { result: 'refused', why: `${new URL(where).host} answers ${status}` }
      : { result: 'unknown', why: `${new URL(where).host} answers ${status} to a login` };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    return { result: 'unknown', why: `${host} was not reached from here (${code ?? message})` };
  }
}

interface Challenge {
  readonly scheme: 'basic' | 'bearer' | 'other';
  readonly parameters: Readonly<Record<string, string>>;
}

async function ask(
  url: string,
  credentials: Credentials | null,
  signal: AbortSignal,
): Promise<{ status: number; challenge: Challenge | null }> {
  const headers: Record<string, string> = { 'user-agent': 'assisted-swarm' };
  if (credentials) {
    const text = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    headers.authorization = `Basic ${text}`;
  }
  const response = await request(url, {
    headers,
    headersTimeout: TIMEOUT_MS,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  await response.body.dump();
  return { status: response.statusCode, challenge: challengeOf(response) };
}

function challengeOf({ headers }: Dispatcher.ResponseData): Challenge | null {
  const header = headers['www-authenticate'];
  const text = Array.isArray(header) ? header[0] : header;
  const [, scheme = '', rest = ''] = /^(\w+)\s*(.*)$/s.exec(text ?? '') ?? [];
  if (scheme === '') return null;
  const parameters = Object.fromEntries([...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const known = scheme.toLowerCase();
  return { scheme: known === 'basic' || known === 'bearer' ? known : 'other', parameters };
}

/** Where a token is given for pushes below a path; null for a place that credentials must not be sent to. */
function tokenUrl({ scheme, parameters }: Challenge, path: string): string | null {
  if (scheme !== 'bearer' || !URL.canParse(parameters.realm ?? '')) return null;
  const url = new URL(parameters.realm!);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.test(url.host))) return null;
  if (parameters.service !== undefined) url.searchParams.set('service', parameters.service);
  // A repository as backups have it; one that is not there yet is granted all the same.
  const repository = [...path.split('/').slice(1), 'load-test', 'login'].join('/');
  url.searchParams.set('scope', `repository:${repository}:pull,push`);
  return url.href;
}
