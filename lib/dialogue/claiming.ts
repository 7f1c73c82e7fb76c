import type { KeyedMutex } from '../async/keyed-mutex';
import type { Askers } from './askers';
import { isStranger, placeFor } from './awaited';
import type { Asker, Dialogue, Reply } from './dialogue';
import type { Interrupted } from './interrupted';
import type { Joiner } from './joiner';
import type { OpenDialogues } from './open-dialogues';
import type { Past } from './past';

/**
 * Longest wait for a running send, or for the judgement of the message before, in milliseconds. A claim has 5 s in all;
 * afterwards the question counts as sent, and as open.
 */
const MAX_WAIT_MS = 4000;
/** one of our messages may arrive before the result of its send: seconds until it is known to be ours */
const OWN_SEND_S = 1;
/** number of people kept who were told that a question is not for them */
const MAX_TOLD = 50;

/** The waiting node, and whether it takes the message as an answer. */
export type Claimed = { by: string; isTaken: boolean } | undefined;

export interface ClaimingParts {
  open: OpenDialogues;
  past: Past;
  askers: Askers;
  joiner: Joiner;
  turns: KeyedMutex;
  interrupted: Interrupted;
  /** questions being sent, until they stand or have failed */
  leaving: ReadonlyMap<string, Promise<void>>;
  /** other processes ask questions too */
  isShared: boolean;
  isOwn(messageId: string): boolean;
  background(work: Promise<unknown>): void;
}

/** Decides which messages are answers, by conversation, sender and time. They are validated later. */
export class Claiming {
  readonly #parts: ClaimingParts;

  constructor(parts: ClaimingParts) {
    this.#parts = parts;
  }

  /** @returns undefined when no dialogue waits for the message; a promise only if the result is not known at once */
  claim(said: Reply): Claimed | Promise<Claimed> {
    const { open, past, isShared, isOwn } = this.#parts;
    if (open.size === 0 && past.isEmpty && !isShared) return undefined;
    if (isOwn(said.message.id)) return undefined;
    return this.#look(said, Number.POSITIVE_INFINITY);
  }

  /**
   * Whether an open question has a use for this message: one of its choices, a word that ends it, yes or no.
   * @returns false without an open question, and for messages that would be rejected as invalid
   */
  async understands(said: Reply): Promise<boolean> {
    const { open, askers, isShared } = this.#parts;
    if (open.size === 0 && !isShared) return false;
    const found = await open.records.inConversation(said.message.conversationId);
    return found.some((one) => placeFor(one, said) && askers.get(one.nodeId)?.understands(one, said.message) === true);
  }

  /** @param until milliseconds of the clock from which nothing is waited for */
  #look(said: Reply, until: number): Claimed | Promise<Claimed> {
    const found = this.#parts.open.records.inConversation(said.message.conversationId);
    return Array.isArray(found) ? this.#among(found, said, until) : found.then((all) => this.#among(all, said, until));
  }

  #among(found: readonly Dialogue[], said: Reply, until: number): Claimed | Promise<Claimed> {
    const { leaving, turns, past, open, isShared } = this.#parts;
    const { id } = said.message;
    if (isShared) open.learn(found);
    const answered = past.answeredBy(said.message);
    // It has ended a question already, and comes again by another way.
    if (answered !== undefined) return { by: answered, isTaken: true };
    // The newest question is the last one that the person has seen.
    const [dialogue] = found.filter((one) => placeFor(one, said)).sort((one, other) => other.asked - one.asked);
    if (!dialogue) {
      this.#leave(found, said);
      return found.length === 0 ? this.#claimLate(said) : undefined;
    }
    if (dialogue.taken.includes(id)) return { by: dialogue.nodeId, isTaken: true };
    if (dialogue.uncertain && this.#isTheQuestion(dialogue, said)) return undefined;
    // Only once the question stands can its time be compared with the message.
    const sending = leaving.get(dialogue.id);
    const isJudging = turns.isBusy(dialogue.id);
    if ((sending === undefined && !isJudging) || until <= Date.now()) return this.#claimFor(dialogue, said);
    return this.#claimLater(said, sending ?? turns.run(dialogue.id, async () => {}), until);
  }

  /** The message before it may end the question: then this one is no answer to it any more. */
  async #claimLater(said: Reply, before: Promise<unknown>, until: number): Promise<Claimed> {
    const end = Math.min(until, Date.now() + MAX_WAIT_MS);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, end - Date.now());
      timer.unref();
    });
    await Promise.race([before, late]);
    clearTimeout(timer);
    return this.#look(said, end);
  }

  #claimFor(dialogue: Dialogue, said: Reply): Claimed | Promise<Claimed> {
    const { askers, joiner } = this.#parts;
    const asker = askers.get(dialogue.nodeId);
    const withAsker = (present: Asker | undefined): Claimed => {
      const by = dialogue.nodeId;
      if (!present || present.letsThrough(dialogue, said.message)) return { by, isTaken: false };
      const isContact = said.message.senderType === 'contact';
      joiner.add(dialogue.id, said, Math.max(present.join(dialogue), isContact ? 0 : OWN_SEND_S));
      return { by, isTaken: true };
    };
    return asker ? withAsker(asker) : askers.arrival(dialogue.nodeId).then(withAsker);
  }

  /** No dialogue waits for the message; it may still say something about one. */
  #leave(found: readonly Dialogue[], said: Reply): void {
    for (const one of found) {
      if (one.uncertain && this.#isTheQuestion(one, said)) continue;
      if (isStranger(one, said)) this.#parts.background(this.#turnAway(one, said));
    }
  }

  /** A question that an earlier process was sending when it ended has arrived after all. */
  #isTheQuestion(dialogue: Dialogue, { message }: Reply): boolean {
    const { askers, interrupted, background } = this.#parts;
    if (message.direction === 'inbound' || !askers.get(dialogue.nodeId)?.isQuestion(dialogue, message)) return false;
    background(interrupted.found(dialogue.id, message));
    return true;
  }

  /** Claim a message after the end, for a node that notifies its writer. */
  #claimLate(said: Reply): Claimed {
    const { past, askers, background } = this.#parts;
    const { dialogue, ending } = past.find(said) ?? {};
    const asker = dialogue && askers.get(dialogue.nodeId);
    if (!asker || !ending || said.message.direction !== 'inbound' || !asker.isLate(dialogue, ending, said)) {
      return undefined;
    }
    past.forget(said.message.conversationId);
    background(asker.tellLate(dialogue, said).catch((error: unknown) => asker.failed(dialogue, error)));
    return { by: dialogue.nodeId, isTaken: true };
  }

  /** The question is for another person: notify each writer once. */
  async #turnAway(dialogue: Dialogue, said: Reply): Promise<void> {
    const { open, askers, turns, leaving, isOwn } = this.#parts;
    const { senderId = '', id } = said.message;
    await leaving.get(dialogue.id);
    await turns.run(dialogue.id, async () => {
      const known = await open.known(dialogue.id);
      const asker = askers.get(dialogue.nodeId);
      if (!known || !asker || known.told?.includes(senderId) || isOwn(id)) return;
      if (known.places.some(({ messageId }) => messageId === id)) return;
      await open.records.change(known, (now) => ({ ...now, told: [...(now.told ?? []), senderId].slice(-MAX_TOLD) }));
      await asker.turnAway(known, said).catch((error: unknown) => asker.failed(known, error));
    });
  }
}
