import { KeyedMutex } from '../async/keyed-mutex';
import type { Ledger } from '../ledger';
import type { Message } from '../model';
import { Admission, type Another } from './admission';
import { aheadBy } from './asker-clock';
import { Askers } from './askers';
import { sinceOf } from './awaited';
import { type Claimed, Claiming } from './claiming';
import type { Asker, Dialogue, DialoguePlace, EndReason, Reply } from './dialogue';
import { Interrupted } from './interrupted';
import { Joiner } from './joiner';
import { LateMarks } from './late-marks';
import { OpenDialogues } from './open-dialogues';
import { Past } from './past';
import { isKnownPlace, merged } from './places';
import { MAX_TAKEN, Progress } from './progress';

export interface DialoguesSettings {
  ledger: Ledger;
  /** whether one of our nodes has sent this message */
  isOwn(messageId: string): boolean;
  /** a dialogue has been opened, or has become known in another conversation */
  onOpened?(dialogue: Dialogue): void;
  onEnded?(dialogue: Pick<Dialogue, 'id'>): void;
  /** @returns milliseconds by which the server's clock is ahead of ours; undefined while unknown */
  ahead?(): number | undefined;
  /** a failure that belongs to no node */
  onProblem(error: unknown): void;
}

/** A conversation with open dialogues of an earlier process. */
export interface MissedIn {
  conversationId: string;
  /** time of the first question, in milliseconds of the server's clock */
  since: number;
  /** it is unknown of one of them whether its question has left */
  isUncertain: boolean;
}

/**
 * All open questions and forms of an account. Each is a record in the ledger. Operations on one run in turn, and the
 * deletion of its record decides its end.
 */
