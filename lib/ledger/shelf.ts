import type { Namespace } from './ledger';

/** A record in memory. The value is JSON, so that its size is known and it cannot be modified; see also SharedRow. */
export interface Row {
  readonly text: string;
  readonly bytes: number;
  readonly due?: number | undefined;
  readonly tags: readonly string[];
  readonly writtenAt: number;
}

/** The records of one namespace, found by key, tag and due time; oldest write first. */
export class Shelf {
  readonly #rows = new Map<string, Row>();
  readonly #tagged = new Map<string, Set<string>>();
  readonly #due = new Map<string, number>();
  bytes = 0;

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  rows(): IterableIterator<[string, Row]> {
    return this.#rows.entries();
  }

  oldest(): string | undefined {
    return this.#rows.keys().next().value;
  }

  tagged(tag: string): string[] {
    const keys = this.#tagged.get(tag);
    return keys ? [...keys] : [];
  }

  *dueBefore(before: number): Generator<string> {
    for (const [key, due] of this.#due) if (due <= before) yield key;
  }

  /** @param row undefined deletes the record */
  set(key: string, row: Row | undefined): void {
    const before = this.#rows.get(key);
    if (before) this.#remove(key, before);
    if (!row) return;
    this.#rows.set(key, row);
    this.bytes += row.bytes;
    if (row.due !== undefined) this.#due.set(key, row.due);
    for (const tag of row.tags) {
      const keys = this.#tagged.get(tag);
      if (keys) keys.add(key);
      else this.#tagged.set(tag, new Set([key]));
    }
  }

  #remove(key: string, { bytes, tags }: Row): void {
    this.#rows.delete(key);
    this.#due.delete(key);
    this.bytes -= bytes;
    for (const tag of tags) {
      const keys = this.#tagged.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#tagged.delete(tag);
    }
  }
}

/** The shelves of an account. */
export class Shelves {
  readonly #shelves = new Map<Namespace, Shelf>();

  of(namespace: Namespace): Shelf {
    const found = this.#shelves.get(namespace);
    if (found) return found;
    const made = new Shelf();
    this.#shelves.set(namespace, made);
    return made;
  }

  all(): [Namespace, Shelf][] {
    return [...this.#shelves];
  }

  bytes(): number {
    let sum = 0;
    for (const shelf of this.#shelves.values()) sum += shelf.bytes;
    return sum;
  }
}
