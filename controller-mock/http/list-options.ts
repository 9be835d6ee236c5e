/** Query parameters of lists and watches (Installer facts 8.3, 8.4), and pages of lists. */

import { causeForbidden, causeInvalid, type StatusCause } from '../api/causes.ts';
import { ApiStatusError, badRequest, expired, futureResourceVersion, invalid } from '../api/status.ts';
import type { Collection } from '../store/collection.ts';
import type { StoredRecord } from '../store/record.ts';
import type { ListMeta } from './representation.ts';

const LIST_OPTIONS = { group: 'meta.k8s.io', kind: 'ListOptions' };

export interface ListRequest {
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

function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (text === '' || text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw badRequest(
    `unable to convert query parameter ${name}=${JSON.stringify(text.slice(0, 100))}: it must be true or false`,
  );
}

/** @throws ApiStatusError 400, 422 */
export function parseListRequest(query: URLSearchParams): ListRequest {
  const request: ListRequest = {
    watch: flag(query, 'watch') ?? false,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    resourceVersion: parseVersion(query.get('resourceVersion') ?? ''),
    match: '',
    limit: Math.max(0, integer(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    timeoutSeconds: Math.max(0, integer(query, 'timeoutSeconds') ?? 0),
    allowWatchBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: flag(query, 'sendInitialEvents'),
  };
  const match = query.get('resourceVersionMatch') ?? '';
  const causes: StatusCause[] = [];
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    causes.push(causeInvalid('resourceVersionMatch', match, 'must be Exact or NotOlderThan'));
  } else {
    request.match = match;
    faultsOf(request, query.get('resourceVersion') ?? '', causes);
  }
  if (causes.length > 0) throw invalid(LIST_OPTIONS, '', causes);
  return request;
}

function faultsOf(request: ListRequest, resourceVersion: string, causes: StatusCause[]): void {
  const { watch, match, sendInitialEvents } = request;
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
    if (request.continue !== '') causes.push(causeForbidden('continue', 'continue is forbidden for watch'));
  } else if (match !== '') {
    if (resourceVersion === '') {
      const detail = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
      causes.push(causeForbidden('resourceVersionMatch', detail));
    } else if (match === 'Exact' && request.resourceVersion === 0) {
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

interface ContinueToken {
  /** -1: latest, for a list that gave up consistency. */
  rv: number;
  /** Last object of the page before. */
  after: [namespace: string, name: string];
}

const encodeToken = (token: ContinueToken) => Buffer.from(JSON.stringify(token)).toString('base64url');

function decodeToken(text: string): ContinueToken {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<ContinueToken> | null;
    const { rv, after } = token ?? {};
    if (
      Number.isSafeInteger(rv) &&
      Array.isArray(after) &&
      after.length === 2 &&
      after.every((part) => typeof part === 'string')
    ) {
      return { rv: rv!, after };
    }
  } catch {
    // Answered below like any other token that is not ours.
  }
  throw badRequest('continue key is not valid: it must be the metadata.continue of the page before');
}

export interface Page {
  records: readonly StoredRecord[];
  metadata: ListMeta;
}

/**
 * The records a list shows.
 * @param version of the store.
 * @param matches undefined for everything.
 * @throws ApiStatusError 400, 410, 504
 */
export function listPage(
  collection: Collection,
  namespace: string,
  request: ListRequest,
  version: number,
  matches: ((record: StoredRecord) => boolean) | undefined,
): Page {
  let at = version;
  let after: ContinueToken['after'] | undefined;
  if (request.continue !== '') {
    if (request.resourceVersion) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const token = decodeToken(request.continue);
    after = token.after;
    if (token.rv >= 0) at = token.rv;
  } else if (request.resourceVersion !== undefined) {
    if (request.resourceVersion > version) throw futureResourceVersion(request.resourceVersion, version);
    if (request.match === 'Exact') at = request.resourceVersion;
  }
  const all = collection.listAt(at, namespace);
  if (!all) {
    if (!after) throw expired(`The resourceVersion for the provided list is too old: ${at}`);
    const error = new ApiStatusError(410, 'Expired', INCONSISTENT_CONTINUE);
    error.status.metadata.continue = encodeToken({ rv: -1, after });
    error.status.metadata.resourceVersion = String(version);
    throw error;
  }
  let records: readonly StoredRecord[] = after ? all.slice(indexAfter(all, after)) : all;
  if (matches) records = records.filter(matches);
  const metadata: ListMeta = { resourceVersion: String(at) };
  if (request.limit > 0 && records.length > request.limit) {
    const last = records[request.limit - 1]!;
    metadata.continue = encodeToken({ rv: at, after: [last.namespace, last.name] });
    if (!matches) metadata.remainingItemCount = records.length - request.limit;
    records = records.slice(0, request.limit);
  }
  return { records, metadata };
}

const INCONSISTENT_CONTINUE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/** Bisection over the order of namespace and name. */
function indexAfter(records: readonly StoredRecord[], [namespace, name]: ContinueToken['after']): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const record = records[middle]!;
    const isAfter = record.namespace > namespace || (record.namespace === namespace && record.name > name);
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  return low;
}
