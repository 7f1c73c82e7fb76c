import type { Store, Write } from './store';

/** Records written in one go, and their bytes: the event loop must not stand still for a large group. */
const MAX_GROUP_WRITES = 100;
const MAX_GROUP_BYTES = 128 * 1024;

interface Waiting {
  write: Write;
  onDisk: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Writes of one turn of the event loop go to the store together, in the order in which they were asked for. */
export class WriteQueue {
  readonly #store: Pick<Store, 'write' | 'isSynchronous'>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(store: Pick<Store, 'write' | 'isSynchronous'>) {
    this.#store = store;
  }

  /**
   * @param atOnce overtakes what waits, where the store can do that
   * @returns a promise that is kept when the store has it, or broken when it refused
   */
  write(write: Write, { onDisk = false, atOnce = false }: { onDisk?: boolean; atOnce?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { write, onDisk, resolve, reject };
      if (atOnce && this.#store.isSynchronous && !this.#isWaiting(write)) {
        void this.#writeGroup([waiting]);
        return;
      }
      this.#waiting.push(waiting);
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is left to write. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** The same record is to be written before. */
  #isWaiting({ namespace, key }: Write): boolean {
    return this.#waiting.some(({ write }) => write.key === key && write.namespace === namespace);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#writeGroup(this.#nextGroup());
    }
    this.#running = undefined;
  }

  #nextGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { write } of this.#waiting) {
      bytes += write.row?.bytes ?? 0;
      if (count > 0 && (count === MAX_GROUP_WRITES || bytes > MAX_GROUP_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#store.write(
        group.map(({ write }) => write),
        group.some(({ onDisk }) => onDisk),
      );
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }
}
