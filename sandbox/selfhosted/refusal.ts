import { Problem } from '../wire/problem';
import type { Answer } from '../wire/router';

/** Error shapes: of most handlers, of sign-in, of older handlers, of a crash, and of the router. */
type Shape = 'wrapped' | 'flat' | 'bare' | 'empty' | 'text';

/** Default error code of a status. */
const CODES: Readonly<Record<number, string>> = {
  400: 'VALIDATION_ERROR',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'VALIDATION_ERROR',
};

/** An error answer of the self-hosted server. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly shape: Shape;

  /**
   * @param status HTTP status of the answer
   * @param code machine-readable code
   * @param message text for a person
   * @param shape shape of the body
   */
  constructor(status: number, code: string, message: string, shape: Shape = 'wrapped') {
    super(message);
    this.status = status;
    this.code = code;
    this.shape = shape;
  }
}

/** 400 for an invalid body; the field is never named. */
export function invalidBody(): Refusal {
  return new Refusal(400, 'VALIDATION_ERROR', 'Invalid request body');
}

export function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}

export function notFound(noun: string, code = 'NOT_FOUND'): Refusal {
  return new Refusal(404, code, `${noun} not found`);
}

export function internalError(): Refusal {
  return new Refusal(500, 'INTERNAL_ERROR', 'An internal error occurred');
}

/** 404 for an unknown path and for an unknown verb alike. */
export function noRoute(): Refusal {
  return new Refusal(404, '', '404 page not found', 'text');
}

/** 500 without a body: the handler crashed. */
export function panic(): Refusal {
  return new Refusal(500, '', '', 'empty');
}

/** The answer for a Refusal or a Problem; undefined for any other error. */
export function errorAnswer(error: unknown): Answer | undefined {
  if (error instanceof Refusal) {
    const headers = error.shape === 'text' ? { 'Content-Type': 'text/plain' } : undefined;
    return { status: error.status, headers, body: bodyOf(error) };
  }
  if (!(error instanceof Problem)) return undefined;
  const { status, headers } = error;
  if (status === 429) {
    const { 'Retry-After': seconds, ...limits } = headers;
    return { status, headers: limits, body: rateLimited(Number(seconds)) };
  }
  if (status === 400) return errorAnswer(invalidBody());
  return { status, headers, body: plannedError(status, error.message) };
}

/** The body of the wrapped error for a status. */
export function plannedError(status: number, message: string): unknown {
  const code = CODES[status] ?? (status >= 500 ? 'INTERNAL_ERROR' : 'BAD_REQUEST');
  return status === 429 ? rateLimited(60) : { success: false, error: { code, message } };
}

/** The body of its rate limiter: seconds in the body, no `Retry-After` header. */
function rateLimited(seconds: number): unknown {
  return { code: 'RATE_LIMITED', message: 'Too many requests', retry_after: seconds };
}

function bodyOf({ code, message, shape }: Refusal): unknown {
  if (shape === 'empty') return undefined;
  if (shape === 'text') return message;
  if (shape === 'bare') return { error: message };
  return shape === 'flat' ? { code, message, details: null } : { success: false, error: { code, message } };
}
