import { once } from '../../async/once';
import type { Event } from '../../model';
import type { Deduplicator } from './dedup';

export type ArrivalListener = (event: Event, recovered: boolean) => void;

interface Entry {
  listener: ArrivalListener;
  isWanted(event: Event): boolean;
}

/** Hear of events on their arrival, before they wait for their turn, their conversation or a gap. */
export class ArrivalListeners {
  readonly #dedup: Pick<Deduplicator, 'isDelivered'>;
  readonly #onError: (error: unknown) => void;
  #entries: readonly Entry[] = [];
  /** a field, since it is read for every event */
  isEmpty = true;

  constructor(dedup: Pick<Deduplicator, 'isDelivered'>, onError: (error: unknown) => void) {
    this.#dedup = dedup;
    this.#onError = onError;
  }

  /**
   * @param isWanted a cheap test of every event: only for one that is wanted is it looked up whether it is new
   * @returns the function that removes the listener
   */
  add(listener: ArrivalListener, isWanted: (event: Event) => boolean): () => void {
    const entry = { listener, isWanted };
    this.#set([...this.#entries, entry]);
    return once(() => this.#set(this.#entries.filter((one) => one !== entry)));
  }

  #set(entries: readonly Entry[]): void {
    this.#entries = entries;
    this.isEmpty = entries.length === 0;
  }

  /** @param recovered it was missed and fetched later */
  notify(event: Event, recovered: boolean): void {
    const { message } = event;
    let isNew = message === undefined;
    for (const { listener, isWanted } of this.#entries) {
      try {
        if (!isWanted(event)) continue;
        isNew ||= message !== undefined && !this.#dedup.isDelivered(message.id);
        if (!isNew) return;
        listener(event, recovered);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
