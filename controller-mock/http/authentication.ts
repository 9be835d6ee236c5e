import type { IncomingMessage } from 'node:http';
import type { UserInfo } from '../api/cluster-access.ts';
import { forbidden, unauthorized } from '../api/status.ts';
import { ADMIN, ANONYMOUS, type Tokens } from '../registry/tokens.ts';
import type { RequestInfo } from './request-info.ts';

/** What a client without a token may do. */
export type AnonymousPolicy = 'public-only' | 'all';

const PUBLIC_PATHS = new Set(['version', 'healthz', 'livez', 'readyz']);

/** Who asks. @throws ApiStatusError 401 */
export function authenticate(request: IncomingMessage, tokens: Tokens, anonymous: AnonymousPolicy): UserInfo {
  const header = request.headers.authorization;
  if (header === undefined) return anonymous === 'all' ? ADMIN : ANONYMOUS;
  const token = bearerToken(header);
  const user = token === undefined ? undefined : tokens.find(token);
  if (!user) throw unauthorized();
  return user;
}

/** @param header `Authorization` of a request */
export function bearerToken(header: string): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}

/** @throws ApiStatusError 403 for what a client without a token may not ask for. */
export function refuseAnonymous(info: RequestInfo): void {
  if (info.kind === 'other' && PUBLIC_PATHS.has(info.segments[0] ?? '')) return;
  if (info.kind === 'resource') {
    const where = info.namespace ? ` in the namespace "${info.namespace}"` : ' at the cluster scope';
    throw forbidden(
      { group: info.group, plural: info.resource },
      info.name,
      `User "${ANONYMOUS.username}" cannot use resource "${info.resource}" in API group "${info.group}"${where}: send a bearer token`,
    );
  }
  throw forbidden(
    { group: '', plural: 'paths' },
    '',
    `User "${ANONYMOUS.username}" cannot get this path: send a bearer token`,
  );
}
