import { fence } from '../async/fence';
import { LinktorError, messageOf } from '../errors';
import { storageError, storageProblemOf } from './failures';
import type {
  Change,
  Durability,
  EngineName,
  Entry,
  KeptLedger,
  Ledger,
  LedgerState,
  Namespace,
  PutOptions,
  Soon,
  ValueOptions,
} from './ledger';
import { LocalLedger } from './local';
import type { Store, Write } from './store';

/** interval between attempts to open the store after a failure, in milliseconds */
const RETRY_MS = 10_000;
/** key of a record that only tests whether the store is writable */
const PROBE_KEY = 'probe';

export interface AccountLedgerSettings {
  engine: EngineName;
  durability: Durability;
  keepDays: number;
  /** @param snapshot all records in memory @throws LinktorError */
  store(snapshot: () => Iterable<Write>): Store;
  onState?: ((state: LedgerState) => void) | undefined;
  /** called with the opened ledger before anybody reads it; its failures are its own */
  prepare?: ((ledger: Ledger) => Promise<void>) | undefined;
}

/**
 * The ledger of an account, opened on first use. While its store is unavailable, every call fails with `storage`, and
 * the store is retried every 10 s: it never loses data silently.
 */
export class AccountLedger implements KeptLedger {
  readonly engine: EngineName;
  readonly durability: Durability;
  readonly isShared = false;
  readonly #settings: AccountLedgerSettings;
  #state: LedgerState = { name: 'idle' };
  #inner: LocalLedger | undefined;
  #opening: Promise<LocalLedger> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(settings: AccountLedgerSettings) {
    this.#settings = settings;
    this.engine = settings.engine;
    this.durability = settings.durability;
  }

  get state(): LedgerState {
    return this.#state;
  }

  /** Open the store, unless it is open. @throws LinktorError `storage` */
  open(): Promise<Ledger> {
    return this.#opened();
  }

  get<T>(namespace: Namespace, key: string, options?: ValueOptions): Soon<Entry<T> | undefined> {
    return this.#ask((ledger) => ledger.get<T>(namespace, key, options));
  }

  list<T>(namespace: Namespace): Soon<Entry<T>[]> {
    return this.#ask((ledger) => ledger.list<T>(namespace));
  }

  find<T>(namespace: Namespace, tag: string, options?: ValueOptions): Soon<Entry<T>[]> {
    return this.#ask((ledger) => ledger.find<T>(namespace, tag, options));
  }

  count(namespace: Namespace): Soon<number> {
    return this.#ask((ledger) => ledger.count(namespace));
  }

  due(before: number): Soon<Entry[]> {
    return this.#ask((ledger) => ledger.due(before));
  }

  put(namespace: Namespace, key: string, value: unknown, options?: PutOptions): Promise<void> {
    return this.#write((ledger) => ledger.put(namespace, key, value, options));
  }

  delete(namespace: Namespace, key: string): Promise<boolean> {
    return this.#write((ledger) => ledger.delete(namespace, key));
  }

  update<T>(
    namespace: Namespace,
    key: string,
    change: (value: T | undefined) => Change<T>,
    options?: ValueOptions,
  ): Promise<Entry<T> | undefined> {
    return this.#write((ledger) => ledger.update(namespace, key, change, options));
  }

  async scrub(): Promise<string[]> {
    return (await this.#opened()).scrub();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#opening?.catch(() => undefined);
    await this.#inner?.close();
  }

  #write<T>(write: (ledger: LocalLedger) => Promise<T>): Promise<T> {
    return this.#inner ? write(this.#inner) : this.#opened().then(write);
  }

  #ask<T>(read: (ledger: LocalLedger) => T): Soon<T> {
    return this.#inner ? read(this.#inner) : this.#opened().then(read);
  }

  async #opened(): Promise<LocalLedger> {
    if (this.#inner) return this.#inner;
    if (this.#isClosed) throw storageError('closed');
    if (this.#state.name === 'failed') throw this.#state.error;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<LocalLedger> {
    this.#show({ name: 'opening' });
    let store: Store | undefined;
    try {
      store = this.#settings.store(() => this.#inner?.snapshot() ?? []);
      const opened = await LocalLedger.open(this.#watched(store), this.#settings);
      await this.#settings.prepare?.(opened).catch(() => undefined);
      this.#inner = opened;
      this.#show({ name: 'ready' });
      return this.#inner;
    } catch (error) {
      await store?.close();
      throw this.#failed(error);
    } finally {
      this.#opening = undefined;
    }
  }

  /** Wrap a store, so that the result of every write updates the state. */
  #watched(store: Store): Store {
    return {
      engine: store.engine,
      durability: store.durability,
      isSynchronous: store.isSynchronous,
      isVolatile: store.isVolatile,
      load: () => store.load(),
      close: () => store.close(),
      scrub: store.scrub && (() => store.scrub?.() ?? []),
      write: async (writes, onDisk) => {
        try {
          await store.write(writes, onDisk);
        } catch (error) {
          throw this.#failed(error);
        }
        if (this.#state.name === 'failed') this.#show({ name: 'ready' });
      },
    };
  }

  #failed(thrown: unknown): LinktorError {
    const error = thrown instanceof LinktorError ? thrown : storageError('unwritable', messageOf(thrown));
    this.#show({ name: 'failed', problem: storageProblemOf(error) ?? 'unwritable', error });
    clearTimeout(this.#retry);
    if (this.#isClosed) return error;
    this.#retry = setTimeout(
      fence(() => this.#tryAgain()),
      RETRY_MS,
    );
    this.#retry.unref();
    return error;
  }

  #tryAgain(): void {
    if (!this.#inner) this.#opening ??= this.#open();
    const attempt = this.#inner ? this.#probe(this.#inner) : this.#opening;
    // The failure has already been reported, and a retry is scheduled.
    attempt?.catch(() => undefined);
  }

  async #probe(ledger: LocalLedger): Promise<void> {
    await ledger.put('cursor', PROBE_KEY, Date.now());
    await ledger.delete('cursor', PROBE_KEY);
  }

  #show(state: LedgerState): void {
    this.#state = state;
    this.#settings.onState?.(state);
  }
}
