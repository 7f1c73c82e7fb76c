import { fence } from '../async/fence';
import { sleep } from '../async/sleep';
import { secondsFromNow } from '../contract/server-time';
import { abortedError, LinktorError } from '../errors';
import type { AnswerFacts, Pace } from './options';

/** The known rate limit of the server. */
export interface RateFacts {
  /** calls that the server still accepts in this window */
  remaining?: number;
  /** when the window ends, milliseconds of our clock */
  resetAt?: number;
  /** calls that wait for the next window */
  waiting: number;
}

interface Waiting {
  go(): void;
}

/** Interval after which one call probes the limit, even if the stated end is later. */
export const MAX_SILENCE_MS = 60_000;
/** Shorter waits are not announced. */
const MIN_ANNOUNCED_MS = 1000;

/**
 * Keeps all calls of one client below the tenant's limit, as stated by the server (X-RateLimit-*, 429). Nothing is held
 * back before the server states a limit. After a window has ended, and once a minute within a long one, a single call
 * probes the current limit.
 */
export class Rate {
  /** remaining calls in this window, according to the server's last answer */
  #remaining = Number.POSITIVE_INFINITY;
  /** when the window ends, milliseconds of our clock */
  #resetAt = 0;
  /** when a single call may probe the limit, even before the window ends; milliseconds of our clock */
  #probeAt = 0;
  #flying = 0;
  #announcedAt = 0;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<(until: number) => void>();
  readonly #pace: Pace | undefined;
  /** calls that wait for their slot in the shared rate */
  #paced = 0;

  constructor(pace?: Pace) {
    this.#pace = pace;
  }

  get facts(): RateFacts {
    const facts: RateFacts = { waiting: this.#waiting.size + this.#paced };
    if (Number.isFinite(this.#remaining)) facts.remaining = this.#remaining;
    if (this.#resetAt > Date.now()) facts.resetAt = this.#resetAt;
    return facts;
  }

  /**
   * Listen for every 429, and for calls held back for more than a second.
   * @param listener receives the time at which the limit ends, milliseconds of our clock
   */
  onLimit(listener: (until: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * @param end the caller's deadline, milliseconds of the clock
   * @returns undefined when the call may be sent at once
   * @throws LinktorError `rate_limit` when its turn would come after the deadline
   */
  admit(end: number, signal: AbortSignal): Promise<void> | undefined {
    return this.#pace ? this.#admitPaced(this.#pace, end, signal) : this.#admit(end, signal);
  }

  async #admitPaced(pace: Pace, end: number, signal: AbortSignal): Promise<void> {
    this.#paced++;
    try {
      const waitMs = await pace.take(end - Date.now());
      if (waitMs >= MIN_ANNOUNCED_MS) for (const listener of this.#listeners) listener(Date.now() + waitMs);
      if (waitMs > end - Date.now()) throw lateError(waitMs);
      if (waitMs > 0) await sleep(waitMs, signal);
    } finally {
      this.#paced--;
    }
    if (signal.aborted) throw abortedError('waiting');
    await this.#admit(end, signal);
  }

  #admit(end: number, signal: AbortSignal): Promise<void> | undefined {
    this.#look();
    if (this.#waiting.size === 0 && this.#flying < this.#remaining) {
      this.#flying++;
      return undefined;
    }
    if (this.#remaining <= 0) this.#announce();
    if (this.#remaining <= 0 && Math.min(this.#resetAt, this.#probeAt) > end) throw this.#late();
    return this.#wait(end, signal);
  }

  /** An attempt has ended. @param retryAfter seconds, of a 429 */
  done(status: number | undefined, facts: AnswerFacts, retryAfter?: number): void {
    this.#flying--;
    const { limit, remaining, reset } = facts.rate ?? {};
    const now = Date.now();
    if (this.#pace) this.#tell(this.#pace, status, limit, reset, retryAfter);
    if (status === 429) {
      this.#remaining = 0;
      this.#resetAt = Math.max(now + (retryAfter ?? 1) * 1000, this.#resetAt);
      this.#announcedAt = this.#resetAt;
      for (const listener of this.#listeners) listener(this.#resetAt);
    } else if (remaining !== undefined) {
      const ends = endOf(reset, now);
      // Answers overtake one another: within a window the lowest figure is the latest.
      const sameWindow = ends === undefined || Math.abs(ends - this.#resetAt) < 1000;
      if (!sameWindow || this.#remaining > remaining || this.#resetAt <= now) this.#remaining = remaining;
      if (ends !== undefined && ends > this.#resetAt) this.#resetAt = ends;
      // Without a reset time, keep one call: the server answers 429 when the limit is reached.
      if (ends === undefined) this.#remaining = Math.max(1, remaining);
    } else if (status !== undefined && now >= this.#resetAt) {
      // The limit was known only from a 429, and has ended: without figures there is no limit to obey.
      this.#remaining = Number.POSITIVE_INFINITY;
    }
    if (this.#remaining <= 0) this.#probeAt = now + MAX_SILENCE_MS;
    this.#pump();
  }

  #tell(pace: Pace, status?: number, limit?: number, reset?: number, retryAfter = 1): void {
    if (status !== 429 && limit === undefined) return;
    const now = Date.now();
    const ends = endOf(reset, now);
    pace.note({
      ...(limit !== undefined && { limit }),
      ...(ends !== undefined && { endsIn: ends - now }),
      ...(status === 429 && { refusedFor: retryAfter * 1000 }),
    });
  }

  /** Announce each window only once. */
  #announce(): void {
    if (this.#resetAt - Date.now() < MIN_ANNOUNCED_MS || this.#announcedAt === this.#resetAt) return;
    this.#announcedAt = this.#resetAt;
    for (const listener of this.#listeners) listener(this.#resetAt);
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
      const onAbort = fence(() => {
        leave();
        reject(abortedError('waiting'));
      });
      const timer = setTimeout(
        fence(() => {
          leave();
          reject(this.#late());
        }),
        end - Date.now(),
      );
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(entry);
      this.#pump();
    });
  }

  /** The window has ended, or lasts very long: let one call probe the limit. */
  #look(): void {
    const isTime = Date.now() >= Math.min(this.#resetAt, this.#probeAt);
    if (this.#remaining <= 0 && this.#flying === 0 && isTime) this.#remaining = 1;
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
      const nextAt = Math.min(this.#resetAt, this.#probeAt);
      this.#timer = setTimeout(
        fence(() => this.#pump()),
        Math.max(1, nextAt - Date.now()),
      );
    }
  }

  #late(): LinktorError {
    return lateError(this.#resetAt - Date.now());
  }
}

function lateError(waitMs: number): LinktorError {
  return new LinktorError('rate_limit', "The server's limit of requests is used up.", {
    retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
    retryable: true,
  });
}

/** @param reset remaining seconds, or a time in seconds or milliseconds of our clock */
function endOf(reset: number | undefined, now: number): number | undefined {
  const seconds = secondsFromNow(reset, now, true);
  return seconds === undefined ? undefined : now + seconds * 1000;
}
