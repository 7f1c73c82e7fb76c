/** Keys seen lately: at most `limit` of them, none older than `life` milliseconds. */
export class Seen {
  readonly #limit: number;
  readonly #life: number;
  readonly #keys = new Map<string, number>();

  constructor({ limit = 100_000, life = 24 * 3600 * 1000 } = {}) {
    this.#limit = limit;
    this.#life = life;
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
