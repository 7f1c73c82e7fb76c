import { randomUUID } from 'node:crypto';
import type { LinktorClient } from '../../../lib/client/index';
import { type LinktorError, toLinktorError } from '../../../lib/errors';
import type { Ledger } from '../../../lib/ledger/index';
import { isFinalStatus } from '../../../lib/messages/status';
import type { Event, Outgoing } from '../../../lib/model';
import { isWindowReason, type Sender, type SendResult } from '../../../lib/sending/index';
import { failureOf } from '../to-msg';
import type { ChargeService } from './charge-service';
import type { LiveSide } from './led-realtime';
import type { SentLog } from './sent-log';

/** A template that waits whether its message fails, as stored. */
interface Substitute {
  conversationId: string;
  instead: Outgoing;
  messageIds: readonly string[];
  /** milliseconds of the clock */
  at: number;
  obeyTakeover: boolean;
  /** a job of the outbox waits for the delivery, and replaces the message itself */
  isWatched?: boolean;
  /** nothing is sent to a person who has opted out since */
  obeyOptOut?: boolean;
  context?: unknown;
}

/** What is left of a record whose template has left: the same message asks for no second one. */
interface Spent extends Pick<Substitute, 'messageIds' | 'at'> {
  /** token of the one who has sent it */
  spent: string;
}

export interface SubstitutesParts {
  ledger(): Ledger;
  client(): LinktorClient;
  realtime(): LiveSide;
  sender(): Sender;
  sentLog: SentLog;
  charge: Pick<ChargeService, 'gate' | 'optOuts'>;
  /** the records of other instances are followed as well */
  areSeveral: boolean;
  log: { info(text: string): void; warn(text: string): void };
  /** @param act called once, when the flows have started @returns the function that cancels it */
  whenStarted(act: () => void): () => void;
}

/** A channel tells within minutes that the window has closed; a template after this time would surprise people. */
const SUBSTITUTE_TTL_MS = 24 * 3_600_000;
/** messages that are looked at after a connection has opened: the newest */
const MAX_LOOKS = 100;
/** failures that came ahead of the answer to their send */
const MAX_EARLY = 1000;

/**
 * Sends templates in the place of messages that a channel has accepted and refuses later, because the reply window has
 * closed. The record is spent before its template leaves: after a crash, and of several instances, nothing is sent twice.
 */
export class Substitutes {
  readonly #parts: SubstitutesParts;
  /** waiting records of this process, by message */
  readonly #waiting = new Map<string, Substitute>();
  /** subscribed conversations, with the time of the last message */
  readonly #watched = new Map<string, { until: number; release(): void }>();
  readonly #early = new Map<string, Event>();
  readonly #abort = new AbortController();
  #stop: (() => void) | undefined;
  #cancelStart: (() => void) | undefined;
  #isWarned = false;

  constructor(parts: SubstitutesParts) {
    this.#parts = parts;
  }

  /** Go on with what waited before a restart or a deploy. */
  resume(): void {
    this.#cancelStart ??= this.#parts.whenStarted(() => this.#background(this.#load()));
  }

  async #load(): Promise<void> {
    if (this.#parts.areSeveral) this.#listen();
    const records = await this.#parts.ledger().list<Substitute | Spent>('instead');
    for (const { value } of records) {
      if (!isOpen(value) || value.isWatched) continue;
      this.#note(value);
      this.#catchUp(value);
    }
    await this.#lookAgain();
  }

