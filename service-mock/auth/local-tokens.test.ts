import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalTokens, TokenError } from './local-tokens.ts';

const tokens = new LocalTokens();
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token as somebody else might sign it with our key. */
function signed(claims: object, header: object = { alg: 'ES256', typ: 'JWT' }): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(text), { key: tokens.privateKeyPem, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
const refusal = (token: string) => {
  try {
    return tokens.verify(token);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenError);
    return (error as Error).message;
  }
};

describe('tokens', () => {
  it('say what they are for, to everybody who has the key', () => {
    const id = randomUUID();
    const token = tokens.issue('infra_env_id', id);
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(header).toBe('{"alg":"ES256","typ":"JWT"}');
    expect(payload).toBe(`{"infra_env_id":"${id}"}`);
    expect(new LocalTokens(tokens.privateKeyPem).verify(token)).toEqual({ kind: 'infra_env_id', id });
    expect(tokens.verify(signed({ cluster_id: 'c' }))).toEqual({ kind: 'cluster_id', id: 'c' });
  });

  it('are not those of another key', () => {
    expect(refusal(new LocalTokens().issue('infra_env_id', 'x'))).toBe(
      'Failed to parse token: crypto/ecdsa: verification error\n',
    );
  });

  it.each([
    ['with one segment', 'x', 'Failed to parse token: token contains an invalid number of segments\n'],
    ['that are not base64', 'a.b.c', 'Failed to parse token: illegal base64 data at input byte 0\n'],
    [
      'with a scheme before them',
      `Bearer ${signed({})}`,
      "Failed to parse token: tokenstring should not contain 'bearer '\n",
    ],
    ['without a method', signed({}, { typ: 'JWT' }), 'Failed to parse token: signing method (alg) is unspecified.\n'],
    [
      'with an unknown method',
      signed({}, { alg: 'XX' }),
      'Failed to parse token: signing method (alg) is unavailable.\n',
    ],
    ['with another method', signed({}, { alg: 'HS256' }), 'Failed to parse token: signing method HS256 is invalid\n'],
    ['with a cut signature', signed({}).slice(0, -6), 'Failed to parse token: crypto/ecdsa: verification error\n'],
    ['for nothing known', signed({ foo: 1 }), 'claims are incorrectly formatted'],
  ])('%s are refused with the words of the real service', (_, token, message) => {
    expect(refusal(token)).toBe(message);
  });

  it('with any change are refused, and nothing else than a TokenError comes of it', () => {
    const token = tokens.issue('infra_env_id', 'x');
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 3 }), (at, text) => {
        const changed = token.slice(0, at) + text + token.slice(at + 1);
        if (changed === token) return;
        // The last letter of a signature holds bits that mean nothing.
        if (at === token.length - 1) return;
        expect(() => tokens.verify(changed)).toThrow(TokenError);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void expect(() => tokens.verify(text)).toThrow(TokenError)));
  });

  it('in URLs stand among the other parameters in order', () => {
    expect(tokens.signUrl('http://h:1/a?version=4.20&arch=x86_64', 'infra_env_id', 'x')).toMatch(
      /^http:\/\/h:1\/a\?api_key=[\w.-]+&arch=x86_64&version=4\.20$/,
    );
  });

  it('need a P-256 key', () => {
    expect(() => new LocalTokens('nonsense')).toThrow('EC_PRIVATE_KEY_PEM is not a private key in PEM form');
    const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    expect(() => new LocalTokens(other.export({ type: 'sec1', format: 'pem' }).toString())).toThrow('secp384r1');
  });
});
