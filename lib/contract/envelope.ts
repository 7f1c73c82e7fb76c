import { type ErrorCause, type ErrorCode, LinktorError } from '../errors';
import { isObject, type Json, number, object, string, tryJson, unexpectedShape } from './json';
import { secondsFromNow } from './server-time';

/** Decodes one body. A decoder is named after its result. @throws LinktorError `serialization` */
export type Decode<T> = (body: unknown) => T;

/** @returns the content of `{success,data}` or `{data,meta}`, or the body itself when it is bare */
export function unwrap(body: unknown): unknown {
  if (!isObject(body) || !('data' in body)) return body;
  const wrapped = body.success === true || 'meta' in body || Object.keys(body).length === 1;
  return wrapped ? body.data : body;
}

/** Decode a required object: bare, wrapped, or with its fields under `attributes`. */
export function decodeEntity(body: unknown, what: string): Json {
  const inner = unwrap(body);
  if (!isObject(inner)) throw unexpectedShape(what);
  return flattenAttributes(inner);
}

/** `{id, type, attributes}` becomes `{id, ...attributes}`; anything else stays as it is. */
export function flattenAttributes(wire: Json): Json {
  return isObject(wire.attributes) ? { ...wire.attributes, id: wire.id } : wire;
}

/** Ids are kept, compared and sent: no server has longer ones. */
const MAX_ID_CHARS = 1000;

/** @returns the id of an entity, which is required */
export function idOf(wire: Json, what: string): string {
  const id = string(wire.id);
  if (id === undefined) throw unexpectedShape(`${what} (it has no id)`);
  if (id.length > MAX_ID_CHARS) throw unexpectedShape(`${what} (its id has ${id.length} characters)`);
  return id;
}

const byStatus: Record<number, ErrorCode> = {
  400: 'validation',
  401: 'authentication',
  402: 'authorization',
  403: 'authorization',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'not_found',
  413: 'validation',
  414: 'validation',
  415: 'validation',
  422: 'validation',
  429: 'rate_limit',
  431: 'validation',
  501: 'not_supported',
};

/** @returns the code for an HTTP status that is not 2xx */
export function codeOf(status: number): ErrorCode {
  return byStatus[status] ?? (status >= 500 ? 'server' : 'unexpected');
}

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>;

const REDIRECT_HINT =
  'Redirects are not followed, since they would carry the key away: set the Server URL to the final address.';
/** Texts of a server are shown to people, so they stay short. */
const MAX_REASON_LENGTH = 500;

/**
 * Understand an error answer in any shape: flat `{code, message, details}`, nested `{error: {code, message}}`,
 * `{error: "text"}`, `{message: ["text"]}`, `{errors: [{message}]}`, problem details (RFC 9457), plain text, or nothing
 * at all.
 * @param now milliseconds of the clock, for a Retry-After that is a date
 */
export function toServerError(status: number, headers: Headers, text: string, now: number): LinktorError {
  const { reason, ...facts } = readProblem(tryJson(text));
  const { requestId, retryAfter, ...rest } = facts;
  const cause: Partial<ErrorCause> = {
    status,
    ...rest,
    requestId: string(headers['x-request-id']) ?? requestId,
    retryAfter: readRetryAfter(headers, retryAfter, now),
  };
  if (status >= 300 && status < 400) cause.hint = REDIRECT_HINT;
  return new LinktorError(
    codeOf(status),
    reason ?? plainText(headers, text) ?? anyTextIn(tryJson(text)) ?? `The server answered ${status}.`,
    cause,
  );
}

/**
 * Detect an answer of status 2xx that states a failure, such as `{success: false, error}`.
 * @returns the error; undefined when the answer states none
 */
export function statedFailure(body: unknown, status: number): LinktorError | undefined {
  if (!isObject(body) || (body.success !== false && !saysNotOk(body) && !hasOnlyError(body))) return undefined;
  return failureIn(body, status);
}

