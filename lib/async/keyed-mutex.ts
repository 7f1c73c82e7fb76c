/** Who comes to the same counter is served in the order of coming. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<void>>();

  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /**
   * A turn may take another one inside, of another key.
   * @param keys several are waited for at once, so that nobody can stand in two lines across somebody else
   */
  async run<T>(keys: string | readonly string[], task: () => Promise<T>): Promise<T> {
    const lines = [...new Set(typeof keys === 'string' ? [keys] : keys)];
    const before = lines.map((key) => this.#last.get(key));
    let end = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const key of lines) this.#last.set(key, turn);
    try {
      await Promise.all(before);
      return await task();
    } finally {
      end();
      for (const key of lines) if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
