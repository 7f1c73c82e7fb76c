/** Keys seen lately: at most `limit` of them, none older than `life` milliseconds. */
export class Seen {
  readonly #limit: number;
  readonly #life: number;
  readonly #keys = new Map<string, number>();

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
    // A Map keeps its insertion order, so the first key is always the oldest one.
    this.#keys.delete(key);
    this.#keys.set(key, now);
    if (this.#keys.size > this.#limit) this.#keys.delete(this.#keys.keys().next().value as string);
    return true;
  }
}
