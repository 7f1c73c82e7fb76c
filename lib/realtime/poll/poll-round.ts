import type { MessageFilter } from '../../contract/index';
import type { Conversation, Event, GapReason, Message, Page } from '../../model';
import type { ConversationCache } from '../conversation-cache';
import { changeOf, createdEvent } from '../events/changes';
import { gapEvent, messageEvent, statusesOf } from '../events/synthesize';
import { isLasting, timeOf } from '../time';
import { PendingStatuses } from './pending-statuses';
import { changedAt, PollCursor } from './poll-cursor';

/** What is asked by REST where the socket does not announce messages. */
export interface PollRest {
  conversations: {
    latest(): Promise<Page<Conversation>>;
    messages(id: string, filter: MessageFilter): Promise<Page<Message>>;
    message(id: string, messageId: string): Promise<Message>;
  };
}

export interface ReadingSettings {
  rest: PollRest;
  conversations: Pick<ConversationCache, 'peek' | 'update' | 'fetch' | 'newFrom'>;
  /** somebody wants to hear of it */
  wants(conversationId: string): boolean;
  /** this message has been told, or is about to be */
  heard(messageId: string): boolean;
  /** the status of a message that has been told, when nobody has told it */
  isStatusNews(messageId: string, status: string): boolean;
  tell(event: Event): void;
  /** something may never be told; of one conversation it is told in its place by an event */
  onGap(reason: GapReason, since: number, conversationId?: string): void;
  onProblem(error: unknown): void;
  /** milliseconds before the first look at what became of a message of ours */
  soon: number;
}

/** conversations that are read at the same time */
const atOnce = 4;
/** the files of customers stand only in the message itself (contract 5.2) */
const files = new Set(['image', 'video', 'audio', 'document', 'sticker']);
const settled = new Set(['read', 'failed']);

/** One round after the other: which conversations have changed, and what is new in them. */
export class PollRound {
  readonly #settings: ReadingSettings;
  readonly latest = new PollCursor();
  readonly awaited: PendingStatuses;
  /** for diagnosis: all that was asked for, but for what is known of the conversations themselves */
  requests = 0;

  constructor(settings: ReadingSettings) {
    this.#settings = settings;
    this.awaited = new PendingStatuses(settings.soon);
  }

  /**
   * Ask once what is new, and tell it.
   * @param goesOn false: nobody wants to hear any more, and nothing counts as read
   * @throws LinktorError when the server cannot be asked; the next round then finds what this one did not
   */
  async round(goesOn: () => boolean): Promise<void> {
    const { latest } = this;
    this.requests++;
    const page = await this.#settings.rest.conversations.latest();
    if (!goesOn()) return;
    if (latest.mark === undefined) {
      // Of what was created at that very moment all is known.
      this.#settings.conversations.newFrom(latest.begin(page) + 1);
      return;
    }
    const since = latest.mark;
    const { changed, more } = latest.changed(page);
    if (more) this.#settings.onGap('truncated', since);
    const listed = new Set(changed.map(({ id }) => id));
    const looks = this.awaited.due(Date.now()).filter((id) => !listed.has(id));
    const jobs = [
      ...changed.map((one) => () => this.#changed(one, since, goesOn)),
      ...looks.map((id) => () => this.#look(id, since, goesOn)),
    ];
    await allOf(jobs, goesOn);
    if (goesOn()) latest.finish(page);
  }

  async #changed(listed: Conversation, since: number, goesOn: () => boolean): Promise<void> {
    const { id } = listed;
    const { conversations, wants } = this.#settings;
    const entry = this.latest.entry(id);
    const before = conversations.peek(id) ?? entry?.listed;
    if (!wants(id)) {
      if (conversations.peek(id)) conversations.update(id, listed);
      return this.latest.pass(listed);
    }
    const found = await this.#read(id, Math.max(since, entry?.floor ?? 0));
    const isNew = !entry && !before && timeOf(listed.createdAt) > since;
    // Without anything to compare with, a change that brought no message is one of those that are listed.
    const isChange = before !== undefined || (found.fresh === 0 && !isNew && changedAt(listed) > this.latest.newest);
    const change = isChange ? changeOf(before, listed) : undefined;
    const events = [...(isNew ? [createdEvent(listed)] : []), ...(change ? [change] : []), ...found.events];
    // Who it is about is told with every event, and not listed.
    if (events.length > 0 && !conversations.peek(id)) await conversations.fetch(id);
    if (!goesOn()) return;
    if (conversations.peek(id)) conversations.update(id, listed);
    this.#tell(id, events, found);
    this.latest.read(listed);
  }

  async #look(id: string, since: number, goesOn: () => boolean): Promise<void> {
    if (!this.#settings.wants(id)) return this.awaited.forget(id);
    const found = await this.#read(id, Math.max(since, this.latest.entry(id)?.floor ?? 0));
    if (goesOn()) this.#tell(id, found.events, found);
  }

  #tell(id: string, events: readonly Event[], { waits, sent, since }: Found): void {
    const { tell, onGap } = this.#settings;
    for (const event of events) {
      if (event.gap) onGap(event.gap.reason, since, id);
      tell(event);
    }
    if (waits) this.awaited.wait(id, sent, Date.now());
    else this.awaited.forget(id);
  }

