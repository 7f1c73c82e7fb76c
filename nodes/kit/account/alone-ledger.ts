import type { Change, Entry, KeptLedger, Ledger, Namespace, PutOptions, ValueOptions } from '../../../lib/ledger/index';

export interface AloneLedgerParts {
  /** the ledger of all instances */
  shared: KeptLedger;
  /** the ledger of this instance alone */
  local(): KeptLedger;
  /** the store is away, and this instance works without it */
  isAlone(): boolean;
}

/** The ledger of one of several instances: that of all, and its own while it works alone. */
export class AloneLedger implements KeptLedger {
  readonly #parts: AloneLedgerParts;
  readonly engine = 'redis';
  readonly durability = 'crash';
  readonly isShared = true;

  constructor(parts: AloneLedgerParts) {
    this.#parts = parts;
  }

  get #now(): KeptLedger {
    return this.#parts.isAlone() ? this.#parts.local() : this.#parts.shared;
  }

  get state() {
    return this.#now.state;
  }

  open(): Promise<Ledger> {
    return this.#now.open();
  }

  get<T>(namespace: Namespace, key: string, options?: ValueOptions) {
    return this.#now.get<T>(namespace, key, options);
  }

  list<T>(namespace: Namespace) {
    return this.#now.list<T>(namespace);
  }

  find<T>(namespace: Namespace, tag: string, options?: ValueOptions) {
    return this.#now.find<T>(namespace, tag, options);
  }

  count(namespace: Namespace) {
    return this.#now.count(namespace);
  }

  due(before: number) {
    return this.#now.due(before);
  }

  put(namespace: Namespace, key: string, value: unknown, options?: PutOptions): Promise<void> {
    return this.#now.put(namespace, key, value, options);
  }

  delete(namespace: Namespace, key: string): Promise<boolean> {
    return this.#now.delete(namespace, key);
  }

  update<T>(
    namespace: Namespace,
    key: string,
    change: (value: T | undefined) => Change<T>,
    options?: ValueOptions,
  ): Promise<Entry<T> | undefined> {
    return this.#now.update(namespace, key, change, options);
  }

  scrub(): Promise<string[]> {
    return this.#now.scrub();
  }

  /** Both have owners. */
  async close(): Promise<void> {}
}
