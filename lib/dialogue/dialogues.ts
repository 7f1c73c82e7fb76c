import { Clock } from '../async/clock';
import { KeyedMutex } from '../async/keyed-mutex';
import { LinktorError } from '../errors';
import type { Ledger } from '../ledger';
import type { Message } from '../model';
import { Askers } from './askers';
import { isStranger, placeFor, placeTagsOf } from './awaited';
import type { Asker, Dialogue, DialoguePlace, Ending, EndReason, Reply } from './dialogue';
import { Joiner } from './joiner';
import { Past } from './past';
import { dueOf, Records } from './records';

/** Longest wait for a running send, in milliseconds. A claim has 5 s in all; afterwards the question counts as sent. */
const MAX_WAIT_FOR_SEND_MS = 4000;
/** one of our messages may arrive before the result of its send: seconds until it is known to be ours */
const OWN_SEND_S = 1;
/** number of accepted message ids kept by a dialogue */
const MAX_TAKEN = 50;

export interface DialoguesSettings {
  ledger: Ledger;
  /** whether one of our nodes has sent this message */
  isOwn(messageId: string): boolean;
  /** a dialogue has been opened, or has become known in another conversation */
  onOpened?(dialogue: Dialogue): void;
  onEnded?(dialogue: Dialogue): void;
  /** a failure that belongs to no node */
  onProblem(error: unknown): void;
}

/** The waiting node, and whether it takes the message as an answer. */
export type Claimed = { by: string; isTaken: boolean } | undefined;

/** Policy of a new question towards an open one for the same person. */
export type Another = 'replace' | 'queue' | 'refuse';

/**
 * All open questions and forms of an account. Each is a record in the ledger. Operations on one run in turn, and the
 * deletion of its record decides its end.
 */
export class Dialogues {
  readonly #settings: DialoguesSettings;
  readonly #records: Records;
  readonly #askers = new Askers();
  readonly #turns = new KeyedMutex();
  readonly #joiner: Joiner;
  readonly #clock: Clock;
  /** questions being sent, until they stand or have failed */
  readonly #leaving = new Map<string, Promise<void>>();
  /** waiters for a free place */
  readonly #queued = new Set<() => void>();
  /** number of ended dialogues, so that a waiter notices an end since its last check */
  #ends = 0;
  /** ids of dialogues started by this process */
  readonly #begunHere = new Set<string>();
  /** open dialogues of this process, by id */
  readonly #open = new Map<string, Pick<Dialogue, 'kind' | 'nodeId'>>();
  readonly #past = new Past();
  /** number of open dialogues of each node */
  readonly #counts = new Map<string, number>();

  constructor(settings: DialoguesSettings) {
    this.#settings = settings;
    this.#records = new Records(settings.ledger);
    this.#clock = new Clock((id) => this.#background(this.#due(id)));
    this.#joiner = new Joiner((id, said) => this.#background(this.#take(id, said)));
  }

  /**
   * Restore the dialogues of an earlier process, or of other instances. The clock does not run yet.
   * @param isEnded the process that was sending questions has ended
   * @returns the conversations to catch up on
   */
  async load(isEnded = true): Promise<{ conversationId: string; since: number }[]> {
    const found = await this.#records.all();
    const since = new Map<string, number>();
    for (const dialogue of found) {
      this.#note(dialogue);
      if (isEnded && dialogue.state === 'asking') await this.#records.change(dialogue, uncertain);
      for (const place of dialogue.places) {
        if (place.conversationId === undefined) continue;
        const from = place.since ?? dialogue.asked;
        since.set(place.conversationId, Math.min(since.get(place.conversationId) ?? from, from));
      }
    }
    return [...since].map(([conversationId, from]) => ({ conversationId, since: from }));
  }

  /** Start the deadlines, once missed messages have been handed in. */
  start(): void {
    this.#clock.start();
  }

