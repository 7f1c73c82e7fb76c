import { detach } from '../../async/fence';
import { KeyedMutex } from '../../async/keyed-mutex';
import {
  type Published,
  published,
  publishedEvent,
  publishedOutbound,
  publishedStatus,
} from '../../contract/server/published';
import type { Event, Message } from '../../model';
import { MAX_PUBLISHED_ANSWERS, MAX_WAITING_EVENTS } from '../bounds';
import type { Bus } from '../bus/bus';
import type { ConversationCache } from '../conversation-cache';
import { changeOf, createdEvent } from '../events/changes';
import { gapEvent, messageEvent } from '../events/synthesize';
import type { Interest } from '../interest';
import type { PollLoop } from '../poll/poll-loop';
import { isPermanent, type PollRest } from '../rest';
import type { GapReporter } from '../sync/gap-reporter';
import type { StreamEvent } from './session';

export interface PublicationParts {
  rest: PollRest;
  conversations: ConversationCache;
  bus: Bus;
  gaps: GapReporter;
  interest: Interest;
  loop: PollLoop;
}

/**
 * Converts publications of the server into events. A publication omits parts of a message, so every message is fetched
 * before its delivery (contract 8.3).
 */
export class Publications {
  readonly #parts: PublicationParts;
  readonly #tenant: () => Promise<string>;
  /** fetched messages keep the order of publication */
  readonly #order = new KeyedMutex();
  /** conversations of staff messages: their statuses do not name them */
  readonly #answers = new Map<string, string>();
  #waiting = 0;

  constructor(parts: PublicationParts, tenant: () => Promise<string>) {
    this.#parts = parts;
    this.#tenant = tenant;
  }

  /**
   * Deliver an event of the stream.
   * @param signal aborted: the event is not delivered any more
   * @returns a promise that resolves when the event is delivered or needs no delivery
   * @throws the reason why it cannot be delivered now
   */
  async event({ text, id, isMissed }: StreamEvent, signal: AbortSignal): Promise<void> {
    const found = published(text);
    if (!found || found.tenantId !== (await this.#tenant())) return;
    const { conversationId } = found;
    if (conversationId !== undefined && !this.#parts.interest.isWanted(conversationId)) return;
    const deliver = () => this.#deliver(found, id, isMissed, signal);
    await (conversationId === undefined ? deliver() : this.#order.run(conversationId, deliver));
  }

  async #deliver(found: Published, id: string, isMissed: boolean, signal: AbortSignal): Promise<void> {
    const { bus, loop } = this.#parts;
    const { conversationId, messageId } = found;
    const isMessage = found.type === 'message.received' && conversationId !== undefined && messageId !== undefined;
    if (isMessage && bus.isEmitted(messageId)) return;
    const event = isMessage ? await this.#read(conversationId, messageId) : await this.#complete(found, id);
    signal.throwIfAborted();
    loop.announced(event);
    await bus.hand(event, 'nats', isMissed);
  }

  async #read(conversationId: string, messageId: string): Promise<Event> {
    const { rest, gaps } = this.#parts;
    try {
      return messageEvent(await rest.conversations.message(conversationId, messageId));
    } catch (error) {
      if (!isPermanent(error)) throw error;
      // It was deleted meanwhile, or access is denied.
      gaps.count('unreadable', undefined);
      return gapEvent('unreadable', undefined, conversationId);
    }
  }

  /** A publication omits the changes of a conversation, so it is fetched. */
  async #complete(found: Published, id: string): Promise<Event> {
    const event = { ...publishedEvent(found), id };
    const { conversationId, type } = found;
    if (conversationId === undefined || !type.startsWith('conversation.')) return event;
    const { conversations } = this.#parts;
    const before = conversations.peek(conversationId);
    const now = await conversations.fetch(conversationId);
    if (!now) return event;
    if (type === 'conversation.created') return { ...createdEvent(now), original: event.original };
    return { ...changeOf(before, now), ...event };
  }

  /** Deliver a staff message. It is lost if we stop; the poll finds messages that cannot be fetched now. */
  outbound(text: string): void {
    const found = publishedOutbound(text);
    if (!found) return;
    detach(
      this.#inTurn(found.conversationId, async () => {
        const { conversationId, messageId, tenantId } = found;
        const { bus, interest, rest, loop } = this.#parts;
        if (tenantId !== (await this.#tenant())) return;
        this.#answers.set(messageId, conversationId);
        if (this.#answers.size > MAX_PUBLISHED_ANSWERS)
          this.#answers.delete(this.#answers.keys().next().value as string);
        if (!interest.isWanted(conversationId) || bus.isEmitted(messageId)) return;
        const message: Message = await rest.conversations.message(conversationId, messageId);
        const event = messageEvent(message);
        loop.announced(event);
        await bus.hand(event, 'nats', false);
      }),
    );
  }

  /** Deliver the status of a staff message, if its conversation is known. */
  status(text: string): void {
    const event = publishedStatus(text);
    const conversationId = event && this.#answers.get(event.messageId ?? '');
    if (!event || conversationId === undefined) return;
    detach(
      this.#inTurn(conversationId, async () => {
        if (!this.#parts.interest.isWanted(conversationId)) return;
        await this.#parts.bus.hand({ ...event, conversationId }, 'nats', false);
      }),
    );
  }

  async #inTurn(conversationId: string, task: () => Promise<void>): Promise<void> {
    // The poll finds skipped messages.
    if (this.#waiting >= MAX_WAITING_EVENTS) return;
    this.#waiting++;
    try {
      await this.#order.run(conversationId, task);
    } catch {
      this.#parts.loop.sent(conversationId);
    } finally {
      this.#waiting--;
    }
  }
}
