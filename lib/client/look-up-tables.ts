import { sleep } from '../async/sleep';
import type { LookUpTable } from '../contract';
import { orAborted } from './signals';

/** A table in use is read again after this time, since others may have changed it. */
const KEEP_MS = 60_000;
/** Keys that a table lacked when it was read for them: it is not read for them again. */
const MAX_ABSENT_KEYS = 1000;

type Rows = ReadonlyMap<string, unknown>;

interface Kept {
  rows: Rows;
  /** keys that the table certainly lacks */
  absent: Set<string>;
  until: number;
}

/**
 * Answers that many operations look something up in, such as the channels: read once a minute, again for a key that a
 * table lacks, and after each of our own writes to it. There is one for each path that the contract names, as large as
 * one answer at most.
 */
export class LookUpTables {
  readonly #kept = new Map<string, Kept>();
  readonly #asked = new Map<string, Promise<Rows>>();

  /**
   * @param path path of the table, and of writes to it
   * @param table what is needed of it
   * @param read reads it from the server
   * @param waitMs maximum wait for the answer to somebody else, milliseconds
   */
  async get<T>(
    [name = '']: readonly string[],
    table: LookUpTable<T>,
    read: () => Promise<Rows>,
    { signal, waitMs }: { signal: AbortSignal; waitMs: number },
  ): Promise<T> {
    const { keys, use } = table;
    const known = this.#suitable(name, keys);
    if (known) return use(known);
    const asked = this.#asked.get(name);
    if (asked !== undefined) {
      await this.#waitFor(asked, signal, waitMs);
      // Whoever has asked may have given up, or have asked before a row was added.
      const found = this.#suitable(name, keys);
      if (found) return use(found);
    }
    return use(await this.#read(name, keys, read()));
  }

  async #waitFor(asked: Promise<Rows>, signal: AbortSignal, waitMs: number): Promise<void> {
    const over = new AbortController();
    const answered = Promise.resolve(orAborted(asked, signal)).catch(() => undefined);
    await Promise.race([answered, sleep(waitMs, over.signal)]);
    over.abort();
  }

  /** A write to this path may have changed its table. */
  drop([name = '']: readonly string[]): void {
    this.#kept.delete(name);
    this.#asked.delete(name);
  }

  #suitable(name: string, keys: readonly string[]): Rows | undefined {
    const kept = this.#kept.get(name);
    if (!kept || kept.until <= performance.now()) return undefined;
    return keys.every((key) => kept.rows.has(key) || kept.absent.has(key)) ? kept.rows : undefined;
  }

  async #read(name: string, keys: readonly string[], asked: Promise<Rows>): Promise<Rows> {
    this.#asked.set(name, asked);
    try {
      const rows = await asked;
      // Dropped meanwhile: this answer may be older than the write.
      if (this.#asked.get(name) === asked) this.#keep(name, keys, rows);
      return rows;
    } finally {
      if (this.#asked.get(name) === asked) this.#asked.delete(name);
    }
  }

  #keep(name: string, keys: readonly string[], rows: Rows): void {
    const absent = [...(this.#kept.get(name)?.absent ?? []), ...keys].filter((key) => !rows.has(key));
    const newest = new Set(absent.slice(-MAX_ABSENT_KEYS));
    this.#kept.set(name, { rows, absent: newest, until: performance.now() + KEEP_MS });
  }
}