function failureIn(body: Json, status: number): LinktorError {
  const { reason = 'The server says that it did not succeed.', serverCode, details } = readProblem(body);
  const stated = statedStatus(object(body.error) ?? body);
  const code = stated === undefined ? 'server' : codeOf(stated);
  return new LinktorError(code, reason, { status, serverCode, details, hint: 'See the reason that the server gives.' });
}

/** @returns the HTTP status of a failure in a body */
function statedStatus({ statusCode, status, code }: Json): number | undefined {
  const stated = number(statusCode) ?? number(status) ?? number(code);
  return stated !== undefined && stated >= 400 && stated < 600 ? stated : undefined;
}

const FAILED_STATUS = /^(?:err|error|fail|failed|failure|ko|nok|false)$/i;

/**
 * Detect a failure in the words of an answer of status 2xx that is not what was asked for: `{status: "error", message}`,
 * `{statusCode: 400, message}`, `{success: "false"}`. An entity, such as a message whose status is *failed*, has an id.
 */
export function impliedFailure(body: unknown, status: number): LinktorError | undefined {
  if (!isObject(body) || body.id !== undefined) return undefined;
  const says = [body.status, body.result, body.success, body.ok].some((word) => FAILED_STATUS.test(String(word)));
  const isTold = body.isError === true || body.hasError === true || statedStatus(body) !== undefined;
  return says || isTold ? failureIn(body, status) : undefined;
}

/** `{ok: false}` with a reason, as messengers answer. */
function saysNotOk({ ok, error, description, id }: Json): boolean {
  return ok === false && id === undefined && [error, description].some((one) => typeof one === 'string');
}

/** What may stand beside the `errors` of a failure; the result of a check, such as `{valid, errors}`, has more. */
const BESIDE_ERRORS = new Set(['errors', 'data', 'message', 'status', 'code', 'extensions', 'meta']);

/** Does the body have `{error}`, or nothing but `{errors}`, and no entity or list? */
function hasOnlyError(body: Json): boolean {
  const { error, errors, data, id } = body;
  const isList =
    Array.isArray(errors) && statesError(errors) && Object.keys(body).every((key) => BESIDE_ERRORS.has(key));
  return (statesError(error) || isList) && (data === undefined || data === null) && id === undefined;
}

/** @returns false for the ways in which a success says that there is no error: null, false, 0, `''`, `[]`, `{}` */
export function statesError(error: unknown): boolean {
  if (typeof error === 'object' && error !== null) return Object.keys(error).length > 0;
  return error !== undefined && error !== null && error !== false && error !== 0 && error !== '';
}

/** @returns the reason in a body that is expected to hold something else */
export function reasonIn(body: unknown): string | undefined {
  return isObject(body) ? readProblem(body).reason : undefined;
}

/** Names of the reason on gateways and in other conventions. */
const RARE_REASONS = [
  ...(['description', 'errorMessage', 'error_message', 'error_msg', 'Message', 'msg', 'err', 'userMessage'] as const),
  ...(['statusMessage', 'developerMessage', 'violations', 'issues', '_errors'] as const),
];
/** Names of what a reason may lie in. */
const WRAPPERS = ['data', 'meta', 'response', 'result'] as const;

/** Fields of an error body that give no reason. */
const BESIDE_REASON = /(?:code|status|type|path|time|timestamp|trace|meta|id|ok|success|url|uri|method|instance)$/i;

/** @returns what an error body without any known field says, such as `{name: ["This field is required."]}` */
function anyTextIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  return reasonOf(Object.fromEntries(Object.entries(body).filter(([name]) => !BESIDE_REASON.test(name))));
}

/** A general word, such as "The given data was invalid.", with what is wrong in particular. */
function withProblems(reason: string | undefined, problems: string | undefined): string | undefined {
  if (reason === undefined || problems === undefined || reason.includes(problems)) return reason;
  return `${reason.replace(/[.:]$/, '')}: ${problems}`.slice(0, MAX_REASON_LENGTH);
}

