/** Errors of reconciliations, and whose they are. Upstream: assisted-service, controllers/error_utils.go. */
import { isKubeError, KubeError } from '../../model/kube/kube-error.ts';
import type { KubeResource } from '../../model/kube/resources.ts';
import { OperationError } from '../service-api.ts';

/** What a user wrote cannot be. Joined with further words by {@link wrapped} it counts as the service's own failure, as upstream. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A reference leads nowhere: a client's error for InfraEnvs. */
export class MissingReferenceError extends Error {
  override readonly name = 'MissingReferenceError';
}

/** An error with words before it; whose it was is forgotten. Upstream: github.com/pkg/errors, Wrap. */
export function wrapped(words: string, error: unknown): Error {
  return new Error(`${words}: ${messageOf(error)}`, { cause: error });
}

/** As Go's clients word it. */
export function messageOf(error: unknown): string {
  if (isKubeError(error)) return error.said;
  return error instanceof Error ? error.message : String(error);
}

/** What a cache says of an object that it does not hold: controller-runtime, pkg/cache/internal/cache_reader.go, Get. */
export function notFound({ group, kind }: KubeResource, name: string): KubeError {
  const said = `${group === '' ? kind : `${kind}.${group}`} "${name}" not found`;
  return new KubeError(said, { status: 404, reason: 'NotFound', said });
}

export function isUserError(error: unknown): boolean {
  return error instanceof InputError || (error instanceof OperationError && isClientStatus(error.status));
}

/** Errors of an InfraEnv that no further try mends. */
export function isClientError(error: unknown): boolean {
  return error instanceof MissingReferenceError || (error instanceof OperationError && isClientStatus(error.status));
}

function isClientStatus(status: number): boolean {
  return status >= 400 && status < 500;
}

/** Whether an error, or what it was made from, says that an object does not exist. Upstream: k8s.io/apimachinery, IsNotFound. */
export function isMissing(error: unknown): boolean {
  if (isKubeError(error)) return error.notFound;
  return error instanceof Error && error.cause !== undefined && isMissing(error.cause);
}