  stop(): void {
    this.#clock.stop();
    this.#joiner.stop();
    this.#askers.stop();
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns the number of open dialogues of one node */
  countOf(nodeId: string): number {
    return this.#counts.get(nodeId) ?? 0;
  }

  list(): Promise<Dialogue[]> {
    return this.#records.all();
  }

  /** Register a node that judges the answers to its questions. @returns the function that removes it */
  register(nodeId: string, asker: Asker): () => void {
    return this.#askers.add(nodeId, asker);
  }

  /** Drop the dialogues of a deleted or disabled node. @returns their number */
  async forget(nodeId: string): Promise<number> {
    const found = await this.#records.ofNode(nodeId);
    for (const dialogue of found) await this.#drop(dialogue);
    return found.length;
  }

  /** Drop the dialogues of nodes that have not returned. @returns these dialogues */
  async dropOrphans(): Promise<Dialogue[]> {
    const orphans = (await this.#records.all()).filter(({ nodeId }) => !this.#askers.has(nodeId));
    for (const dialogue of orphans) await this.#drop(dialogue);
    return orphans;
  }

  /**
   * Ask a question. The record and the claim are stored before `send` is called: an answer may arrive before its
   * result.
   * @param send resolves with the places of the question; it may call `placed` earlier, once a place is known
   * @throws LinktorError `conflict` when another question is open and `another` is refuse; `storage`; errors of `send`
   */
  async ask(
    asked: Dialogue,
    another: Another,
    send: (placed: (place: DialoguePlace) => Promise<void>) => Promise<DialoguePlace[]>,
    signal?: AbortSignal,
  ): Promise<void> {
    const dialogue = this.#withAnswers(asked);
    await this.#admit(dialogue, another, () => this.#records.put(dialogue), signal);
    this.#begunHere.add(dialogue.id);
    this.#note(dialogue);
    let settle = () => {};
    this.#leaving.set(
      dialogue.id,
      new Promise((resolve) => {
        settle = resolve;
      }),
    );
    const placed = async (place: DialoguePlace) => {
      const known = await this.#records.get(dialogue);
      if (!known) return;
      const put = async () => {
        const changed = await this.#records.change(dialogue, (now) =>
          this.#withAnswers({ ...now, places: merged(now.places, place) }),
        );
        if (changed) this.#note(changed);
      };
      await this.#admit({ ...known, places: merged(known.places, place) }, another, put, signal);
    };
    try {
      const places = await send(placed);
      await this.#stands(dialogue, ...places);
    } catch (error) {
      await this.#drop(dialogue);
      throw error;
    } finally {
      this.#leaving.delete(dialogue.id);
      settle();
    }
  }

  /** An answer to an earlier question does not answer this one. */
  #withAnswers(dialogue: Dialogue): Dialogue {
    const answers = dialogue.places.flatMap(({ conversationId }) => this.#past.answersIn(conversationId));
    return { ...dialogue, taken: [...new Set([...dialogue.taken, ...answers])].slice(-MAX_TAKEN) };
  }

