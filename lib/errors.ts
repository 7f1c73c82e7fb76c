/** The closed list of codes. Every failure of this package carries exactly one of them. */
export const codes = [
  'validation',
  'authentication',
  'authorization',
  'not_found',
  'timeout',
  'conflict',
  'rate_limit',
  'not_supported',
  'server',
  'network',
  'serialization',
  'unexpected',
  'webhook_verification',
  'websocket',
  'storage',
] as const;

export type ErrorCode = (typeof codes)[number];

/** Facts for the flow author. Plain data, since Node-RED copies it to `msg.error.cause`. */
export interface ErrorCause {
  /** HTTP status, when the server answered. */
  status?: number;
  /** The server's own error code. */
  serverCode?: string;
  /** The server's id of the request, to quote in a support case. */
  requestId?: string;
  /** Seconds the server asked us to wait. */
  retryAfter?: number;
  /** Field by field details, as the server sent them. */
  details?: unknown;
  /** The same call may be made again without any risk of doing it twice. */
  retryable: boolean;
  /** A write that may or may not have happened: look before repeating it. */
  ambiguous: boolean;
  /** One sentence on what to do next. */
  hint?: string;
}

const hints: Partial<Record<ErrorCode, string>> = {
  authentication: 'Check the key or sign-in of the Linktor account.',
  authorization: 'The Linktor account may not do this: ask for the permission or use another account.',
  not_found: 'Nothing is there: check the id, and the Server URL of the Linktor account.',
  timeout: 'The server took too long: try again later or raise the timeout of the Linktor account.',
  rate_limit: 'Too many requests: send more slowly or ask for a higher limit.',
  network: 'The server could not be reached: check the Server URL and the network.',
  serialization: 'The answer is not what a Linktor server sends: check the Server URL.',
  server: 'The server failed: try again later and quote the request id to its operator.',
  storage: 'Check the memory settings of the Linktor account, the permissions of the user directory, and its disk.',
  websocket: 'The realtime connection failed: check the Server URL and the network.',
};

/** The only error that leaves this package. It never holds a key, a token, a header or a URL with a query. */
export class LinktorError extends Error {
  override readonly name = 'LinktorError';
  readonly code: ErrorCode;
  override readonly cause: ErrorCause;

  /**
   * @param code one of {@link codes}
   * @param message the failure in one sentence, without secrets or personal data
   * @param facts for the flow author; `retryable` and `ambiguous` default to false, `hint` to the usual one of the code
   */
  constructor(code: ErrorCode, message: string, facts: Partial<ErrorCause> = {}) {
    super(message);
    this.code = code;
    const hint = facts.hint ?? hints[code];
    const { retryable = false, ambiguous = false } = facts;
    const cause: ErrorCause = { ...facts, retryable, ambiguous, hint };
    const plain = Object.fromEntries(Object.entries(cause).filter(([, value]) => value !== undefined));
    // Node-RED's debug sidebar shows `cause + ''`. Catch nodes get a copy, which is plain data without it.
    Object.defineProperty(plain, 'toString', { value: () => hint ?? '' });
    this.cause = plain as unknown as ErrorCause;
  }

  /** Node-RED puts this text into `msg.error.message`. */
  override toString(): string {
    return this.message;
  }
}

/** @returns the error for a bad or missing input, naming the field and the next step */
export function invalid(message: string, hint?: string, details?: unknown): LinktorError {
  return new LinktorError('validation', message, { hint, details });
}

/**
 * @param said how far it has come, such as "2 of 3 messages are deleted"
 * @param done the same for flows; in the details of the error
 * @param hint what to do about the rest
 * @returns the error of an operation of several writes, of which some have been made
 */
export function partlyDone(thrown: unknown, said: string, done: object, hint: string): LinktorError {
  const { code, message, cause } = toLinktorError(thrown);
  return new LinktorError(code, `${message} (${said})`, {
    ...cause,
    details: { ...done, ...(cause.details !== undefined && { reason: cause.details }) },
    hint: [cause.hint, hint].filter(Boolean).join(' '),
  });
}

/**
 * @param what completes "The connected server cannot ..."
 * @param hint what to do instead
 * @returns the error for something the connected server cannot do
 */
export function unsupported(what: string, hint: string): LinktorError {
  return new LinktorError('not_supported', `The connected server cannot ${what}.`, { hint });
}

/** @returns the text of anything thrown, also of a store or a listener of others; `''` when it has none */
export function messageOf(thrown: unknown): string {
  try {
    const message = typeof thrown === 'object' && thrown !== null ? (thrown as { message?: unknown }).message : thrown;
    return String(message === undefined && thrown !== undefined ? thrown : message);
  } catch {
    // An object without a text, or one whose reading throws, such as a revoked proxy.
    return '';
  }
}

/**
 * Make anything thrown the one error that leaves this package. Of a foreign error only its text survives.
 * @param code code for an error that is not a LinktorError
 */
export function toLinktorError(thrown: unknown, code: ErrorCode = 'unexpected'): LinktorError {
  if (isOurs(thrown)) return thrown;
  return new LinktorError(code, messageOf(thrown) || 'Something unexpected happened.');
}

function isOurs(thrown: unknown): thrown is LinktorError {
  try {
    return thrown instanceof LinktorError;
  } catch {
    // Even this question is refused by a revoked proxy.
    return false;
  }
}

/**
 * The error of a call that its caller has given up.
 * @param moment `waiting`: nothing has left yet, so the call may be made again; `sent`: the answer was not awaited
 */
export function abortedError(moment: 'waiting' | 'sent'): LinktorError {
  if (moment === 'sent') return new LinktorError('unexpected', 'Closed before the server answered.');
  return new LinktorError('unexpected', 'Closed before the request left.', { retryable: true });
}
