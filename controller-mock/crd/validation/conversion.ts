/** Conversion of a definition: kubernetes/apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go validateCustomResourceConversion. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { stringsLiteral } from '../../api/go-values.ts';
import { nameFault } from '../../api/names.ts';
import type { CrdConversion } from '../crd-types.ts';

const STRATEGIES = ['None', 'Webhook'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

/** Causes name fields by the unversioned type, which has those of `webhook` one level higher. */
export function conversionFaults(conversion: CrdConversion | undefined, path: string): StatusCause[] {
  if (!conversion) return [];
  const { strategy = '', webhook } = conversion;
  const causes: StatusCause[] = [];
  if (strategy === '') causes.push(causeRequired(`${path}.strategy`));
  else if (!STRATEGIES.includes(strategy)) causes.push(causeNotSupported(`${path}.strategy`, strategy, STRATEGIES));
  const client = `${path}.webhookClientConfig`;
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    if (!webhook?.clientConfig) causes.push(causeRequired(client, 'required when strategy is set to Webhook'));
    else causes.push(...clientFaults(webhook.clientConfig, client));
    causes.push(...reviewVersionFaults(versions, `${path}.conversionReviewVersions`));
    return causes;
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) causes.push(causeForbidden(client, detail));
  if (versions.length > 0) causes.push(causeForbidden(`${path}.conversionReviewVersions`, detail));
  return causes;
}

type WebhookClient = NonNullable<NonNullable<CrdConversion['webhook']>['clientConfig']>;

function clientFaults({ url, service }: WebhookClient, path: string): StatusCause[] {
  if ((url === undefined) === (service === undefined)) {
    return [causeRequired(path, 'exactly one of url or service is required')];
  }
  return url === undefined ? serviceFaults(service!, `${path}.service`) : urlFaults(url, `${path}.url`);
}

/** kubernetes/apiserver, pkg/util/webhook/validation.go ValidateWebhookURL */
function urlFaults(text: string, path: string): StatusCause[] {
  const form = '; desired format: https://host[/path]';
  const parts =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  const [, scheme = '', user, host = '', , query = '', fragment = ''] = parts ?? [];
  const causes: StatusCause[] = [];
  if (scheme.toLowerCase() !== 'https') {
    causes.push(causeInvalid(path, scheme, `'https' is the only allowed URL scheme${form}`));
  }
  if (host === '') causes.push(causeInvalid(path, host, `host must be specified${form}`));
  if (user !== undefined) causes.push(causeInvalid(path, user, 'user information is not permitted in the URL'));
  if (fragment !== '') causes.push(causeInvalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') causes.push(causeInvalid(path, query, 'query parameters are not permitted in the URL'));
  return causes;
}

/** ValidateWebhookService, which is called with name and namespace the wrong way round. */
function serviceFaults(service: NonNullable<WebhookClient['service']>, path: string): StatusCause[] {
  const { name = '', namespace = '', port = 443, path: urlPath = '' } = service;
  const causes: StatusCause[] = [];
  if (namespace === '') causes.push(causeRequired(`${path}.name`, 'service name is required'));
  if (name === '') causes.push(causeRequired(`${path}.namespace`, 'service namespace is required'));
  if (port < 1 || port > 65_535) {
    const detail = 'port is not valid: must be between 1 and 65535, inclusive';
    causes.push(causeInvalid(`${path}.port`, port, detail));
  }
  if (urlPath === '' || urlPath === '/') return causes;
  const bad = (detail: string) => causes.push(causeInvalid(`${path}.path`, urlPath, detail));
  if (urlPath === '//') bad('segment[0] may not be empty');
  else {
    if (!urlPath.startsWith('/')) bad("must start with a '/'");
    for (const [index, segment] of urlPath.slice(1).replace(/\/$/, '').split('/').entries()) {
      const fault = segment === '' ? undefined : nameFault(segment, 'dns-subdomain');
      if (segment === '') bad(`segment[${index}] may not be empty`);
      else if (fault) bad(`segment[${index}]: ${fault}`);
    }
  }
  return causes;
}

function reviewVersionFaults(versions: readonly string[], path: string): StatusCause[] {
  if (versions.length === 0) return [causeRequired(path)];
  const causes: StatusCause[] = [];
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const fault = nameFault(version, 'dns-1035-label');
    if (seen.has(version)) causes.push(causeInvalid(`${path}[${index}]`, version, 'duplicate version'));
    else if (fault) causes.push(causeInvalid(`${path}[${index}]`, version, fault));
    seen.add(version);
  }
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    causes.push(
      causeInvalid(path, stringsLiteral(versions), `must include at least one of ${REVIEW_VERSIONS.join(', ')}`),
    );
  }
  return causes;
}
