/**
 * The tokens of AUTH_TYPE local: JWTs signed with ES256 whose only claim names the infra-env or cluster they are for. They
 * never expire. Upstream: assisted-service, internal/gencrypto/token.go and keys.go, pkg/auth/local_authenticator.go.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

/** What a token is for. */
export type TokenKind = 'infra_env_id' | 'cluster_id';

export interface Claim {
  readonly kind: TokenKind;
  readonly id: string;
}

/** A token that cannot be used; the message is the real service's. */
export class TokenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TokenError';
  }
}

/** Tokens that are known to be good are not verified again; so many are remembered. */
const REMEMBERED = 50_000;
const HEADER = encode({ alg: 'ES256', typ: 'JWT' });

export class LocalTokens {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #good = new Map<string, Claim>();

  /**
   * @param privateKeyPem a P-256 key as EC_PRIVATE_KEY_PEM has it; a new one is made without it
   * @throws Error for a key of another kind
   */
  constructor(privateKeyPem = '') {
    this.#privateKey =
      privateKeyPem === '' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : readKey(privateKeyPem);
    this.#publicKey = createPublicKey(this.#privateKey);
  }

  get privateKeyPem(): string {
    return this.#privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  }

  /** A new token: like the real service's, each one for the same thing has another signature. */
  issue(kind: TokenKind, id: string): string {
    const signed = `${HEADER}.${encode({ [kind]: id })}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  /** What a token is for. @throws TokenError */
  verify(token: string): Claim {
    const known = this.#good.get(token);
    if (known) return known;
    const claim = claimOf(this.#checked(token));
    if (this.#good.size >= REMEMBERED) this.#good.clear();
    this.#good.set(token, claim);
    return claim;
  }

  /** Adds a token to a URL as its parameter `api_key`. Parameters come out sorted, as Go's net/url prints them. */
  signUrl(url: string, kind: TokenKind, id: string): string {
    const signed = new URL(url);
    signed.searchParams.set('api_key', this.issue(kind, id));
    signed.searchParams.sort();
    return signed.toString();
  }

  /** Claims of a token whose signature is right. Texts: golang-jwt v4, parser.go and errors.go. */
  #checked(token: string): Record<string, unknown> {
    const fail = (why: string) => new TokenError(`Failed to parse token: ${why}\n`);
    const parts = token.split('.');
    if (parts.length !== 3) throw fail('token contains an invalid number of segments');
    const [header, payload, signature] = parts as [string, string, string];
    if (token.toLowerCase().startsWith('bearer ')) throw fail("tokenstring should not contain 'bearer '");
    const { alg } = decode(header, fail);
    const claims = decode(payload, fail);
    if (typeof alg !== 'string') throw fail('signing method (alg) is unspecified.');
    if (!METHODS.has(alg)) throw fail('signing method (alg) is unavailable.');
    if (alg !== 'ES256') throw fail(`signing method ${alg} is invalid`);
    const good = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: this.#publicKey, dsaEncoding: 'ieee-p1363' },
      bytesOf(signature, fail),
    );
    if (!good) throw fail('crypto/ecdsa: verification error');
    return claims;
  }
}

/** Signing methods that golang-jwt v4 knows. */
const METHODS: ReadonlySet<string> = new Set([
  ...['ES256', 'ES384', 'ES512', 'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['EdDSA', 'none'],
]);

function readKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error('EC_PRIVATE_KEY_PEM is not a private key in PEM form. Give a P-256 key, or leave it out.', {
      cause,
    });
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1') {
    throw new Error(
      `EC_PRIVATE_KEY_PEM is a ${curve ?? key.asymmetricKeyType} key. Give a P-256 key, or leave it out.`,
    );
  }
  return key;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

type Fail = (why: string) => TokenError;

function bytesOf(segment: string, fail: Fail): Buffer {
  const bad = segment.search(/[^A-Za-z0-9_-]/);
  if (bad >= 0) throw fail(`illegal base64 data at input byte ${bad}`);
  if (segment.length % 4 === 1) throw fail(`illegal base64 data at input byte ${segment.length - 1}`);
  return Buffer.from(segment, 'base64url');
}

function decode(segment: string, fail: Fail): Record<string, unknown> {
  const text = bytesOf(segment, fail).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw fail('json: cannot unmarshal into Go value of type map[string]interface {}');
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw fail(
      text === '' ? 'unexpected end of JSON input' : `invalid character '${text[0]}' looking for beginning of value`,
    );
  }
}

function claimOf(claims: Record<string, unknown>): Claim {
  for (const kind of ['infra_env_id', 'cluster_id'] as const) {
    const id = claims[kind];
    if (typeof id === 'string') return { kind, id };
  }
  throw new TokenError('claims are incorrectly formatted');
}
