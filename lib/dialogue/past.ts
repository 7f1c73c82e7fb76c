import type { Dialogue, Ending, Said } from './dialogue';

/** conversations whose past is remembered */
const MAX_PAST = 1000;
/** answers that are remembered of each */
const MAX_ANSWERS = 20;

interface Ended {
  dialogue: Dialogue;
  ending: Ending;
}

/** What has been asked and answered lately, by conversation. It is kept in memory only. */
export class Past {
  /** the last one of each: an answer may come after the end */
  readonly #ended = new Map<string, Ended>();
  /** ids of messages: the answer to one question is none to the next, which may be asked in the same second */
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

  /** These messages have been taken as answers. */
  answered(said: readonly Said[]): void {
    for (const { message } of said) {
      const before = this.#answers.get(message.conversationId) ?? [];
      renew(this.#answers, message.conversationId, [...before, message.id].slice(-MAX_ANSWERS));
    }
  }

  /** @returns ids of the messages that have been taken as answers there */
  answersIn(conversationId: string | undefined): readonly string[] {
    return this.#answers.get(conversationId ?? '') ?? [];
  }

  /** @returns the dialogue that has ended last where this was said */
  find({ message }: Said): Ended | undefined {
    return this.#ended.get(message.conversationId);
  }

  /** A new question is asked there, or its end has been told. */
  forget(conversationId: string | undefined): void {
    if (conversationId !== undefined) this.#ended.delete(conversationId);
  }
}

/** The newest stands last; the oldest goes. */
function renew<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_PAST) break;
    map.delete(oldest);
  }
}
