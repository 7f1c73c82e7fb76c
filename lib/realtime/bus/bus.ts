import { once } from '../../async/once';
import type { Conversation, Event, Message } from '../../model';
import { createdEvent } from '../events/changes';
import { Deduplicator } from './dedup';
import { EarlyStatuses } from './early-statuses';
import { RecentKeys } from './recent-keys';

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
  /** somebody has made the original of the event its own: who else wants to give it away needs a copy */
  claimed: boolean;
}

export type Listener = (delivery: Delivery) => void;

export interface BusSettings {
  /** the conversation, at once when it is known, else when it has been fetched; undefined when nobody can get it */
  conversation(id: string): Conversation | undefined | Promise<Conversation | undefined>;
  /** nobody has told yet that this conversation has come into being; true once for each */
  isFresh?(id: string): boolean;
  /** more has come than can be held back; by default it is let go before what was missed */
  onOverflow?(): void;
  /** milliseconds that a status waits for its message; 0, the default, not at all */
  patience?: number;
  /** a listener failed; the others are not affected */
  onError(error: unknown): void;
}

/** events that are held back, and the letters that they were made of */
const mostHeld = 10_000;
const mostHeldLength = 64 * 1024 * 1024;

/** Every event of an account goes through here: duplicates out, order per conversation kept, then to all listeners. */
export class Bus {
  readonly #settings: BusSettings;
  readonly #seen = new RecentKeys();
  readonly #told = new Deduplicator(this.#seen);
  readonly #early: EarlyStatuses;
  /** replaced with every change, so that it can be walked through while it changes */
  #listeners: readonly Listener[] = [];
  /** conversations whose events wait for one another */
  readonly #tails = new Map<string, Promise<void>>();
  /** among them those that nobody could get: who has waited meanwhile does not ask once more, each in its turn */
  readonly #unfound = new Set<string>();
  /** messages that have come and not had their turn */
  readonly #waiting = new Set<string>();
  #held: Delivery[] | undefined;
  #heldLength = 0;
  /** for diagnosis: told, not told again, and told late */
  readonly counters = { events: 0, duplicates: 0, recovered: 0 };

  constructor(settings: BusSettings) {
    this.#settings = settings;
    this.#early = new EarlyStatuses(settings.patience ?? 0, (delivery) => this.#tellNew(delivery, false));
  }

  /** @returns the function that ends it */
  listen(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return once(() => {
      // One function may have been given twice.
      const index = this.#listeners.indexOf(listener);
      this.#listeners = this.#listeners.filter((_, other) => other !== index);
    });
  }

  /** What has been seen, to outlive this bus. */
  get memory(): Pick<RecentKeys, 'export' | 'import'> {
    return this.#seen;
  }

  /** @returns true the first time that this reader asks about an event */
  first(reader: string, eventId: string): boolean {
    return this.#seen.add('r', `${reader}:${eventId}`);
  }

  /** A message that has been told, waits for its turn, or is older than our interest. */
  knows(messageId: string): boolean {
    return this.#told.knows(messageId) || this.#waits(messageId);
  }

  /** The status of a message that has been told, when neither it nor one that follows it has been. */
  isStatusNews(messageId: string, status: string): boolean {
    return this.#told.isStatusNews(messageId, status);
  }

