import { badRequest } from '../api/status.ts';

/** A path that names a collection, an object or a subresource. */
export interface ResourceInfo {
  kind: 'resource';
  group: string;
  version: string;
  /** '' for cluster-scoped kinds and for all namespaces. */
  namespace: string;
  /** Plural. */
  resource: string;
  /** '' for the collection. */
  name: string;
  /** '' for the object itself. */
  subresource: string;
}

/** Discovery of a level: all groups, one group, one version. */
export interface DiscoveryInfo {
  kind: 'discovery';
  root: 'api' | 'apis';
  group: string;
  version: string;
}

/** What the path of a request names (kubernetes/apiserver, pkg/endpoints/request/requestinfo.go NewRequestInfo). */
export type RequestInfo =
  | ResourceInfo
  | DiscoveryInfo
  /** Everything else, as decoded segments. */
  | { kind: 'other'; segments: string[] };

/** Subresources of namespaces; anything else below a namespace is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/**
 * Reads a path literally: nothing is cleaned up, so a path with `..`, empty or encoded separators is refused.
 * @throws ApiStatusError 400
 */
export function parseRequestInfo(path: string): RequestInfo {
  const raw = path.split('/');
  // The empty part before the first slash, and after a trailing one.
  raw.shift();
  if (raw.at(-1) === '') raw.pop();
  const segments = raw.map(decodeSegment);
  const [root] = segments;
  if (root === 'api') {
    if (segments.length <= 2) return { kind: 'discovery', root, group: '', version: segments[1] ?? '' };
    return resourceInfo('', segments[1]!, segments.slice(2));
  }
  if (root === 'apis') {
    if (segments.length <= 3) return { kind: 'discovery', root, group: segments[1] ?? '', version: segments[2] ?? '' };
    return resourceInfo(segments[1]!, segments[2]!, segments.slice(3));
  }
  return { kind: 'other', segments };
}

function resourceInfo(group: string, version: string, rest: string[]): RequestInfo {
  let namespace = '';
  let parts = rest;
  if (parts[0] === 'namespaces' && parts.length > 1) {
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2]!)) {
      namespace = parts[1]!;
      parts = parts.slice(2);
    }
  }
  if (parts.length > 3) return { kind: 'other', segments: ['apis', group, version, ...rest] };
  const [resource = '', name = '', subresource = ''] = parts;
  return { kind: 'resource', group, version, namespace, resource, name, subresource };
}

function decodeSegment(segment: string): string {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    throw badRequest(`the path of the request has a malformed escape: ${JSON.stringify(segment.slice(0, 100))}`);
  }
  if (text === '' || text === '.' || text === '..' || text.includes('/') || text.includes('\0')) {
    throw badRequest(
      `the path of the request has a segment that names nothing: ${JSON.stringify(segment.slice(0, 100))}; segments must not be empty, "." or "..", or contain "/"`,
    );
  }
  return text;
}
