import type { KeyedMutex } from '../async/keyed-mutex';
import { LinktorError } from '../errors';
import { storageError } from '../ledger';
import { placeTagsOf } from './awaited';
import type { Dialogue, EndReason } from './dialogue';
import type { OpenDialogues } from './open-dialogues';

/** Policy of a new question towards an open one for the same person. */
export type Another = 'replace' | 'queue' | 'refuse';

export interface AdmissionParts {
  open: OpenDialogues;
  turns: KeyedMutex;
  /** end an open dialogue */
  end(id: string, reason: EndReason): Promise<boolean>;
  /** nothing can be ended any more */
  isStopped(): boolean;
}

/** Admits at most one question per person and conversation. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /**
   * @param another decides about an existing question
   * @param put stores the new one, once its place is free
   * @throws LinktorError `conflict` when there is one and `another` is refuse; `storage` when the account closes
   * meanwhile; errors of `put`; the reason of the signal
   */
  async admit(
    dialogue: Dialogue,
    another: Another,
    put: () => Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { open, turns, end, isStopped } = this.#parts;
    for (;;) {
      const { ends } = open;
      // Two new questions must not both find the place free.
      const rivals = await turns.run(placeTagsOf(dialogue), async () => {
        const found = await open.records.rivalsOf(dialogue);
        if (found.length === 0) await put();
        return found;
      });
      if (rivals.length === 0) return;
      if (another === 'refuse') {
        throw new LinktorError('conflict', 'Another question waits for an answer in this conversation.', {
          hint: 'Wait until it has ended, or let this node replace it.',
        });
      }
      if (another === 'queue') await open.nextEnd(ends, signal);
      else for (const rival of rivals) await end(rival.id, 'replaced');
      signal?.throwIfAborted();
      if (isStopped()) throw storageError('closed');
    }
  }
}