  /**
   * Claim a message as the answer to an open question; it is validated later.
   * @returns undefined when no dialogue waits for it; a promise only if the result is not known at once
   */
  claim(said: Reply): Claimed | Promise<Claimed> {
    const { message } = said;
    if (this.#open.size === 0 && this.#past.size === 0 && !this.#settings.ledger.isShared) return undefined;
    if (this.#settings.isOwn(message.id)) return undefined;
    const found = this.#records.inConversation(message.conversationId);
    return Array.isArray(found) ? this.#claimOf(found, said) : found.then((arrived) => this.#claimOf(arrived, said));
  }

  /**
   * Whether an open question has a use for this message: one of its choices, a word that ends it, yes or no.
   * @returns false without an open question, and for messages that would be rejected as invalid
   */
  async understands(said: Reply): Promise<boolean> {
    if (this.#open.size === 0 && !this.#settings.ledger.isShared) return false;
    const found = await this.#records.inConversation(said.message.conversationId);
    return found.some(
      (one) => placeFor(one, said) && this.#askers.get(one.nodeId)?.understands(one, said.message) === true,
    );
  }

  #claimOf(found: readonly Dialogue[], said: Reply): Claimed | Promise<Claimed> {
    const possible = found.filter((one) => placeFor(one, said));
    // The newest question is the last one that the person has seen.
    const dialogue = possible.sort((one, other) => other.asked - one.asked)[0];
    if (!dialogue) {
      for (const one of found) if (isStranger(one, said)) this.#background(this.#turnAway(one, said));
      return found.length === 0 ? this.#claimLate(said) : undefined;
    }
    if (dialogue.taken.includes(said.message.id)) return { by: dialogue.nodeId, isTaken: true };
    const leaving = this.#leaving.get(dialogue.id);
    return leaving === undefined ? this.#claimFor(dialogue, said) : this.#claimLater(dialogue, said, leaving);
  }

  /** The question is being sent: only once it stands can its time be compared with the message. */
  async #claimLater(dialogue: Dialogue, said: Reply, leaving: Promise<void>): Promise<Claimed> {
    await Promise.race([leaving, new Promise((resolve) => setTimeout(resolve, MAX_WAIT_FOR_SEND_MS).unref())]);
    const known = await this.#records.get(dialogue);
    if (!known || !placeFor(known, said)) return undefined;
    return this.#claimFor(known, said);
  }

  #claimFor(dialogue: Dialogue, said: Reply): Claimed | Promise<Claimed> {
    const asker = this.#askers.get(dialogue.nodeId);
    const withAsker = (present: Asker | undefined): Claimed => {
      const by = dialogue.nodeId;
      if (!present || present.letsThrough(dialogue, said.message)) return { by, isTaken: false };
      const isContact = said.message.senderType === 'contact';
      this.#joiner.add(dialogue.id, said, Math.max(present.join(dialogue), isContact ? 0 : OWN_SEND_S));
      return { by, isTaken: true };
    };
    return asker ? withAsker(asker) : this.#askers.arrival(dialogue.nodeId).then(withAsker);
  }

