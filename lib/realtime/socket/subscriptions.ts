import { once } from '../../async/once';
import type { Signal } from '../../contract/index';

/** Send a frame; `onSent` is called when it has left the process. */
export type Write = (signal: Signal, onSent?: () => void) => void;

/** Maximum number of frames in flight: beyond it the server reads slowly, and the others wait. */
const MAX_FRAMES_LEAVING = 500;

/** Tracks the subscribed conversations, and those announced to the server. */
export class Subscriptions {
  /** number of users of each conversation */
  readonly #users = new Map<string, number>();
  /** conversations subscribed at the server */
  readonly #announced = new Set<string>();
  /** conversations with a change to announce to the server */
  readonly #changed = new Set<string>();
  readonly #waiters = new Set<() => void>();
  #write: Write | undefined;
  #leaving = 0;
  #isFlushing = false;

  get size(): number {
    return this.#users.size;
  }

  has(conversationId: string): boolean {
    return this.#users.has(conversationId);
  }

  /** @returns the function that ends this use; the last user's call unsubscribes at the server */
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

  /** Start with a new connection, on which nothing is announced yet. */
  begin(write: Write): void {
    this.end();
    this.#write = write;
    for (const id of this.#users.keys()) this.#changed.add(id);
    this.#flush();
  }

  /** The connection is gone. */
  end(): void {
    this.#write = undefined;
    this.#leaving = 0;
    this.#announced.clear();
    this.#changed.clear();
    this.#release();
  }

  /** @returns a promise that resolves when everything is announced, or the connection has ended */
  written(): Promise<void> {
    return this.#changed.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.add(resolve));
  }

  #change(conversationId: string): void {
    if (!this.#write) return;
    this.#changed.add(conversationId);
    this.#flush();
  }

  /** Send in portions: a thousand frames at once would fill the buffers of a slow server. */
  #flush(): void {
    const write = this.#write;
    if (!write || this.#isFlushing) return;
    this.#isFlushing = true;
    for (const conversationId of this.#changed) {
      if (this.#leaving >= MAX_FRAMES_LEAVING) break;
      this.#changed.delete(conversationId);
      const isWanted = this.#users.has(conversationId);
      if (isWanted === this.#announced.has(conversationId)) continue;
      if (isWanted) this.#announced.add(conversationId);
      else this.#announced.delete(conversationId);
      this.#leaving++;
      write({ type: isWanted ? 'subscribe' : 'unsubscribe', conversationId }, () => {
        if (this.#write !== write) return;
        this.#leaving--;
        if (this.#changed.size > 0) this.#flush();
      });
    }
    this.#isFlushing = false;
    if (this.#changed.size === 0) this.#release();
  }

  #release(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }
}
