import type { LinktorError } from '../errors';

/** A value that an engine of this process gives at once, and a shared engine when its store has answered. */
export type Soon<T> = T | Promise<T>;

/** What an engine survives. crash: `kill -9`; restart: an orderly stop of Node-RED; none: neither. */
export type Durability = 'crash' | 'restart' | 'none';

/** Which engine keeps the records. */
export type EngineName = 'file' | 'context' | 'memory' | 'redis';

/** The most records of each kind, and what happens to the next one. */
export const namespaces = {
  ask: { limit: 10_000, whenFull: 'refuse', expires: true },
  form: { limit: 10_000, whenFull: 'refuse', expires: true },
  var: { limit: 100_000, whenFull: 'refuse', expires: true },
  pause: { limit: 100_000, whenFull: 'refuse', expires: true },
  cursor: { limit: 100_000, whenFull: 'dropOldest', expires: true },
  sent: { limit: 10_000, whenFull: 'dropOldest', expires: true },
  seen: { limit: 100_000, whenFull: 'dropOldest', expires: true },
  optout: { limit: 1_000_000, whenFull: 'refuse', expires: false },
  outbox: { limit: 10_000, whenFull: 'refuse', expires: false },
} as const satisfies Record<string, { limit: number; whenFull: 'refuse' | 'dropOldest'; expires: boolean }>;

export type Namespace = keyof typeof namespaces;

/** bytes of one record, and of all records of an account */
export const MAX_RECORD_BYTES = 64 * 1024;
export const MAX_LEDGER_BYTES = 256 * 1024 * 1024;

/** One record as it is read. The value is the reader's own copy. */
export interface Entry<T = unknown> {
  readonly namespace: Namespace;
  readonly key: string;
  readonly value: T;
  /** when something has to happen with it, milliseconds of the clock */
  readonly due?: number;
  /** what `find` finds it by */
  readonly tags: readonly string[];
  /** milliseconds of the clock */
  readonly writtenAt: number;
}

/** What is written beside the value. */
export interface PutOptions {
  /** milliseconds of the clock; a record is kept at least until then */
  due?: number;
  tags?: readonly string[];
  /** safe on disk, so that it survives a loss of power, where the engine can do that */
  onDisk?: boolean;
  /** written before anything else happens, where the engine can do that, and ahead of what waits to be written */
  atOnce?: boolean;
}

/** What a record becomes in {@link Ledger.update}; undefined deletes it. */
export type Change<T> = ({ value: T } & PutOptions) | undefined;

/** Why a store cannot be used. The status of the nodes that wait says it in one word. */
export type StorageProblem = 'in_use' | 'unwritable' | 'damaged' | 'newer' | 'closed' | 'unreachable';

/** How a ledger is. */
export type LedgerState =
  /** nothing has been asked of it yet, or it is being opened */
  { name: 'idle' | 'opening' | 'ready' } | { name: 'failed'; problem: StorageProblem; error: LinktorError };

/**
 * What an account has to remember for longer than a message lives. Several engines implement it, and one conformance
 * suite holds for all of them. Nothing above it may assume that there is one process only.
 *
 * Every promise is kept when the change is as safe as the engine can make it. All failures are LinktorErrors:
 * `storage` when the store cannot be used, `rate_limit` beyond a limit, `validation` for what JSON cannot hold.
 */
export interface Ledger {
  readonly engine: EngineName;
  readonly durability: Durability;
  /** other processes read and write the same records: what is read may have changed meanwhile */
  readonly isShared: boolean;
  get<T>(namespace: Namespace, key: string): Soon<Entry<T> | undefined>;
  /** All records of a namespace, the oldest write first. */
  list<T>(namespace: Namespace): Soon<Entry<T>[]>;
  /** The records that carry a tag, the oldest write first. */
  find<T>(namespace: Namespace, tag: string): Soon<Entry<T>[]>;
  count(namespace: Namespace): Soon<number>;
  /** The records whose time has come, the earliest first. */
  due(before: number): Soon<Entry[]>;
  put(namespace: Namespace, key: string, value: unknown, options?: PutOptions): Promise<void>;
  /** @returns true when the record was there. Of several callers exactly one gets true. */
  delete(namespace: Namespace, key: string): Promise<boolean>;
  /**
   * Change a record as it is now: compare and set.
   * @param change gets the present value, or undefined. It may be called several times, so it has no effects
   * @returns the record as it is afterwards
   */
  update<T>(
    namespace: Namespace,
    key: string,
    change: (value: T | undefined) => Change<T>,
  ): Promise<Entry<T> | undefined>;
  /**
   * Makes sure that nothing of what has been deleted is left in the store.
   * @returns the names of damaged stores that were set aside, and that are not touched
   */
  scrub(): Promise<string[]>;
  /** Writes what is still to be written, and lets go of the store. */
  close(): Promise<void>;
}

/** A ledger that is opened when it is first used. */
export interface KeptLedger extends Ledger {
  readonly state: LedgerState;
  /** Opens the store, unless that is done. @throws LinktorError `storage` */
  open(): Promise<Ledger>;
}
