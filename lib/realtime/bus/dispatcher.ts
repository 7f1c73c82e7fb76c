import { fence } from '../../async/fence';
import type { Conversation, Event } from '../../model';
import type { ConversationCache } from '../conversation-cache';
import { createdEvent } from '../events/changes';
import { type Claimant, Claims } from './claims';
import { type Deduplicator, keysOf } from './dedup';
import { type Delivery, type Listener, newDelivery, type Source } from './delivery';
import { EarlyStatuses } from './early-statuses';

export interface DispatcherSettings {
  /** milliseconds that a status waits for its message; by default 0, not at all */
  statusWaitMs?: number;
  /** an event is about to be delivered; must not throw */
  onDelivery?(delivery: Delivery): void;
  /** @returns a promise when what was delivered must be stored before more of it is; undefined when it may go on */
  room?(): Promise<void> | undefined;
  /** a listener failed; the others still receive the event */
  onError(error: unknown): void;
}

/** The last part of the path of an event, once its conversation is known: drops duplicates, and calls the listeners. */
export class Dispatcher {
  readonly #conversations: Pick<ConversationCache, 'takeNew'>;
  readonly #dedup: Deduplicator;
  readonly #settings: DispatcherSettings;
  readonly #early: EarlyStatuses;
  /** created with the first claimant */
  #claims: Claims | undefined;
  /** the same function may be registered twice */
  readonly #entries = new Set<{ listener: Listener }>();
  /** rebuilt after every change, so that it can change during iteration */
  #listed: readonly Listener[] | undefined;
  readonly #undecided = new Set<Delivery>();
  /** callbacks for the end of a delivery's turn */
  readonly #turns = new WeakMap<Delivery, () => void>();
  /** diagnostic counters: delivered, dropped as duplicates, and delivered late */
  readonly counters = { events: 0, duplicates: 0, recovered: 0 };

  constructor(
    conversations: Pick<ConversationCache, 'takeNew'>,
    dedup: Deduplicator,
    { statusWaitMs = 0, ...settings }: DispatcherSettings,
  ) {
    this.#conversations = conversations;
    this.#dedup = dedup;
    this.#settings = settings;
    this.#early = new EarlyStatuses(
      statusWaitMs,
      fence((delivery) => this.dispatch(delivery, false), settings.onError),
    );
  }

  /** @returns the function that removes the listener */
  listen(listener: Listener): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    this.#listed = undefined;
    return () => {
      this.#entries.delete(entry);
      this.#listed = undefined;
    };
  }

  get hasListeners(): boolean {
    return this.#entries.size > 0;
  }

  get #listeners(): readonly Listener[] {
    this.#listed ??= Array.from(this.#entries, ({ listener }) => listener);
    return this.#listed;
  }

  /** @param order lower numbers are called first @returns the function that removes the claimant */
  claim(order: number, claimant: Claimant): () => void {
    this.#claims ??= new Claims(this.#settings.onError);
    return this.#claims.add(order, claimant);
  }

  /** Call back at the end of the turn of this delivery. */
  onTurn(delivery: Delivery, ended: () => void): void {
    this.#turns.set(delivery, ended);
  }

  /** A copy of the delivery has its turn in place of it. */
  passTurn(delivery: Delivery, copy: Delivery): void {
    const ended = this.#turns.get(delivery);
    if (ended) this.#turns.set(copy, ended);
  }

  /** Drop statuses that wait for their message. */
  discard(): void {
    this.#early.clear();
  }

  /**
   * Deliver an event unless it is a duplicate.
   * @param mayWait a status may wait for its message
   * @returns a promise while a claimant decides, or there is no room: the conversation waits for it
   */
  dispatch(delivery: Delivery, mayWait = this.#early.isEnabled): void | Promise<void> {
    const { event, conversation } = delivery;
    const room = this.#settings.room?.();
    if (room !== undefined) return room.then(() => this.dispatch(delivery, mayWait));
    if (mayWait && this.#dedup.isEarly(event) && this.#early.keep(delivery)) return this.#endTurn(delivery);
    if (!this.#dedup.isNew(event, delivery.receivedAt)) {
      this.counters.duplicates++;
      return this.#endTurn(delivery);
    }
    if (conversation) this.announceIfNew(conversation, delivery.source, delivery.recovered, event);
    const deciding = event.message && this.#claims?.decide(delivery);
    if (deciding !== undefined) return this.#deliverDecided(delivery, deciding);
    this.#deliverMessage(delivery);
  }

  async #deliverDecided(delivery: Delivery, deciding: Promise<void>): Promise<void> {
    this.#undecided.add(delivery);
    try {
      await deciding;
    } finally {
      this.#undecided.delete(delivery);
    }
    this.#deliverMessage(delivery);
  }

  /** @returns the keys of messages that a claimant still decides on */
  get undecided(): Set<string> {
    return new Set([...this.#undecided].flatMap(({ event }) => keysOf(event)));
  }

  /** A new conversation is announced before its events; a change that mentions it first becomes this announcement. */
  announceIfNew(conversation: Conversation, source: Source, recovered: boolean, first?: Event): void {
    if (!this.#conversations.takeNew(conversation.id)) return;
    const event = createdEvent(conversation);
    if (!this.#dedup.isNew(event)) return;
    if (first?.changes) first.name = event.name;
    else this.deliver({ ...newDelivery(event, source, Date.now(), recovered), conversation });
  }

  #deliverMessage(delivery: Delivery): void {
    const { message } = delivery.event;
    if (message) this.#dedup.delivered(message);
    this.deliver(delivery);
    if (message && this.#early.size > 0) this.#early.release(message.id);
    this.#endTurn(delivery);
  }

  #endTurn(delivery: Delivery): void {
    this.#turns.get(delivery)?.();
  }

  /** Call the listeners, whether or not the event is a duplicate. */
  deliver(delivery: Delivery): void {
    this.counters.events++;
    this.#settings.onDelivery?.(delivery);
    if (delivery.recovered) this.counters.recovered++;
    for (const listener of this.#listeners) {
      try {
        // A listener may still be asynchronous, and its rejection would end the process.
        const result: unknown = listener(delivery);
        if (result !== undefined && result instanceof Promise)
          result.catch((error: unknown) => this.#settings.onError(error));
      } catch (error) {
        this.#settings.onError(error);
      }
    }
  }
}
