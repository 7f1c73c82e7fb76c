import type { Said } from './dialogue';

interface Joining {
  said: Said[];
  timer: NodeJS.Timeout | undefined;
}

/** Messages in quick succession are one answer. */
export class Joiner {
  readonly #onComplete: (id: string, said: readonly Said[]) => void;
  readonly #joining = new Map<string, Joining>();

  constructor(onComplete: (id: string, said: readonly Said[]) => void) {
    this.#onComplete = onComplete;
  }

  /** @param seconds without a further message after which the answer is complete */
  add(id: string, said: Said, seconds: number): void {
    const joining = this.#joining.get(id) ?? { said: [], timer: undefined };
    // After a deploy the conversation is read again.
    if (!joining.said.some(({ message }) => message.id === said.message.id)) joining.said.push(said);
    clearTimeout(joining.timer);
    if (seconds <= 0) return this.#complete(id, joining.said);
    joining.timer = setTimeout(() => this.#complete(id, joining.said), seconds * 1000);
    this.#joining.set(id, joining);
  }

  clear(id: string): void {
    clearTimeout(this.#joining.get(id)?.timer);
    this.#joining.delete(id);
  }

  /** What is incomplete is left: the record still waits, and the messages are read again after the next start. */
  stop(): void {
    for (const id of [...this.#joining.keys()]) this.clear(id);
  }

  #complete(id: string, said: readonly Said[]): void {
    this.clear(id);
    this.#onComplete(id, said);
  }
}
