import {
  IdleWatch,
  mayBeSign,
  OPTED_OUT,
  OptOuts,
  optReplyOf,
  type ReturnReason,
  type Takeover,
  type TakeoverEnd,
  type TakeoverSign,
  Takeovers,
} from '../../../lib/charge/index';
import type { LinktorClient } from '../../../lib/client/index';
import { type Language, languageOf } from '../../../lib/dialogue/index';
import { toLinktorError } from '../../../lib/errors';
import type { Ledger } from '../../../lib/ledger/index';
import { wordsOf } from '../../../lib/messages/incoming';
import { isMarked, marked } from '../../../lib/messages/own-mark';
import type { Event, Message } from '../../../lib/model';
import type { Claim, Delivery } from '../../../lib/realtime/index';
import { readList } from '../../../lib/text/index';
import { runFenced } from '../fence';
import type { DialogueService } from './dialogue-service';
import type { LiveSide } from './led-realtime';
import type { SentLog } from './sent-log';

/** Account settings for takeovers and opt-outs. */
export interface ChargeSettings {
  takeover: 'off' | 'on';
  takeoverBy: readonly TakeoverSign[];
  /** minutes */
  resumeAfter: number;
  resumeOn: readonly TakeoverEnd[];
  /** lists, as typed by users */
  staffOff: string;
  staffOn: string;
  optOut: 'off' | 'on';
  optOutWords: string;
  optInWords: string;
  optOutReply: string;
}

export interface ChargeParts {
  settings: ChargeSettings;
  ledger(): Ledger;
  client(): LinktorClient;
  /** @returns milliseconds by which the clock of the store of several instances is ahead of ours; undefined while unknown */
  ahead(): number | undefined;
  /** the live side, if there is one */
  realtime(): LiveSide | undefined;
  /** the open questions, if there are any */
  dialogues(): DialogueService | undefined;
  language(): Language;
  sentLog: SentLog;
  log: { warn(text: string): void };
}

/** Decides whether a message may be sent, and identifies our own sends. */
export type Gate = Pick<Takeovers, 'pass' | 'enter'>;

/** after takeovers, before open questions */
const OPT_OUT_ORDER = 2;
/** tag of contacts that have opted out */
const OPT_OUT_TAG = 'opted-out';

/** Takeovers and opt-outs of an account, connected with its live side. */
export class ChargeService {
  readonly takeovers: Takeovers;
  readonly optOuts: OptOuts;
  readonly #parts: ChargeParts;
  readonly #releases: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();
  /** by node */
  readonly #idle = new Map<string, IdleWatch>();
  #ready: Promise<void> | undefined;
  /** our own user, whose messages may also come from other programs (contract 6.1) */
  #ownUser: string | undefined;
  #isWarned = false;

  constructor(parts: ChargeParts) {
    const { settings, sentLog } = parts;
    this.#parts = parts;
    const onProblem = (error: unknown) => this.#warn(error);
    this.takeovers = new Takeovers({
      ledger: parts.ledger,
      isOn: settings.takeover === 'on',
      by: settings.takeoverBy,
      resumeAfterMs: settings.resumeAfter * 60_000,
      resumeOn: settings.resumeOn,
      offWords: readList(settings.staffOff, 'staffOff'),
      onWords: readList(settings.staffOn, 'staffOn'),
      isOurs: (message) => sentLog.find(message.id) !== undefined || isMarked(message),
      isUnattributed: ({ senderId }) => senderId !== undefined && senderId === this.#ownUser,
      onBegan: (takeover) => this.#announce(began(takeover)),
      onEnded: (takeover, reason) => this.#announce(ended(takeover, reason)),
      ahead: () => parts.ahead() ?? 0,
      onProblem,
    });
    this.optOuts = new OptOuts({
      ledger: parts.ledger,
      isOn: settings.optOut === 'on',
      outWords: readList(settings.optOutWords, 'optOutWords'),
      inWords: readList(settings.optInWords, 'optInWords'),
      language: parts.language,
    });
    this.#releases.push(sentLog.onSent(({ conversationId }) => this.takeovers.sent(conversationId)));
    if (settings.takeover === 'on' || settings.optOut === 'on') runFenced(() => this.ready(), undefined);
  }

