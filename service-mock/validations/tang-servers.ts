/** Servers that unlock disks, as the text of a request. Upstream: assisted-service, pkg/tang, UnmarshalTangServers, and internal/cluster/validations/validations.go, ValidateDiskEncryptionParams. */
import { jsonFault } from '../../model/protocol/json-syntax.ts';
import { parseRequestUri, UrlError } from './go-url.ts';

const UNREADABLE = 'Unable to unmarshal tang_servers';

/** Why a text does not name servers; undefined when it does. */
export function tangServersProblem(text: string): string | undefined {
  const fault = jsonFault(text);
  if (fault !== undefined) return `${UNREADABLE}: ${fault}`;
  const value = JSON.parse(text) as unknown;
  const mismatch = mismatchOf(value);
  if (mismatch !== undefined) return `${UNREADABLE}: json: cannot unmarshal ${mismatch}`;
  for (const server of (value as (Record<string, string | null> | null)[] | null) ?? []) {
    const problem = urlProblem(fieldOf(server, 'url'));
    if (problem !== undefined) return problem;
    if (fieldOf(server, 'thumbprint') === '') return "Tang thumbprint isn't set";
  }
  return undefined;
}

function urlProblem(url: string): string | undefined {
  try {
    parseRequestUri(url);
    return undefined;
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    return `Tang URL isn't valid: ${error.message}`;
  }
}

/** Fields are found whatever their case, the last one stays. */
function fieldOf(server: Record<string, string | null> | null, name: string): string {
  const found = Object.entries(server ?? {}).findLast(([key, value]) => key.toLowerCase() === name && value !== null);
  return found?.[1] ?? '';
}

const kindOf = (value: unknown) =>
  Array.isArray(value)
    ? 'array'
    : typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'object'
        ? 'object'
        : typeof value;

/** The first value that does not fit, as the decoder tells of it. */
function mismatchOf(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (!Array.isArray(value)) return `${kindOf(value)} into Go value of type []tang.TangServer`;
  for (const server of value) {
    if (server === null) continue;
    if (kindOf(server) !== 'object') return `${kindOf(server)} into Go value of type tang.TangServer`;
    for (const [key, field] of Object.entries(server as object)) {
      const name = key.toLowerCase();
      if ((name === 'url' || name === 'thumbprint') && field !== null && typeof field !== 'string')
        return `${kindOf(field)} into Go struct field TangServer.${name} of type string`;
    }
  }
  return undefined;
}
