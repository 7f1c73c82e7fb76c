import type { LinktorError } from '../errors';

/** A value that a local engine returns at once, and a shared engine after its store has answered. */
export type Soon<T> = T | Promise<T>;

/** Events that the records survive. crash: `kill -9`; restart: an orderly stop of Node-RED; none: neither. */
export type Durability = 'crash' | 'restart' | 'none';

/** The engine that stores the records. */
export type EngineName = 'file' | 'context' | 'memory' | 'redis';

/** The record limit of each namespace, and its policy when full. */
export const namespaces = {
  ask: { limit: 10_000, whenFull: 'refuse', expires: true },
  form: { limit: 10_000, whenFull: 'refuse', expires: true },
  var: { limit: 100_000, whenFull: 'refuse', expires: true },
  pause: { limit: 100_000, whenFull: 'refuse', expires: true },
  cursor: { limit: 100_000, whenFull: 'dropOldest', expires: true },
  sent: { limit: 10_000, whenFull: 'dropOldest', expires: true },
  seen: { limit: 100_000, whenFull: 'dropOldest', expires: true },
  optout: { limit: 1_000_000, whenFull: 'refuse', expires: false },
  /** templates for messages that may still fail because the reply window has closed */
  instead: { limit: 10_000, whenFull: 'dropOldest', expires: true },
  outbox: { limit: 10_000, whenFull: 'refuse', expires: false },
  /** jobs of this instance for the outbox of all, while their store is unreachable */
  held: { limit: 10_000, whenFull: 'refuse', expires: false },
  /** people of whom everything has been deleted, for instances that still have something on their own disk */
  forgotten: { limit: 10_000, whenFull: 'dropOldest', expires: true },
  /** what is known of the account itself */
  account: { limit: 100, whenFull: 'refuse', expires: false },
} as const satisfies Record<string, { limit: number; whenFull: 'refuse' | 'dropOldest'; expires: boolean }>;

export type Namespace = keyof typeof namespaces;

/** bytes of one record; the total of an account has its own limit */
export const MAX_RECORD_BYTES = 64 * 1024;
export const MAX_LEDGER_BYTES = 256 * 1024 * 1024;

/** A record as read. The value is a private copy of the reader, unless the reader may share it. */
export interface Entry<T = unknown> {
  readonly namespace: Namespace;
  readonly key: string;
  readonly value: T;
  /** due time, in milliseconds of the clock */
  readonly due?: number;
  /** tags by which `find` finds it */
  readonly tags: readonly string[];
  /** milliseconds of the clock */
  readonly writtenAt: number;
}

/** Promises of the caller about the values it reads or writes. */
export interface ValueOptions {
  /**
   * the caller changes nothing in a value that it gets or gives, which is plain data: readers may get the same object
   * instead of a copy each
   */
  mayShare?: boolean;
}

/** Metadata written with the value, and durability of the write. */
export interface PutOptions extends ValueOptions {
  /** due time in milliseconds of the clock; the record is kept at least until then */
  due?: number;
  tags?: readonly string[];
  /** flush to disk, so that it survives a power loss, if the engine can */
  onDisk?: boolean;
  /** nothing is written while another record of the namespace has one of the tags */
  unlessTagged?: boolean;
  /** nothing is written where there is no such record any more: called instead */
  onMissing?(): void;
  /** a shared engine takes each number of a writer only once, in rising order: a repetition has no effect */
  once?: { writer: string; number: number };
  /** of a record that is written once: another writer has written to the namespace since the writer's last one */
  onInterleaved?(): void;
  /** write synchronously and ahead of queued writes, if the engine can */
  atOnce?: boolean;
}

/** Result of the change in {@link Ledger.update}; undefined deletes the record. */
export type Change<T> = ({ value: T } & PutOptions) | undefined;

/** Reason why a store cannot be used, shown in the status of the waiting nodes. */
export type StorageProblem = 'in_use' | 'unwritable' | 'damaged' | 'newer' | 'closed' | 'unreachable';

/** State of a ledger. */
export type LedgerState =
  /** idle: not used yet; opening: being opened */
  { name: 'idle' | 'opening' | 'ready' } | { name: 'failed'; problem: StorageProblem; error: LinktorError };

/**
 * The persistent memory of an account. Several engines implement it, and all pass the same conformance suite. Callers
 * must not assume a single process.
 *
 * Promises resolve when the change is as durable as the engine allows. All failures are LinktorErrors: `storage` when
 * the store cannot be used, `rate_limit` beyond a limit, `validation` for values that JSON cannot represent.
 */
export interface Ledger {
  readonly engine: EngineName;
  readonly durability: Durability;
  /** other processes read and write the same records: a value may change after it was read */
  readonly isShared: boolean;
  get<T>(namespace: Namespace, key: string, options?: ValueOptions): Soon<Entry<T> | undefined>;
  /** @returns all records of a namespace, oldest write first */
  list<T>(namespace: Namespace): Soon<Entry<T>[]>;
  /**
   * Only of a shared engine.
   * @param place of an earlier call; '' is before the first write
   * @returns the records written after it, oldest write first
   */
  newer?<T>(namespace: Namespace, place: string): Promise<{ entries: Entry<T>[]; place: string }>;
  /** @returns the records with a tag, oldest write first */
  find<T>(namespace: Namespace, tag: string, options?: ValueOptions): Soon<Entry<T>[]>;
  count(namespace: Namespace): Soon<number>;
  /** @returns the records whose due time has come, earliest first */
  due(before: number): Soon<Entry[]>;
  put(namespace: Namespace, key: string, value: unknown, options?: PutOptions): Promise<void>;
  /** @returns true when the record existed; of several concurrent callers exactly one gets true */
  delete(namespace: Namespace, key: string): Promise<boolean>;
  /**
   * Change a record atomically, by compare and set.
   * @param change receives the present value or undefined; it may be called several times, so it must have no side
   * effects
   * @returns the record after the change
   */
  update<T>(
    namespace: Namespace,
    key: string,
    change: (value: T | undefined) => Change<T>,
    options?: ValueOptions,
  ): Promise<Entry<T> | undefined>;
  /**
   * Erase all remains of deleted records from the store.
   * @returns the names of damaged stores that were set aside; they are not touched
   */
  scrub(): Promise<string[]>;
  /** Write pending changes, and release the store. */
  close(): Promise<void>;
}

/** A ledger that is opened on first use. */
export interface KeptLedger extends Ledger {
  readonly state: LedgerState;
  /** Open the store, unless it is open. @throws LinktorError `storage` */
  open(): Promise<Ledger>;
}