  /** Resolves when the state of an earlier process has been loaded, or cannot be loaded. */
  ready(): Promise<void> {
    this.#ready ??= Promise.all([this.takeovers.load(), this.optOuts.load()]).then(
      () => undefined,
      (error: unknown) => this.#warn(error),
    );
    return this.#ready;
  }

  /** Reload the state after another instance has led. Never rejects. */
  async refresh(): Promise<void> {
    this.#ready = undefined;
    await this.ready();
    for (const [nodeId, watch] of this.#idle) if (watch.isStopped) this.#idle.delete(nodeId);
    await Promise.all([...this.#idle.values()].map((watch) => watch.load())).catch((error: unknown) =>
      this.#warn(error),
    );
  }

  /** takeovers are enabled */
  get isOn(): boolean {
    return this.#parts.settings.takeover === 'on';
  }

  /**
   * Return the gate for sends; undefined when there is nothing to check.
   * @param obeys false: messages pass during a takeover, and still count as our own
   */
  gate(obeys = true): Gate | undefined {
    if (!this.isOn && this.takeovers.isEmpty) return undefined;
    return obeys ? this.takeovers : { pass: () => undefined, enter: (id) => this.takeovers.enter(id) };
  }

  /**
   * Watch for conversations that become idle.
   * @param onIdle receives the conversation and the time of its last message in milliseconds of the clock
   */
  idleWatch(nodeId: string, afterMs: number, onIdle: (conversationId: string, since: number) => void): IdleWatch {
    const { ledger } = this.#parts;
    const onProblem = (error: unknown) => this.#warn(error);
    const watch = new IdleWatch({ ledger: ledger(), nodeId, afterMs, onIdle, onProblem });
    this.#idle.set(nodeId, watch);
    return watch;
  }

  /** Add a listener for changes of takeovers and opt-outs. @returns the function that removes it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Attach to the live side as a passive listener; opens no connection. */
  attach(realtime: LiveSide): void {
    const { settings } = this.#parts;
    if (settings.takeover === 'on') {
      this.#releases.push(
        realtime.onArrival((event, recovered) => {
          const happened = this.#timeOf(event);
          this.takeovers.arrived(event, recovered ? happened : Date.now(), happened);
          if (mayBeUnassigned(event)) runFenced(() => this.#lookForAssignee(event.conversationId), undefined);
        }, mayBeSign),
        realtime.claim(1, ({ event: { conversationId = '' } }) =>
          this.takeovers.settled(conversationId)?.then(() => undefined),
        ),
        realtime.onState(({ name }) => {
          if (name === 'open' && realtime.polls) runFenced(() => this.#learnOwnUser(), undefined);
        }),
      );
    }
    if (settings.optOut === 'on') {
      this.#releases.push(realtime.claim(OPT_OUT_ORDER, (delivery) => this.#wish(delivery)));
    }
  }

  close(): void {
    for (const release of this.#releases) release();
    this.takeovers.stop();
  }

  /** A frame may merely omit the assignee when a conversation has become unassigned (contract 2.1). */
  async #lookForAssignee(conversationId = ''): Promise<void> {
    const { resumeOn } = this.#parts.settings;
    if (!resumeOn.includes('unassigned') || this.takeovers.get(conversationId)?.reason !== 'assigned') return;
    const found = await this.#parts
      .client()
      .conversations.get(conversationId)
      .catch(() => undefined);
    if (found && !found.assignedTo) this.takeovers.end(conversationId, 'unassigned');
  }

  /** @returns the time of an event in milliseconds of our clock, corrected by the server's clock */
  #timeOf({ at, message }: Event): number {
    const now = Date.now();
    const then = Date.parse(message?.createdAt ?? at ?? '') + (now - this.#parts.client().serverTime);
    return Number.isNaN(then) ? now : Math.min(then, now);
  }

  async #learnOwnUser(): Promise<void> {
    if (this.#ownUser !== undefined) return;
    // If unknown, all senders there count as people.
    this.#ownUser = await this.#parts
      .client()
      .auth.me()
      .then(({ id }) => id)
      .catch(() => undefined);
  }

  #wish(delivery: Delivery): Claim | undefined | Promise<Claim | undefined> {
    const { message } = delivery.event;
    if (message?.direction !== 'inbound') return undefined;
    const { wish, isBinding } = this.optOuts.wishOf(wordsOf(message), delivery.conversation?.channelType);
    return wish && this.#obey(delivery, message, wish, isBinding);
  }

  async #obey(
    { conversation, recovered }: Delivery,
    message: Message,
    wish: 'out' | 'in',
    isBinding: boolean,
  ): Promise<Claim | undefined> {
    const dialogues = this.#parts.dialogues()?.dialogues;
    const said = { message, conversation, recovered };
    if (!isBinding && (await dialogues?.understands(said))) return undefined;
    await this.#ready;
    try {
      const isNews =
        wish === 'out'
          ? await this.optOuts.optOut(message, conversation, Date.now())
          : await this.optOuts.optIn(message, conversation);
      // "Start" only counts for a contact who has opted out.
      if (wish === 'in' && !isNews) return undefined;
      if (wish === 'out') await dialogues?.endIn(message.conversationId, 'cancelled');
      if (isNews) this.#confirm(message, conversation?.contactId ?? message.senderId, conversation?.contact, wish);
      return { by: OPTED_OUT, isTaken: true };
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** Confirm an opt-out or opt-in once to the customer, and tag the contact for the team. */
  #confirm({ conversationId }: Message, contactId: string | undefined, contact: unknown, wish: 'out' | 'in'): void {
    const { client, sentLog, settings, language } = this.#parts;
    const { conversations, contacts } = client();
    const spoken = languageOf((contact as { language?: unknown } | undefined)?.language) ?? language();
    const text = (wish === 'out' && settings.optOutReply) || optReplyOf(spoken, wish);
    const reply = conversations
      .send(conversationId, marked({ type: 'text', text }))
      .then(({ id: messageId }) => sentLog.add({ messageId, conversationId, at: Date.now() }));
    this.#background(reply);
    if (contactId !== undefined) {
      const tags = [OPT_OUT_TAG];
      this.#background(wish === 'out' ? contacts.addTags(contactId, tags) : contacts.removeTags(contactId, tags));
    }
    const name = wish === 'out' ? 'contact.opted_out' : 'contact.opted_in';
    this.#announce({ name, conversationId, original: { conversationId, contactId } });
  }

  #announce(event: Event): void {
    for (const listener of this.#listeners) listener();
    this.#parts.realtime()?.announce(event);
  }

  #background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#parts.log.warn(`an opt-out: ${toLinktorError(error).message}`));
  }

  /** Warn once: an unusable ledger reports itself, and memory is used instead. */
  #warn(error: unknown): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#parts.log.warn(`who is in charge is kept in memory only: ${toLinktorError(error).message}`);
  }
}

function mayBeUnassigned({ name, changes }: Event): boolean {
  return name.startsWith('conversation.') && changes !== undefined && changes.assignedTo === undefined;
}

function began({ conversationId, reason, by, since, until }: Takeover): Event {
  const original = { conversationId, reason, by, since: isoOf(since), until: isoOf(until) };
  return { name: 'takeover.began', conversationId, original };
}

function ended({ conversationId, by, since, ended: to }: Takeover, reason: ReturnReason): Event {
  return {
    name: 'takeover.ended',
    conversationId,
    original: { conversationId, reason, by, from: isoOf(since), to: isoOf(to) },
  };
}

function isoOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
