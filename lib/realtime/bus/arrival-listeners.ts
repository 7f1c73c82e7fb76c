import { once } from '../../async/once';
import { isEcho } from '../../messages/incoming';
import type { Event } from '../../model';
import type { Deduplicator } from './dedup';

export type ArrivalListener = (event: Event, recovered: boolean) => void;

/**
 * Hear of events on their arrival, before they wait for their turn, their conversation or a gap: of all but the messages
 * of customers, which are most of them, and decide nothing before their turn.
 */
export class ArrivalListeners {
  readonly #dedup: Pick<Deduplicator, 'isDelivered'>;
  readonly #onError: (error: unknown) => void;
  #listeners: readonly ArrivalListener[] = [];
  /** a field, since it is read for every event */
  isEmpty = true;

  constructor(dedup: Pick<Deduplicator, 'isDelivered'>, onError: (error: unknown) => void) {
    this.#dedup = dedup;
    this.#onError = onError;
  }

  /** @returns the function that removes the listener */
  add(listener: ArrivalListener): () => void {
    this.#set([...this.#listeners, listener]);
    return once(() => this.#set(this.#listeners.filter((one) => one !== listener)));
  }

  #set(listeners: readonly ArrivalListener[]): void {
    this.#listeners = listeners;
    this.isEmpty = listeners.length === 0;
  }

  /** @param recovered it was missed and fetched later */
  notify(event: Event, recovered: boolean): void {
    const { message } = event;
    if (message?.direction === 'inbound' && !isEcho(message)) return;
    if (message && this.#dedup.isDelivered(message.id)) return;
    for (const listener of this.#listeners) {
      try {
        listener(event, recovered);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
