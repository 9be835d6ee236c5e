/**
 * Who may call what. Each operation accepts some schemes; the first one whose token is sent and good lets the request in.
 * Upstream: go-openapi/runtime, middleware/router.go (RouteAuthenticators) and security/authenticator.go (APIKeyAuth);
 * assisted-service, pkg/auth/local_authenticator.go and local_authz_handler.go.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../model/time/clock.ts';
import { type Claim, type LocalTokens, TokenError } from '../auth/local-tokens.ts';
import { businessError, frameworkError, infraError } from './answer.ts';
import { Refusal } from './refusal.ts';

/** Security schemes of the published API, by where their token is sent. */
export type Scheme = 'user' | 'agent' | 'url' | 'image' | 'imageUrl' | 'watcher';

/** A request, before anything in it is checked. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly params: Readonly<Record<string, string>>;
}

export interface Guarded {
  /** In the order of the published API. */
  readonly security: readonly Scheme[];
  /** Its answers are typed as bytes. */
  readonly octets: boolean;
}

export interface Authentication {
  /**
   * Lets a request in, or not.
   * @returns what the caller's access is limited to; null without a limit
   * @throws Refusal
   */
  admit(operation: Guarded, credentials: Credentials): Claim | null;
}

/** AUTH_TYPE none. */
export const openToAll: Authentication = { admit: () => null };

const unauthenticated = () => new Refusal(frameworkError(401, 'unauthenticated for invalid credentials'));

/** Users need no token; agents need this one. */
export function fixedAgentToken(token: string): Authentication {
  const expected = Buffer.from(token);
  return {
    admit: ({ security, octets }, credentials) => {
      if (!security.includes('agent')) return null;
      const given = TOKENS.agent(credentials);
      if (given === '') {
        // Users come without a token; nobody checks theirs.
        if (security.includes('user')) return null;
        throw unauthenticated();
      }
      const actual = Buffer.from(given);
      if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
        throw new Refusal(infraError(401, 'Invalid token', octets));
      }
      return null;
    },
  };
}

const header = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0]! : (value ?? ''));

const TOKENS: Readonly<Record<Scheme, (credentials: Credentials) => string>> = {
  user: ({ headers }) => header(headers.authorization),
  agent: ({ headers }) => header(headers['x-secret-key']),
  url: ({ query }) => query.api_key ?? '',
  image: ({ headers }) => header(headers['image-token']),
  imageUrl: ({ query }) => query.image_token ?? '',
  watcher: ({ headers }) => header(headers['watcher-authorization']),
};

/** What people call the schemes that AUTH_TYPE local has no tokens for. */
const CLOSED: Readonly<Partial<Record<Scheme, string>>> = {
  user: 'User',
  image: 'Image',
  imageUrl: 'Image',
  watcher: 'Watcher',
};
/** What a token is for may be gone for so long before it is noticed. Upstream: NewLocalAuthenticator. */
const KNOWN_FOR_MS = 10 * 60_000;
const REMEMBERED = 50_000;

export interface LocalAuthenticationOptions {
  readonly tokens: LocalTokens;
  readonly clock: Clock;
  /** Whether an infra-env or cluster is stored. */
  readonly exists: (claim: Claim) => boolean;
  /** LOCAL_AUTH_ENFORCE_RESOURCE_SCOPE: tokens of URLs open nothing but what they are for. */
  readonly enforceScope: boolean;
}

/** AUTH_TYPE local: agents and URLs have tokens, users have none. */
export function localAuthentication({
  tokens,
  clock,
  exists,
  enforceScope,
}: LocalAuthenticationOptions): Authentication {
  const knownUntil = new Map<string, number>();

  function checkExists(claim: Claim): void {
    const now = clock.now();
    if ((knownUntil.get(claim.id) ?? 0) > now) return;
    if (!exists(claim)) {
      knownUntil.delete(claim.id);
      throw new TokenError(
        claim.kind === 'infra_env_id' ? `infraEnv ${claim.id} does not exist` : `Cluster ${claim.id} does not exist`,
      );
    }
    if (knownUntil.size >= REMEMBERED) knownUntil.clear();
    knownUntil.set(claim.id, now + KNOWN_FOR_MS);
  }

  return {
    admit: ({ security, octets }, credentials) => {
      let refused: string | null = null;
      for (const scheme of security) {
        const token = TOKENS[scheme](credentials);
        if (token === '') continue;
        if (CLOSED[scheme] !== undefined) {
          refused = `${CLOSED[scheme]} Authentication not allowed for local auth`;
          continue;
        }
        try {
          const claim = tokens.verify(token);
          checkExists(claim);
          if (scheme === 'url' && enforceScope) checkScope(claim, credentials.params, octets);
          // Agents may ask about anything.
          return scheme === 'url' && enforceScope ? claim : null;
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
          refused = error.message;
        }
      }
      throw refused === null ? unauthenticated() : new Refusal(infraError(401, refused, octets));
    },
  };
}

/** @throws Refusal 404 for a path that names something else than the token is for. */
function checkScope({ kind, id }: Claim, params: Readonly<Record<string, string>>, octets: boolean): void {
  const { infra_env_id: infraEnvId, cluster_id: clusterId } = params;
  if (infraEnvId === undefined && clusterId === undefined) return;
  if ((kind === 'infra_env_id' ? infraEnvId : clusterId) !== id) {
    throw new Refusal(businessError(404, 'Object Not Found', octets));
  }
}
