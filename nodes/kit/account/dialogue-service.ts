import type { LinktorClient } from '../../../lib/client/index';
import {
  type Asker,
  type Claimed,
  type Dialogue,
  Dialogues,
  type EndReason,
  type MissedIn,
} from '../../../lib/dialogue/index';
import { type LinktorError, toLinktorError } from '../../../lib/errors';
import type { Ledger } from '../../../lib/ledger/index';
import { type Message, ownValue } from '../../../lib/model';
import type { Delivery } from '../../../lib/realtime/index';
import { fenced } from '../fence';
import type { Instances } from './instances';
import type { LiveSide } from './led-realtime';
import { LingeringSubscriptions } from './lingering';
import type { SentLog } from './sent-log';

/** Milliseconds that flows get to start before missed messages are processed. */
const START_DELAY_MS = 1000;
/** After this time a missing node counts as removed. */
const MAX_ABSENCE_MS = 60_000;
/** Milliseconds that the end of an account waits for answers that are being judged. */
const MAX_CLOSING_MS = 3000;
/** Milliseconds between retries of an unusable ledger. */
const RETRY_MS = 10_000;
/** Maximum messages of a conversation that are read again after a stop. */
const MAX_MISSED_MESSAGES = 500;
/** Conversations that are read in parallel. */
const CATCH_UP_WIDTH = 3;
/** Milliseconds that a typing event is valid. */
const TYPING_MS = 10_000;
/** Events of a conversation that end its questions. */
const ENDING_EVENTS: Readonly<Record<string, EndReason | undefined>> = {
  'conversation.resolved': 'resolved',
  'takeover.began': 'taken_over',
};
/** after takeovers and opt-outs */
const CLAIM_ORDER = 3;

export interface DialogueServiceParts {
  ledger: Ledger;
  client(): LinktorClient;
  /** @returns milliseconds by which a clock that all instances share is ahead of ours; undefined while unknown */
  ahead(): number | undefined;
  realtime(): LiveSide;
  sentLog: SentLog;
  log: { info(text: string): void; warn(text: string): void; error(error: LinktorError): void };
  /**
   * With polling, delays in milliseconds after which the conversation of a question is read again: a message before
   * its first poll would count as old.
   */
  rereadMs: readonly number[];
  /** messages sent while Node-RED was not running may be answers */
  isCatchUpWanted: boolean;
  /** @param act called once, when the flows have started @returns the function that cancels it */
  whenStarted(act: () => void): () => void;
  /** instances of which one listens; undefined with a single instance */
  instances: Instances | undefined;
}

/**
 * Connects the dialogues of an account with its live side: subscriptions, claims, and messages missed during a stop.
 */
export class DialogueService {
  readonly dialogues: Dialogues;
  readonly #parts: DialogueServiceParts;
  /** subscriptions of open dialogues: by id, then by conversation */
  readonly #subscriptions = new Map<string, Map<string, () => void>>();
  readonly #lingering: LingeringSubscriptions;
  /** time of the last typing event, by conversation with an open dialogue */
  readonly #typing = new Map<string, number>();
  /** dialogues whose conversations are read again */
  readonly #reread = new Set<string>();
  readonly #releases: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #listeners = new Set<() => void>();
  #loaded: Promise<MissedIn[]> | undefined;
  #isReady = false;
  /** last number of dialogues of all instances */
  #lastCount = 0;
  #isClosed = false;
  #isStarted = false;
  #problem: LinktorError | undefined;

  constructor(parts: DialogueServiceParts) {
    this.#parts = parts;
    this.#lingering = new LingeringSubscriptions((id) => parts.realtime().subscribe(id));
    this.dialogues = new Dialogues({
      ledger: parts.ledger,
      isOwn: (messageId) => parts.sentLog.find(messageId) !== undefined,
      onOpened: (dialogue) => this.#follow(dialogue),
      onEnded: (dialogue) => this.#unfollow(dialogue),
      ahead: () => parts.ahead(),
      onProblem: (error) => parts.log.error(toLinktorError(error)),
    });
  }

  /** Register a node that asks. The first one opens the ledger. @returns the function that ends it */
  register(nodeId: string, asker: Asker): () => void {
    const release = this.dialogues.register(nodeId, asker);
    this.#begin();
    return release;
  }

  /** The dialogues of an earlier process are loaded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when the dialogues of an earlier process are loaded. @throws LinktorError `storage` */
  async ready(): Promise<void> {
    this.#begin();
    await this.#loaded;
  }

  /** Add a listener for changes of the open dialogues. @returns the function that removes it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reason why nothing can be stored at present; retries are automatic. */
  get problem(): LinktorError | undefined {
    return this.#problem;
  }

