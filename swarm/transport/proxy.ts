/**
 * Proxies as programs of Go take them from their environment: one for http, one for https, and who is reached without
 * (golang.org/x/net http/httpproxy/proxy.go Config.ProxyFunc; net/http transport.go dialConn, connectMethod).
 *
 *   http://service      GET http://service/path ──> proxy ──> service
 *   https://service     CONNECT service:443 ──> proxy ──> service, TLS inside
 */
import net from 'node:net';
import type { ProxySettings } from '../plan/connections.ts';

/** Where requests go first. */
export interface HttpProxy {
  /** Whether TLS is spoken with the proxy itself. */
  secure: boolean;
  /** IPv6 addresses without brackets. */
  host: string;
  port: number;
  /** Value of Proxy-Authorization; null for none. */
  authorization: string | null;
}

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Decides for each origin. */
export class ProxyRules {
  readonly #http: HttpProxy | null;
  readonly #https: HttpProxy | null;
  readonly #exceptions: ProxyExceptions;

  /** @throws RangeError for a proxy that is neither http nor https. What is not an address at all is ignored, as Go does. */
  constructor({ http, https, no }: ProxySettings) {
    this.#http = parseProxy(http ?? '');
    this.#https = parseProxy(https ?? '');
    this.#exceptions = new ProxyExceptions(no ?? '');
  }

  /** The proxy for an origin such as `https://service.example.com:8090`; null for a direct connection. */
  of(origin: string): HttpProxy | null {
    const [, scheme = '', authority = ''] = /^(https?):\/\/([^/]+)$/i.exec(origin) ?? [];
    const secure = scheme.toLowerCase() === 'https';
    const proxy = secure ? this.#https : this.#http;
    if (!proxy) return null;
    const { host, port } = splitAuthority(authority);
    return this.#exceptions.match(host, port ?? (secure ? '443' : '80')) ? null : proxy;
  }
}

/** `host:port` for people and for CONNECT, addresses of IPv6 in brackets; never the credentials of a proxy. */
export function hostPort({ host, port }: { host: string; port: number | string }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A text without a scheme is an http proxy. */
function parseProxy(text: string): HttpProxy | null {
  if (text === '') return null;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) ? text : `http://${text}`);
  if (!url?.hostname) return null;
  const scheme = url.protocol.slice(0, -1);
  if (!(scheme in PORTS)) {
    throw new RangeError(`${url.protocol}//${url.host} is a proxy of an unknown kind; allowed: http, https`);
  }
  let user: string;
  try {
    user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    return null;
  }
  return {
    secure: scheme === 'https',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || PORTS[scheme]!,
    authorization: url.username || url.password ? `Basic ${Buffer.from(user).toString('base64')}` : null,
  };
}

/** Host without brackets; port null where there is none. */
function splitAuthority(authority: string): { host: string; port: string | null } {
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority) ?? [];
  return { host: v6 ?? name ?? authority, port: port || null };
}

/** Hosts that are reached without a proxy: NO_PROXY, and this machine. */
class ProxyExceptions {
  #all = false;
  readonly #networks = new net.BlockList();
  readonly #addresses: { list: net.BlockList; port: string }[] = [];
  readonly #domains: { suffix: string; itself: boolean; port: string }[] = [];

  constructor(text: string) {
    for (const raw of text.split(',')) {
      const entry = raw.trim().toLowerCase();
      if (entry === '*') this.#all = true;
      else if (entry !== '') this.#add(entry);
    }
  }

  match(host: string, port: string): boolean {
    if (host === 'localhost') return true;
    const family = familyOf(host);
    if (family && LOOPBACK.check(host, family)) return true;
    if (this.#all) return true;
    if (family) {
      const here = this.#addresses.some(
        (one) => one.list.check(host, family) && (one.port === '' || one.port === port),
      );
      return here || this.#networks.check(host, family);
    }
    const name = host.toLowerCase();
    return this.#domains.some(
      (domain) =>
        (name.endsWith(domain.suffix) || (domain.itself && name === domain.suffix.slice(1))) &&
        (domain.port === '' || domain.port === port),
    );
  }

  #add(entry: string): void {
    const [address = '', prefix] = entry.split('/');
    const network = prefix === undefined ? null : familyOf(address);
    if (network && /^\d{1,3}$/.test(prefix!) && Number(prefix) <= (network === 'ipv4' ? 32 : 128)) {
      this.#networks.addSubnet(address, Number(prefix), network);
      return;
    }
    // An IPv6 address without brackets has colons and no port.
    const { host, port } = familyOf(entry) ? { host: entry, port: null } : splitAuthority(entry);
    if (host === '') return;
    const family = familyOf(host);
    if (family) {
      const list = new net.BlockList();
      list.addAddress(host, family);
      this.#addresses.push({ list, port: port ?? '' });
      return;
    }
    const name = host.startsWith('*.') ? host.slice(1) : host;
    const itself = !name.startsWith('.');
    this.#domains.push({ suffix: itself ? `.${name}` : name, itself, port: port ?? '' });
  }
}

const LOOPBACK = new net.BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function familyOf(host: string): 'ipv4' | 'ipv6' | null {
  const family = net.isIP(host);
  return family === 4 ? 'ipv4' : family === 6 ? 'ipv6' : null;
}
