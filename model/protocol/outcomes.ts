/** Why a request got no HTTP status; outcomes are labels of metrics beside statuses. */
export const TRANSPORT_ERROR_KINDS = [
  'refused',
  'reset',
  'eof',
  'dns',
  'dial-timeout',
  'tls',
  'tls-timeout',
  'protocol',
  'decode',
  'unreachable',
  'ports-exhausted',
  'files-exhausted',
  'aborted',
] as const;
export type TransportErrorKind = (typeof TRANSPORT_ERROR_KINDS)[number];
