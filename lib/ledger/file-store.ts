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
import { LinktorError, messageOf } from '../errors';
import { storageError } from './failures';
import type { Namespace } from './ledger';
import type { Row } from './shelf';
import { type Database, loadSqlite, type Sqlite, type Statement, sqliteProblemOf } from './sqlite';
import type { Store, Write } from './store';

/** version of the table below; files of a later version are not touched */
const SCHEMA_VERSION = 1;
/** Most writes are a few hundred bytes, and the log grows by whole pages. */
const PAGE_BYTES = 2048;
/**
 * Pages of the log between two checkpoints. A checkpoint waits for the disk, so it is rare: every 16 MB, about ten
 * thousand small writes.
 */
const CHECKPOINT_PAGES = 8000;
/** records read per turn of the event loop */
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
  /** its folder is created if missing, with access for the owner only */
  file: string;
  /** a damaged file has been renamed to this name */
  onDamaged?(keptAs: string): void;
  /** all records in memory, to continue with after damage; empty before they have been loaded */
  snapshot?(): Iterable<Write>;
}

/**
 * Records in an SQLite file, by the SQLite of Node.js. It survives `kill -9`; `onDisk` writes survive a power loss.
 * Only one process can use it: `locking_mode` is set before `journal_mode`, or a second one could write too.
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

  /** Deleted pages are overwritten in place; truncating the log removes its remaining copies. */
  scrub(): string[] {
    guarded(() => this.#opened().database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    const { dir, base } = path.parse(this.#settings.file);
    return guarded(() => readdirSync(dir).filter((name) => name.startsWith(`${base}.damaged-`)));
  }

  close(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  /** The file was damaged while in use: rewrite all records from memory. */
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
      // SQLite would replay a log of the damaged file into the new one.
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
      // The first write takes the lock.
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
    // A single statement is a transaction by itself.
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
      // It is already closed, or unusable.
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
      // SQLite has already rolled back, as it does when the disk is full.
    }
  }

  #check(): void {
    const version = Number(this.database.prepare('PRAGMA user_version').get()?.user_version);
    if (version > SCHEMA_VERSION) throw storageError('newer');
    const checked = this.database.prepare('PRAGMA quick_check(1)').get();
    if (checked?.quick_check !== 'ok') throw Object.assign(new Error('the quick check failed'), { errcode: 11 });
  }
}

/** Create the file in advance, since SQLite would let other users read it. @throws LinktorError `storage` */
function prepare(file: string): void {
  guarded(() => {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const isNew = !existsSync(file);
    closeSync(openSync(file, 'a', 0o600));
    if (isNew) chmodSync(file, 0o600);
    // Files not used for a long time are removed: mark this one as used.
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
  const reason = messageOf(error);
  const problem = sqliteProblemOf(error);
  if (problem === 'busy') return storageError('in_use', reason);
  return storageError(problem === 'damaged' ? 'damaged' : 'unwritable', withoutPath(error, reason));
}

/** The message of a failed file operation contains the path, which is private; its code is enough. */
function withoutPath(error: unknown, reason: string): string {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof syscall === 'string' ? `${String(code)} (${syscall})` : reason;
}
