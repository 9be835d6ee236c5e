/** Paths and queries, read as the real server reads them. Upstream: Go, net/http and net/url; assisted-service, restapi/ (go-openapi/runtime, middleware). */

import { posix } from 'node:path';
/** Pairs of a query string. Like the real server it drops pairs that it cannot decode and those that hold a `;`. */
export function parseQuery(text: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = decodePiece(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodePiece(equals < 0 ? '' : pair.slice(equals + 1));
    // Of a repeated parameter the last one counts.
    if (name !== null && value !== null) query[name] = value;
  }
  return query;
}

function decodePiece(text: string): string | null {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** The service's router cleans paths: `//`, `/./`, `/../` and a slash at the end do not matter. */
export function cleanUrl(url: string): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes('/.')) return url;
  return posix.normalize(path) + (end < 0 ? '' : url.slice(end));
}
