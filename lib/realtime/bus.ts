import type { Conversation, Event } from '../model';
import { Seen } from './seen';

export type Source = 'ws' | 'webhook' | 'poll' | 'test';

/** An event as triggers get it: decoded, for the first time, in order, with the conversation it belongs to. */
export interface Delivery {
  event: Event;
  conversation?: Conversation;
  source: Source;
  /** milliseconds of the clock */
  receivedAt: number;
  /** it was missed and has been fetched afterwards */
  recovered: boolean;
}

export type Listener = (delivery: Delivery) => void;

export interface BusSettings {
  /** the conversation, at once when it is known, else when it has been fetched; undefined when nobody can get it */
  conversation(id: string): Conversation | undefined | Promise<Conversation | undefined>;
  /** a listener threw; the others are not affected */
  onError(error: unknown): void;
}

const rank: Record<string, number> = { pending: 0, sent: 1, delivered: 2, read: 3, failed: 4 };
const mostHeld = 10_000;

/** Every event of an account goes through here: duplicates out, order per conversation kept, then to all listeners. */
export class Bus {
  readonly #settings: BusSettings;
  readonly #seen = new Seen();
  readonly #listeners = new Set<Listener>();
  /** conversations whose events wait for one another */
  readonly #tails = new Map<string, Promise<void>>();
  /** messages that have come and not had their turn */
  readonly #waiting = new Set<string>();
  #held: Delivery[] | undefined;

  constructor(settings: BusSettings) {
    this.#settings = settings;
  }

  /** @returns the function that ends it */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What has been seen, to outlive this bus. */
  get memory(): Pick<Seen, 'export' | 'import'> {
    return this.#seen;
  }

  /** @returns true the first time that this key is seen, by whatever way */
  first(key: string): boolean {
    return this.#seen.add(key);
  }

  /** A message that has been told, or waits for its turn. */
  knows(messageId: string): boolean {
    return this.#seen.has(`m:${messageId}`) || this.#waits(messageId);
  }

  #waits(messageId: string): boolean {
    return this.#waiting.has(messageId) || this.#held?.some(({ event }) => event.message?.id === messageId) === true;
  }

  /** Mark a message as known, so that it is never delivered. */
  skip(messageId: string): void {
    // What arrives live was said after we came, whatever a listing made meanwhile looks like.
    if (this.#waits(messageId)) return;
    this.#seen.add(`m:${messageId}`);
  }

  /** Keep live events back while a gap is filled, so that what happened first is told first. */
  hold(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const delivery of held) this.#take(delivery);
  }

  feed(event: Event, source: Source): void {
    const delivery: Delivery = { event, source, recovered: false, receivedAt: Date.now() };
    if (!this.#held) return this.#take(delivery);
    this.#held.push(delivery);
    if (this.#held.length >= mostHeld) this.resume();
  }

  /**
   * Put what was missed in a conversation in front of everything that is still to come in it.
   * @param missed oldest first; a rejection means that nothing is known
   */
  insert(conversationId: string, missed: Promise<Event[]>): void {
    // Caught here, not when it is this step's turn: a rejection that nobody listens to would end the process.
    const known = missed.catch(() => []);
    this.#chain(conversationId, async () => {
      const events = await known;
      const conversation = await this.#settings.conversation(conversationId);
      for (const event of events) {
        this.#tellNew({ event, conversation, source: 'poll', recovered: true, receivedAt: Date.now() });
      }
    });
  }

  #take(delivery: Delivery): void {
    const { conversationId: id, message } = delivery.event;
    // Where nobody listens, nothing has to be asked for.
    if (id === undefined || this.#listeners.size === 0) return this.#tellNew(delivery);
    const found = this.#tails.has(id) ? undefined : this.#settings.conversation(id);
    if (found !== undefined && !(found instanceof Promise)) {
      delivery.conversation = found;
      return this.#tellNew(delivery);
    }
    if (message) this.#waiting.add(message.id);
    this.#chain(id, async () => {
      delivery.conversation = await (found ?? this.#settings.conversation(id));
      if (message) this.#waiting.delete(message.id);
      // Whether it is new shows when its turn has come: what was fetched before it may hold it, in its right place.
      this.#tellNew(delivery);
    });
  }

  #tellNew(delivery: Delivery): void {
    if (this.#isNew(delivery.event)) this.#tell(delivery);
  }

  /** One after the other within a conversation. */
  #chain(id: string, step: () => Promise<void>): void {
    const next = (this.#tails.get(id) ?? Promise.resolve())
      .then(step)
      .catch((error: unknown) => this.#settings.onError(error))
      .then(() => {
        if (this.#tails.get(id) === next) this.#tails.delete(id);
      });
    this.#tails.set(id, next);
  }

  #isNew(event: Event): boolean {
    if (event.id !== undefined && !this.#seen.add(`e:${event.id}`)) return false;
    if (event.message) return this.#seen.add(`m:${event.message.id}`);
    if (event.messageId !== undefined && event.status !== undefined)
      return this.#isNewStatus(event.messageId, event.status);
    return true;
  }

  /** A status never goes back: a late "delivered" after "read" is no news. */
  #isNewStatus(messageId: string, status: string): boolean {
    if (!this.#seen.add(`s:${messageId}:${status}`)) return false;
    const own = rank[status];
    if (own === undefined) return true;
    for (const [lower, value] of Object.entries(rank)) if (value < own) this.#seen.add(`s:${messageId}:${lower}`);
    return true;
  }

  #tell(delivery: Delivery): void {
    for (const listener of this.#listeners) {
      try {
        listener(delivery);
      } catch (error) {
        this.#settings.onError(error);
      }
    }
  }
}
