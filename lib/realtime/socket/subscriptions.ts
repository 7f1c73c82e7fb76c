import { once } from '../../async/once';
import type { Signal } from '../../contract/index';

/** Puts a frame on the wire; `read` is called when it has left us. */
export type Write = (signal: Signal, read?: () => void) => void;

/** so many frames go out before we wait for them to leave */
const batch = 500;

/** Which conversations the server is asked for, and what it knows of that. */
export class Subscriptions {
  /** how many want each */
  readonly #users = new Map<string, number>();
  /** the server has been asked for these */
  readonly #told = new Set<string>();
  /** here it has to be told something */
  readonly #untold = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #write: Write | undefined;
  #telling = false;

  get size(): number {
    return this.#users.size;
  }

  has(conversationId: string): boolean {
    return this.#users.has(conversationId);
  }

  /** @returns the function that ends it; the last one to end it ends it for the server as well */
  add(conversationId: string): () => void {
    const count = this.#users.get(conversationId) ?? 0;
    this.#users.set(conversationId, count + 1);
    if (count === 0) this.#change(conversationId);
    return once(() => {
      const left = (this.#users.get(conversationId) ?? 1) - 1;
      if (left > 0) this.#users.set(conversationId, left);
      else {
        this.#users.delete(conversationId);
        this.#change(conversationId);
      }
    });
  }

  /** A new connection: the server knows of nothing yet. */
  begin(write: Write): void {
    this.end();
    this.#write = write;
    for (const id of this.#users.keys()) this.#untold.add(id);
    this.#tell();
  }

  /** The connection is gone. */
  end(): void {
    this.#write = undefined;
    this.#telling = false;
    this.#told.clear();
    this.#untold.clear();
    this.#release();
  }

  /** @returns when all of it has been written, or nothing can be written any more */
  written(): Promise<void> {
    return this.#untold.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.add(resolve));
  }

  #change(conversationId: string): void {
    if (!this.#write) return;
    this.#untold.add(conversationId);
    if (!this.#telling) this.#tell();
  }

  /** A thousand of them at once must not fill the buffers of a server that reads slowly. */
  #tell(): void {
    const write = this.#write;
    if (!write) return;
    let left = batch;
    for (const conversationId of this.#untold) {
      this.#untold.delete(conversationId);
      const wanted = this.#users.has(conversationId);
      if (wanted === this.#told.has(conversationId)) continue;
      if (wanted) this.#told.add(conversationId);
      else this.#told.delete(conversationId);
      left--;
      this.#telling = left === 0 && this.#untold.size > 0;
      const signal: Signal = { type: wanted ? 'subscribe' : 'unsubscribe', conversationId };
      if (!this.#telling) write(signal);
      else {
        write(signal, () => {
          if (this.#write === write) this.#tell();
        });
        return;
      }
    }
    this.#telling = false;
    this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
