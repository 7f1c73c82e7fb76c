import type { Event, Message } from '../../model';
import type { RecentKeys } from './recent-keys';

/** From here on a status never goes back. */
const ladder = ['pending', 'sent', 'delivered', 'read', 'failed'];

/**
 * What has been told, by the keys `e:<event id>`, `m:<message id>`, `s:<message id>:<status>`, `c:<conversation id>` of
 * one that is new, and `k:<message id>` of a message that is older than our interest.
 */
export class Deduplicator {
  readonly #seen: RecentKeys;

  constructor(seen: RecentKeys) {
    this.#seen = seen;
  }

  /**
   * @param at milliseconds of the clock
   * @returns true when this has not been told by any way; it counts as told from now on
   */
  isNew(event: Event, at = Date.now()): boolean {
    if (event.id !== undefined && !this.#seen.add('e', event.id, at)) return false;
    if (event.message) return this.#seen.add('m', event.message.id, at);
    if (event.messageId !== undefined && event.status !== undefined) {
      return this.#isNewStatus(event.messageId, event.status);
    }
    if (event.name === 'conversation.created' && event.conversationId !== undefined) {
      return this.#seen.add('c', event.conversationId);
    }
    return true;
  }

  /** A message that has been told, or that is older than our interest. */
  knows(messageId: string): boolean {
    return this.#seen.has('m', messageId) || this.#seen.has('k', messageId);
  }

  /** A message that is older than our interest, in the state that it is in now. */
  skip({ id, direction, status }: Pick<Message, 'id' | 'direction' | 'status'>): void {
    this.#seen.add('k', id);
    if (direction === 'outbound' && status !== undefined) this.#isNewStatus(id, status);
  }

  /** Of what was fetched: not what is older than our interest, and the status of nothing else but what is known. */
  mayRecover({ message, messageId, status }: Event): boolean {
    if (message) return !this.#seen.has('k', message.id);
    return messageId === undefined || status === undefined || this.isStatusNews(messageId, status);
  }

  /** The status of a known message that has not been told, nor one that follows it. */
  isStatusNews(messageId: string, status: string): boolean {
    return this.knows(messageId) && !this.#reached(messageId, status);
  }

  /** A status of a message that nobody has told of, nor of any status of it. */
  isEarly({ message, messageId, status }: Event): boolean {
    if (message || messageId === undefined || status === undefined || this.knows(messageId)) return false;
    return !ladder.some((step) => this.#seen.has('s', `${messageId}:${step}`));
  }

  #isNewStatus(messageId: string, status: string): boolean {
    if (this.#reached(messageId, status)) return false;
    return this.#seen.add('s', `${messageId}:${status}`);
  }

  /** It is in this status, or beyond it: a late "delivered" after "read" is no news. */
  #reached(messageId: string, status: string): boolean {
    const own = ladder.indexOf(status);
    if (own < 0) return this.#seen.has('s', `${messageId}:${status}`);
    for (let step = own; step < ladder.length; step++) {
      if (this.#seen.has('s', `${messageId}:${ladder[step]}`)) return true;
    }
    return false;
  }
}
