import { MESSAGE_STATUSES, statusRank } from '../../messages/status';
import type { Event, Message } from '../../model';
import { MAX_EVENT_KEYS, MAX_ID_CHARS, MAX_WEBHOOK_KEYS } from '../bounds';
import { RecentKeys } from './recent-keys';

export interface DeduplicatorSettings {
  /** receives the key of every event right before its delivery, to be stored for a later process */
  onKey?(key: string): void;
  /** receives the key of every webhook delivery */
  onWebhookKey?(key: string): void;
  onError(error: unknown): void;
}

/** @returns the keys by which an event is told from others, whichever path it came by; none where it cannot be */
export function keysOf({ id, message, messageId, status, name, conversationId }: Event): string[] {
  const keys = id === undefined ? [] : [`e:${id}`];
  if (message) keys.push(`m:${message.id}`);
  else if (messageId !== undefined && status !== undefined) keys.push(`s:${messageId}:${status}`);
  else if (name === 'conversation.created' && conversationId !== undefined) keys.push(`c:${conversationId}`);
  return keys;
}

/** Log one of this many dropped events. */
const PROBLEM_EVERY = 1000;

/**
 * Tracks delivered events by key: `e:<event id>`, `m:<message id>`, `s:<message id>:<status>`, `c:<conversation id>` of
 * a new conversation, `k:<message id>` of a message from before the subscription, `r:<reader>:<event id>` of a webhook
 * delivery.
 */
export class Deduplicator {
  readonly #keys = new RecentKeys({ limit: MAX_EVENT_KEYS });
  /** of webhook deliveries, kept apart so that a busy socket does not evict them */
  readonly #webhookKeys = new RecentKeys({ limit: MAX_WEBHOOK_KEYS });
  readonly #settings: DeduplicatorSettings;
  /** events dropped because of an oversized id */
  unusable = 0;

  constructor(settings: DeduplicatorSettings) {
    this.#settings = settings;
  }

  /** The keys of delivered events, oldest first, to outlive this object. */
  get memory(): Pick<RecentKeys, 'export' | 'import'> {
    return {
      export: () => [...this.#webhookKeys.export(), ...this.#keys.export()],
      import: (earlier) => {
        this.#webhookKeys.import(earlier.filter(([key]) => key.startsWith('r:')));
        this.#keys.import(earlier.filter(([key]) => !key.startsWith('r:')));
      },
    };
  }

  /** @returns true for the first call with this reader and event of a webhook */
  isFirst(reader: string, eventId: string): boolean {
    const id = `${reader}:${eventId}`;
    if (!this.#webhookKeys.add('r', id)) return false;
    this.#settings.onWebhookKey?.(`r:${id}`);
    return true;
  }

  /** Check the length of the ids: they are stored and compared. */
  isUsable({ id, conversationId, messageId, message, status }: Event): boolean {
    const longest = Math.max(
      id?.length ?? 0,
      conversationId?.length ?? 0,
      messageId?.length ?? 0,
      message?.id.length ?? 0,
      status?.length ?? 0,
    );
    if (longest <= MAX_ID_CHARS) return true;
    if (this.unusable % PROBLEM_EVERY === 0) {
      this.#settings.onError(new Error(`an event was dropped: its id has ${longest} characters`));
    }
    this.unusable++;
    return false;
  }

  /**
   * Check whether an event is new, whichever path it came by, and mark it as delivered. A later process learns of a
   * message with {@link delivered}: it may still be decided on when this one ends.
   * @param at milliseconds of the local clock
   */
  isNew(event: Event, at = Date.now()): boolean {
    if (event.id !== undefined && !this.#keys.add('e', event.id, at)) return false;
    if (event.message) return this.#keys.add('m', event.message.id, at);
    if (event.messageId !== undefined && event.status !== undefined) {
      return this.#isNewStatus(event.messageId, event.status);
    }
    if (event.name === 'conversation.created' && event.conversationId !== undefined) {
      return this.#add('c', event.conversationId);
    }
    // The events above are identified by their content.
    if (event.id !== undefined) this.#settings.onKey?.(`e:${event.id}`);
    return true;
  }

  /** A message is about to be delivered. */
  delivered({ id }: Message): void {
    this.#settings.onKey?.(`m:${id}`);
  }

  #add(kind: string, id: string, at?: number): boolean {
    if (!this.#keys.add(kind, id, at)) return false;
    this.#settings.onKey?.(`${kind}:${id}`);
    return true;
  }

  /** The message has been delivered. */
  reachedListeners(messageId: string): boolean {
    return this.#keys.has('m', messageId);
  }

  /** The message has been delivered, or predates the subscription. */
  isDelivered(messageId: string): boolean {
    return this.#keys.has('m', messageId) || this.#keys.has('k', messageId);
  }

  /** Never deliver this message: it predates the subscription. Its present status is not news either. */
  skip({ id, direction, status }: Pick<Message, 'id' | 'direction' | 'status'>): void {
    this.#add('k', id);
    if (direction === 'outbound' && status !== undefined) this.#isNewStatus(id, status);
  }

  /** Whether to deliver a fetched event: not if it predates the subscription; a status only for a known message. */
  mayRecover({ message, messageId, status }: Event): boolean {
    if (message) return !this.#keys.has('k', message.id);
    return messageId === undefined || status === undefined || this.isStatusNews(messageId, status);
  }

  /** The message is known, and neither this status nor a later one has been delivered. */
  isStatusNews(messageId: string, status: string): boolean {
    return this.isDelivered(messageId) && !this.#hasReached(messageId, status);
  }

  /** A status of a message of which nothing has been delivered. */
  isEarly({ message, messageId, status }: Event): boolean {
    if (message || messageId === undefined || status === undefined || this.isDelivered(messageId)) return false;
    return !MESSAGE_STATUSES.some((step) => this.#keys.has('s', `${messageId}:${step}`));
  }

  #isNewStatus(messageId: string, status: string): boolean {
    if (this.#hasReached(messageId, status)) return false;
    return this.#add('s', `${messageId}:${status}`);
  }

  /** This status or a later one has been delivered: "delivered" after "read" is not news. */
  #hasReached(messageId: string, status: string): boolean {
    const own = statusRank(status);
    if (own < 0) return this.#keys.has('s', `${messageId}:${status}`);
    for (let step = own; step < MESSAGE_STATUSES.length; step++) {
      if (this.#keys.has('s', `${messageId}:${MESSAGE_STATUSES[step]}`)) return true;
    }
    return false;
  }
}
