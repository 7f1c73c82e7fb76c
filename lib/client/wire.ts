import { randomUUID } from 'node:crypto';
import type { Call, Contract, Credentials } from '../contract';
import { toServerError } from '../contract/envelope';
import { number } from '../contract/json';
import { type ErrorCause, type ErrorCode, invalid, LinktorError } from '../errors';
import type { Core } from './core';
import type { Peer } from './detect';
import type { AnswerFacts, CallOptions } from './index';
import { type Failed, surelyNotDone } from './retry';
import { join, type WireAnswer, type WireFault, type WireRequest } from './transport';

/** @returns what leaves, but for who we are */
export function wireOf({ base }: Peer, call: Omit<Call<unknown>, 'decode'>, options: CallOptions): WireRequest {
  const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  const { idempotencyKey = randomUUID() } = options;
  if (call.kind !== 'read' && idempotencyKey !== null) headers['Idempotency-Key'] = idempotencyKey;
  const body = call.upload ? formOf(call.upload) : call.body === undefined ? undefined : jsonOf(call.body);
  return { method: call.method, url: join(base, call.path, call.query), headers, body };
}

export function withBadge(contract: Contract, request: WireRequest, badge: Credentials | undefined): WireRequest {
  return badge ? { ...request, headers: { ...request.headers, ...contract.authHeaders(badge) } } : request;
}

function formOf({ file, filename, mimeType, fields }: NonNullable<Call<unknown>['upload']>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)], { type: mimeType ?? 'application/octet-stream' }), filename);
  return form;
}

function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    throw invalid('The request cannot be written as JSON.', 'Leave out circular references and BigInt values.');
  }
}

/** A path as a person writes it. What would lead elsewhere is refused, not repaired. */
export function target(path: string, query: Record<string, unknown> = {}): Pick<Call<unknown>, 'path' | 'query'> {
  if (/^[a-z][a-z0-9+.-]*:|^\/\/|\\|#/i.test(path.trim())) {
    throw invalid('The path must be relative to the Server URL.', 'Give it as /conversations or the like.');
  }
  const [place = '', ...more] = path.trim().split('?');
  const asked = new URLSearchParams(more.join('?'));
  const segments = place.split('/').filter((segment) => segment !== '');
  try {
    return {
      path: segments.map(decodeURIComponent),
      query: { ...Object.fromEntries([...asked.keys()].map((key) => [key, asked.getAll(key)])), ...query },
    };
  } catch {
    throw invalid('The path holds a % that stands for nothing.', 'Write a % as %25.');
  }
}

/** @returns what the headers tell */
export function factsOf({ headers }: Pick<WireAnswer, 'headers'>): AnswerFacts {
  const facts: AnswerFacts = {};
  if (headers['x-request-id']) facts.requestId = headers['x-request-id'];
  const limit = number(headers['x-ratelimit-limit']);
  const remaining = number(headers['x-ratelimit-remaining']);
  const reset = ourTime(number(headers['x-ratelimit-reset']), headers.date);
  if (limit !== undefined) facts.rate = { limit, remaining, reset };
  return facts;
}

/** A time so far away may only mean that our clock is wrong; then the server's own says how much. */
function ourTime(reset: number | undefined, date = ''): number | undefined {
  const now = Date.now() / 1000;
  if (reset === undefined || reset < now + 60) return reset;
  const ahead = Date.parse(date) / 1000 - now;
  return Math.abs(ahead) > 5 ? Math.ceil(reset - ahead) : reset;
}

const faults: Record<WireFault['fault'], { code: ErrorCode; say(reason: string): string }> = {
  network: { code: 'network', say: (reason) => `The server did not answer (${reason}).` },
  timeout: { code: 'timeout', say: () => 'The server did not answer in time.' },
  aborted: { code: 'unexpected', say: () => 'Closed before the server answered.' },
  too_large: { code: 'serialization', say: () => 'The request or its answer is larger than this client accepts.' },
};

/** @returns why an attempt did not succeed */
export function failure({ credentials: identity }: Core, answer: WireAnswer | WireFault): Failed {
  if (!('fault' in answer)) {
    const { code, message, cause } = toServerError(answer.status, answer.headers, answer.text, Date.now());
    const told = silenced({ message, cause }, identity.secrets()) as { message: string; cause: ErrorCause };
    return { error: new LinktorError(code, told.message, told.cause), left: true, silent: false };
  }
  const { code, say } = faults[answer.fault];
  return { error: new LinktorError(code, say(answer.reason)), left: answer.left, silent: true };
}

/** A server that does not know us may have a reason that is worth telling. */
export function knowing(failed: Failed, contract: Contract, badge: Credentials | undefined): Failed {
  const hint = failed.error.cause.status === 401 && badge ? contract.refusedHint(badge) : undefined;
  if (hint === undefined) return failed;
  const { code, message, cause } = failed.error;
  return { ...failed, error: new LinktorError(code, message, { ...cause, hint }) };
}

/** Some servers quote the key that they refuse, in any of the spellings that JSON has for it. */
function silenced(value: unknown, secrets: readonly string[], depth = 0): unknown {
  if (typeof value === 'string') return secrets.reduce((said, secret) => said.replaceAll(secret, '***'), value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 20) return '...';
  const inner = (part: unknown) => silenced(part, secrets, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [inner(key), inner(part)]));
}

/** So long a text is nobody's but a key's: what is shorter may be a word that the answer is about. */
const telling = 16;

/** @returns the answer without what we have signed in with: some servers repeat what they were asked */
export function unsaid({ status, headers, text }: WireAnswer, badge: Credentials | undefined): WireAnswer {
  const secret = badge === undefined ? '' : 'apiKey' in badge ? badge.apiKey : badge.token;
  // Cookies come as a list, and go no further.
  const says = (part: unknown) => typeof part === 'string' && part.includes(secret);
  if (secret.length < telling || ![text, ...Object.values(headers)].some(says)) return { status, headers, text };
  const told = Object.entries(headers).map(([name, value]) => [name, says(value) ? '***' : value]);
  return { status, headers: Object.fromEntries(told), text: text.replaceAll(secret, '***') };
}

/** The error as the caller gets it: with what is known about whether it happened. */
export function final(failed: Failed, ambiguous: boolean): LinktorError {
  const { error } = failed;
  const repeatable = error.code === 'network' || error.code === 'timeout' || error.code === 'rate_limit';
  const retryable = !ambiguous && (repeatable || error.code === 'server' || (failed.silent && surelyNotDone(failed)));
  const hint = ambiguous ? 'It may have happened all the same: look before you repeat it.' : error.cause.hint;
  return new LinktorError(error.code, error.message, { ...error.cause, hint, ambiguous, retryable });
}

/** What a call that was given up on purpose ends with. */
export function closedEarly(): LinktorError {
  return new LinktorError('unexpected', faults.aborted.say(''));
}
