import { detach, fence } from '../async/fence';

/** Longest wait for the result of one of our sends to identify a message, in milliseconds. */
const MAX_UNDECIDED_MS = 1000;

/**
 * Messages that may be our own: one of our sends is in progress, and its message id is not known yet. Until it is,
 * nothing else is sent into their conversations.
 */
export class Undecided {
  /** number of our running sends, by conversation */
  readonly #leaving = new Map<string, number>();
  readonly #looks = new Map<string, Set<() => void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  /** Note that one of our sends starts. @returns the function to call when it has ended */
  enter(conversationId: string): () => void {
    this.#leaving.set(conversationId, (this.#leaving.get(conversationId) ?? 0) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (this.#leaving.get(conversationId) ?? 1) - 1;
      if (left > 0) this.#leaving.set(conversationId, left);
      else this.#leaving.delete(conversationId);
      this.look(conversationId);
    };
  }

  isLeaving(conversationId: string): boolean {
    return this.#leaving.has(conversationId);
  }

  /** Decide again: a send of this conversation has new information. */
  look(conversationId: string): void {
    for (const look of [...(this.#looks.get(conversationId) ?? [])]) look();
  }

  /** @returns a promise while a message of this conversation is undecided */
  waiting(conversationId: string): Promise<void> | undefined {
    return this.#waiting.get(conversationId);
  }

  /**
   * @param isOurs whether the message is now known to be ours
   * @param decide called once, with the decision
   */
  add(conversationId: string, isOurs: () => boolean, decide: (isOurs: boolean) => void): void {
    const looks = this.#looks.get(conversationId) ?? new Set();
    this.#looks.set(conversationId, looks);
    const decided = new Promise<void>((resolve) => {
      const end = (ours: boolean) => {
        clearTimeout(timer);
        looks.delete(look);
        if (looks.size === 0) this.#looks.delete(conversationId);
        decide(ours);
        resolve();
      };
      const look = () => {
        if (isOurs()) end(true);
        else if (!this.isLeaving(conversationId)) end(false);
      };
      const timer = setTimeout(
        fence(() => end(isOurs())),
        MAX_UNDECIDED_MS,
      );
      timer.unref();
      looks.add(look);
    });
    const before = this.#waiting.get(conversationId);
    const all = before !== undefined ? Promise.all([before, decided]).then(() => undefined) : decided;
    this.#waiting.set(conversationId, all);
    detach(
      all.then(() => {
        if (this.#waiting.get(conversationId) === all) this.#waiting.delete(conversationId);
      }),
    );
  }
}