  #waits(messageId: string): boolean {
    return this.#waiting.has(messageId) || this.#held?.some(({ event }) => event.message?.id === messageId) === true;
  }

  /**
   * A message that is older than our interest: fetched later, it is not told. What arrives live was said after we
   * came, whatever a listing made meanwhile looks like.
   */
  skip(message: Pick<Message, 'id' | 'direction' | 'status'>): void {
    this.#told.skip(message);
  }

  /** Keep live events back while a gap is filled, so that what happened first is told first. */
  hold(): void {
    if (this.#held) return;
    this.#held = [];
    this.#heldLength = 0;
  }

  get holds(): boolean {
    return this.#held !== undefined;
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const delivery of held) this.#take(delivery);
  }

  /** Somebody would hear it. */
  get isHeard(): boolean {
    return this.#listeners.length > 0;
  }

  /** Nobody wants to hear what is held back. */
  discard(): void {
    this.#held = undefined;
    this.#early.clear();
  }

  /**
   * @param receivedAt milliseconds of the clock
   * @param recovered it was missed and has been fetched afterwards
   * @param length letters that it was made of
   */
  feed(event: Event, source: Source, receivedAt = Date.now(), recovered = false, length = 0): void {
    const delivery = newDelivery(event, source, receivedAt);
    delivery.recovered = recovered;
    if (!this.#held) return this.#take(delivery);
    this.#held.push(delivery);
    this.#heldLength += length;
    if (this.#held.length < mostHeld && this.#heldLength < mostHeldLength) return;
    if (this.#settings.onOverflow) this.#settings.onOverflow();
    else this.resume();
  }

  /** As {@link feed}, whatever is held back. */
  pass(event: Event, source: Source): void {
    this.#take(newDelivery(event, source, Date.now()));
  }

  /** Tell at once what we have found ourselves, whatever is held back. */
  announce(event: Event, source: Source): void {
    this.#tell(newDelivery(event, source, Date.now()));
  }

  /**
   * Put what was missed in a conversation in front of everything that is still to come in it.
   * @param missed oldest first; a rejection means that nothing is known
   * @param recovered false: it was not really missed, it only had to be fetched
   */
  insert(conversationId: string, missed: Promise<Event[]>, recovered = true): void {
    // Caught here, not when it is this step's turn: a rejection that nobody listens to would end the process.
    const known = missed.catch(() => []);
    this.#chain(conversationId, async () => {
      const events = await known;
      // That may have taken a while.
      this.#unfound.delete(conversationId);
      const conversation = await this.#lookUp(conversationId);
      if (conversation) this.#introduce(conversation, 'poll', recovered);
      for (const event of events) {
        if (!this.#told.mayRecover(event)) continue;
        this.#tellNew({ ...newDelivery(event, 'poll', Date.now()), conversation, recovered });
      }
    });
  }

  #take(delivery: Delivery): void {
    const { conversationId: id, message } = delivery.event;
    // Where nobody listens, nothing has to be asked for.
    if (id === undefined || this.#listeners.length === 0) return this.#tellNew(delivery);
    const isWaiting = this.#tails.size > 0 && this.#tails.has(id);
    const found = isWaiting ? undefined : this.#settings.conversation(id);
    if (found !== undefined && !(found instanceof Promise)) {
      delivery.conversation = found;
      return this.#tellNew(delivery);
    }
    if (message) this.#waiting.add(message.id);
    this.#chain(id, async () => {
      delivery.conversation = await this.#lookUp(id, found);
      if (message) this.#waiting.delete(message.id);
      // Whether it is new shows when its turn has come: what was fetched before it may hold it, in its right place.
      this.#tellNew(delivery);
    });
  }

  #tellNew(delivery: Delivery, mayWait = this.#early.waits): void {
    const { event, conversation } = delivery;
    if (mayWait && this.#told.isEarly(event) && this.#early.keep(delivery)) return;
    if (!this.#told.isNew(event, delivery.receivedAt)) {
      this.counters.duplicates++;
      return;
    }
    if (conversation) this.#introduce(conversation, delivery.source, delivery.recovered, event);
    this.#tell(delivery);
    if (event.message) this.#early.release(event.message.id);
  }

  /** That there is a conversation is told before all else in it; a change that tells of it first is just that. */
  #introduce(conversation: Conversation, source: Source, recovered: boolean, first?: Event): void {
    if (this.#settings.isFresh?.(conversation.id) !== true) return;
    const event = createdEvent(conversation);
    if (!this.#told.isNew(event)) return;
    if (first?.changes) first.name = event.name;
    else this.#tell({ ...newDelivery(event, source, Date.now()), conversation, recovered });
  }

  /** @param asked what has been asked for already */
  async #lookUp(id: string, asked?: Promise<Conversation | undefined>): Promise<Conversation | undefined> {
    if (this.#unfound.has(id)) return undefined;
    const found = await (asked ?? this.#settings.conversation(id));
    if (!found) this.#unfound.add(id);
    return found;
  }

  /** One after the other within a conversation. */
  #chain(id: string, step: () => Promise<void>): void {
    const next = (this.#tails.get(id) ?? Promise.resolve())
      .then(step)
      .catch((error: unknown) => this.#settings.onError(error))
      .then(() => {
        if (this.#tails.get(id) !== next) return;
        this.#tails.delete(id);
        this.#unfound.delete(id);
      });
    this.#tails.set(id, next);
  }

  #tell(delivery: Delivery): void {
    this.counters.events++;
    if (delivery.recovered) this.counters.recovered++;
    for (const listener of this.#listeners) {
      try {
        // A listener may be asynchronous all the same, and its failure would end the process.
        const result: unknown = listener(delivery);
        if (result !== undefined && result instanceof Promise)
          result.catch((error: unknown) => this.#settings.onError(error));
      } catch (error) {
        this.#settings.onError(error);
      }
    }
  }
}

function newDelivery(event: Event, source: Source, receivedAt: number): Delivery {
  // A frame has just been parsed and nobody else has it; of what came by other ways there may be other owners.
  const claimed = source !== 'ws' || event.message === undefined;
  return { event, conversation: undefined, source, receivedAt, recovered: false, claimed };
}
