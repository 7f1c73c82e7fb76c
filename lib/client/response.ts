import type { Call, Contract, Credentials } from '../contract';
import { ignoreAnswer } from '../contract/calls';
import { impliedFailure, statedFailure, statesError, toServerError } from '../contract/envelope';
import { isObject, number, parseJson, tryJson } from '../contract/json';
import { FIRST_EPOCH_S, secondsFromNow } from '../contract/server-time';
import { abortedError, type ErrorCause, LinktorError, toLinktorError } from '../errors';
import type { AnswerFacts } from './options';
import { type Failed, surelyNotDone } from './retry';
import type { HttpAnswer, HttpFault } from './transport';

/** A smaller clock difference is ignored: a Date header has whole seconds and takes a while to arrive. */
const MIN_CLOCK_SKEW_MS = 5000;
/** A rate limit rarely lasts longer. */
const MIN_SUSPICIOUS_S = 60;
/** A shorter credential may be an ordinary word of the answer, and is not redacted. */
const MIN_REDACTED_LENGTH = 16;
const MAX_REDACT_DEPTH = 20;

/** @returns request id and rate limit from the headers */
export function readFacts({ headers }: Pick<HttpAnswer, 'headers'>): AnswerFacts {
  const facts: AnswerFacts = {};
  if (headers['x-request-id']) facts.requestId = headers['x-request-id'];
  const limit = number(headers['x-ratelimit-limit']);
  const remaining = number(headers['x-ratelimit-remaining']);
  if (limit !== undefined)
    facts.rate = { limit, remaining, reset: readReset(headers['x-ratelimit-reset'], headers.date) };
  return facts;
}

/**
 * @param date the answer's Date header: a server with another clock states times of that clock
 * @returns remaining seconds, if stated as such, or the reset time in seconds of our clock
 */
function readReset(given: string | undefined, date = ''): number | undefined {
  const now = Date.now();
  const figure = number(given);
  if (figure !== undefined && figure < FIRST_EPOCH_S) return figure;
  const ours = secondsFromNow(given, now, true);
  const theirs = Date.parse(date);
  // Such a distant time may only mean that our clock is wrong.
  const isOff = ours !== undefined && ours >= MIN_SUSPICIOUS_S && Math.abs(theirs - now) > MIN_CLOCK_SKEW_MS;
  const left = isOff ? secondsFromNow(given, theirs, true) : ours;
  // Minus one millisecond, since the sum of two fractions may slightly exceed the intended whole second.
  return left === undefined ? undefined : Math.ceil(now / 1000 + left - 0.001);
}

/**
 * @returns the result of the call
 * @throws LinktorError `serialization` when the answer does not have the expected shape; ambiguous for a write
 */
export function decodeAnswer<T>(call: Call<T>, answer: HttpAnswer, { requestId }: AnswerFacts): T {
  const isOnlyConfirmed = call.acknowledged !== undefined || (call.decode as unknown) === ignoreAnswer;
  const confirmed = () => (call.acknowledged ? ACKNOWLEDGED : undefined) as T;
  if (isOnlyConfirmed && isAcknowledgement(answer)) return confirmed();
  let body: unknown;
  try {
    body = readBody(call, answer);
  } catch (error) {
    const known = error instanceof LinktorError ? error : new LinktorError('serialization', 'The answer is not JSON.');
    throw withFacts(known, answer, requestId, call.kind !== 'read');
  }
  const isAnswer = call.anyFormat || isVerdict(call, body);
  const implied = () => (isAnswer ? undefined : impliedFailure(body, answer.status));
  const failure = isAnswer
    ? undefined
    : (statedFailure(body, answer.status) ?? (isOnlyConfirmed ? implied() : undefined));
  // The server states that it did nothing, so the outcome is not in doubt.
  if (failure) throw withFacts(failure, answer, requestId, false);
  try {
    return call.decode(body, answer);
  } catch (error) {
    const reason = implied();
    if (reason) throw withFacts(reason, answer, requestId, false);
    const known = toLinktorError(error, 'serialization');
    // The write is done, in whatever words the server says so.
    if (isOnlyConfirmed && body !== false && known.code === 'serialization') return confirmed();
    throw withFacts(known, answer, requestId, call.kind !== 'read');
  }
}

function isVerdict({ isTest }: Call<unknown>, body: unknown): boolean {
  return isTest === true && isObject(body) && typeof body.success === 'boolean' && !statesError(body.error);
}

