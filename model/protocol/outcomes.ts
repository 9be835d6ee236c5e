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
  'memory-exhausted',
  'source-address',
  'aborted',
] as const;
export type TransportErrorKind = (typeof TRANSPORT_ERROR_KINDS)[number];

/**
 * Kinds whose cause is on the machine of the generator: no local port or open file was left, no memory for the
 * connection, or the source address belongs to another machine. The service never heard of these requests.
 */
export const GENERATOR_ERROR_KINDS = [
  'ports-exhausted',
  'files-exhausted',
  'memory-exhausted',
  'source-address',
] as const satisfies readonly TransportErrorKind[];
export type GeneratorErrorKind = (typeof GENERATOR_ERROR_KINDS)[number];

/** @param outcome a transport's error kind, or anything else that a request can end with, such as a status */
export function isGeneratorError(outcome: string | number): outcome is GeneratorErrorKind {
  return (GENERATOR_ERROR_KINDS as readonly (string | number)[]).includes(outcome);
}
