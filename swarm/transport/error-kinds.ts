/** What errors of the system, of name servers and of TLS mean for a request, in the words of the transport. */
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';

const KIND_OF_CODE: Readonly<Record<string, TransportErrorKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  UND_ERR_SOCKET: 'eof',
  HPE_INVALID_EOF_STATE: 'eof',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ETIMEDOUT: 'dial-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'dial-timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'ports-exhausted',
  EADDRINUSE: 'ports-exhausted',
  EMFILE: 'files-exhausted',
  ENFILE: 'files-exhausted',
  ENOBUFS: 'memory-exhausted',
  ENOMEM: 'memory-exhausted',
  EAI_MEMORY: 'memory-exhausted',
};

/** What the kernel says of a local address that it cannot use: not of this machine, or of the other family (bind(2)). */
const NO_SOURCE_ADDRESS: ReadonlySet<string | undefined> = new Set(['EADDRNOTAVAIL', 'EINVAL', 'EAFNOSUPPORT']);

/** What a system error means for a request. */
export function kindOfSystemError(error: unknown): TransportErrorKind {
  if (error instanceof AggregateError && error.errors.length > 0) return kindOfSystemError(error.errors[0]);
  const { code, syscall } = error as { code?: string; syscall?: string };
  if (syscall === 'bind' && NO_SOURCE_ADDRESS.has(code)) return 'source-address';
  const kind = KIND_OF_CODE[code ?? ''] ?? 'protocol';
  // A look-up that could not open a socket or /etc/hosts reports an unknown name (glibc's getaddrinfo).
  return kind === 'dns' && filesExhausted() ? 'files-exhausted' : kind;
}

/** What an error of a TLS handshake means for a request. */
export function kindOfTlsError(error: Error): TransportErrorKind {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ECONNRESET') return /before secure TLS connection/.test(error.message) ? 'eof' : 'reset';
  return KIND_OF_CODE[code] ?? 'tls';
}

/** What a failure of the generator's own means, for people; '' for others, whose own message says it. */
export function messageOfKind(kind: TransportErrorKind, source: string | undefined): string {
  switch (kind) {
    case 'source-address':
      return `source address ${source} is not an address of this machine, or not of the target's family`;
    case 'files-exhausted':
      return 'this process has as many files open as it may (ulimit -n)';
    case 'ports-exhausted':
      return 'this machine has no local port left towards the target';
    case 'memory-exhausted':
      return 'this machine has no memory left for the connection';
    default:
      return '';
  }
}

/** Whether this process can open one more file. */
function filesExhausted(): boolean {
  try {
    closeSync(openSync(devNull, 'r'));
    return false;
  } catch (error) {
    return ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
