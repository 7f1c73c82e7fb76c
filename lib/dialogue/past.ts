import type { Message } from '../model';
import type { Dialogue, Ending, Reply } from './dialogue';
import type { LateMarks } from './late-marks';

/** conversations kept in memory */
const MAX_PAST = 1000;
/** answers kept for each conversation */
const MAX_ANSWERS = 20;
/** answers that a new question keeps in its record: those that may carry the same second as the question */
const MAX_FRESH_ANSWERS = 5;

interface Ended {
  dialogue: Dialogue;
  ending: Ending;
}

/** The node that has taken each message as an answer, by the id of the message; oldest first. */
type ConversationAnswers = Map<string, string>;

const NONE: readonly string[] = [];

/** Recent questions and answers by conversation. */
export class Past {
  readonly #marks: LateMarks;
  /** the last ended dialogue of each conversation: an answer may arrive after the end */
  readonly #ended = new Map<string, Ended>();
  /** accepted answers: they do not answer the next question, which may be asked in the same second */
  readonly #answers = new Map<string, ConversationAnswers>();

  /** @param marks outlive the process */
  constructor(marks: LateMarks) {
    this.#marks = marks;
  }

  /** Nothing is known about any conversation. */
  get isEmpty(): boolean {
    return this.#ended.size === 0 && this.#answers.size === 0;
  }

  /** Restore what an earlier process, or another instance, has marked. @throws LinktorError `storage` */
  async load(): Promise<void> {
    for (const { dialogue, ending } of await this.#marks.load()) this.#add(dialogue, ending);
  }

  /** @param isMarked its node notifies the writers of late answers, also after a restart */
  add(dialogue: Dialogue, ending: Ending, isMarked: boolean): void {
    this.#add(dialogue, ending);
    if (isMarked) this.#marks.put(dialogue, ending);
  }

  #add(dialogue: Dialogue, ending: Ending): void {
    for (const { conversationId } of dialogue.places) {
      if (conversationId !== undefined) renew(this.#ended, conversationId, { dialogue, ending }, MAX_PAST);
    }
  }

  /** Note messages that were accepted as answers. @param by the node that has taken them */
  answered(said: readonly Reply[], by: string): void {
    for (const { message } of said) {
      const answers: ConversationAnswers = this.#answers.get(message.conversationId) ?? new Map<string, string>();
      renew(answers, message.id, by, MAX_ANSWERS);
      renew(this.#answers, message.conversationId, answers, MAX_PAST);
    }
  }

  /** @returns the node that has taken this message as an answer */
  answeredBy({ conversationId, id }: Message): string | undefined {
    return this.#answers.get(conversationId)?.get(id);
  }

  /** @returns the ids of the last accepted answers in a conversation */
  answersIn(conversationId: string | undefined): readonly string[] {
    const answers = conversationId === undefined ? undefined : this.#answers.get(conversationId);
    return answers ? [...answers.keys()].slice(-MAX_FRESH_ANSWERS) : NONE;
  }

  /** @returns the dialogue that ended last in the conversation of a message */
  find({ message }: Reply): Ended | undefined {
    return this.#ended.get(message.conversationId);
  }

  /** Forget the ended dialogue: a new question is asked, or its end has been reported. */
  forget(conversationId: string | undefined): void {
    if (conversationId === undefined || !this.#ended.delete(conversationId)) return;
    this.#marks.drop(conversationId);
  }
}

/** Move a key to the end of the map; beyond `most`, the oldest key is evicted. */
function renew<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
