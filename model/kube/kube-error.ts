/** What can go wrong between us and a Kubernetes API. */

/** `Status` as an API server answers it: apimachinery, pkg/apis/meta/v1/types.go. */
export interface KubeStatus {
  message?: string;
  reason?: string;
  code?: number;
  details?: { retryAfterSeconds?: number; causes?: { reason?: string; message?: string; field?: string }[] };
}

/** Reasons of a request that got no response; `Trust`: one of the two did not take the certificate of the other. */
export type TransportReason = 'Unreachable' | 'Timeout' | 'Protocol' | 'Trust';

const UNFIT = /^failed to (create typed patch object|convert new object|merge config)\b/;

export class KubeError extends Error {
  /** HTTP status; 0 when there was no response. */
  readonly status: number;
  /** `reason` of the server's Status, such as `AlreadyExists`, or a {@link TransportReason}. */
  readonly reason: string;
  /** Seconds after which the server asks to be asked again; null when it does not. */
  readonly retryAfterSeconds: number | null;
  /** Reasons of the Status's causes, such as `FieldManagerConflict`. */
  readonly causes: readonly string[];
  /** What the server said, without what was asked of it; as client-go's errors read. */
  readonly said: string;

  constructor(
    message: string,
    {
      status,
      reason,
      retryAfterSeconds = null,
      causes = [],
      said = message,
    }: {
      status: number;
      reason: string;
      retryAfterSeconds?: number | null;
      causes?: readonly string[];
      said?: string;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KubeError';
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
    this.causes = causes;
    this.said = said;
  }

  /** The same request may succeed later: overload, restart, lost connection. */
  get passing(): boolean {
    if (this.unfit) return false;
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /**
   * What was to be applied has a field that the kind lacks, or a value of a wrong type. API servers answer so with a 500
   * that has no reason: apimachinery, pkg/util/managedfields/internal/structuredmerge.go.
   */
  get unfit(): boolean {
    return this.status === 500 && UNFIT.test(this.said);
  }

  get notFound(): boolean {
    return this.status === 404;
  }

  /** The object that was to be replaced is gone, or another one of its name is there: the store compares uids before it looks for it. */
  get gone(): boolean {
    return this.notFound || (this.conflict && this.message.includes('Precondition failed: UID in precondition'));
  }

  /** Somebody else changed the object meanwhile, or owns a field. */
  get conflict(): boolean {
    return this.status === 409 && this.reason === 'Conflict';
  }

  /** A field that was to be applied is owned by somebody else: the same request fails again. */
  get fieldConflict(): boolean {
    return this.conflict && this.causes.includes('FieldManagerConflict');
  }

  get alreadyExists(): boolean {
    return this.status === 409 && this.reason === 'AlreadyExists';
  }

  /** The version that a watch or a page was to go on from is too old. */
  get expired(): boolean {
    return this.status === 410;
  }
}

export function isKubeError(error: unknown): error is KubeError {
  return error instanceof KubeError;
}

/** Undefined when the work fails with 404. */
export async function unlessNotFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isKubeError(error) && error.notFound) return undefined;
    throw error;
  }
}
