/** Where a webhook is reached: kubernetes/apiserver, pkg/util/webhook/validation.go. */
import { causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { nameFaults } from '../../api/names.ts';
import { at, text } from '../fields.ts';

const FORM = '; desired format: https://host[/path]';

/** `scheme:`, `//host`, path, `?query` and `#fragment`, each of which may be missing. */
const URL_PARTS = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

/** ValidateWebhookURL */
export function webhookUrlFaults(url: string, path: string): StatusCause[] {
  const fault = urlFault(url);
  if (fault !== undefined) {
    return [causeRequired(path, `url must be a valid URL: parse ${JSON.stringify(url)}: ${fault}${FORM}`)];
  }
  const [, scheme = '', authority = '', , query = '', fragment = ''] = URL_PARTS.exec(url)!;
  const at = authority.lastIndexOf('@');
  const [user, host] = at < 0 ? [undefined, authority] : [authority.slice(0, at), authority.slice(at + 1)];
  const causes: StatusCause[] = [];
  if (scheme.toLowerCase() !== 'https') {
    causes.push(causeInvalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`));
  }
  if (host === '') causes.push(causeInvalid(path, '', `host must be specified${FORM}`));
  if (user !== undefined) causes.push(causeInvalid(path, user, 'user information is not permitted in the URL'));
  if (fragment !== '') causes.push(causeInvalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') causes.push(causeInvalid(path, query, 'query parameters are not permitted in the URL'));
  return causes;
}

/** What Go's net/url Parse says. */
function urlFault(url: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what Go refuses.
  if (/[\x00-\x1f\x7f]/.test(url)) return 'net/url: invalid control character in URL';
  if (url.startsWith(':')) return 'missing protocol scheme';
  const broken = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(url);
  if (broken) return `invalid URL escape ${JSON.stringify(broken[0])}`;
  const [, scheme, authority = '', rest = ''] = URL_PARTS.exec(url)!;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const port = /:([^:\]]*)$/.exec(host)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) return `invalid port ${JSON.stringify(`:${port}`)} after host`;
  const bad = /[\s<>"]/.exec(host)?.[0];
  if (bad !== undefined) return `invalid character ${JSON.stringify(bad)} in host name`;
  if (scheme === undefined && /^[^/]*:/.test(rest)) return 'first path segment in URL cannot contain colon';
  return undefined;
}

/** ValidateWebhookService, as it is called: with the names of service and namespace the wrong way round. */
export function webhookServiceFaults(service: unknown, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  if (text(service, 'namespace') === '') causes.push(causeRequired(`${path}.name`, 'service name is required'));
  if (text(service, 'name') === '') causes.push(causeRequired(`${path}.namespace`, 'service namespace is required'));
  const port = at(service, 'port') ?? 0;
  if (typeof port === 'number' && (port < 1 || port > 65_535)) {
    causes.push(causeInvalid(`${path}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'));
  }
  return [
    ...causes,
    ...pathFaults(text(service, 'path')).map((fault) => causeInvalid(`${path}.path`, text(service, 'path'), fault)),
  ];
}

function pathFaults(path: string): string[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return ['segment[0] may not be empty'];
  const faults = path.startsWith('/') ? [] : ["must start with a '/'"];
  for (const [index, step] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') faults.push(`segment[${index}] may not be empty`);
    else faults.push(...nameFaults(step, 'dns-subdomain').map((fault) => `segment[${index}]: ${fault}`));
  }
  return faults;
}
