import { backoff } from '../async/backoff';
import type { Kind } from '../contract';
import type { LinktorError } from '../errors';

/** One attempt that did not succeed. */
export interface Failed {
  error: LinktorError;
  /** the request may have reached the server */
  left: boolean;
  /** there was no response at all */
  silent: boolean;
  /** the server certainly did nothing, regardless of the status */
  isRefused?: boolean;
  /** advice for the user, in addition to the advice for an uncertain outcome */
  advice?: string;
}

const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/** @returns true when the request certainly had no effect: the server refused it, or it was never sent */
export function surelyNotDone({ error, left, silent, isRefused }: Failed): boolean {
  const { status, retryAfter } = error.cause;
  if (isRefused) return true;
  if (silent) return !left;
  return status === 429 || (status === 503 && retryAfter !== undefined);
}

/** @returns true for a failure that may be over soon */
export function isTransient({ error, silent }: Failed): boolean {
  if (error.code === 'not_found') return false;
  if (silent) return error.code === 'network' || error.code === 'timeout';
  const status = error.cause.status ?? 0;
  return TRANSIENT_STATUSES.has(status) || (status > 504 && status < 600);
}

/**
 * @returns true when the same call may be sent again
 * @param idempotent the server honours the Idempotency-Key
 */
export function mayRepeat(kind: Kind, failed: Failed, idempotent: boolean): boolean {
  if (!isTransient(failed)) return false;
  if (kind === 'read' || surelyNotDone(failed)) return true;
  return kind === 'write' && idempotent;
}

/** @returns true for a write that may or may not have happened */
export function isAmbiguous(kind: Kind, failed: Failed): boolean {
  if (kind === 'read' || surelyNotDone(failed)) return false;
  if (failed.silent) return failed.left;
  const status = failed.error.cause.status ?? 0;
  return (status >= 500 && status !== 501) || status === 408 || (status >= 200 && status < 300);
}

/** With a jitter of one half: from 250 ms to 30 s. */
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;
const MIN_DELAY_MS = 250;

/**
 * @param attempt 0 for the first repetition
 * @param hinted seconds requested by the server, used unchanged
 * @returns milliseconds to wait
 */
export function delay(attempt: number, hinted: number | undefined, random = Math.random): number {
  // A server that asks for no wait at all still gets a short one.
  if (hinted !== undefined) return Math.max(MIN_DELAY_MS, Math.ceil(hinted * 1000));
  return backoff(attempt + 1, FIRST_DELAY_MS, random, LONGEST_DELAY_MS);
}
