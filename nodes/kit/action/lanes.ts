interface Entry<T> {
  item: T;
  ready: boolean;
}

/** Releases items of each lane in their order of arrival, although some take longer to become ready. */
export class Lanes<T> {
  readonly #lanes = new Map<string, Entry<T>[]>();
  readonly #leave: (item: T) => void;

  constructor(leave: (item: T) => void) {
    this.#leave = leave;
  }

  /**
   * @param ready when the item may leave; by default at once, if it is the first. A rejection counts as ready
   * @returns a promise that resolves when the item is ready, and has left if it was first
   */
  async enter(lane: string, item: T, ready?: Promise<unknown>): Promise<void> {
    const before = this.#lanes.get(lane);
    if (!before && !ready) return this.#leave(item);
    const entry = { item, ready: false };
    if (before) before.push(entry);
    else this.#lanes.set(lane, [entry]);
    try {
      await ready;
    } finally {
      entry.ready = true;
      this.#advance(lane);
    }
  }

  /** Release everything now, ready or not. */
  flush(): void {
    for (const [lane, entries] of this.#lanes) {
      for (const entry of entries) entry.ready = true;
      this.#advance(lane);
    }
  }

  /** @returns all items in order; they are removed and not released */
  drain(): T[] {
    const items = [...this.#lanes.values()].flatMap((entries) => entries.splice(0).map(({ item }) => item));
    this.#lanes.clear();
    return items;
  }

  #advance(lane: string): void {
    const entries = this.#lanes.get(lane) ?? [];
    while (entries[0]?.ready) {
      const { item } = entries.shift() as Entry<T>;
      this.#leave(item);
    }
    if (entries.length === 0) this.#lanes.delete(lane);
  }
}
