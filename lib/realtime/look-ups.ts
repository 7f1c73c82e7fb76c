import { LOOKUP_BURST, LOOKUPS_PER_SECOND, MAX_CONCURRENT_LOOKUPS, MAX_WAITING_LOOKUPS } from './bounds';

/**
 * Requests about single conversations named by events. A server can name any number, so their concurrency, queue and
 * rate are limited: the user's own calls always have slots.
 */
export class LookUps {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #allowance = LOOKUP_BURST;
  /** milliseconds of the local clock */
  #refilledAt = Date.now();

  /** @returns false when the rate limit is exceeded */
  spend(): boolean {
    const now = Date.now();
    // A clock that was set back must not reduce the allowance.
    const passedMs = Math.max(0, now - this.#refilledAt);
    this.#refilledAt = now;
    this.#allowance = Math.min(LOOKUP_BURST, this.#allowance + (passedMs / 1000) * LOOKUPS_PER_SECOND);
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  /** @returns the result of `ask`, in its turn; undefined when too many requests are waiting */
  run<T>(ask: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting.length >= MAX_WAITING_LOOKUPS || !this.spend()) return undefined;
    return this.#run(ask);
  }

  async #run<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_CONCURRENT_LOOKUPS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await ask();
    } finally {
      // Pass the slot to the next waiting request.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
