/**
 * Query parameters of lists and watches: kubernetes/apimachinery, pkg/apis/meta/internalversion/types.go ListOptions,
 * pkg/apis/meta/internalversion/validation/validation.go ValidateListOptions.
 */
import { causeForbidden, causeInvalid, type StatusCause } from '../api/causes.ts';
import { badRequest, invalid } from '../api/status.ts';

const LIST_OPTIONS = { group: 'meta.k8s.io', kind: 'ListOptions' };

export interface ListOptions {
  watch: boolean;
  labelSelector: string;
  fieldSelector: string;
  /** undefined when unset; 0 is "anything". */
  resourceVersion: number | undefined;
  match: '' | 'Exact' | 'NotOlderThan';
  limit: number;
  continue: string;
  timeoutSeconds: number;
  allowWatchBookmarks: boolean;
  /** undefined when unset. */
  sendInitialEvents: boolean | undefined;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d{1,19}$/.test(text)) {
    throw badRequest(
      `unable to convert query parameter ${name}=${JSON.stringify(text.slice(0, 100))}: it must be an integer`,
    );
  }
  return Number(text);
}

function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (text === '' || text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw badRequest(
    `unable to convert query parameter ${name}=${JSON.stringify(text.slice(0, 100))}: it must be true or false`,
  );
}

/** @throws ApiStatusError 400, 422 */
export function parseListOptions(query: URLSearchParams): ListOptions {
  const options: ListOptions = {
    watch: boolean(query, 'watch') ?? false,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    resourceVersion: parseVersion(query.get('resourceVersion') ?? ''),
    match: '',
    limit: Math.max(0, integer(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    timeoutSeconds: Math.max(0, integer(query, 'timeoutSeconds') ?? 0),
    allowWatchBookmarks: boolean(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: boolean(query, 'sendInitialEvents'),
  };
  const match = query.get('resourceVersionMatch') ?? '';
  const causes: StatusCause[] = [];
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    causes.push(causeInvalid('resourceVersionMatch', match, 'must be Exact or NotOlderThan'));
  } else {
    options.match = match;
    faultsOf(options, query.get('resourceVersion') ?? '', causes);
  }
  if (causes.length > 0) throw invalid(LIST_OPTIONS, '', causes);
  return options;
}

function faultsOf(options: ListOptions, resourceVersion: string, causes: StatusCause[]): void {
  const { watch, match, sendInitialEvents } = options;
  if (sendInitialEvents !== undefined && !watch) {
    causes.push(causeForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (watch) {
    if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
      const detail = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
      causes.push(causeForbidden('resourceVersionMatch', detail));
    }
    if (match !== '' && sendInitialEvents === undefined) {
      const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
      causes.push(causeForbidden('resourceVersionMatch', detail));
    }
    if (options.continue !== '') causes.push(causeForbidden('continue', 'continue is forbidden for watch'));
  } else if (match !== '') {
    if (resourceVersion === '') {
      const detail = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
      causes.push(causeForbidden('resourceVersionMatch', detail));
    } else if (match === 'Exact' && options.resourceVersion === 0) {
      const detail = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
      causes.push(causeForbidden('resourceVersionMatch', detail));
    }
  }
}

function parseVersion(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(
      `invalid resource version ${JSON.stringify(text.slice(0, 100))}: it must be a value that the server gave`,
    );
  }
  return Number(text);
}
