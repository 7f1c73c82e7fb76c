import { Problem } from '../wire/problem';
import type { Answer } from '../wire/router';

/** The forms in which the server says no: most handlers, its sign-in, its older corners, a crash, and its router. */
type Shape = 'wrapped' | 'flat' | 'bare' | 'empty' | 'text';

/** The code that goes with a status when a handler names none. */
const CODES: Readonly<Record<number, string>> = {
  400: 'VALIDATION_ERROR',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'VALIDATION_ERROR',
};

/** A no of the self-hosted server. */
export class Refusal extends Error {
  /**
   * @param status HTTP status of the answer
   * @param code what a program reads
   * @param message what a person reads
   * @param shape how both are put
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly shape: Shape = 'wrapped',
  ) {
    super(message);
  }
}

/** 400 for a body that cannot be read as what it should be. Which field it was is never told. */
export function unreadable(): Refusal {
  return new Refusal(400, 'VALIDATION_ERROR', 'Invalid request body');
}

export function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}

export function absent(noun: string, code = 'NOT_FOUND'): Refusal {
  return new Refusal(404, code, `${noun} not found`);
}

export function internal(): Refusal {
  return new Refusal(500, 'INTERNAL_ERROR', 'An internal error occurred');
}

/** There is no route of this path, or none for this verb: the server does not tell them apart. */
export function lost(): Refusal {
  return new Refusal(404, '', '404 page not found', 'text');
}

/** The handler crashed: 500 without a body. */
export function crash(): Refusal {
  return new Refusal(500, '', '', 'empty');
}

/** How the server answers a refusal, its own or one of the shared parts; undefined when `error` is neither. */
export function refusalAnswer(error: unknown): Answer | undefined {
  if (error instanceof Refusal) {
    const headers = error.shape === 'text' ? { 'Content-Type': 'text/plain' } : undefined;
    return { status: error.status, headers, body: bodyOf(error) };
  }
  if (!(error instanceof Problem)) return undefined;
  const { status, headers } = error;
  if (status === 429) {
    const { 'Retry-After': seconds, ...limits } = headers;
    return { status, headers: limits, body: limited(Number(seconds)) };
  }
  if (status === 400) return refusalAnswer(unreadable());
  return { status, headers, body: planned(status, error.message) };
}

/** The wrapped error for a status. */
export function planned(status: number, message: string): unknown {
  const code = CODES[status] ?? (status >= 500 ? 'INTERNAL_ERROR' : 'BAD_REQUEST');
  return status === 429 ? limited(60) : { success: false, error: { code, message } };
}

/** What its limiter would say: the seconds are in the body, and there is no `Retry-After`. */
function limited(seconds: number): unknown {
  return { code: 'RATE_LIMITED', message: 'Too many requests', retry_after: seconds };
}

function bodyOf({ code, message, shape }: Refusal): unknown {
  if (shape === 'empty') return undefined;
  if (shape === 'text') return message;
  if (shape === 'bare') return { error: message };
  return shape === 'flat' ? { code, message, details: null } : { success: false, error: { code, message } };
}
