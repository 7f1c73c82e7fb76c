import { detach } from '../../async/fence';
import type { Event } from '../../model';
import { gapEvent } from '../events/synthesize';
import type { ArrivalListeners } from './arrival-listeners';
import type { Deduplicator } from './dedup';
import { newDelivery } from './delivery';
import type { Dispatcher } from './dispatcher';
import type { WaitingRoom } from './waiting-room';

export interface MissedEventsParts {
  room: WaitingRoom;
  dedup: Deduplicator;
  arrivals: ArrivalListeners;
  dispatcher: Dispatcher;
}

/** Puts fetched events of a conversation before its live ones. */
export class MissedEvents {
  readonly #parts: MissedEventsParts;
  readonly #onLate: (() => void) | undefined;

  /** @param onLate fetched events arrive after live ones, since too many events were waiting */
  constructor(parts: MissedEventsParts, onLate: (() => void) | undefined) {
    this.#parts = parts;
    this.#onLate = onLate;
  }

  /**
   * Insert fetched events of a conversation before all its pending ones.
   * @param events oldest first; a rejection means that nothing could be fetched
   * @param recovered false: they were incomplete, not missed
   * @param evenOld true: include events from before the subscription
   */
  insert(conversationId: string, events: Promise<Event[]>, recovered: boolean, evenOld: boolean): void {
    const { room, dedup, arrivals } = this.#parts;
    // Caught here and not in the step: an unhandled rejection would end the process.
    const fetched = events.catch(() => []);
    detach(
      fetched.then((found) => {
        for (const event of found) if (dedup.mayRecover(event)) arrivals.notify(event, recovered);
      }),
    );
    room.run(conversationId, async () => {
      const missed = await room.orGiveUp(fetched);
      if (missed) return this.#deliver(conversationId, missed, recovered, evenOld);
      // Too many events are waiting. These arrive late, but are not lost.
      this.#onLate?.();
      this.#parts.dispatcher.deliver(newDelivery(gapEvent('overflow', undefined, conversationId), 'poll', Date.now()));
      detach(fetched.then(() => this.insert(conversationId, fetched, recovered, evenOld)));
    });
  }

  async #deliver(id: string, missed: readonly Event[], recovered: boolean, evenOld: boolean): Promise<void> {
    const { room, dedup, dispatcher } = this.#parts;
    // The conversation may have become readable while this was being fetched.
    room.forgetFailure(id);
    const conversation = await room.lookUp(id);
    if (conversation) dispatcher.announceIfNew(conversation, 'poll', recovered);
    for (const event of missed) {
      if (!(evenOld || dedup.mayRecover(event)) || !dedup.isUsable(event)) continue;
      await dispatcher.dispatch({ ...newDelivery(event, 'poll', Date.now(), recovered), conversation });
    }
  }
}
