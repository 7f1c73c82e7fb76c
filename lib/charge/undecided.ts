/** So long may the answer to a send of ours be waited for, to know whose message has come. */
const MAX_UNDECIDED_MS = 1000;

/**
 * Messages that may be our own: one of our sends is under way, and its answer has not named its message yet. Until that
 * is known, nothing leaves in their conversations.
 */
export class Undecided {
  /** sends of ours that are under way, by conversation */
  readonly #leaving = new Map<string, number>();
  readonly #looks = new Map<string, Set<() => void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  /** A send of ours begins. @returns the function that says that it has ended */
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

  /** Something has become known about the sends of a conversation. */
  look(conversationId: string): void {
    for (const look of [...(this.#looks.get(conversationId) ?? [])]) look();
  }

  /** @returns a promise while a message of this conversation is undecided */
  waiting(conversationId: string): Promise<void> | undefined {
    return this.#waiting.get(conversationId);
  }

  /**
   * @param isOurs whether the message is known to be ours by now
   * @param decide called once, with whether it is ours
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
      const timer = setTimeout(() => end(isOurs()), MAX_UNDECIDED_MS);
      timer.unref();
      looks.add(look);
    });
    const before = this.#waiting.get(conversationId);
    const all = before !== undefined ? Promise.all([before, decided]).then(() => undefined) : decided;
    this.#waiting.set(conversationId, all);
    void all.then(() => {
      if (this.#waiting.get(conversationId) === all) this.#waiting.delete(conversationId);
    });
  }
}
