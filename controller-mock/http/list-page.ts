/** Pages of lists: kubernetes/apiserver, pkg/storage/continue.go EncodeContinue, pkg/storage/etcd3/store.go GetList. */
import { ApiStatusError, badRequest, expired, futureResourceVersion } from '../api/status.ts';
import type { Collection } from '../store/collection.ts';
import type { StoredRecord } from '../store/record.ts';
import type { ListOptions } from './list-options.ts';
import type { ListMeta } from './representation.ts';

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
  options: ListOptions,
  version: number,
  matches: ((record: StoredRecord) => boolean) | undefined,
): Page {
  let at = version;
  let after: ContinueToken['after'] | undefined;
  if (options.continue !== '') {
    if (options.resourceVersion) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const token = decodeToken(options.continue);
    after = token.after;
    if (token.rv >= 0) at = token.rv;
  } else if (options.resourceVersion !== undefined) {
    if (options.resourceVersion > version) throw futureResourceVersion(options.resourceVersion, version);
    if (options.match === 'Exact') at = options.resourceVersion;
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
  if (options.limit > 0 && records.length > options.limit) {
    const last = records[options.limit - 1]!;
    metadata.continue = encodeToken({ rv: at, after: [last.namespace, last.name] });
    if (!matches) metadata.remainingItemCount = records.length - options.limit;
    records = records.slice(0, options.limit);
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
