import type { Namespace } from './ledger';

/** A record in memory. The value is JSON, so that its size is known and it cannot be modified; see also SharedRow. */
export interface Row {
  readonly text: string;
  readonly bytes: number;
  readonly due?: number | undefined;
  readonly tags: readonly string[];
  readonly writtenAt: number;
}

/** Bytes from which a record that is rarely read is kept outside of the heap. */
const MIN_PACKED_BYTES = 1024;

/** A record whose JSON is bytes. Strings that live for long make Node.js enlarge its heap, and are costly to collect. */
class PackedRow implements Row {
  readonly #json: Buffer;
  readonly bytes: number;
  readonly due: number | undefined;
  readonly tags: readonly string[];
  readonly writtenAt: number;

  /** @param before its predecessor, which nobody reads any more: bytes are garbage for as long as strings */
  constructor({ text, bytes, due, tags, writtenAt }: Row, before: Row | undefined) {
    const room =
      before instanceof PackedRow && before.#json.length >= bytes
        ? before.#json
        : Buffer.allocUnsafe(bytes + MIN_PACKED_BYTES);
    room.write(text);
    this.#json = room;
    this.bytes = bytes;
    this.due = due;
    this.tags = tags;
    this.writtenAt = writtenAt;
  }

  get text(): string {
    return this.#json.toString('utf8', 0, this.bytes);
  }
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

  /** Keep the JSON of a present record as bytes, if it is long. @param before its predecessor */
  pack(key: string, row: Row, before: Row | undefined): void {
    if (row.bytes >= MIN_PACKED_BYTES && this.#rows.get(key) === row) this.#rows.set(key, new PackedRow(row, before));
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
