/**
 * Addresses as Go's URL parser takes them, and what it says of others.
 * Upstream: Go, net/url/url.go, Parse and ParseRequestURI.
 */
import { isIP } from 'node:net';
import { goQuoted } from './go-text.ts';

/** What is looked at of an address. */
export interface GoUrl {
  readonly scheme: string;
  /** With its port, without the user. */
  readonly host: string;
  readonly path: string;
}

/** Text that is no address; the message is the parser's. */
export class UrlError extends Error {
  constructor(text: string, problem: string) {
    super(`parse ${goQuoted(text)}: ${problem}`);
    this.name = 'UrlError';
  }
}

/** @throws UrlError */
export function parseUrl(text: string): GoUrl {
  const hash = text.indexOf('#');
  return parse(text, hash < 0 ? text : text.slice(0, hash), false);
}

/** As {@link parseUrl}, of what stands in a request: absolute, or a path from the root on. @throws UrlError */
export function parseRequestUri(text: string): GoUrl {
  return parse(text, text, true);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\x00-\x1f\x7f]/;

function parse(whole: string, text: string, isRequest: boolean): GoUrl {
  const fail = (problem: string): never => {
    throw new UrlError(text, problem);
  };
  if (CONTROL.test(text)) fail('net/url: invalid control character in URL');
  if (text === '' && isRequest) throw new UrlError(whole, 'empty url');
  if (text === '*') return { scheme: '', host: '', path: '*' };
  const colon = text.search(/[^A-Za-z0-9+.-]/);
  if (text[0] === ':') fail('missing protocol scheme');
  const hasScheme = colon > 0 && text[colon] === ':' && /^[A-Za-z]/.test(text);
  const scheme = hasScheme ? text.slice(0, colon).toLowerCase() : '';
  const [rest] = (hasScheme ? text.slice(colon + 1) : text).split('?', 1) as [string];
  if (!rest.startsWith('/')) {
    // Opaque, as in mailto:somebody.
    if (scheme !== '') return { scheme, host: '', path: '' };
    if (isRequest) fail('invalid URI for request');
    const [segment] = rest.split('/', 1) as [string];
    if (segment.includes(':')) fail('first path segment in URL cannot contain colon');
  }
  const hasAuthority = rest.startsWith('//') && (scheme !== '' || (!isRequest && !rest.startsWith('///')));
  const end = hasAuthority ? rest.indexOf('/', 2) : 0;
  const authority = hasAuthority ? rest.slice(2, end < 0 ? undefined : end) : '';
  const path = hasAuthority ? (end < 0 ? '' : rest.slice(end)) : rest;
  const host = hostOf(scheme, authority, fail);
  const stray = badEscape(path);
  if (stray !== undefined) fail(`invalid URL escape ${goQuoted(stray)}`);
  return { scheme, host, path };
}

function hostOf(scheme: string, authority: string, fail: (problem: string) => never): string {
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  checkHost(scheme, host, fail);
  if (at >= 0) {
    const user = authority.slice(0, at);
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) fail('net/url: invalid userinfo');
    const stray = badEscape(user);
    if (stray !== undefined) fail(`invalid URL escape ${goQuoted(stray)}`);
  }
  return host;
}

function checkHost(scheme: string, host: string, fail: (problem: string) => never): void {
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) fail('invalid IP-literal');
  if (bracket === 0) {
    const close = host.lastIndexOf(']');
    if (close < 0) fail("missing ']' in host");
    checkPort(host.slice(close + 1), fail);
    const address = host.slice(1, close);
    const family = isIP(address.split('%', 1)[0] as string);
    if (family === 4) fail('invalid IP-literal');
    if (family !== 6) fail(`invalid host: ParseAddr(${goQuoted(address)}): unable to parse IP`);
    return;
  }
  const strict = scheme === 'http' || scheme === 'https';
  const colon = strict ? host.indexOf(':') : host.lastIndexOf(':');
  if (colon >= 0) checkPort(host.slice(colon), fail);
  const stray = badEscape(host) ?? /%(?!25)[0-7][0-9a-f]/i.exec(host)?.[0];
  if (stray !== undefined) fail(`invalid URL escape ${goQuoted(stray)}`);
  const bad = /[ \\^`{|}]/.exec(host)?.[0];
  if (bad !== undefined) fail(`invalid character ${goQuoted(bad)} in host name`);
}

function checkPort(port: string, fail: (problem: string) => never): void {
  if (!/^(:\d*)?$/.test(port)) fail(`invalid port ${goQuoted(port)} after host`);
}

/** The first escape that is none, as far as it goes. */
function badEscape(text: string): string | undefined {
  return /%(?![0-9a-f]{2}).{0,2}/i.exec(text)?.[0];
}
