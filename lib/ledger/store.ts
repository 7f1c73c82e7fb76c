import type { Durability, EngineName, Namespace } from './ledger';
import type { Row } from './shelf';

/** One record as a store gets it; without a row it is deleted. */
export interface Write {
  namespace: Namespace;
  key: string;
  row: Row | undefined;
}

/** Where a ledger of this process keeps its records. */
export interface Store {
  readonly engine: EngineName;
  readonly durability: Durability;
  /** a write has been made when the call returns */
  readonly isSynchronous?: boolean;
  /** All that is kept, in any order. Called once. @throws LinktorError `storage` */
  load(): AsyncIterable<Write> | Iterable<Write>;
  /**
   * Write a few records, all or none where the store can.
   * @param onDisk they have to survive a loss of power
   * @throws LinktorError `storage`, at once or later
   */
  write(writes: readonly Write[], onDisk: boolean): void | Promise<void>;
  /**
   * Nothing of what has been deleted may be left; without it deleting is enough.
   * @returns the names of damaged stores beside this one @throws LinktorError `storage`
   */
  scrub?(): string[];
  close(): void | Promise<void>;
}
