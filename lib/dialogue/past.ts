import type { Dialogue, Ending, Reply } from './dialogue';

/** conversations kept in memory */
const MAX_PAST = 1000;
/** answers kept for each conversation */
const MAX_ANSWERS = 20;

interface Ended {
  dialogue: Dialogue;
  ending: Ending;
}

/** Recent questions and answers by conversation, in memory only. */
export class Past {
  /** the last ended dialogue of each conversation: an answer may arrive after the end */
  readonly #ended = new Map<string, Ended>();
  /** ids of accepted answers: they do not answer the next question, which may be asked in the same second */
  readonly #answers = new Map<string, string[]>();

  get size(): number {
    return this.#ended.size;
  }

  add(dialogue: Dialogue, ending: Ending): void {
    for (const { conversationId } of dialogue.places) {
      if (conversationId === undefined) continue;
      renew(this.#ended, conversationId, { dialogue, ending });
    }
  }

  /** Note messages that were accepted as answers. */
  answered(said: readonly Reply[]): void {
    for (const { message } of said) {
      const before = this.#answers.get(message.conversationId) ?? [];
      renew(this.#answers, message.conversationId, [...before, message.id].slice(-MAX_ANSWERS));
    }
  }

  /** @returns the ids of accepted answers in a conversation */
  answersIn(conversationId: string | undefined): readonly string[] {
    return this.#answers.get(conversationId ?? '') ?? [];
  }

  /** @returns the dialogue that ended last in the conversation of a message */
  find({ message }: Reply): Ended | undefined {
    return this.#ended.get(message.conversationId);
  }

  /** Forget the ended dialogue: a new question is asked, or its end has been reported. */
  forget(conversationId: string | undefined): void {
    if (conversationId !== undefined) this.#ended.delete(conversationId);
  }
}

/** Move a key to the end of the map; the oldest key is evicted. */
function renew<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_PAST) break;
    map.delete(oldest);
  }
}
