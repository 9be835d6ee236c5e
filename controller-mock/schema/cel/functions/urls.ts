/** URLs: k8s.io/apiserver, pkg/cel/library/urls.go; Go's net/url. */
import { formatCheck } from '../../formats.ts';
import { EvaluationFault } from '../fault.ts';
import { List, LiteralMap, Opaque } from '../values.ts';
import { type Functions, global, method } from './overload.ts';

const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?/s;

class Url extends Opaque {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string) {
    super();
    this.text = text;
    const [, scheme = '', host = '', path = '', query = ''] = PARTS.exec(text) ?? [];
    this.scheme = scheme.toLowerCase();
    this.host = host;
    this.path = path;
    this.query = query;
  }

  equals(other: Opaque): boolean {
    return other instanceof Url && this.text === other.text;
  }
}

const isUrl = (text: string) => formatCheck('uri')!(text);

/** url.ParseRequestURI, for the plain cases. */
export function urlFault(text: string): string | undefined {
  if (isUrl(text)) return undefined;
  const fault = (detail: string) => `parse ${JSON.stringify(text)}: ${detail}`;
  if (text === '') return fault('empty url');
  const [, scheme, host = ''] = PARTS.exec(text) ?? [];
  if (scheme === undefined) return fault('invalid URI for request');
  const character = /[ "<>\\^`{|}]/.exec(host)?.[0];
  if (character !== undefined) return fault(`invalid character ${JSON.stringify(character)} in host name`);
  const port = /:[^:\]]*$/.exec(host)?.[0];
  return fault(
    port && !/^:\d*$/.test(port) ? `invalid port ${JSON.stringify(port)} after host` : 'invalid URI for request',
  );
}

function read(text: string): Url {
  const fault = urlFault(text);
  if (fault !== undefined) throw new EvaluationFault(`URL parse error during conversion from string: ${fault}`);
  return new Url(text);
}

const HOST = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/;

function queryOf({ query }: Url): LiteralMap {
  const values = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(query)) values.set(key, [...(values.get(key) ?? []), value]);
  return new LiteralMap([...values].map(([key, list]) => [key, new List(list)]));
}

export const URLS: Functions = {
  url: [global('string_to_url', 'string -> url', read)],
  isURL: [global('is_url_string', 'string -> bool', isUrl)],
  getScheme: [method('url_get_scheme', 'url -> string', ({ scheme }: Url) => scheme)],
  getHost: [method('url_get_host', 'url -> string', ({ host }: Url) => host)],
  getHostname: [
    method(
      'url_get_hostname',
      'url -> string',
      ({ host }: Url) => HOST.exec(host)?.[1] ?? HOST.exec(host)?.[2] ?? host,
    ),
  ],
  getPort: [method('url_get_port', 'url -> string', ({ host }: Url) => HOST.exec(host)?.[3] ?? '')],
  getEscapedPath: [method('url_get_escaped_path', 'url -> string', ({ path }: Url) => path)],
  getQuery: [method('url_get_query', 'url -> map(string, list(string))', queryOf)],
};
