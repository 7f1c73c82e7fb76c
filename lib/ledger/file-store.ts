import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { LinktorError } from '../errors';
import { storageError } from './failures';
import type { Namespace } from './ledger';
import type { Row } from './shelf';
import { type Database, loadSqlite, type Sqlite, type Statement, sqliteProblemOf } from './sqlite';
import type { Store, Write } from './store';

/** the version of the table below; a file of a later one is left alone */
const SCHEMA_VERSION = 1;
/** Most writes are a few hundred bytes; the log grows by whole pages. */
const PAGE_BYTES = 2048;
/**
 * Pages of the log that are written into the database together. That waits for the disk, so it is done seldom: every
 * 16 MB, which are some ten thousand small writes.
 */
const CHECKPOINT_PAGES = 8000;
/** records read in one turn of the event loop */
const LOAD_PAGE_ROWS = 500;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    place INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    due INTEGER,
    tags TEXT NOT NULL,
    written INTEGER NOT NULL,
    UNIQUE (namespace, key)
  );
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const PUT = `
  INSERT INTO records (namespace, key, value, due, tags, written) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, due = excluded.due, tags = excluded.tags,
    written = excluded.written
`;

export interface FileSettings {
  /** the folder is made where there is none, readable by nobody else */
  file: string;
  /** a damaged file has been set aside under this name */
  onDamaged?(keptAs: string): void;
  /** all records as memory has them, to go on with after damage; nothing before they have been loaded */
  snapshot?(): Iterable<Write>;
}

/**
 * Records in an SQLite file of Node's own SQLite. It survives `kill -9`, and a loss of power for what was written
 * `onDisk`. Only one process can use it: `locking_mode` comes before `journal_mode`, or a second one could write too.
 */
export class FileStore implements Store {
  readonly engine = 'file';
  readonly durability = 'crash';
  readonly isSynchronous = true;
  readonly #sqlite: Sqlite;
  readonly #settings: FileSettings;
  #open: OpenFile | undefined;

  /** @throws LinktorError `not_supported` when this Node.js has no SQLite */
  constructor(settings: FileSettings) {
    const sqlite = loadSqlite();
    if (!sqlite) {
      throw new LinktorError('not_supported', 'This Node.js cannot keep a ledger in a file.', {
        hint: 'Use Node.js 22.13 or newer, or keep the ledger in a context store.',
      });
    }
    this.#sqlite = sqlite;
    this.#settings = settings;
  }

