import type { Durability, EngineName, Namespace } from './ledger';
import type { Row } from './shelf';

/** One record for a store; without a row it is deleted. */
export interface Write {
  namespace: Namespace;
  key: string;
  row: Row | undefined;
}

/** The place where a local ledger keeps its records. */
export interface Store {
  readonly engine: EngineName;
  readonly durability: Durability;
  /** a write is complete when the call returns */
  readonly isSynchronous?: boolean;
  /** it keeps nothing, so that it needs no JSON */
  readonly isVolatile?: boolean;
  /** All stored records, in any order. Called once. @throws LinktorError `storage` */
  load(): AsyncIterable<Write> | Iterable<Write>;
  /**
   * Write a few records, atomically if the store can.
   * @param onDisk they must survive a power loss
   * @throws LinktorError `storage`, synchronously or as a rejection
   */
  write(writes: readonly Write[], onDisk: boolean): void | Promise<void>;
  /**
   * Erase all remains of deleted records; absent if deletion leaves none.
   * @returns the names of damaged stores that were set aside
   * @throws LinktorError `storage`
   */
  scrub?(): string[];
  close(): void | Promise<void>;
}
