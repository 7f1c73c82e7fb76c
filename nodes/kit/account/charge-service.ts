import {
  IdleWatch,
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
import type { DialogueService } from './dialogue-service';
import type { LiveSide } from './led-realtime';
import type { SentLog } from './sent-log';

/** What the account says about it. */
export interface ChargeSettings {
  takeover: 'off' | 'on';
  takeoverBy: readonly TakeoverSign[];
  /** minutes */
  resumeAfter: number;
  resumeOn: readonly TakeoverEnd[];
  /** lists, as people write them */
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
  /** the live side, if there is one */
  realtime(): LiveSide | undefined;
  /** the questions that wait, if there are any */
  dialogues(): DialogueService | undefined;
  language(): Language;
  sentLog: SentLog;
  log: { warn(text: string): void };
}

/** Whether anything may leave, and which sends are our own. */
export type Gate = Pick<Takeovers, 'pass' | 'enter'>;

/** after the take-over of a person, before the questions that wait */
const OPT_OUT_ORDER = 2;
/** the tag that a contact gets who has opted out */
const OPT_OUT_TAG = 'opted-out';

/** Who is in charge of the conversations of an account, and who wants no messages: connected with its live side. */
export class ChargeService {
  readonly takeovers: Takeovers;
  readonly optOuts: OptOuts;
  readonly #parts: ChargeParts;
  readonly #releases: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();
  #ready: Promise<void> | undefined;
  /** our own user, where messages of that user may be those of other programs (contract 6.1) */
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
      isNobodys: ({ senderId }) => senderId !== undefined && senderId === this.#ownUser,
      onBegan: (takeover) => this.#announce(began(takeover)),
      onEnded: (takeover, reason) => this.#announce(ended(takeover, reason)),
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
    if (settings.takeover === 'on' || settings.optOut === 'on') void this.ready();
  }

  /** Resolves when what an earlier process has left is known, or cannot be. */
  ready(): Promise<void> {
    this.#ready ??= Promise.all([this.takeovers.load(), this.optOuts.load()]).then(
      () => undefined,
      (error: unknown) => this.#warn(error),
    );
    return this.#ready;
  }

  /** Another instance has led until now. It never fails. */
  async refresh(): Promise<void> {
    this.#ready = undefined;
    await this.ready();
  }

  /** the account wants people to take over */
  get isOn(): boolean {
    return this.#parts.settings.takeover === 'on';
  }

  /**
   * What sends look at; undefined where there is nothing to look at.
   * @param obeys false: it leaves whoever is in charge, and is known as our own all the same
   */
  gate(obeys = true): Gate | undefined {
    if (!this.isOn && this.takeovers.isEmpty) return undefined;
    return obeys ? this.takeovers : { pass: () => undefined, enter: (id) => this.takeovers.enter(id) };
  }

  /**
   * Conversations that fall silent.
   * @param onIdle gets the conversation, and when somebody last wrote there, milliseconds of the clock
   */
  idleWatch(nodeId: string, afterMs: number, onIdle: (conversationId: string, since: number) => void): IdleWatch {
    const { ledger } = this.#parts;
    return new IdleWatch({ ledger: ledger(), nodeId, afterMs, onIdle, onProblem: (error) => this.#warn(error) });
  }

  /** Be told of every change of who is in charge. @returns the function that ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The live side is there: nothing is opened for us, we hear what comes anyway. */
  attach(realtime: LiveSide): void {
    const { settings } = this.#parts;
    if (settings.takeover === 'on') {
      this.#releases.push(
        realtime.onArrival((event, recovered) => {
          const happened = this.#timeOf(event);
          this.takeovers.arrived(event, recovered ? happened : Date.now(), happened);
          if (mayBeUnassigned(event)) void this.#lookForAssignee(event.conversationId);
        }),
        realtime.claim(1, ({ event: { conversationId = '' } }) =>
          this.takeovers.settled(conversationId)?.then(() => undefined),
        ),
        realtime.onState(({ name }) => {
          if (name === 'open' && realtime.polls) void this.#learnOwnUser();
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

  /** A frame may only leave out whom a conversation is no longer assigned to (contract 2.1). */
  async #lookForAssignee(conversationId = ''): Promise<void> {
    const { resumeOn } = this.#parts.settings;
    if (!resumeOn.includes('unassigned') || this.takeovers.get(conversationId)?.reason !== 'assigned') return;
    const found = await this.#parts
      .client()
      .conversations.get(conversationId)
      .catch(() => undefined);
    if (found && !found.assignedTo) this.takeovers.end(conversationId, 'unassigned');
  }

  /** @returns when something happened, milliseconds of our clock, as well as the server's clock tells it */
  #timeOf({ at, message }: Event): number {
    const now = Date.now();
    const then = Date.parse(message?.createdAt ?? at ?? '') + (now - this.#parts.client().serverTime);
    return Number.isNaN(then) ? now : Math.min(then, now);
  }

  async #learnOwnUser(): Promise<void> {
    if (this.#ownUser !== undefined) return;
    // Without it all who write there are people.
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
      // "Start" is a wish only of somebody who had opted out.
      if (wish === 'in' && !isNews) return undefined;
      if (wish === 'out') await dialogues?.endIn(message.conversationId, 'cancelled');
      if (isNews) this.#confirm(message, conversation?.contactId ?? message.senderId, conversation?.contact, wish);
      return { by: OPTED_OUT, isTaken: true };
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** The customer reads once that the wish is heard; the team sees it at the contact. */
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

  /** Once: a ledger that cannot be used says so itself, and memory goes on. */
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