  /** @param since milliseconds of the server's clock */
  async #read(id: string, since: number): Promise<Found> {
    const { heard, isStatusNews, rest, onProblem } = this.#settings;
    let page: Page<Message>;
    try {
      this.requests++;
      page = await rest.conversations.messages(id, {});
    } catch (error) {
      if (!isLasting(error)) throw error;
      // Asking again would not mend it, and must not keep us from the others.
      onProblem(error);
      return { events: [gapEvent('unreadable', since, id)], fresh: 0, waits: false, sent: false, since };
    }
    const { items, hasNext, truncated } = page;
    const isFresh = (one: Message) => timeOf(one.createdAt) > since && !heard(one.id);
    const listed = items.filter(isFresh);
    const messages = await Promise.all(listed.reverse().map((one) => this.whole(id, one)));
    const told = items.filter((one) => one.direction === 'outbound' && heard(one.id)).reverse();
    const late = told.flatMap(statusesOf).filter(({ messageId = '', status = '' }) => isStatusNews(messageId, status));
    const cut = (hasNext || truncated === true) && listed.length === items.length;
    return {
      events: [
        ...late,
        ...(cut ? [gapEvent('truncated', since, id)] : []),
        ...messages.flatMap((one) => [messageEvent(one), ...statusesOf(one)]),
      ],
      fresh: messages.length,
      waits: told.some(mayChange) || messages.some(mayChange),
      sent: messages.some(mayChange),
      since,
    };
  }

  /** The message with its file. @throws LinktorError when it cannot be asked for just now */
  async whole(id: string, message: Message): Promise<Message> {
    if (!lacksFile(message)) return message;
    try {
      this.requests++;
      return await this.#settings.rest.conversations.message(id, message.id);
    } catch (error) {
      if (!isLasting(error)) throw error;
      this.#settings.onProblem(error);
      return message;
    }
  }
}

/** A customer has sent a file, and neither a list nor a frame says which. */
export function lacksFile({ direction, media, contentType }: Message): boolean {
  return direction === 'inbound' && !media && files.has(contentType);
}

/** It is ours, and may still be delivered, read, or fail. */
export function mayChange({ direction, status = '' }: Message): boolean {
  return direction === 'outbound' && !settled.has(status);
}

/** What a look at one conversation has shown. */
interface Found {
  events: Event[];
  /** messages that nobody had told */
  fresh: number;
  /** something may still become of what we have said */
  waits: boolean;
  /** we have said something new */
  sent: boolean;
  /** from when on it was looked, milliseconds of the server's clock */
  since: number;
}

/** A few at a time. One that fails does not keep us from the others. @throws what the first of them has thrown */
async function allOf(jobs: (() => Promise<void>)[], goesOn: () => boolean): Promise<void> {
  const failures: unknown[] = [];
  const work = async () => {
    for (let job = jobs.shift(); job && goesOn(); job = jobs.shift()) {
      await job().catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (failures.length > 0) throw failures[0];
}
