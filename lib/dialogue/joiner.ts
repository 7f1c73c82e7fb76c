import { fence } from '../async/fence';
import type { Reply } from './dialogue';

interface Joining {
  said: Reply[];
  timer: NodeJS.Timeout | undefined;
}

/** Joins messages in quick succession into one answer. */
export class Joiner {
  readonly #onComplete: (id: string, said: readonly Reply[]) => void;
  readonly #joining = new Map<string, Joining>();

  constructor(onComplete: (id: string, said: readonly Reply[]) => void) {
    this.#onComplete = onComplete;
  }

  /** @param seconds silence after which the answer is complete */
  add(id: string, said: Reply, seconds: number): void {
    const joining = this.#joining.get(id) ?? { said: [], timer: undefined };
    // A deploy reads the conversation again, so a message may be added twice.
    if (!joining.said.some(({ message }) => message.id === said.message.id)) joining.said.push(said);
    clearTimeout(joining.timer);
    if (seconds <= 0) return this.#complete(id, joining.said);
    joining.timer = setTimeout(
      fence(() => this.#complete(id, joining.said)),
      seconds * 1000,
    );
    this.#joining.set(id, joining);
  }

  clear(id: string): void {
    clearTimeout(this.#joining.get(id)?.timer);
    this.#joining.delete(id);
  }

  /** Drop incomplete answers: their records stay open, and the messages are read again after the next start. */
  stop(): void {
    for (const id of [...this.#joining.keys()]) this.clear(id);
  }

  #complete(id: string, said: readonly Reply[]): void {
    this.clear(id);
    this.#onComplete(id, said);
  }
}
