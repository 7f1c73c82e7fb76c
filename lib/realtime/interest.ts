import { once } from '../async/once';
import { MAX_SUBSCRIBED_CONVERSATIONS, UNUSED_SUBSCRIPTION_MS } from './bounds';
import type { Socket } from './socket/connection';

interface Discovered {
  release(): void;
  /** time of its placement, and of its last use, in milliseconds of the local clock */
  placedAt: number;
  usedAt: number;
}

const SWEEP_INTERVAL_MS = 3_600_000;
/** Number of conversations in use that are skipped before one is evicted nevertheless. */
const MAX_PASSED_OVER = 64;

/** Tracks which conversations are wanted, and which are subscribed at the socket. */
export class Interest {
  readonly #socket: Pick<Socket, 'subscribe'>;
  /** subscribed because all conversations are wanted */
  readonly #discovered = new Map<string, Discovered>();
  #sweptAt = Date.now();
  /** individually wanted conversations, with the number of users of each */
  readonly #chosen = new Map<string, number>();
  #usersOfAll = 0;

  constructor(socket: Pick<Socket, 'subscribe'>) {
    this.#socket = socket;
  }

  /** All present and future conversations are wanted. */
  get wantsAll(): boolean {
    return this.#usersOfAll > 0;
  }

  isWanted(conversationId: string): boolean {
    return this.#usersOfAll > 0 || this.#chosen.has(conversationId);
  }

  isSubscribed(conversationId: string): boolean {
    return this.#discovered.has(conversationId) || this.#chosen.has(conversationId);
  }

  /**
   * Note an event of this conversation.
   * @param at milliseconds of the local clock
   * @returns true when all conversations are wanted, and this one is not subscribed yet
   */
  isUndiscovered(conversationId: string, at: number): boolean {
    if (this.#usersOfAll === 0) return false;
    const discovered = this.#discovered.get(conversationId);
    if (discovered) discovered.usedAt = at;
    return !discovered;
  }

  isChosen(conversationId: string): boolean {
    return this.#chosen.has(conversationId);
  }

  /** Want all conversations. @returns the function that ends this */
  addAll(): () => void {
    this.#usersOfAll++;
    return once(() => {
      this.#usersOfAll--;
      if (this.#usersOfAll > 0) return;
      for (const { release } of this.#discovered.values()) release();
      this.#discovered.clear();
    });
  }

  /** Want one conversation. @returns the function that ends this */
  add(conversationId: string): () => void {
    const release = this.#socket.subscribe(conversationId);
    this.#chosen.set(conversationId, (this.#chosen.get(conversationId) ?? 0) + 1);
    return once(() => {
      const users = (this.#chosen.get(conversationId) ?? 1) - 1;
      if (users > 0) this.#chosen.set(conversationId, users);
      else this.#chosen.delete(conversationId);
      release();
    });
  }

  /** Subscribe a conversation shown by a listing or a frame, if all are wanted. */
  discover(conversationId: string): void {
    if (this.#usersOfAll === 0) return;
    const now = Date.now();
    const known = this.#discovered.get(conversationId);
    if (known) {
      known.usedAt = now;
      return;
    }
    if (this.#discovered.size >= MAX_SUBSCRIBED_CONVERSATIONS) this.#makeRoom();
    const release = this.#socket.subscribe(conversationId);
    this.#discovered.set(conversationId, { release, placedAt: now, usedAt: now });
  }

  /** Evict the oldest conversation that has not been used since its placement. */
  #makeRoom(): void {
    let passed = 0;
    for (const [id, one] of this.#discovered) {
      this.#discovered.delete(id);
      if (one.usedAt > one.placedAt && passed < MAX_PASSED_OVER) {
        passed++;
        one.placedAt = one.usedAt;
        this.#discovered.set(id, one);
        continue;
      }
      one.release();
      return;
    }
  }

  /** Periodically evict conversations without events for a long time, unless they are open. */
  sweep(isOpen: (conversationId: string) => boolean): void {
    const now = Date.now();
    if (now - this.#sweptAt < SWEEP_INTERVAL_MS) return;
    this.#sweptAt = now;
    for (const [id, { usedAt, release }] of this.#discovered) {
      if (now - usedAt < UNUSED_SUBSCRIPTION_MS || isOpen(id)) continue;
      this.#discovered.delete(id);
      release();
    }
  }
}
