/** Keys that are forgotten and still lie about; fewer take more time. */
const mostForgotten = 10_000;

/** Keys seen lately: at most `limit` of them, none older than `life` milliseconds. */
export class Seen {
  readonly #limit: number;
  readonly #life: number;
  readonly #keys = new Map<string, number>();
  /**
   * The same keys, oldest first from #first on. A Map keeps its order as well, but its first key is dear to find once
   * many before it have been deleted.
   */
  #order: string[] = [];
  #first = 0;
  /** when the old ones were looked for the last time, milliseconds of the clock */
  #sweptAt = 0;

  constructor({ limit = 100_000, life = 24 * 3600 * 1000 } = {}) {
    this.#limit = limit;
    this.#life = life;
  }

  /** All of it, oldest first, as plain data. */
  export(): [key: string, seenAt: number][] {
    return [...this.#keys];
  }

  /** What was exported earlier; what has been seen since then stays. */
  import(earlier: readonly (readonly [string, number])[]): void {
    const since = [...this.#keys];
    this.#keys.clear();
    this.#order = [];
    this.#first = 0;
    for (const [key, seenAt] of earlier) this.add(key, seenAt);
    for (const [key, seenAt] of since) this.add(key, seenAt);
  }

  /** @returns true when the key has been seen, and not too long ago */
  has(key: string, now = Date.now()): boolean {
    const before = this.#keys.get(key);
    return before !== undefined && now - before < this.#life;
  }

  /** @returns true when the key is new; it is remembered from now on */
  add(key: string, now = Date.now()): boolean {
    const before = this.#keys.get(key);
    if (before !== undefined && now - before < this.#life) return false;
    if (now !== this.#sweptAt) this.#forget(now);
    // A clock that was set back can leave an old key behind younger ones: it is young again where it stands.
    if (before === undefined || !this.#keys.has(key)) this.#order.push(key);
    this.#keys.set(key, now);
    if (this.#keys.size > this.#limit) this.#drop();
    return true;
  }

  #forget(now: number): void {
    this.#sweptAt = now;
    for (;;) {
      const oldest = this.#keys.get(this.#order[this.#first] as string);
      if (oldest === undefined || now - oldest < this.#life) return;
      this.#drop();
    }
  }

  #drop(): void {
    this.#keys.delete(this.#order[this.#first] as string);
    this.#first++;
    if (this.#first < mostForgotten) return;
    this.#order = this.#order.slice(this.#first);
    this.#first = 0;
  }
}
