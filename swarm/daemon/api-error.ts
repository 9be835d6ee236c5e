/** The one shape of every error under /api/v1. */

/** Body of an error answer. */
export interface ApiErrorBody {
  error: {
    status: number;
    /** Stable word for programs, e.g. `unknown-run`. */
    code: string;
    /** One sentence for people: what is wrong and what to do. */
    message: string;
    /** What was given, when one value is to blame. */
    given?: unknown;
    /** What would have been right. */
    allowed?: unknown;
  };
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly given: unknown;
  readonly allowed: unknown;

  constructor(status: number, code: string, message: string, values: { given?: unknown; allowed?: unknown } = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.given = values.given;
    this.allowed = values.allowed;
  }

  body(): ApiErrorBody {
    return {
      error: {
        status: this.status,
        code: this.code,
        message: this.message,
        ...(this.given !== undefined && { given: this.given }),
        ...(this.allowed !== undefined && { allowed: this.allowed }),
      },
    };
  }
}
