import { detach } from '../async/fence';
import type { Store, Write } from './store';

/** Limits of a group of writes, in records and bytes: a large group must not block the event loop. */
const MAX_GROUP_WRITES = 100;
const MAX_GROUP_BYTES = 128 * 1024;

interface Waiting {
  write: Write;
  onDisk: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Groups the writes of one turn of the event loop, in the order of the calls. */
export class WriteQueue {
  readonly #store: Pick<Store, 'write' | 'isSynchronous'>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(store: Pick<Store, 'write' | 'isSynchronous'>) {
    this.#store = store;
  }

  /**
   * @param atOnce write ahead of queued writes, if the store can
   * @returns a promise that resolves when the store has it, and rejects when it refused
   */
  write(write: Write, { onDisk = false, atOnce = false }: { onDisk?: boolean; atOnce?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { write, onDisk, resolve, reject };
      if (atOnce && this.#store.isSynchronous && !this.#isWaiting(write)) {
        detach(this.#writeGroup([waiting]));
        return;
      }
      this.#waiting.push(waiting);
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all queued writes are done. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** An earlier write of the same record is still queued. */
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