/** The texts and codes of an error body. */
function readProblem(wire: unknown) {
  const body = Array.isArray(wire) ? { errors: wire } : (object(wire) ?? {});
  const inner = object(body.error) ?? object(body.fault) ?? body;
  // OAuth says its code in `error` (RFC 6749).
  const described = typeof body.error === 'string' ? reasonOf(body.error_description) : undefined;
  const problems = reasonOf(body.errors ?? inner.errors);
  const reason =
    withProblems(reasonOf(inner.message), problems) ??
    reasonOf(inner.faultstring) ??
    reasonOf(inner.detail) ??
    described ??
    withProblems(reasonOf(body.error), problems) ??
    reasonOf(body.message) ??
    problems ??
    reasonOf(body.detail) ??
    reasonOf(body.title) ??
    reasonOf(inner.reason) ??
    RARE_REASONS.map((name) => reasonOf(inner[name] ?? body[name])).find((text) => text !== undefined) ??
    WRAPPERS.map((name) => object(body[name]))
      .map((held) => reasonOf(held?.message ?? held?.error ?? held?.errors ?? held?.title))
      .find((text) => text !== undefined);
  return {
    reason,
    serverCode:
      string(inner.code) ??
      string(body.code) ??
      (isObject(body.error) ? string(inner.type) : described && string(body.error)),
    requestId: string(object(body.meta)?.requestId) ?? string(body.request_id) ?? string(body.requestId),
    retryAfter: [inner.retryAfter, inner.retry_after, body.retryAfter, body.retry_after],
    details: inner.details ?? (body.errors === undefined ? undefined : body.errors) ?? undefined,
  };
}

/** A reason may be a text, a list of texts or problems, or an object with texts in it. */
function reasonOf(given: unknown, depth = 0): string | undefined {
  if (typeof given === 'string') return given.trim() === '' ? undefined : given.trim().slice(0, MAX_REASON_LENGTH);
  if (typeof given !== 'object' || given === null || depth > 2) return undefined;
  const parts = Array.isArray(given)
    ? given.map((one) => reasonOf(one, depth + 1))
    : ['message', 'defaultMessage', 'detail', 'reason', 'description', 'error', 'title', 'msg']
        .flatMap((name) => reasonOf((given as Json)[name], depth + 1) ?? [])
        .slice(0, 1);
  const found = [...new Set(parts.filter((one) => one !== undefined))];
  if (found.length > 0) return found.join('; ').slice(0, MAX_REASON_LENGTH);
  // A map of fields and their problems, as form validators send it.
  const named = Array.isArray(given)
    ? []
    : Object.entries(given).flatMap(([field, problem]) => {
        const text = reasonOf(problem, depth + 1);
        return text === undefined ? [] : [`${field}: ${text}`];
      });
  return named.length > 0 ? named.join('; ').slice(0, MAX_REASON_LENGTH) : undefined;
}

/** A short plain text is shown as the reason, an HTML page is not. */
function plainText(headers: Headers, text: string): string | undefined {
  const html = headers['content-type']?.includes('html') === true || text.trimStart().startsWith('<');
  const line = text.trim();
  if (html || line === '' || line.length > 300 || /^(?:[[{]|(?:null|true|false|-?\d[\d.]*)$)/.test(line))
    return undefined;
  const inner = tryJson(line);
  return typeof inner === 'string' ? inner.trim() || undefined : line;
}

/**
 * @param fromBody values of the body that may state a wait, used when the header states none
 * @param now milliseconds of the clock
 * @returns seconds to wait, at most {@link MAX_SERVER_WAIT_S}
 */
export function readRetryAfter(headers: Headers, fromBody: unknown[], now: number): number | undefined {
  for (const value of [headers['retry-after'], ...fromBody]) {
    const seconds = value === '' ? undefined : secondsFromNow(value, now);
    if (seconds !== undefined) return seconds;
  }
  return undefined;
}