  /** Follow a conversation before a message leaves: some failures are fast. */
  watch(conversationId: string): void {
    if (this.#abort.signal.aborted) return;
    this.#listen();
    const now = Date.now();
    const known = this.#watched.get(conversationId);
    this.#watched.delete(conversationId);
    const release = known?.release ?? this.#parts.realtime().subscribe(conversationId);
    this.#watched.set(conversationId, { until: now + SUBSTITUTE_TTL_MS, release });
    for (const [id, { until, release }] of this.#watched) {
      if (until > now) break;
      release();
      this.#watched.delete(id);
    }
  }

  /** Remember the template for a message that the server has taken. */
  async expect(
    { messageIds, status, conversationId, adapted = [] }: SendResult,
    instead: Outgoing | null | undefined,
    wishes: Pick<Substitute, 'obeyTakeover' | 'obeyOptOut' | 'context' | 'isWatched'>,
  ): Promise<void> {
    const hasFailed = status === 'failed';
    if (!instead || status === 'skipped' || adapted.includes('template') || (isFinalStatus(status) && !hasFailed))
      return;
    const { obeyTakeover, obeyOptOut, context, isWatched } = wishes;
    const made: Substitute = { conversationId, instead, messageIds, at: Date.now(), obeyTakeover };
    if (obeyOptOut) made.obeyOptOut = true;
    if (isWatched) made.isWatched = true;
    if (context !== undefined) made.context = context;
    if (!isWatched) this.#note(made);
    try {
      if (!(await this.#keep(made))) return this.#unnote(made);
    } catch (error) {
      this.#warn(error);
    }
    if (isWatched) return;
    // What an earlier process has sent may have failed since.
    if (hasFailed) this.#background(this.#look(made));
    else this.#catchUp(made);
  }

  /** @returns false when the template of this message has left already, in an earlier process */
  async #keep(made: Substitute): Promise<boolean> {
    const kept = await this.#parts.ledger().update<Substitute | Spent>('instead', keyOf(made), (known) => {
      const value = known ?? made;
      return { value, tags: tagsOf(value) };
    });
    return kept !== undefined && !('spent' in kept.value);
  }

  /**
   * Send the template of a message that has failed.
   * @param reason of the channel
   * @returns undefined when it has none, or another caller sends it or has sent it
   */
  async replace(messageId: string, reason: string): Promise<SendResult | undefined> {
    if (!isWindowReason(reason)) return undefined;
    const substitute = this.#waiting.get(messageId) ?? (await this.#stored(messageId));
    return substitute && (await this.#claim(substitute)) ? this.#send(substitute) : undefined;
  }

  close(): void {
    this.#abort.abort();
    this.#cancelStart?.();
    for (const { release } of this.#watched.values()) release();
    this.#watched.clear();
    this.#stop?.();
  }

  #listen(): void {
    if (this.#stop) return;
    const realtime = this.#parts.realtime();
    const end = realtime.listen(({ event }) => this.#heard(event), false);
    // Another instance may have sent it: the one that leads hears of all.
    const leave = this.#parts.areSeveral ? realtime.subscribeAll() : () => {};
    const forget = realtime.onState(({ name }) => {
      if (name !== 'open' || realtime.polls) return;
      this.#background(realtime.settled().then(() => this.#lookAgain()));
    });
    this.#stop = () => {
      forget();
      end();
      leave();
    };
  }

  /** What failed while there was no connection, no event tells. */
  async #lookAgain(): Promise<void> {
    const waiting = [...new Set(this.#waiting.values())].slice(-MAX_LOOKS);
    for (const substitute of waiting) await this.#look(substitute);
  }

  async #look({ conversationId, messageIds }: Substitute): Promise<void> {
    for (const id of messageIds) {
      if (this.#abort.signal.aborted || !this.#waiting.has(id)) continue;
      const { status, reason } = await this.#lookUp(conversationId, id);
      if (status === 'failed') await this.#settle(id, reason);
      else if (status === 'delivered' || status === 'read') await this.#arrived(id);
    }
  }

  #note(substitute: Substitute): void {
    this.watch(substitute.conversationId);
    for (const id of substitute.messageIds) this.#waiting.set(id, substitute);
  }

  #unnote({ messageIds }: Substitute): void {
    for (const id of messageIds) this.#waiting.delete(id);
  }

  /** Its failure may have come before the record. */
  #catchUp({ messageIds }: Substitute): void {
    const early = messageIds.map((id) => this.#early.get(id)).find((event) => event !== undefined);
    if (early) this.#heard(early);
  }

  #heard(event: Event): void {
    const { messageId = event.message?.id, status = event.message?.status } = event;
    if (messageId === undefined) return;
    if (status === 'failed') this.#background(this.#failed(messageId, event));
    else if (status === 'delivered' || status === 'read') this.#background(this.#arrived(messageId));
  }

