import { abortedError, LinktorError } from '../errors';
import type { AnswerFacts } from './options';

/** What is known of the server's limit. */
export interface RateFacts {
  /** calls that it will still take in this window */
  remaining?: number;
  /** when the window ends, milliseconds of our clock */
  resetAt?: number;
  /** calls that wait for the next window */
  waiting: number;
}

interface Waiting {
  go(): void;
}

/**
 * Keeps all calls of one client below the tenant's limit, as the server tells it (X-RateLimit-*, 429). Nothing is held
 * back before a server speaks of a limit. After a window has ended a single call looks how the new one is.
 */
export class Rate {
  /** calls that the server will still take, as it said last */
  #remaining = Number.POSITIVE_INFINITY;
  /** when the window ends, milliseconds of our clock */
  #resetAt = 0;
  #flying = 0;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<(until: number) => void>();

  get facts(): RateFacts {
    const facts: RateFacts = { waiting: this.#waiting.size };
    if (Number.isFinite(this.#remaining)) facts.remaining = this.#remaining;
    if (this.#resetAt > Date.now()) facts.resetAt = this.#resetAt;
    return facts;
  }

  /** Hear of every 429. @param listener gets the time, milliseconds of our clock, until which no call will be taken */
  onLimit(listener: (until: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * @param end the caller's deadline, milliseconds of the clock
   * @returns undefined when the call may leave at once
   * @throws LinktorError `rate_limit` when its turn would come after the deadline
   */
  admit(end: number, signal: AbortSignal): Promise<void> | undefined {
    this.#look();
    if (this.#waiting.size === 0 && this.#flying < this.#remaining) {
      this.#flying++;
      return undefined;
    }
    if (this.#remaining <= 0 && this.#resetAt > end) throw this.#late();
    return this.#wait(end, signal);
  }

  /** An attempt has ended. @param retryAfter seconds, of a 429 */
  done(status: number | undefined, facts: AnswerFacts, retryAfter?: number): void {
    this.#flying--;
    const { remaining, reset } = facts.rate ?? {};
    const now = Date.now();
    if (status === 429) {
      this.#remaining = 0;
      this.#resetAt = Math.max(now + (retryAfter ?? 1) * 1000, this.#resetAt);
      for (const listener of this.#listeners) listener(this.#resetAt);
    } else if (remaining !== undefined) {
      const ends = endOf(reset, now);
      // Answers overtake one another: within a window the lowest figure is the latest.
      const sameWindow = ends === undefined || Math.abs(ends - this.#resetAt) < 1000;
      if (!sameWindow || this.#remaining > remaining || this.#resetAt <= now) this.#remaining = remaining;
      if (ends !== undefined && ends > this.#resetAt) this.#resetAt = ends;
      // Without a time the server will say when it is 429 so.
      if (ends === undefined) this.#remaining = Math.max(1, remaining);
    } else if (status !== undefined && now >= this.#resetAt) {
      // A server that only ever said 429 takes calls again: nothing is known of a limit.
      this.#remaining = Number.POSITIVE_INFINITY;
    }
    this.#pump();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #wait(end: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(entry);
      };
      const entry: Waiting = {
        go: () => {
          leave();
          resolve();
        },
      };
      const onAbort = () => {
        leave();
        reject(abortedError('waiting'));
      };
      const timer = setTimeout(() => {
        leave();
        reject(this.#late());
      }, end - Date.now());
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(entry);
      this.#pump();
    });
  }

  /** The window has ended: let one call find out. */
  #look(): void {
    if (this.#remaining <= 0 && this.#flying === 0 && Date.now() >= this.#resetAt) this.#remaining = 1;
  }

  #pump(): void {
    this.#look();
    for (const entry of this.#waiting) {
      if (this.#flying >= this.#remaining) break;
      this.#flying++;
      entry.go();
    }
    clearTimeout(this.#timer);
    if (this.#waiting.size > 0 && this.#remaining <= 0) {
      this.#timer = setTimeout(() => this.#pump(), Math.max(1, this.#resetAt - Date.now()));
    }
  }

  #late(): LinktorError {
    const retryAfter = Math.max(1, Math.ceil((this.#resetAt - Date.now()) / 1000));
    return new LinktorError('rate_limit', "The server's limit of requests is used up.", {
      retryAfter,
      retryable: true,
    });
  }
}

/** The header is a time in seconds; some servers give the seconds that are left. */
function endOf(reset: number | undefined, now: number): number | undefined {
  if (reset === undefined) return undefined;
  return reset > 1_000_000_000 ? reset * 1000 : now + reset * 1000;
}
