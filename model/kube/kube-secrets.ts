/**
 * Hides from what a server says whatever secret was sent with the request: API servers, web hooks and proxies quote what they got.
 */
import type { KubeObject } from './kube-object.ts';

/** What stands where a secret stood. */
const REDACTED = '(redacted)';
/** Shorter values are words that occur by chance. */
const SHORTEST = 6;

/** The text without the credentials of `headers` and without the values of `body`, where that is a Secret. */
export function withoutSecrets(text: string, headers: Readonly<Record<string, string>>, body: unknown): string {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  const secrets = [...(authorization === undefined ? [] : credentialsOf(authorization)), ...valuesOf(body)];
  // As it is, in JSON, and in JSON that a text in JSON quotes.
  const forms = new Set(
    secrets.filter(({ length }) => length >= SHORTEST).flatMap((one) => [one, escaped(one), escaped(escaped(one))]),
  );
  // The longest first: one may hold another.
  return [...forms].sort((a, b) => b.length - a.length).reduce((rest, one) => rest.replaceAll(one, REDACTED), text);
}

/** `Bearer x` → x; of `Basic x` also what x stands for. */
function credentialsOf(authorization: string): string[] {
  const [scheme = '', ...rest] = authorization.split(' ');
  const value = rest.join(' ') || scheme;
  return scheme === 'Basic' ? [value, ...passwordsOf(decoded(value))] : [value];
}

function valuesOf(body: unknown): string[] {
  const { kind, data, stringData } = (body ?? {}) as Partial<KubeObject> & Record<'data' | 'stringData', unknown>;
  if (kind !== 'Secret') return [];
  return [
    ...textsIn(data).flatMap((value) => [value, decoded(value), ...textsIn(parsed(decoded(value)))]),
    ...textsIn(stringData).flatMap((value) => [value, ...textsIn(parsed(value))]),
  ];
}

/** All texts at any depth; of a pull secret these are its credentials, but for names of registries. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

function passwordsOf(text: string): string[] {
  return [text, text.slice(text.indexOf(':') + 1)];
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
