import type { Ledger } from '../ledger';
import type { Dialogue, Ending } from './dialogue';

const PREFIX = 'late:';

export interface LateMark {
  dialogue: Dialogue;
  ending: Ending;
}

/**
 * The ended dialogues whose late answers are answered, in the ledger: one for each conversation, without the message
 * that they carried. They expire with the other records of the account.
 */
export class LateMarks {
  readonly #ledger: Ledger;
  readonly #onProblem: (error: unknown) => void;
  /** conversations with a mark */
  readonly #marked = new Set<string>();

  constructor(ledger: Ledger, onProblem: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#onProblem = onProblem;
  }

  /** @throws LinktorError `storage` */
  async load(): Promise<LateMark[]> {
    const found = await this.#ledger.list<LateMark>('sent');
    const marks = found.filter(({ key }) => key.startsWith(PREFIX));
    for (const { key } of marks) this.#marked.add(key.slice(PREFIX.length));
    return marks.map(({ value }) => value);
  }

  put(dialogue: Dialogue, { kind }: Ending): void {
    // An answer is kept nowhere: only the way of the end counts.
    const ending = kind === 'answered' ? { kind, value: undefined, facts: {} } : { kind };
    for (const { conversationId, contactId } of dialogue.places) {
      if (conversationId === undefined) continue;
      this.#marked.add(conversationId);
      const places = [{ conversationId, ...(contactId !== undefined && { contactId }) }];
      const mark = { dialogue: { ...dialogue, places, carried: {}, dropped: [], taken: [] }, ending };
      const tags = [`c:${conversationId}`, ...(contactId === undefined ? [] : [`p:${contactId}`])];
      this.#background(this.#ledger.put('sent', PREFIX + conversationId, mark, { tags }));
    }
  }

  drop(conversationId: string): void {
    if (this.#marked.delete(conversationId)) this.#background(this.#ledger.delete('sent', PREFIX + conversationId));
  }

  #background(work: Promise<unknown>): void {
    work.catch(this.#onProblem);
  }
}
