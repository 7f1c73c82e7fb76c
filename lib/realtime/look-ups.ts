import { LOOKUP_BURST, LOOKUPS_PER_SECOND, MAX_CONCURRENT_LOOKUPS, MAX_WAITING_LOOKUPS } from './bounds';

/**
 * Requests about single conversations that events have named. A server can name as many as it likes, so these requests
 * are few at a time, few wait, and few are made over a long time: they never take the place of the user's own calls.
 */
export class LookUps {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #allowance = LOOKUP_BURST;
  /** milliseconds of the local clock */
  #refilledAt = Date.now();

  /** @returns false when there have been too many of late */
  spend(): boolean {
    const now = Date.now();
    // A clock that was set back must not take away what is left.
    const passedMs = Math.max(0, now - this.#refilledAt);
    this.#refilledAt = now;
    this.#allowance = Math.min(LOOKUP_BURST, this.#allowance + (passedMs / 1000) * LOOKUPS_PER_SECOND);
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  /** @returns what `ask` returns, in its turn; undefined when there are too many already */
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
      // The place passes on to the next one, if there is one.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
