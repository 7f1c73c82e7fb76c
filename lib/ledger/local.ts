import { fence } from '../async/fence';
import { storageError, tooMany, tooMuch } from './failures';
import {
  type Change,
  type Durability,
  type EngineName,
  type Entry,
  type Ledger,
  MAX_LEDGER_BYTES,
  type Namespace,
  namespaces,
  type PutOptions,
  type ValueOptions,
} from './ledger';
import { RecentValues } from './recent-values';
import { rowOf } from './row';
import { SharedRow } from './shared-row';
import { type Row, type Shelf, Shelves } from './shelf';
import type { Store, Write } from './store';
import { WriteQueue } from './write-queue';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface LocalSettings {
  /** days after their last write until records are removed; records with a later due time stay until then */
  keepDays: number;
}

/** A ledger of this process only: it reads from memory, and writes to its store in small groups. */
export class LocalLedger implements Ledger {
  readonly engine: EngineName;
  readonly durability: Durability;
  readonly isShared = false;
  readonly #store: Store;
  readonly #shelves = new Shelves();
  readonly #recent = new RecentValues();
  readonly #queue: WriteQueue;
  readonly #keepMs: number;
  readonly #sweeper: NodeJS.Timeout;
  #isClosed = false;

  /** @throws LinktorError `storage` */
  static async open(store: Store, settings: LocalSettings): Promise<LocalLedger> {
    const ledger = new LocalLedger(store, settings);
    try {
      for await (const { namespace, key, row } of store.load()) {
        // A later version may have namespaces unknown to this one.
        if (row && Object.hasOwn(namespaces, namespace)) ledger.#shelves.of(namespace).set(key, row);
      }
    } catch (error) {
      clearInterval(ledger.#sweeper);
      throw error;
    }
    ledger.#sweep();
    return ledger;
  }

  private constructor(store: Store, { keepDays }: LocalSettings) {
    this.#store = store;
    this.engine = store.engine;
    this.durability = store.durability;
    this.#keepMs = keepDays * DAY_MS;
    this.#queue = new WriteQueue(store);
    this.#sweeper = setInterval(
      fence(() => this.#sweep()),
      HOUR_MS,
    );
    this.#sweeper.unref();
  }

  get<T>(namespace: Namespace, key: string, options?: ValueOptions): Entry<T> | undefined {
    const row = this.#shelf(namespace).get(key);
    return row && this.#entryOf<T>(namespace, key, row, options);
  }

  list<T>(namespace: Namespace): Entry<T>[] {
    return sorted([...this.#shelf(namespace).rows()].map(([key, row]) => this.#entryOf<T>(namespace, key, row)));
  }

  find<T>(namespace: Namespace, tag: string, options?: ValueOptions): Entry<T>[] {
    const shelf = this.#shelf(namespace);
    const found = shelf.tagged(tag);
    if (found.length === 0) return [];
    return sorted(found.map((key) => this.#entryOf<T>(namespace, key, shelf.get(key) as Row, options)));
  }

  count(namespace: Namespace): number {
    return this.#shelf(namespace).size;
  }

  due(before: number): Entry[] {
    this.#assertOpen();
    const found = this.#shelves
      .all()
      .flatMap(([namespace, shelf]) =>
        [...shelf.dueBefore(before)].map((key) => this.#entryOf(namespace, key, shelf.get(key) as Row)),
      );
    return found.sort((one, other) => (one.due ?? 0) - (other.due ?? 0));
  }

  async put(namespace: Namespace, key: string, value: unknown, options: PutOptions = {}): Promise<void> {
    const shelf = this.#shelf(namespace);
    if (options.unlessTagged && options.tags?.some((tag) => shelf.tagged(tag).length > 0)) return;
    if (options.onMissing && !shelf.get(key)) return options.onMissing();
    const row = this.#rowOf(value, options);
    this.#makeRoom(namespace, shelf, key, row);
    if (options.mayShare) this.#recent.add(row, value);
    const before = shelf.get(key);
    await this.#write(namespace, shelf, key, row, options);
    // The values of others are read again and again.
    if (!options.mayShare) shelf.pack(key, row, before);
  }

  async delete(namespace: Namespace, key: string): Promise<boolean> {
    const shelf = this.#shelf(namespace);
    if (!shelf.get(key)) return false;
    await this.#write(namespace, shelf, key, undefined);
    return true;
  }

  async update<T>(
    namespace: Namespace,
    key: string,
    change: (value: T | undefined) => Change<T>,
    options?: ValueOptions,
  ): Promise<Entry<T> | undefined> {
    const shelf = this.#shelf(namespace);
    const before = shelf.get(key);
    const changed = change(before && this.#entryOf<T>(namespace, key, before, options).value);
    if (!changed) {
      if (before) await this.#write(namespace, shelf, key, undefined);
      return undefined;
    }
    const row = this.#rowOf(changed.value, { ...changed, mayShare: options?.mayShare });
    this.#makeRoom(namespace, shelf, key, row);
    if (options?.mayShare) this.#recent.add(row, changed.value);
    await this.#write(namespace, shelf, key, row, changed);
    return this.#entryOf<T>(namespace, key, row, options);
  }

  async scrub(): Promise<string[]> {
    await this.#queue.drained();
    return this.#store.scrub?.() ?? [];
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    try {
      await this.#queue.drained();
    } finally {
      await this.#store.close();
    }
  }

  /** All current records, to be written again after the store has lost them. */
  *snapshot(): Generator<Write> {
    for (const [namespace, shelf] of this.#shelves.all()) {
      for (const [key, { text, bytes, due, tags, writtenAt }] of shelf.rows()) {
        yield { namespace, key, row: { text, bytes, due, tags, writtenAt } };
      }
    }
  }

  /**
   * Change memory at once for the next reader, and undo the change if the store refuses it.
   * @returns a promise that resolves when it is stored: with every engine at the end of this turn of the event loop, so
   * that all messages of a turn take each step together, which is twice as fast as one after the other
   */
  #write(
    namespace: Namespace,
    shelf: Shelf,
    key: string,
    row: Row | undefined,
    options: PutOptions = {},
  ): Promise<void> {
    const before = shelf.get(key);
    if (before) this.#recent.drop(before);
    shelf.set(key, row);
    return this.#queue.write({ namespace, key, row }, options).catch((error: unknown) => {
      if (shelf.get(key) === row) shelf.set(key, before);
      throw error;
    });
  }

  #rowOf(value: unknown, options: PutOptions): Row {
    const shared = options.mayShare && this.#store.isVolatile ? SharedRow.of(value, options) : undefined;
    return shared ?? rowOf(value, options);
  }

  #makeRoom(namespace: Namespace, shelf: Shelf, key: string, row: Row): void {
    const before = shelf.get(key);
    if (this.#shelves.bytes() + row.bytes - (before?.bytes ?? 0) > MAX_LEDGER_BYTES) throw tooMuch();
    const { limit, whenFull } = namespaces[namespace];
    if (before || shelf.size < limit) return;
    if (whenFull === 'refuse') throw tooMany(namespace);
    this.#drop(namespace, shelf, shelf.oldest());
  }

  /** Remove expired records, except those due in the future. */
  #sweep(now = Date.now()): void {
    for (const [namespace, shelf] of this.#shelves.all()) {
      if (!namespaces[namespace].expires) continue;
      for (const [key, row] of shelf.rows()) {
        if (now - row.writtenAt > this.#keepMs && (row.due ?? 0) <= now - this.#keepMs)
          this.#drop(namespace, shelf, key);
      }
    }
  }

  /** Delete a record in the background. If the store refuses, it is deleted after the next start. */
  #drop(namespace: Namespace, shelf: Shelf, key: string | undefined): void {
    if (key === undefined) return;
    shelf.set(key, undefined);
    this.#queue.write({ namespace, key, row: undefined }).catch(() => undefined);
  }

  #entryOf<T>(namespace: Namespace, key: string, row: Row, options?: ValueOptions): Entry<T> {
    const { due, tags, writtenAt } = row;
    const value = (options?.mayShare ? this.#recent.valueOf(row) : JSON.parse(row.text)) as T;
    return due === undefined
      ? { namespace, key, value, tags, writtenAt }
      : { namespace, key, value, due, tags, writtenAt };
  }

  #shelf(namespace: Namespace): Shelf {
    this.#assertOpen();
    return this.#shelves.of(namespace);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw storageError('closed');
  }
}

/** Records of the same millisecond keep the order in which they were written. */
function sorted<T>(entries: Entry<T>[]): Entry<T>[] {
  return entries.length < 2 ? entries : entries.sort((one, other) => one.writtenAt - other.writtenAt);
}
