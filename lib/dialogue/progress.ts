import type { KeyedMutex } from '../async/keyed-mutex';
import type { Askers } from './askers';
import type { Dialogue, DialoguePlace, Ending, EndReason, Reply } from './dialogue';
import type { Interrupted } from './interrupted';
import type { OpenDialogues } from './open-dialogues';
import type { Past } from './past';
import { dueOf } from './records';

/** number of accepted message ids kept by a dialogue */
export const MAX_TAKEN = 50;

export interface ProgressParts {
  open: OpenDialogues;
  past: Past;
  askers: Askers;
  turns: KeyedMutex;
  interrupted: Interrupted;
  isOwn(messageId: string): boolean;
}

/** Moves open dialogues on: by an answer, a reminder, or their end. */
export class Progress {
  readonly #parts: ProgressParts;
  /** ids of dialogues started by this process */
  readonly #begunHere = new Set<string>();

  constructor(parts: ProgressParts) {
    this.#parts = parts;
  }

  /** A dialogue is started by this process. */
  begin(id: string): void {
    this.#begunHere.add(id);
  }

  /** @returns false when it has already ended */
  end(id: string, reason: EndReason): Promise<boolean> {
    const { turns, open } = this.#parts;
    return turns.run(id, async () => {
      const dialogue = await open.known(id);
      return dialogue !== undefined && this.#finish(dialogue, { kind: 'ended', reason }, []);
    });
  }

  /** Hand an answer to the node that asked. @param said one message, or several in quick succession */
  async take(id: string, said: readonly Reply[]): Promise<void> {
    await this.#parts.turns.run(id, async () => {
      const dialogue = await this.#parts.open.known(id);
      // By now our own sends have returned, so the ids of our messages are known.
      const fresh = said.filter(
        ({ message: { id: one } }) => !dialogue?.taken.includes(one) && !this.#parts.isOwn(one),
      );
      if (!dialogue || fresh.length === 0) return;
      const { askers } = this.#parts;
      const asker = await askers.arrival(dialogue.nodeId);
      if (!asker) return;
      try {
        const step = await asker.take(dialogue, fresh);
        this.#parts.past.answered(fresh, dialogue.nodeId);
        if (step.kind === 'end') {
          await this.#finish(dialogue, step.ending, fresh);
          return;
        }
        const taken = [...dialogue.taken, ...fresh.map(({ message }) => message.id)].slice(-MAX_TAKEN);
        const next: Partial<Dialogue> = step.ask ? { state: 'asking', unsent: true } : {};
        const changed = await this.#parts.open.change(dialogue, (now) => ({ ...now, ...step.change, ...next, taken }));
        await step.afterwards?.();
        if (step.ask && changed) await this.#askNext(changed, step.ask);
      } catch (error) {
        asker.failed(dialogue, error);
      }
    });
  }

  /** After a crash it is certain that a question has not left, unless its record says that it was about to. */
  async #askNext(dialogue: Dialogue, ask: (leaves: () => Promise<void>) => Promise<DialoguePlace>): Promise<void> {
    const leaves = async () => {
      await this.#parts.open.records.change(dialogue, ({ unsent: _leaves, ...now }) => now);
    };
    await this.#parts.interrupted.stands(dialogue, [await ask(leaves)]);
  }

  /** The deadline of a dialogue has come, or its next reminder. */
  async due(id: string): Promise<void> {
    await this.#parts.turns.run(id, async () => {
      const dialogue = await this.#parts.open.known(id);
      if (!dialogue) return;
      const now = this.#parts.open.nowFor(dialogue);
      // Another process may have changed it.
      if (dueOf(dialogue) > now) return this.#parts.open.note(dialogue);
      if (dialogue.deadline <= now) {
        await this.#finish(dialogue, { kind: 'timeout' }, []);
        return;
      }
      await this.#remind(dialogue);
    });
  }

  async #remind(dialogue: Dialogue): Promise<void> {
    const [, ...later] = dialogue.reminders;
    // Stored before the send: a crash does not send it twice.
    if (!(await this.#parts.open.change(dialogue, (now) => ({ ...now, reminders: later })))) return;
    const asker = await this.#parts.askers.arrival(dialogue.nodeId);
    try {
      const wait = await asker?.remind(dialogue);
      if (wait === undefined) return;
      const again = this.#parts.open.nowFor(dialogue) + wait;
      if (again >= dialogue.deadline) return;
      await this.#parts.open.change(dialogue, (now) => ({ ...now, reminders: [again, ...now.reminders] }));
    } catch (error) {
      asker?.failed(dialogue, error);
    }
  }

  /** Delete the record first: a crash in between loses one answer, but never emits it twice. */
  async #finish(dialogue: Dialogue, ending: Ending, said: readonly Reply[]): Promise<boolean> {
    const { askers, open, past } = this.#parts;
    const asker = await askers.arrival(dialogue.nodeId);
    // A deploy replaces the account too: the next one finds the record, and reads the conversation again.
    if (!asker && askers.isStopped) return false;
    if (!(await open.drop(dialogue))) return false;
    past.add(dialogue, ending, asker?.tellsLate === true);
    const restarted = !this.#begunHere.has(dialogue.id);
    try {
      if ((await asker?.ended(dialogue, ending, { restarted, said })) === false) {
        return await this.#finishLater(dialogue, ending, said);
      }
    } catch (error) {
      asker?.failed(dialogue, error);
    }
    this.#begunHere.delete(dialogue.id);
    return true;
  }

  /** The node was closed by a deploy before it could emit: nothing has left, so its successor may. */
  async #finishLater(dialogue: Dialogue, ending: Ending, said: readonly Reply[]): Promise<boolean> {
    const { open } = this.#parts;
    await open.records.put(dialogue);
    open.note(dialogue);
    return this.#finish(dialogue, ending, said);
  }
}
