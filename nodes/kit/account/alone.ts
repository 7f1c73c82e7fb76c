import { toLinktorError } from '../../../lib/errors';
import { type Ledger, moveRecords } from '../../../lib/ledger/index';
import type { StoreState } from '../../../lib/shared/index';
import { fenced } from '../fence';

/** an instance works alone once the store has been away for so long, in milliseconds */
const ALONE_AFTER_MS = 5000;
const AGAIN_MS = 2000;

export interface AloneSettings {
  /** false: this instance waits for the store */
  isWanted: boolean;
  local(): Ledger;
  shared: Ledger;
  /** this instance begins to work alone, or has ended it */
  onChange(): void;
  log: { info(text: string): void; warn(text: string): void };
}

/** Whether one of several instances works alone, since their store is away. Once it is back, its work is merged. */
export class Alone {
  readonly #settings: AloneSettings;
  readonly #endings = new Set<() => Promise<void>>();
  #state: 'together' | 'alone' | 'merging' = 'together';
  #timer: NodeJS.Timeout | undefined;
  #isStoreReady = false;
  #isClosed = false;

  constructor(settings: AloneSettings) {
    this.#settings = settings;
  }

  /** This instance listens and sends by itself. */
  get isSo(): boolean {
    return this.#state === 'alone';
  }

  /** What it writes is its own. */
  get keepsItself(): boolean {
    return this.#state !== 'together';
  }

  /** @param end called when the work alone has ended, before it is merged; must not reject @returns the function that removes it */
  onEnd(end: () => Promise<void>): () => void {
    this.#endings.add(end);
    return () => this.#endings.delete(end);
  }

  /** Handle a state of the store. */
  store(state: StoreState): void {
    this.#isStoreReady = state === 'ready';
    if (this.#isClosed || !this.#settings.isWanted) return;
    if (!this.#isStoreReady) {
      if (this.#state === 'together')
        this.#timer ??= setTimeout(
          fenced(() => this.#begin()),
          ALONE_AFTER_MS,
        );
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state === 'alone') this.#merge();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  readonly #begin = fenced(() => {
    this.#timer = undefined;
    if (this.#isClosed || this.#isStoreReady) return;
    this.#state = 'alone';
    this.#settings.log.warn('the store is away: this instance works alone until it is back');
    this.#settings.onChange();
  });

  #merge(): void {
    this.#state = 'merging';
    this.#settings.onChange();
    this.#join().then(
      (moved) => {
        this.#state = 'together';
        this.#settings.log.info(`the store is back: ${moved} records of this instance have been taken there`);
        this.#settings.onChange();
      },
      (error: unknown) => {
        this.#settings.log.warn(
          `what was done alone could not be taken to the store: ${toLinktorError(error).message}`,
        );
        this.#state = 'alone';
        this.#timer = setTimeout(
          fenced(() => {
            this.#timer = undefined;
            if (this.#isStoreReady && !this.#isClosed) this.#merge();
          }),
          AGAIN_MS,
        );
      },
    );
  }

  async #join(): Promise<number> {
    const { local, shared } = this.#settings;
    for (const end of this.#endings) await end();
    return moveRecords(local(), shared);
  }
}
