/** The machine-readable code that the documented API pairs with a status (contract 4.2). */
const CODES: Readonly<Record<number, string>> = {
  400: 'VALIDATION_ERROR',
  401: 'AUTHENTICATION_ERROR',
  403: 'AUTHORIZATION_ERROR',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'TIMEOUT_ERROR',
  409: 'CONFLICT_ERROR',
  413: 'VALIDATION_ERROR',
  415: 'VALIDATION_ERROR',
  422: 'VALIDATION_ERROR',
  429: 'RATE_LIMIT_ERROR',
};

/** The code for `status`; unlisted ones are `SERVER_ERROR` from 500 on, otherwise `UNKNOWN_ERROR`. */
export function codeFor(status: number): string {
  return CODES[status] ?? (status >= 500 ? 'SERVER_ERROR' : 'UNKNOWN_ERROR');
}

interface ProblemExtras {
  /** Which field is wrong and why. */
  details?: Record<string, string>;
  headers?: Record<string, string>;
  /** A more specific code than that of the status. */
  code?: string;
}

/** An expected error, answered as `{code, message, details?}`. */
export class Problem extends Error {
  readonly code: string;
  readonly details?: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly status: number;

  /**
   * @param status HTTP status of the answer
   * @param message a sentence for a person
   */
  constructor(status: number, message: string, extras: ProblemExtras = {}) {
    super(message);
    this.status = status;
    this.code = extras.code ?? codeFor(status);
    this.details = extras.details;
    this.headers = extras.headers ?? {};
  }

  body(): { code: string; message: string; details?: Record<string, string> } {
    return { code: this.code, message: this.message, ...(this.details && { details: this.details }) };
  }
}

/** 400 for one field, `field` being its path in the request (`media.url`). */
export function invalid(field: string, reason: string): Problem {
  return new Problem(400, `${field} ${reason}`, { details: { [field]: reason } });
}

/** 404 for a record of the kind `noun`. */
export function notFound(noun: string): Problem {
  return new Problem(404, `${noun} not found`);
}