export class Dialogues {
  readonly #open: OpenDialogues;
  readonly #admission: Admission;
  readonly #claiming: Claiming;
  readonly #interrupted: Interrupted;
  readonly #progress: Progress;
  readonly #past: Past;
  readonly #askers = new Askers();
  readonly #turns = new KeyedMutex();
  readonly #joiner: Joiner;
  readonly #settings: DialoguesSettings;
  /** questions being sent, until they stand or have failed */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(settings: DialoguesSettings) {
    const { ledger, isOwn, onOpened, onEnded, ahead, onProblem } = settings;
    this.#settings = settings;
    const askers = this.#askers;
    const turns = this.#turns;
    const background = (work: Promise<unknown>) => this.#background(work);
    const past = new Past(new LateMarks(ledger, onProblem));
    this.#past = past;
    const joiner = new Joiner((id, said) => background(this.#progress.take(id, said)));
    this.#joiner = joiner;
    const open = new OpenDialogues({
      ...{ ledger, past, onOpened, ahead },
      onEnded: (dialogue) => {
        joiner.clear(dialogue.id);
        onEnded?.(dialogue);
      },
      onDue: (id) => background(this.#progress.due(id)),
    });
    this.#open = open;
    this.#admission = new Admission({
      ...{ open, turns, end: (id, reason) => this.#progress.end(id, reason) },
      isStopped: () => askers.isStopped,
    });
    const interrupted = new Interrupted({ open, askers, turns });
    this.#interrupted = interrupted;
    this.#progress = new Progress({ open, past, askers, turns, interrupted, isOwn });
    this.#claiming = new Claiming({
      ...{ open, past, askers, joiner, turns, interrupted, leaving: this.#leaving },
      ...{ isShared: ledger.isShared, isOwn, background },
    });
  }

  /**
   * Restore the dialogues of an earlier process, or of other instances. The clock does not run yet.
   * @param isEnded the process that was sending questions has ended
   * @returns the conversations to catch up on
   */
  async load(isEnded = true): Promise<MissedIn[]> {
    await this.#past.load();
    const found = await this.refresh();
    const missed = new Map<string, MissedIn>();
    for (const dialogue of found) {
      const wasAsking = isEnded && dialogue.state === 'asking';
      if (wasAsking) await this.#interrupted.note(dialogue);
      for (const place of dialogue.places) {
        const { conversationId } = place;
        if (conversationId === undefined) continue;
        const before = missed.get(conversationId);
        const since = Math.min(before?.since ?? Number.POSITIVE_INFINITY, sinceOf(dialogue, place));
        const isUncertain = before?.isUncertain === true || wasAsking || dialogue.uncertain === true;
        missed.set(conversationId, { conversationId, since, isUncertain });
      }
    }
    return [...missed.values()];
  }

  /** Learn which dialogues other instances have opened or ended. @returns all that are open @throws LinktorError `storage` */
  async refresh(): Promise<Dialogue[]> {
    const before = this.#open.ids;
    const found = await this.#open.records.all();
    this.#open.compare(found, before);
    return found;
  }

  /** Start the deadlines, once missed messages have been handed in. */
  start(): void {
    this.#open.start();
  }

  /** Hold the deadlines, while answers arrive elsewhere. */
  pause(): void {
    this.#open.stop();
  }

  /** @returns a promise that resolves when nothing is written any more */
  stop(): Promise<void> {
    this.#open.stop();
    this.#joiner.stop();
    this.#askers.stop();
    return this.#turns.settled();
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns now, in milliseconds of the clock of the process that has asked */
  nowFor(dialogue: Dialogue): number {
    return this.#open.nowFor(dialogue);
  }

  /** @returns the number of open dialogues of one node */
  countOf(nodeId: string): number {
    return this.#open.countOf(nodeId);
  }

  list(): Promise<Dialogue[]> {
    return this.#open.records.all();
  }

  /** Register a node that judges the answers to its questions. @returns the function that removes it */
  register(nodeId: string, asker: Asker): () => void {
    return this.#askers.add(nodeId, asker);
  }

  /** @returns whether the node is registered */
  hasNode(nodeId: string): boolean {
    return this.#askers.has(nodeId);
  }

  /** Drop the dialogues of a deleted or disabled node. @returns their number */
  async forget(nodeId: string): Promise<number> {
    const found = await this.#open.records.ofNode(nodeId);
    for (const dialogue of found) await this.#open.drop(dialogue);
    return found.length;
  }

  /** Drop the dialogues of nodes that have not returned. @returns these dialogues */
  async dropOrphans(): Promise<Dialogue[]> {
    const orphans = (await this.#open.records.all()).filter(({ nodeId }) => !this.#askers.has(nodeId));
    for (const dialogue of orphans) await this.#open.drop(dialogue);
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
    const { records } = this.#open;
    await this.#admission.admit(dialogue, another, () => records.put(dialogue), signal);
    this.#progress.begin(dialogue.id);
    this.#open.note(dialogue);
    let settle = () => {};
    this.#leaving.set(
      dialogue.id,
      new Promise((resolve) => {
        settle = resolve;
      }),
    );
    const placed = async (place: DialoguePlace) => {
      if (isKnownPlace(dialogue.places, place)) return;
      const known = await records.get(dialogue);
      if (!known) return;
      const add = (now: Dialogue) => this.#withAnswers({ ...now, places: merged(now.places, place) });
      await this.#admission.admit(
        { ...known, places: merged(known.places, place) },
        another,
        () => this.#open.change(dialogue, add),
        signal,
      );
    };
    try {
      const places = await send(placed);
      const ahead = this.#settings.ahead?.() ?? aheadBy(places);
      await this.#interrupted.stands(dialogue, places, ahead === undefined ? undefined : dialogue.asked + ahead);
    } catch (error) {
      await this.#open.drop(dialogue);
      throw error;
    } finally {
      this.#leaving.delete(dialogue.id);
      settle();
    }
  }

  /** An answer to an earlier question does not answer this one. */
  #withAnswers(dialogue: Dialogue): Dialogue {
    const taken = new Set(dialogue.taken);
    for (const { conversationId } of dialogue.places) {
      for (const id of this.#past.answersIn(conversationId)) taken.add(id);
    }
    return taken.size === dialogue.taken.length ? dialogue : { ...dialogue, taken: [...taken].slice(-MAX_TAKEN) };
  }

  /**
   * Claim a message as the answer to an open question; it is validated later.
   * @returns undefined when no dialogue waits for it; a promise only if the result is not known at once
   */
  claim(said: Reply): Claimed | Promise<Claimed> {
    return this.#claiming.claim(said);
  }

  /**
   * Whether an open question has a use for this message: one of its choices, a word that ends it, yes or no.
   * @returns false without an open question, and for messages that would be rejected as invalid
   */
  understands(said: Reply): Promise<boolean> {
    return this.#claiming.understands(said);
  }

  /** Resolve questions that were being sent when the process ended, see {@link Interrupted.settleIn}. */
  settleIn(conversationId: string, messages: readonly Message[], isProof: boolean): Promise<void> {
    return this.#interrupted.settleIn(conversationId, messages, isProof);
  }

  /**
   * Answer on behalf of the person, or with a message left by an earlier process.
   * @returns false when no such dialogue is open
   */
  async answer(id: string, said: Reply): Promise<boolean> {
    if (!(await this.#open.known(id))) return false;
    await this.#progress.take(id, [said]);
    return true;
  }

  /** @returns false when it has already ended */
  end(id: string, reason: EndReason): Promise<boolean> {
    return this.#progress.end(id, reason);
  }

  /** End the dialogues of a conversation; a takeover ends only dialogues whose node wants this. */
  async endIn(conversationId: string, reason: EndReason): Promise<void> {
    const found = await this.#open.records.inConversation(conversationId);
    if (this.#settings.ledger.isShared) this.#open.learn(found);
    for (const { id, nodeId } of found) {
      const asker = this.#askers.get(nodeId);
      if (reason !== 'taken_over' || asker?.endsOnTakeover) await this.end(id, reason);
    }
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#settings.onProblem(error));
  }
}
