interface Entry<T> {
  item: T;
  ready: boolean;
}

/** Things leave in the order in which they came, each lane for itself, though some take longer to get ready. */
export class Lanes<T> {
  readonly #lanes = new Map<string, Entry<T>[]>();
  readonly #leave: (item: T) => void;

  constructor(leave: (item: T) => void) {
    this.#leave = leave;
  }

  /**
   * @param ready when it may leave; without it at once, if nothing is in front of it. A rejection counts as well
   * @returns when it has left
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

  /** Everything leaves now, ready or not. */
  flush(): void {
    for (const [lane, entries] of this.#lanes) {
      for (const entry of entries) entry.ready = true;
      this.#advance(lane);
    }
  }

  /** @returns everything that is here, in its order; it is gone from here and leaves no more */
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