/** Stands for an answer that only confirms the call, without the entity. */
export const ACKNOWLEDGED = Symbol('acknowledged');
/** Longer texts are not a mere confirmation. */
const MAX_ACKNOWLEDGEMENT_LENGTH = 200;
/** Fields of a mere confirmation. */
const ACKNOWLEDGING_FIELDS = new Set(['success', 'ok', 'status', 'message', 'result', 'data', 'meta', 'code']);
/** How a plain text begins that says the opposite. */
const FAILED =
  /^\W*(?:err|fail|not |no |cannot|can't|could not|unable|invalid|unauthori|forbidden|denied|refused|bad |internal )/i;

/** @returns true for an empty body, `null`, `{success: true}`, `{message: "done"}`, `OK` and the like */
function isAcknowledgement({ text, status }: HttpAnswer): boolean {
  if (text.length > MAX_ACKNOWLEDGEMENT_LENGTH) return false;
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'null' || trimmed === 'true' || trimmed === '{}') return true;
  const body = tryJson(trimmed);
  if (body === undefined) return !/^[<{[]/.test(trimmed) && !FAILED.test(trimmed);
  if (typeof body === 'string') return !FAILED.test(body);
  if (!isObject(body) || body.success === false || body.ok === false) return false;
  if (impliedFailure(body, status)) return false;
  // An entity has an id, or fields of its own.
  return Object.entries(body).every(([key, value]) => ACKNOWLEDGING_FIELDS.has(key) && !isObject(value));
}

function withFacts(error: LinktorError, { status }: HttpAnswer, requestId: string | undefined, ambiguous: boolean) {
  return new LinktorError(error.code, error.message, { ...error.cause, status, requestId, ambiguous });
}

function readBody({ anyFormat }: Call<unknown>, { text, bytes, headers }: HttpAnswer): unknown {
  if (bytes) return bytes.length === 0 ? undefined : bytes;
  if (text.trim() === '') return undefined;
  const type = headers['content-type'];
  return anyFormat && type && !/\bjson\b/i.test(type) ? text : parseJson(text);
}

/**
 * @param secrets texts that must not appear in the error
 * @returns the failure of an attempt
 */
export function toFailed(answer: HttpAnswer | HttpFault, secrets: readonly string[]): Failed {
  if (!('fault' in answer)) {
    const error = toServerError(answer.status, answer.headers, answer.text, Date.now());
    return { error: redactError(error, secrets), left: true, silent: false };
  }
  return { error: faultError(answer), left: answer.left, silent: true };
}

/** @returns the failure of a call to a server that cannot reach its database */
export function toOutage({ error }: Failed): Failed {
  const { serverCode, requestId } = error.cause;
  const message = 'The server answers, and cannot reach its database.';
  const outage = new LinktorError('server', message, { status: 503, serverCode, requestId });
  return { error: outage, left: true, silent: false, isRefused: true };
}

function faultError({ fault, reason }: HttpFault): LinktorError {
  switch (fault) {
    case 'network':
      return new LinktorError('network', `The server did not answer (${reason}).`);
    case 'timeout':
      return new LinktorError('timeout', 'The server did not answer in time.');
    case 'too_large':
      return new LinktorError('serialization', 'The request or its answer is larger than this client accepts.');
    default:
      return abortedError('sent');
  }
}

/** @returns the error without these texts */
export function redactError({ code, message, cause }: LinktorError, secrets: readonly string[]): LinktorError {
  const clean = redact({ message, cause }, secrets) as { message: string; cause: ErrorCause };
  return new LinktorError(code, clean.message, clean.cause);
}

/** @returns the failure as explained by the contract, with the contract's advice for rejected credentials */
export function withHint(
  failed: Failed,
  contract: Contract,
  call: Pick<Call<unknown>, 'path'>,
  credentials: Credentials | undefined,
): Failed {
  const hint = failed.error.cause.status === 401 && credentials ? contract.refusedHint(credentials) : undefined;
  if (hint === undefined) return explained(failed, contract, call);
  const { code, message, cause } = failed.error;
  return { ...failed, error: new LinktorError(code, message, { ...cause, hint }) };
}

function explained(failed: Failed, contract: Contract, call: Pick<Call<unknown>, 'path'>): Failed {
  const error = contract.explain?.(call, failed.error) ?? failed.error;
  if (error === failed.error) return failed;
  // A missing record has not been changed, regardless of the status.
  return { ...failed, error, advice: error.cause.hint, ...(error.code === 'not_found' && { isRefused: true }) };
}

/** Remove secrets from a value: some servers quote the rejected key. */
function redact(value: unknown, secrets: readonly string[], depth = 0): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_REDACT_DEPTH) return '...';
  const inner = (part: unknown) => redact(part, secrets, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [inner(key), inner(part)]));
}

/** @returns the answer without the credentials of its request, which some servers echo */
export function redactAnswer(answer: HttpAnswer, credentials: Credentials | undefined): HttpAnswer {
  const { status, headers, text, bytes } = answer;
  const secret = credentials === undefined ? '' : 'apiKey' in credentials ? credentials.apiKey : credentials.token;
  // Cookies are a list, and are not passed on.
  const quotes = (part: unknown) => typeof part === 'string' && part.includes(secret);
  if (secret.length < MIN_REDACTED_LENGTH || ![text, ...Object.values(headers)].some(quotes)) {
    return bytes ? { status, headers, text, bytes } : { status, headers, text };
  }
  const clean = Object.entries(headers).map(([name, value]) => [name, quotes(value) ? '***' : value]);
  return { status, headers: Object.fromEntries(clean), text: text.replaceAll(secret, '***'), ...(bytes && { bytes }) };
}

/**
 * @param ambiguous the call may have taken effect nevertheless
 * @returns the error for the caller, which states whether the call may have taken effect
 */
export function toCallerError(failed: Failed, ambiguous: boolean): LinktorError {
  const { error } = failed;
  const repeatable = error.code === 'network' || error.code === 'timeout' || error.code === 'rate_limit';
  const retryable = !ambiguous && (repeatable || error.code === 'server' || (failed.silent && surelyNotDone(failed)));
  const doubt = 'It may have happened all the same: look before you repeat it.';
  const hint = ambiguous ? [doubt, failed.advice].filter(Boolean).join(' ') : error.cause.hint;
  return new LinktorError(error.code, error.message, { ...error.cause, hint, ambiguous, retryable });
}

/** @returns an error thrown before a repetition, marked ambiguous when an earlier attempt may have succeeded */
export function keepDoubt(error: unknown, ambiguous: boolean): unknown {
  if (!ambiguous) return error;
  return toCallerError({ error: toLinktorError(error), left: true, silent: true }, ambiguous);
}
