import type { Kind } from '../contract';
import type { LinktorError } from '../errors';

/** What became of one attempt that did not succeed. */
export interface Failed {
  error: LinktorError;
  /** the request may have reached the server */
  left: boolean;
  /** nothing came back at all */
  silent: boolean;
}

const transient = new Set([408, 429, 500, 502, 503, 504]);

/** The server surely did not do it: it said so, or the request never left. */
export function surelyNotDone({ error, left, silent }: Failed): boolean {
  const { status, retryAfter } = error.cause;
  if (silent) return !left;
  return status === 429 || (status === 503 && retryAfter !== undefined);
}

/** Worth another try at all. */
export function passing({ error, silent }: Failed): boolean {
  if (silent) return error.code === 'network' || error.code === 'timeout';
  const status = error.cause.status ?? 0;
  return transient.has(status) || (status > 504 && status < 600);
}

/**
 * May the same call leave again?
 * @param idempotent the server honours the Idempotency-Key
 */
export function mayRepeat(kind: Kind, failed: Failed, idempotent: boolean): boolean {
  if (!passing(failed)) return false;
  if (kind === 'read' || surelyNotDone(failed)) return true;
  return kind === 'write' && idempotent;
}

/** A write whose outcome nobody can know. */
export function isAmbiguous(kind: Kind, failed: Failed): boolean {
  if (kind === 'read' || surelyNotDone(failed)) return false;
  if (failed.silent) return failed.left;
  const status = failed.error.cause.status ?? 0;
  return (status >= 500 && status !== 501) || status === 408 || (status >= 200 && status < 300);
}

const longest = 30_000;
const shortest = 250;

/**
 * @param attempt 0 for the first repetition
 * @param hinted seconds the server asked for; honoured as they are
 * @returns milliseconds to wait
 */
export function delay(attempt: number, hinted: number | undefined, random = Math.random): number {
  // A server that asks for no wait at all does not get a storm.
  if (hinted !== undefined) return Math.max(shortest, Math.ceil(hinted * 1000));
  const ceiling = Math.min(longest, 1000 * 2 ** Math.min(attempt, 10));
  return Math.max(shortest, Math.round(random() * ceiling));
}
