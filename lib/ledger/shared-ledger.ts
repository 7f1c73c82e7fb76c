import { fence } from '../async/fence';
import type { LinktorError } from '../errors';
import type { StoreConnection } from '../shared/connection';
import { storageError, storageProblemOf, tooMany, tooMuch } from './failures';
import {
  type Change,
  type Entry,
  type KeptLedger,
  type LedgerState,
  MAX_LEDGER_BYTES,
  type Namespace,
  namespaces,
  type PutOptions,
} from './ledger';
import { rowOf } from './row';
import { COUNT, DELETE, DUE, FIND, GET, PAGE, PUT } from './scripts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** a writer of numbered records is forgotten after so long without one: longer than a job may wait */
const WRITER_MS = 60 * DAY_MS;
/** records per request */
const PAGE_RECORDS = 500;
/** matches any version */
const ANY = '*';

interface Meta {
  version: string;
  written: number;
  due?: number;
  tags: string[] | Record<string, never>;
}

export interface SharedLedgerSettings {
  /** opened on first use */
  connect(): Promise<StoreConnection>;
  keepDays: number;
  onState?(state: LedgerState): void;
}

/** A ledger in a shared store, read and written by all instances. Times are those of the store. */
export class SharedLedger implements KeptLedger {
  readonly engine = 'redis';
  readonly durability = 'crash';
  readonly isShared = true;
  readonly #settings: SharedLedgerSettings;
  readonly #running = new Set<Promise<unknown>>();
  #connecting: Promise<StoreConnection> | undefined;
  #state: LedgerState = { name: 'idle' };
  #sweeper: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(settings: SharedLedgerSettings) {
    this.#settings = settings;
  }

  get state(): LedgerState {
    return this.#state;
  }

  async open(): Promise<this> {
    await (await this.#connection()).ready();
    return this;
  }

  async get<T>(namespace: Namespace, key: string): Promise<Entry<T> | undefined> {
    return (await this.#get<T>(namespace, key))?.entry;
  }

  async list<T>(namespace: Namespace): Promise<Entry<T>[]> {
    return (await this.newer<T>(namespace, '')).entries;
  }

  async newer<T>(namespace: Namespace, from: string): Promise<{ entries: Entry<T>[]; place: string }> {
    const entries: Entry<T>[] = [];
    let place = from || '0';
    for (;;) {
      const page = await this.#page(namespace, place);
      for (const [value, meta, key] of page.rows) entries.push(entryOf<T>(namespace, key, value, meta).entry);
      place = page.place;
      if (page.isLast) return { entries, place };
    }
  }

  async find<T>(namespace: Namespace, tag: string): Promise<Entry<T>[]> {
    const rows = (await this.#ask('Find', FIND, namespace, '', tag)) as string[][];
    const found = rows.map(([value, meta, key]) => entryOf<T>(namespace, key, value, meta));
    return found.sort((one, other) => Number(one.version) - Number(other.version)).map(({ entry }) => entry);
  }

  async count(namespace: Namespace): Promise<number> {
    return Number(await this.#ask('Count', COUNT, namespace, ''));
  }

  async due(before: number): Promise<Entry[]> {
    const rows = (await this.#ask('Due', DUE, '', '', before)) as string[][];
    return rows.map(([value, meta, key, namespace]) => entryOf(namespace as Namespace, key, value, meta).entry);
  }

  async put(namespace: Namespace, key: string, value: unknown, options: PutOptions = {}): Promise<void> {
    await this.#put(namespace, key, value, options, ANY);
  }

  async delete(namespace: Namespace, key: string): Promise<boolean> {
    return (await this.#ask('Delete', DELETE, namespace, key, ANY)) === 1;
  }

  async update<T>(
    namespace: Namespace,
    key: string,
    change: (value: T | undefined) => Change<T>,
  ): Promise<Entry<T> | undefined> {
    for (;;) {
      const found = await this.#get<T>(namespace, key);
      const changed = change(found?.entry.value);
      if (!changed) {
        if (!found || (await this.#ask('Delete', DELETE, namespace, key, found.version)) !== -1) return undefined;
        continue;
      }
      const written = await this.#put(namespace, key, changed.value, changed, found?.version ?? '');
      if (written === undefined) continue;
      const { value, due, tags = [] } = changed;
      return { namespace, key, value, tags, writtenAt: written, ...(due !== undefined && { due }) };
    }
  }

  /** The operator owns the store's files: deleted records vanish when the append-only file is rewritten. */
  async scrub(): Promise<string[]> {
    return ['the append-only file of the store'];
  }

  /** Wait for running requests. The connection stays open: it belongs to its owner. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    await Promise.allSettled(this.#running);
  }

  /** @returns value, metadata and key of the records after a place, and the place of the last */
  async #page(namespace: Namespace, from: string): Promise<{ rows: string[][]; place: string; isLast: boolean }> {
    const answer = await this.#ask('Page', PAGE, namespace, '', from, PAGE_RECORDS);
    const [count, place, rows] = answer as [number, string, string[][]];
    return { rows, place: place || from, isLast: count < PAGE_RECORDS };
  }

  async #get<T>(namespace: Namespace, key: string) {
    const [value, meta] = (await this.#ask('Get', GET, namespace, key)) as [string | null, string | null];
    return value === null || meta === null ? undefined : entryOf<T>(namespace, key, value, meta);
  }

  /** @returns the time of the write; undefined when the version has changed */
  async #put(
    namespace: Namespace,
    key: string,
    value: unknown,
    options: PutOptions,
    version: string,
  ): Promise<number | undefined> {
    const { text, bytes, due = '', tags } = rowOf(value, options);
    const { limit, whenFull } = namespaces[namespace];
    const { writer = '', number = 0 } = options.once ?? {};
    const given = [namespace, key, text, JSON.stringify(tags), due, bytes, limit, whenFull, MAX_LEDGER_BYTES, version];
    const conditions = [writer, number, WRITER_MS, options.unlessTagged ? '1' : '', options.onMissing ? '1' : ''];
    const answer = await this.#ask('Put', PUT, ...given, ...conditions);
    const [result, written, isInterleaved] = answer as [number, string, number?];
    if (result === -1) throw tooMany(namespace);
    if (result === -2) throw tooMuch();
    if (result === 2) options.onMissing?.();
    if (isInterleaved === 1) options.onInterleaved?.();
    return result === 1 ? Number(written) : undefined;
  }

  async #ask(name: string, script: string, ...args: (string | number)[]): Promise<unknown> {
    if (this.#isClosed) throw storageError('closed');
    const work = this.#connection().then((connection) => connection.run(`linktorLedger${name}`, script, ...args));
    this.#running.add(work);
    try {
      const answer = await work;
      if (this.#state.name !== 'ready') this.#show({ name: 'ready' });
      return answer;
    } catch (error) {
      const problem = storageProblemOf(error);
      if (problem) this.#show({ name: 'failed', problem, error: error as LinktorError });
      throw error;
    } finally {
      this.#running.delete(work);
    }
  }

  #connection(): Promise<StoreConnection> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #connect(): Promise<StoreConnection> {
    this.#show({ name: 'opening' });
    const connection = await this.#settings.connect();
    await connection.ready().catch(() => undefined);
    this.#sweeper = setInterval(
      fence(() => this.#sweep()),
      HOUR_MS,
    );
    this.#sweeper.unref();
    return connection;
  }

  /** Remove expired records, except those due in the future. Several instances may sweep at once. */
  async #sweep(): Promise<void> {
    const keepMs = this.#settings.keepDays * DAY_MS;
    const before = Date.now() - keepMs;
    for (const namespace of Object.keys(namespaces) as Namespace[]) {
      if (!namespaces[namespace].expires) continue;
      let place = '0';
      for (let isOld = true; isOld; ) {
        const page = await this.#page(namespace, place);
        for (const [value, meta, key = ''] of page.rows) {
          const { entry, version } = entryOf(namespace, key, value, meta);
          isOld = entry.writtenAt < before;
          if (isOld && (entry.due ?? 0) <= before) await this.#ask('Delete', DELETE, namespace, key, version);
        }
        isOld &&= !page.isLast;
        place = page.place;
      }
    }
  }

  #show(state: LedgerState): void {
    this.#state = state;
    this.#settings.onState?.(state);
  }
}

function entryOf<T>(namespace: Namespace, key = '', value = 'null', meta = '{}'): { entry: Entry<T>; version: string } {
  const { version, written, due, tags } = JSON.parse(meta) as Meta;
  const entry = {
    namespace,
    key,
    value: JSON.parse(value) as T,
    writtenAt: written,
    ...(due !== undefined && { due }),
  };
  return { entry: { ...entry, tags: Array.isArray(tags) ? tags : [] }, version };
}