  isTyping(conversationId: string): boolean {
    return Date.now() - (this.#typing.get(conversationId) ?? 0) < TYPING_MS;
  }

  /** @returns a promise that resolves when its records are written, or after a while */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const release of this.#releases) release();
    for (const places of this.#subscriptions.values()) for (const release of places.values()) release();
    this.#lingering.close();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_CLOSING_MS);
    });
    await Promise.race([this.dialogues.stop(), late]);
    clearTimeout(timer);
  }

  #begin(): void {
    if (this.#loaded || this.#isClosed) return;
    const realtime = this.#parts.realtime();
    this.#loaded = this.dialogues.load();
    this.#releases.push(
      realtime.listen((delivery) => this.#look(delivery)),
      realtime.claim(CLAIM_ORDER, ({ event: { message }, conversation, recovered }) => {
        if (!message) return undefined;
        const said = { message, conversation, recovered };
        return this.#isReady ? this.dialogues.claim(said) : this.#claimWhenReady(() => this.dialogues.claim(said));
      }),
    );
    this.#loaded.then(
      () => {
        this.#isReady = true;
      },
      (error: unknown) => this.#fail(error),
    );
    const begin = () => this.#later(START_DELAY_MS, () => this.#background(this.#catchUp()));
    const { instances } = this.#parts;
    const started = () => {
      this.#isStarted = true;
      if (this.#problem) this.#parts.log.error(this.#problem);
      if (instances) this.#followThe(instances, begin);
      else begin();
    };
    this.#releases.push(this.#parts.whenStarted(started));
  }

  /**
   * The leader receives all answers, including answers to questions that other instances ask before and while it
   * leads.
   */
  #followThe(instances: Instances, begin: () => void): void {
    let hasBegun = false;
    this.#releases.push(
      instances.whenLeading(() => {
        if (hasBegun) this.#background(this.#leadAgain());
        else begin();
        hasBegun = true;
      }),
      // An answer that came in time may wait for the next one that leads.
      instances.onChange(() => !instances.works && this.dialogues.pause()),
      instances.whileLeading(() => hasBegun && this.#background(this.#lookForOthers())),
      instances.whileFollowing(() => this.#isReady && this.#background(this.dialogues.refresh())),
    );
  }

  /** Another instance, or none, may have led meanwhile. */
  async #leadAgain(): Promise<void> {
    // Else the first catch-up is still to come.
    if (this.#isReady) await this.#readAll(await this.dialogues.load(false));
  }

  async #lookForOthers(): Promise<void> {
    const { ledger } = this.#parts;
    const count = (await ledger.count('ask')) + (await ledger.count('form'));
    if (count === this.#lastCount) return;
    this.#lastCount = count;
    await this.#learn();
  }

  /** Follow the questions of other instances and read their conversations, which may contain answers already. */
  async #learn(): Promise<void> {
    if (!this.#isReady) return;
    const known = new Set([...this.#subscriptions.values()].flatMap((places) => [...places.keys()]));
    for (const { conversationId, since } of await this.dialogues.load(false)) {
      if (!known.has(conversationId)) await this.#read(conversationId, since);
    }
  }

  async #claimWhenReady(claim: () => Claimed | Promise<Claimed>): Promise<Claimed> {
    try {
      await this.#loaded;
    } catch {
      // The error has been reported, and loading is retried.
      return undefined;
    }
    return claim();
  }

  /** Handle an unusable ledger: both the ledger and this service retry. */
  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#problem = toLinktorError(error);
    // Before the flows have started no Catch node would receive it.
    if (this.#isStarted) this.#parts.log.error(this.#problem);
    for (const listener of this.#listeners) listener();
    this.#later(RETRY_MS, () => this.#retry());
  }

  #retry(): void {
    this.#loaded = this.dialogues.load();
    this.#loaded.then(
      () => {
        this.#isReady = true;
        this.#problem = undefined;
        for (const listener of this.#listeners) listener();
        this.#background(this.#catchUp());
      },
      () => this.#later(RETRY_MS, () => this.#retry()),
    );
  }

  /** Process missed messages first; only then may deadlines fire. */
  async #catchUp(): Promise<void> {
    const missed = await this.#loaded?.catch(() => undefined);
    await this.#parts.realtime().ready;
    if (!missed || this.#isClosed) return;
    await this.#readAll(missed);
    if (!this.#isClosed) this.#later(MAX_ABSENCE_MS, () => this.#background(this.#dropOrphans()));
  }

  async #readAll(missed: readonly MissedIn[]): Promise<void> {
    const { isCatchUpWanted: isWanted, instances } = this.#parts;
    const queue = missed.filter(({ isUncertain }) => isWanted || isUncertain);
    const readsBack = await this.#readsBack();
    const work = async () => {
      for (let one = queue.shift(); one && !this.#isClosed; one = queue.shift()) {
        await this.#read(one.conversationId, one.since, readsBack, isWanted).catch((error: unknown) =>
          this.#parts.log.warn(`a conversation with an open question cannot be read: ${toLinktorError(error).message}`),
        );
      }
    };
    await Promise.all(Array.from({ length: CATCH_UP_WIDTH }, work));
    if (!this.#isClosed && instances?.works !== false) this.dialogues.start();
  }

  /**
   * Return true for the self-hosted server: it shows accepted messages at once, which proves whether a question was
   * sent.
   */
  async #readsBack(): Promise<boolean> {
    const spoken = await this.#parts
      .client()
      .contract()
      .catch(() => undefined);
    return spoken?.name === 'server';
  }

  /**
   * @param since milliseconds of the server's clock
   * @param isProof a question of unknown state that is not among the messages found was never sent
   * @param isWanted false: only such questions are of interest, and no answer to another
   */
  async #read(conversationId: string, since: number, isProof = false, isWanted = true): Promise<void> {
    const realtime = this.#parts.realtime();
    const { conversations } = this.#parts.client();
    const found: Message[] = [];
    // Channels with whole seconds make a message look a little older.
    const from = since - START_DELAY_MS;
    for await (const message of conversations.eachMessage(conversationId, { limit: MAX_MISSED_MESSAGES })) {
      if (Date.parse(message.createdAt ?? '') < from) break;
      found.push(message);
    }
    await this.dialogues.settleIn(conversationId, found, isProof);
    if (!isWanted) return;
    const conversation = found.length > 0 ? await conversations.get(conversationId) : undefined;
    for (const message of found.reverse()) {
      // A message that an earlier process has delivered goes to the dialogues only.
      if (realtime.isMissed(message)) await realtime.recover(message);
      else await this.dialogues.claim({ message, conversation, recovered: true });
    }
  }

  async #dropOrphans(): Promise<void> {
    this.#tellDropped((await this.dialogues.dropOrphans()).length);
  }

  /** End the questions of a node that was closed, unless it asks here again. @param isBack it has been made again */
  dropAbandoned(nodeId: string, isBack: boolean): void {
    if (this.#isClosed || this.dialogues.hasNode(nodeId)) return;
    if (!isBack) {
      this.#later(MAX_ABSENCE_MS, () => this.dropAbandoned(nodeId, true));
      return;
    }
    this.#background(this.dialogues.forget(nodeId).then((count) => this.#tellDropped(count)));
  }

  #tellDropped(count: number): void {
    if (count > 0) this.#parts.log.info(`${count} questions had no node any more and have ended`);
  }

  #look({ event: { name, conversationId, typing } }: Delivery): void {
    if (conversationId === undefined) return;
    if (typing?.isTyping && this.dialogues.size > 0) {
      if (this.#typing.size > 1000) this.#typing.clear();
      this.#typing.set(conversationId, Date.now());
    }
    const reason = ownValue(ENDING_EVENTS, name);
    if (reason !== undefined) this.#background(this.dialogues.endIn(conversationId, reason));
  }

  #follow(dialogue: Dialogue): void {
    this.#subscribe(dialogue);
    if (dialogue.state === 'waiting' && this.#parts.realtime().polls) this.#rereadLater(dialogue);
  }

  #rereadLater({ id, places }: Dialogue): void {
    if (this.#reread.has(id)) return;
    this.#reread.add(id);
    for (const after of this.#parts.rereadMs) {
      this.#later(after, () => {
        if (!this.#subscriptions.has(id)) return;
        for (const { conversationId, since } of places) {
          if (conversationId !== undefined && since !== undefined) this.#background(this.#read(conversationId, since));
        }
      });
    }
  }

  #subscribe({ id, places }: Dialogue): void {
    const known = this.#subscriptions.get(id) ?? new Map<string, () => void>();
    this.#subscriptions.set(id, known);
    for (const { conversationId } of places) {
      if (conversationId === undefined || known.has(conversationId)) continue;
      // With polling each subscribed conversation costs requests, so none lingers.
      const realtime = this.#parts.realtime();
      const end = realtime.polls ? realtime.subscribe(conversationId) : this.#lingering.use(conversationId);
      known.set(conversationId, end);
    }
    for (const listener of this.#listeners) listener();
  }

  #unfollow({ id }: Pick<Dialogue, 'id'>): void {
    for (const release of this.#subscriptions.get(id)?.values() ?? []) release();
    this.#subscriptions.delete(id);
    this.#reread.delete(id);
    for (const listener of this.#listeners) listener();
  }

  #later(milliseconds: number, act: () => void): void {
    const guarded = fenced(act, (problem) => this.#parts.log.error(problem));
    const timer = setTimeout(
      fenced(() => {
        this.#timers.delete(timer);
        if (!this.#isClosed) guarded();
      }),
      milliseconds,
    );
    timer.unref();
    this.#timers.add(timer);
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!this.#isClosed) this.#parts.log.error(toLinktorError(error));
    });
  }
}
