import { once } from '../async/once';
import type { Socket } from './socket/connection';

/** Which conversations are wanted, and which of them the socket is asked for. */
export class Interest {
  readonly #socket: Pick<Socket, 'subscribe'>;
  /** subscribed because all conversations are wanted, each with the function that ends it */
  readonly #discovered = new Map<string, () => void>();
  /** chosen by themselves, each with the number of its users */
  readonly #chosen = new Map<string, number>();
  #usersOfAll = 0;

  constructor(socket: Pick<Socket, 'subscribe'>) {
    this.#socket = socket;
  }

  /** All conversations are wanted, present and coming. */
  get wantsAll(): boolean {
    return this.#usersOfAll > 0;
  }

  isWanted(conversationId: string): boolean {
    return this.#usersOfAll > 0 || this.#chosen.has(conversationId);
  }

  isSubscribed(conversationId: string): boolean {
    return this.#discovered.has(conversationId) || this.#chosen.has(conversationId);
  }

  /** All conversations are wanted, and a listing or a frame has already shown this one. */
  isDiscovered(conversationId: string): boolean {
    return this.#discovered.has(conversationId);
  }

  isChosen(conversationId: string): boolean {
    return this.#chosen.has(conversationId);
  }

  /** Want all conversations. @returns the function that ends it */
  addAll(): () => void {
    this.#usersOfAll++;
    return once(() => {
      this.#usersOfAll--;
      if (this.#usersOfAll > 0) return;
      for (const release of this.#discovered.values()) release();
      this.#discovered.clear();
    });
  }

  /** Want one conversation. @returns the function that ends it */
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

  /** A listing or a frame has shown this conversation: subscribe it if all are wanted. */
  discover(conversationId: string): void {
    if (this.#usersOfAll === 0 || this.#discovered.has(conversationId)) return;
    this.#discovered.set(conversationId, this.#socket.subscribe(conversationId));
  }
}