  /** The window was open: the rest of the message meets it as well. */
  async #arrived(messageId: string): Promise<void> {
    const substitute = this.#waiting.get(messageId);
    if (substitute) await this.#drop(substitute);
  }

  async #failed(messageId: string, event: Event): Promise<void> {
    const substitute = await this.#find(messageId);
    if (!substitute) return this.#noteEarly(messageId, event);
    const { code = '', message } = failureOf(event.original);
    const told = `${code} ${message}`;
    // A frame may have no reason, which the message itself has.
    const isSaid = isWindowReason(told);
    await this.#settle(messageId, isSaid ? told : (await this.#lookUp(substitute.conversationId, messageId)).reason);
  }

  /** What failed for another reason needs no template any more. */
  async #settle(messageId: string, reason: string): Promise<void> {
    const substitute = await this.#find(messageId);
    if (!substitute) return;
    if (!isWindowReason(reason)) await this.#drop(substitute);
    else if (await this.#claim(substitute)) await this.#send(substitute);
  }

  async #lookUp(conversationId: string, messageId: string): Promise<{ status: string | undefined; reason: string }> {
    const client = this.#parts.client().with({ signal: this.#abort.signal });
    const { status, failedReason, errorMessage } = await client.conversations.message(conversationId, messageId);
    return { status, reason: [failedReason, errorMessage].filter((one) => typeof one === 'string').join(' ') };
  }

  async #find(messageId: string): Promise<Substitute | undefined> {
    const known = this.#waiting.get(messageId);
    if (known || !this.#parts.areSeveral) return known && isOpen(known) ? known : undefined;
    const stored = await this.#stored(messageId);
    return stored?.isWatched ? undefined : stored;
  }

  async #stored(messageId: string): Promise<Substitute | undefined> {
    const [found] = await this.#parts.ledger().find<Substitute | Spent>('instead', `m:${messageId}`);
    return found && isOpen(found.value) ? found.value : undefined;
  }

  #noteEarly(messageId: string, event: Event): void {
    this.#early.set(messageId, event);
    if (this.#early.size > MAX_EARLY) this.#early.delete(this.#early.keys().next().value as string);
  }

  /** @returns true for exactly one caller in all processes */
  async #claim(substitute: Substitute): Promise<boolean> {
    this.#unnote(substitute);
    const token = randomUUID();
    const change = (known: Substitute | Spent | undefined) => {
      if (!known) return undefined;
      const { messageIds, at } = known;
      const value = isOpen(known) ? { messageIds, at, spent: token } : known;
      return { value, tags: tagsOf(value) };
    };
    const after = await this.#parts.ledger().update<Substitute | Spent>('instead', keyOf(substitute), change);
    return after !== undefined && 'spent' in after.value && after.value.spent === token;
  }

  async #drop(substitute: Substitute): Promise<void> {
    this.#unnote(substitute);
    await this.#parts.ledger().delete('instead', keyOf(substitute));
  }

  async #send(substitute: Substitute): Promise<SendResult> {
    const { conversationId, instead, obeyTakeover, obeyOptOut = false, context } = substitute;
    const { sender, charge, sentLog, log } = this.#parts;
    const { signal } = this.#abort;
    const result = await sender().send(
      {
        to: { conversationId },
        message: instead,
        fitting: { ifTooLong: 'fail', ifNoButtons: 'fail' },
        channel: {},
        idempotencyKey: `instead-${keyOf(substitute)}`,
      },
      {
        client: this.#parts.client().with({ signal }),
        signal,
        gate: charge.gate(obeyTakeover),
        ...(obeyOptOut && { isOptedOut: (person) => charge.optOuts.has(person) }),
        onSent: ({ id: messageId }) =>
          sentLog.add({ messageId, conversationId, at: Date.now(), ...(context !== undefined && { context }) }),
      },
    );
    log.info(`the 24-hour window of ${conversationId} had closed: its template was sent instead`);
    return { ...result, adapted: ['template'] };
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.log.warn(`a template in place of a message: ${describe(error)}`));
  }

  /** Warn once: an unusable ledger reports itself. */
  #warn(error: unknown): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#parts.log.warn(`templates in place of messages that fail late cannot be kept: ${describe(error)}`);
  }
}

const keyOf = ({ messageIds: [first = ''] }: Pick<Substitute, 'messageIds'>) => first;

function isOpen(record: Substitute | Spent): record is Substitute {
  return !('spent' in record) && Date.now() - record.at <= SUBSTITUTE_TTL_MS;
}

/** A spent record belongs to nobody any more. */
function tagsOf(record: Substitute | Spent): string[] {
  const own = record.messageIds.map((id) => `m:${id}`);
  return 'spent' in record ? own : [`c:${record.conversationId}`, ...own];
}

const describe = (error: unknown): string => (toLinktorError(error) satisfies LinktorError).message;
