import { fence } from '../async/fence';
import { once } from '../async/once';
import type { Conversation, Event } from '../model';
import { type ArrivalListener, ArrivalListeners } from './bus/arrival-listeners';
import { type Claimant, Claims } from './bus/claims';
import { type Delivery, type Listener, newDelivery } from './bus/delivery';
import { ABSENCE_MS, RETURN_MS } from './handover';

/** Conversations kept, as they were last delivered. */
const MAX_CONVERSATIONS = 5000;

export interface SharedBusSettings {
  /** an event is about to be delivered */
  onDelivery(delivery: Delivery): void;
  /** a listener failed; the others still receive the event */
  onError(error: unknown): void;
}

/**
 * The last part of the path of an event where several instances share all events: calls the listeners of this one. The
 * bus of the instance with the connection has put the events in order, and dropped duplicates.
 */
export class SharedBus {
  readonly #settings: SharedBusSettings;
  readonly #claims: Claims;
  readonly #arrivals: ArrivalListeners;
  readonly #listeners = new Set<{ listener: Listener }>();
  readonly #conversations = new Map<string, Conversation>();
  /** set while nothing is delivered: without listeners, and for a moment while a deploy replaces one */
  #holding: { until: Promise<void>; end: () => void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** delivered events */
  events = 0;

  constructor(settings: SharedBusSettings) {
    this.#settings = settings;
    this.#claims = new Claims(settings.onError);
    this.#arrivals = new ArrivalListeners({ isDelivered: () => false }, settings.onError);
    this.#hold();
  }

  /** @param returns after a deploy: events wait meanwhile @returns the function that removes the listener */
  listen(listener: Listener, returns = true): () => void {
    const entry = { listener };
    const wasEmpty = this.#listeners.size === 0;
    this.#listeners.add(entry);
    // The other nodes of the deploy follow shortly, and need these events as well.
    if (this.#holding && (wasEmpty || returns)) this.#releaseIn(RETURN_MS);
    return once(() => {
      this.#listeners.delete(entry);
      if (this.#listeners.size > 0 && !returns) return;
      this.#hold();
      if (this.#listeners.size > 0) this.#releaseIn(ABSENCE_MS);
    });
  }

  /** See the bus. @returns the function that removes the claimant */
  claim(order: number, claimant: Claimant): () => void {
    return this.#claims.add(order, claimant);
  }

  /** See the bus. @returns the function that removes the listener */
  onArrival(listener: ArrivalListener, isWanted: (event: Event) => boolean): () => void {
    return this.#arrivals.add(listener, isWanted);
  }

  /** @returns a promise while nothing may be delivered */
  get held(): Promise<void> | undefined {
    return this.#holding?.until;
  }

  /** @returns the conversation as last delivered here */
  conversation(id: string): Conversation | undefined {
    return this.#conversations.get(id);
  }

  /** Have it decided whether a message is the answer to a question. */
  async prepare(delivery: Delivery): Promise<void> {
    const { event, conversation, recovered } = delivery;
    if (!this.#arrivals.isEmpty) this.#arrivals.notify(event, recovered);
    if (conversation) this.#note(conversation);
    if (event.message) await this.#claims.decide(delivery);
  }

  /** Call the listeners. */
  deliver(delivery: Delivery): void {
    this.events++;
    this.#settings.onDelivery(delivery);
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(delivery);
      } catch (error) {
        this.#settings.onError(error);
      }
    }
  }

  /** Deliver an event of our own. */
  announce(event: Event): void {
    this.deliver(this.wrap(event));
  }

  /** @returns the delivery of an event of our own */
  wrap(event: Event): Delivery {
    const conversation = this.conversation(event.conversationId ?? '');
    return { ...newDelivery(event, 'account', Date.now()), conversation };
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #note(conversation: Conversation): void {
    const { id } = conversation;
    this.#conversations.delete(id);
    this.#conversations.set(id, conversation);
    for (const oldest of this.#conversations.keys()) {
      if (this.#conversations.size <= MAX_CONVERSATIONS) break;
      this.#conversations.delete(oldest);
    }
  }

  #hold(): void {
    clearTimeout(this.#timer);
    if (this.#holding || this.#isClosed) return;
    let end = () => {};
    const until = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#holding = { until, end };
  }

  #releaseIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      fence(() => this.#release()),
      milliseconds,
    );
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#holding?.end();
    this.#holding = undefined;
  }
}
