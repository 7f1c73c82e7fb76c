import type { KeyedMutex } from '../async/keyed-mutex';
import type { Message } from '../model';
import type { Askers } from './askers';
import type { Dialogue, DialoguePlace } from './dialogue';
import type { OpenDialogues } from './open-dialogues';
import { merged } from './places';

export interface InterruptedParts {
  open: OpenDialogues;
  askers: Askers;
  turns: KeyedMutex;
}

/** Questions that an earlier process was sending when it ended: they may or may not have left. */
export class Interrupted {
  readonly #parts: InterruptedParts;

  constructor(parts: InterruptedParts) {
    this.#parts = parts;
  }

  /** Do not send it again: wait for an answer or the deadline. */
  async note(dialogue: Dialogue): Promise<void> {
    await this.#parts.open.records.change(dialogue, (now) => ({ ...now, state: 'waiting', uncertain: true }));
  }

  /**
   * Resolve the questions of a conversation: one that has left stands, one that has not is sent again.
   * @param messages messages of the conversation since the first of these questions
   * @param isProof every accepted message is among them: a missing question has not left
   */
  async settleIn(conversationId: string, messages: readonly Message[], isProof: boolean): Promise<void> {
    const found = await this.#parts.open.records.inConversation(conversationId);
    for (const { id, uncertain, places } of found) {
      if (uncertain && places.length === 1) await this.#settle(id, messages, isProof);
    }
  }

  /** The question of a dialogue has been seen in its conversation. */
  found(id: string, message: Message): Promise<void> {
    return this.#settle(id, [message], false);
  }

  /** The question stands at these places. @param askedThere its time by the server's clock, if it has become known */
  async stands(dialogue: Dialogue, places: readonly DialoguePlace[], askedThere?: number): Promise<void> {
    await this.#parts.open.change(dialogue, (now) => {
      const standing: Dialogue = { ...now, state: 'waiting', places: places.reduce(merged, now.places) };
      if (now.askedThere === undefined && askedThere !== undefined) standing.askedThere = askedThere;
      // Nearly no question has them, and an object from which a property is deleted is slow.
      if (now.uncertain !== undefined) delete standing.uncertain;
      if (now.unsent !== undefined) delete standing.unsent;
      return standing;
    });
  }

  async #settle(id: string, messages: readonly Message[], isProof: boolean): Promise<void> {
    const { open, askers, turns } = this.#parts;
    await turns.run(id, async () => {
      const dialogue = await open.known(id);
      if (!dialogue?.uncertain) return;
      const asker = await askers.arrival(dialogue.nodeId);
      if (!asker) return;
      const after = messages.filter(({ id: one, createdAt = '' }) => {
        const isEarlier = dialogue.places.some(({ messageId }) => messageId === one);
        return !isEarlier && Date.parse(createdAt) >= (dialogue.places[0]?.since ?? 0);
      });
      const question = after.find((one) => one.direction !== 'inbound' && asker.isQuestion(dialogue, one));
      try {
        if (question) await this.stands(dialogue, [placeOf(question)]);
        else if (isProof || dialogue.unsent) await this.stands(dialogue, [await asker.askAgain(dialogue)]);
      } catch (error) {
        asker.failed(dialogue, error);
      }
    });
  }
}

/** The place of a question that proves to have been sent. */
function placeOf({ conversationId, id, createdAt = '' }: Message): DialoguePlace {
  return { conversationId, messageId: id, since: Date.parse(createdAt) || undefined };
}