  /** Claim a message after the end, for a node that notifies its writer. */
  #claimLate(said: Reply): Claimed {
    const { dialogue, ending } = this.#past.find(said) ?? {};
    const asker = dialogue && this.#askers.get(dialogue.nodeId);
    if (!asker || !ending || said.message.direction !== 'inbound' || !asker.isLate(dialogue, ending, said)) {
      return undefined;
    }
    this.#past.forget(said.message.conversationId);
    this.#background(asker.tellLate(dialogue, said).catch((error: unknown) => asker.failed(dialogue, error)));
    return { by: dialogue.nodeId, isTaken: true };
  }

  /** The question is for another person: notify each writer once. */
  async #turnAway(dialogue: Dialogue, said: Reply): Promise<void> {
    const { senderId = '', id } = said.message;
    await this.#leaving.get(dialogue.id);
    await this.#turns.run(dialogue.id, async () => {
      const known = await this.#known(dialogue.id);
      const asker = this.#askers.get(dialogue.nodeId);
      if (!known || !asker || known.told?.includes(senderId) || this.#settings.isOwn(id)) return;
      if (known.places.some(({ messageId }) => messageId === id)) return;
      await this.#records.change(known, (now) => ({ ...now, told: [...(now.told ?? []), senderId].slice(-MAX_TAKEN) }));
      await asker.turnAway(known, said).catch((error: unknown) => asker.failed(known, error));
    });
  }

  /**
   * Resolve questions that were being sent when the process ended: one that was sent stands, another is sent again.
   * @param messages messages of the conversation since the first of these questions
   */
  async settleIn(conversationId: string, messages: readonly Message[]): Promise<void> {
    const found = await this.#records.inConversation(conversationId);
    const unsure = found.filter(({ uncertain, places }) => uncertain && places.length === 1);
    for (const { id } of unsure) await this.#settle(id, messages);
  }

  async #settle(id: string, messages: readonly Message[]): Promise<void> {
    await this.#turns.run(id, async () => {
      const dialogue = await this.#known(id);
      if (!dialogue?.uncertain) return;
      const asker = await this.#askers.arrival(dialogue.nodeId);
      if (!asker) return;
      const after = messages.filter(({ id: one, createdAt = '' }) => {
        const isEarlier = dialogue.places.some(({ messageId }) => messageId === one);
        return !isEarlier && Date.parse(createdAt) >= (dialogue.places[0]?.since ?? 0);
      });
      const found = after.find((one) => one.direction !== 'inbound' && asker.isQuestion(dialogue, one));
      try {
        await this.#stands(dialogue, found ? placeOf(found) : await asker.askAgain(dialogue));
      } catch (error) {
        asker.failed(dialogue, error);
      }
    });
  }

  async #stands(dialogue: Dialogue, ...places: DialoguePlace[]): Promise<void> {
    const stands = await this.#records.change(dialogue, ({ uncertain: _known, ...now }) => ({
      ...now,
      state: 'waiting',
      places: places.reduce(merged, now.places),
    }));
    if (stands) this.#note(stands);
  }

  /**
   * Answer on behalf of the person, or with a message left by an earlier process.
   * @returns false when no such dialogue is open
   */
  async answer(id: string, said: Reply): Promise<boolean> {
    if (!this.#open.has(id)) return false;
    await this.#take(id, [said]);
    return true;
  }

  /** @returns false when it has already ended */
  async end(id: string, reason: EndReason): Promise<boolean> {
    return this.#turns.run(id, async () => {
      const dialogue = await this.#known(id);
      return dialogue !== undefined && this.#finish(dialogue, { kind: 'ended', reason }, []);
    });
  }

  /** End the dialogues of a conversation; a takeover ends only dialogues whose node wants this. */
  async endIn(conversationId: string, reason: EndReason): Promise<void> {
    for (const { id, nodeId } of await this.#records.inConversation(conversationId)) {
      const asker = this.#askers.get(nodeId);
      if (reason !== 'taken_over' || asker?.endsOnTakeover) await this.end(id, reason);
    }
  }

  async #take(id: string, said: readonly Reply[]): Promise<void> {
    await this.#turns.run(id, async () => {
      const dialogue = await this.#known(id);
      // By now our own sends have returned, so the ids of our messages are known.
      const fresh = said.filter(
        ({ message: { id: one } }) => !dialogue?.taken.includes(one) && !this.#settings.isOwn(one),
      );
      if (!dialogue || fresh.length === 0) return;
      const asker = await this.#askers.arrival(dialogue.nodeId);
      if (!asker) return;
      try {
        const step = await asker.take(dialogue, fresh);
        this.#past.answered(fresh);
        if (step.kind === 'end') {
          await this.#finish(dialogue, step.ending, fresh);
          return;
        }
        const taken = [...dialogue.taken, ...fresh.map(({ message }) => message.id)].slice(-MAX_TAKEN);
        const state = step.ask ? 'asking' : dialogue.state;
        const changed = await this.#records.change(dialogue, (now) => ({ ...now, ...step.change, taken, state }));
        if (changed) this.#note(changed);
        await step.afterwards?.();
        if (step.ask && changed) await this.#stands(changed, await step.ask());
      } catch (error) {
        asker.failed(dialogue, error);
      }
    });
  }

  async #due(id: string): Promise<void> {
    await this.#turns.run(id, async () => {
      const dialogue = await this.#known(id);
      if (!dialogue) return;
      const now = Date.now();
      // Another process may have changed it.
      if (dueOf(dialogue) > now) return this.#note(dialogue);
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
    const changed = await this.#records.change(dialogue, (now) => ({ ...now, reminders: later }));
    if (!changed) return;
    this.#note(changed);
    const asker = await this.#askers.arrival(dialogue.nodeId);
    try {
      const again = await asker?.remind(dialogue);
      if (again === undefined || again >= dialogue.deadline) return;
      const put = await this.#records.change(dialogue, (now) => ({ ...now, reminders: [again, ...now.reminders] }));
      if (put) this.#note(put);
    } catch (error) {
      asker?.failed(dialogue, error);
    }
  }

  /** Delete the record first: a crash in between loses one answer, but never emits it twice. */
  async #finish(dialogue: Dialogue, ending: Ending, said: readonly Reply[]): Promise<boolean> {
    const asker = await this.#askers.arrival(dialogue.nodeId);
    if (!(await this.#drop(dialogue))) return false;
    this.#past.add(dialogue, ending);
    const restarted = !this.#begunHere.delete(dialogue.id);
    try {
      await asker?.ended(dialogue, ending, { restarted, said });
    } catch (error) {
      asker?.failed(dialogue, error);
    }
    return true;
  }

  async #drop(dialogue: Dialogue): Promise<boolean> {
    const isOurs = await this.#records.end(dialogue);
    this.#ends++;
    if (this.#open.delete(dialogue.id)) this.#counts.set(dialogue.nodeId, this.countOf(dialogue.nodeId) - 1);
    this.#clock.clear(dialogue.id);
    this.#joiner.clear(dialogue.id);
    for (const look of [...this.#queued]) look();
    this.#settings.onEnded?.(dialogue);
    return isOurs;
  }

  /** Admit at most one question per person and conversation; `another` decides about an existing one. */
  async #admit(dialogue: Dialogue, another: Another, put: () => Promise<unknown>, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const ends = this.#ends;
      // Two new questions must not both find the place free.
      const rivals = await this.#turns.run(placeTagsOf(dialogue), async () => {
        const found = await this.#records.rivalsOf(dialogue);
        if (found.length === 0) await put();
        return found;
      });
      if (rivals.length === 0) return;
      if (another === 'refuse') {
        throw new LinktorError('conflict', 'Another question waits for an answer in this conversation.', {
          hint: 'Wait until it has ended, or let this node replace it.',
        });
      }
      if (another === 'queue') await this.#nextEnd(ends, signal);
      else for (const rival of rivals) await this.end(rival.id, 'replaced');
    }
  }

  /** Resolves at the first end of a dialogue since `ends` was read. @throws the reason of the signal */
  #nextEnd(ends: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        this.#queued.delete(look);
        signal?.removeEventListener('abort', look);
        if (signal?.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.#queued.add(look);
      signal?.addEventListener('abort', look, { once: true });
      if (signal?.aborted || this.#ends !== ends) look();
    });
  }

  async #known(id: string): Promise<Dialogue | undefined> {
    const open = this.#open.get(id);
    return open && this.#records.get({ kind: open.kind, id });
  }

  #note(dialogue: Dialogue): void {
    const { id, kind, nodeId } = dialogue;
    if (!this.#open.has(id)) this.#counts.set(nodeId, this.countOf(nodeId) + 1);
    this.#open.set(id, { kind, nodeId });
    this.#clock.set(dialogue.id, dueOf(dialogue));
    for (const { conversationId } of dialogue.places) this.#past.forget(conversationId);
    this.#settings.onOpened?.(dialogue);
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => this.#settings.onProblem(error));
  }
}

/** Do not send it again: wait for an answer or the deadline. */
function uncertain(dialogue: Dialogue): Dialogue {
  return { ...dialogue, state: 'waiting', uncertain: true };
}

/** Merge new data into the known place it belongs to, or add a place. */
function merged(places: readonly DialoguePlace[], place: DialoguePlace): DialoguePlace[] {
  const index = places.findIndex(
    ({ conversationId, contactId }) =>
      (conversationId !== undefined && conversationId === place.conversationId) ||
      (conversationId === undefined && (contactId === undefined || contactId === place.contactId)),
  );
  if (index < 0) return [...places, place];
  return places.map((one, other) => (other === index ? { ...one, ...place } : one));
}

/** The place of a question that proves to have been sent. */
function placeOf({ conversationId, id, createdAt = '' }: Message): DialoguePlace {
  return { conversationId, messageId: id, since: Date.parse(createdAt) || undefined };
}