  /** @throws LinktorError `storage` */
  async *load(): AsyncGenerator<Write> {
    const { database } = this.#opened();
    const page = guarded(() => database.prepare('SELECT * FROM records WHERE place > ? ORDER BY place LIMIT ?'));
    let place = 0;
    for (;;) {
      const rows = guarded(() => page.all(place, LOAD_PAGE_ROWS));
      for (const row of rows) yield writeOf(row);
      if (rows.length < LOAD_PAGE_ROWS) return;
      place = Number(rows.at(-1)?.place);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** @throws LinktorError `storage` */
  write(writes: readonly Write[], onDisk: boolean): void {
    try {
      this.#opened().write(writes, onDisk);
    } catch (error) {
      if (sqliteProblemOf(error) !== 'damaged') throw toStorageError(error);
      this.#replace();
      guarded(() => this.#opened().write(writes, onDisk));
    }
  }

  /** Deleted pages are overwritten where they lie; what the log still holds of them goes with it. */
  scrub(): string[] {
    guarded(() => this.#opened().database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    const { dir, base } = path.parse(this.#settings.file);
    return guarded(() => readdirSync(dir).filter((name) => name.startsWith(`${base}.damaged-`)));
  }

  close(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  /** The file has become damaged while it was in use: memory has all of it. */
  #replace(): void {
    this.close();
    this.#setAside();
    const records = [...(this.#settings.snapshot?.() ?? [])];
    guarded(() => this.#opened().write(records, false));
  }

  #opened(): OpenFile {
    if (this.#open) return this.#open;
    const { file } = this.#settings;
    prepare(file);
    try {
      this.#open = new OpenFile(this.#sqlite, file);
    } catch (error) {
      if (sqliteProblemOf(error) !== 'damaged') throw toStorageError(error);
      this.#setAside();
      this.#open = guarded(() => {
        prepare(file);
        return new OpenFile(this.#sqlite, file);
      });
    }
    return this.#open;
  }

  #setAside(): void {
    const { file, onDamaged } = this.#settings;
    const keptAs = `${file}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`;
    guarded(() => {
      renameSync(file, keptAs);
      // A log that belongs to the damaged file would be played into the new one.
      for (const suffix of ['-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
    });
    onDamaged?.(keptAs);
  }
}

/** A database file with its statements. */
class OpenFile {
  readonly database: Database;
  readonly #put: Statement;
  readonly #delete: Statement;
  #isOnDisk = false;

  constructor(sqlite: Sqlite, file: string) {
    this.database = new sqlite.DatabaseSync(file);
    try {
      this.database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
      this.database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;');
      this.database.exec('PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 0;');
      this.database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      // The lock is taken with the first write.
      this.database.exec('BEGIN IMMEDIATE; COMMIT;');
      this.#check();
      this.database.exec(SCHEMA);
      this.#put = this.database.prepare(PUT);
      this.#delete = this.database.prepare('DELETE FROM records WHERE namespace = ? AND key = ?');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  write(writes: readonly Write[], onDisk: boolean): void {
    this.#setSynchronous(onDisk);
    const [first] = writes;
    // A statement of its own is a transaction anyway.
    if (first && writes.length === 1) return this.#writeOne(first);
    this.database.exec('BEGIN IMMEDIATE');
    try {
      for (const one of writes) this.#writeOne(one);
      this.database.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #writeOne({ namespace, key, row }: Write): void {
    if (!row) this.#delete.run(namespace, key);
    else this.#put.run(namespace, key, row.text, row.due ?? null, JSON.stringify(row.tags), Math.trunc(row.writtenAt));
  }

  close(): void {
    try {
      this.database.close();
    } catch {
      // It is closed already, or as good as that.
    }
  }

  #setSynchronous(onDisk: boolean): void {
    if (onDisk === this.#isOnDisk) return;
    this.database.exec(`PRAGMA synchronous = ${onDisk ? 'FULL' : 'NORMAL'}`);
    this.#isOnDisk = onDisk;
  }

  #rollBack(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled it back by itself, as it does when the disk is full.
    }
  }

  #check(): void {
    const version = Number(this.database.prepare('PRAGMA user_version').get()?.user_version);
    if (version > SCHEMA_VERSION) throw storageError('newer');
    const checked = this.database.prepare('PRAGMA quick_check(1)').get();
    if (checked?.quick_check !== 'ok') throw Object.assign(new Error('the quick check failed'), { errcode: 11 });
  }
}

/** SQLite would make a file that others may read: it is made here, before. @throws LinktorError `storage` */
function prepare(file: string): void {
  guarded(() => {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const isNew = !existsSync(file);
    closeSync(openSync(file, 'a', 0o600));
    if (isNew) chmodSync(file, 0o600);
    // A file that has not been opened for a long time belongs to nobody any more.
    const now = new Date();
    utimesSync(file, now, now);
  });
}

function writeOf(row: Record<string, unknown>): Write {
  const text = String(row.value);
  const due = typeof row.due === 'number' ? row.due : undefined;
  const tags = JSON.parse(String(row.tags)) as string[];
  const kept: Row = { text, bytes: Buffer.byteLength(text), due, tags, writtenAt: Number(row.written) };
  return { namespace: row.namespace as Namespace, key: String(row.key), row: kept };
}

/** @throws LinktorError `storage` */
function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw toStorageError(error);
  }
}

function toStorageError(error: unknown): LinktorError {
  if (error instanceof LinktorError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const problem = sqliteProblemOf(error);
  if (problem === 'busy') return storageError('in_use', reason);
  return storageError(problem === 'damaged' ? 'damaged' : 'unwritable', withoutPath(error, reason));
}

/** The message of a failed file operation names the file, which is nobody's business; its code says enough. */
function withoutPath(error: unknown, reason: string): string {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof syscall === 'string' ? `${String(code)} (${syscall})` : reason;
}
