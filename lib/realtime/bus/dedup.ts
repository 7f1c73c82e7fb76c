import { MESSAGE_STATUSES, statusRank } from '../../messages/status';
import type { Event, Message } from '../../model';
import type { RecentKeys } from './recent-keys';

/**
 * Tracks delivered events by key: `e:<event id>`, `m:<message id>`, `s:<message id>:<status>`, `c:<conversation id>` of
 * a new conversation, `k:<message id>` of a message from before the subscription.
 */
export class Deduplicator {
  readonly #keys: RecentKeys;
  readonly #onKey: ((key: string) => void) | undefined;

  /** @param onKey receives every new key, to be stored for a later process */
  constructor(keys: RecentKeys, onKey?: (key: string) => void) {
    this.#keys = keys;
    this.#onKey = onKey;
  }

  /**
   * Check whether an event is new, whichever path it came by, and mark it as delivered.
   * @param at milliseconds of the local clock
   */
  isNew(event: Event, at = Date.now()): boolean {
    if (event.id !== undefined && !this.#keys.add('e', event.id, at)) return false;
    if (event.message) return this.#add('m', event.message.id, at);
    if (event.messageId !== undefined && event.status !== undefined) {
      return this.#isNewStatus(event.messageId, event.status);
    }
    if (event.name === 'conversation.created' && event.conversationId !== undefined) {
      return this.#add('c', event.conversationId);
    }
    // The events above are identified by their content.
    if (event.id !== undefined) this.#onKey?.(`e:${event.id}`);
    return true;
  }

  #add(kind: string, id: string, at?: number): boolean {
    if (!this.#keys.add(kind, id, at)) return false;
    this.#onKey?.(`${kind}:${id}`);
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
