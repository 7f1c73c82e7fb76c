import { KeyedMutex } from '../../async/keyed-mutex';
import { once } from '../../async/once';
import type { Conversation, Event, Message } from '../../model';
import type { ConversationCache } from '../conversation-cache';
import { createdEvent } from '../events/changes';
import { type Claimant, Claims } from './claims';
import { Deduplicator } from './dedup';
import { type Delivery, type Listener, newDelivery, type Source } from './delivery';
import { EarlyStatuses } from './early-statuses';
import { RecentKeys } from './recent-keys';

export interface BusSettings {
  /** milliseconds that a status waits for its message; 0, the default, not at all */
  statusWaitMs?: number;
  /** more has come than can be held back; by default it is delivered at once */
  onOverflow?(): void;
  /** a listener failed; the others are not affected */
  onError(error: unknown): void;
}

/** Why events are held back: while a gap is being filled (sync), while a deploy replaces listeners (handover). */
export type HoldReason = 'sync' | 'handover';

const MAX_HELD_EVENTS = 10_000;
/** Characters of the frames that the held events were decoded from. */
const MAX_HELD_CHARS = 64 * 1024 * 1024;

/** Every event of an account comes through here: duplicates out, order per conversation kept, then to all listeners. */
export class Bus {
  readonly #conversations: Pick<ConversationCache, 'get' | 'takeNew'>;
  readonly #settings: BusSettings;
  readonly #keys = new RecentKeys();
  readonly #dedup = new Deduplicator(this.#keys);
  readonly #early: EarlyStatuses;
  readonly #claims: Claims;
  /** replaced with every change, so that it can be walked through while it changes */
  #listeners: readonly Listener[] = [];
  /** the order within a conversation whose events have to wait for a request */
  readonly #order = new KeyedMutex();
  /** conversations that could not be fetched: events that waited meanwhile do not ask again */
  readonly #notFound = new Set<string>();
  /** messages that have come and wait for their turn */
  readonly #pendingMessages = new Set<string>();
  readonly #holds = new Set<HoldReason>();
  #held: Delivery[] | undefined;
  #heldChars = 0;
  /** for diagnosis: delivered, dropped as duplicates, and delivered late */
  readonly counters = { events: 0, duplicates: 0, recovered: 0 };

  constructor(conversations: Pick<ConversationCache, 'get' | 'takeNew'>, settings: BusSettings) {
    this.#conversations = conversations;
    this.#settings = settings;
    this.#claims = new Claims(settings.onError);
    this.#early = new EarlyStatuses(settings.statusWaitMs ?? 0, (delivery) => this.#acceptEarly(delivery));
  }

  /** @returns the function that ends it */
  listen(listener: Listener): () => void {
    this.#listeners = [...this.#listeners, listener];
    return once(() => {
      // The same function may have been given twice.
      const index = this.#listeners.indexOf(listener);
      this.#listeners = this.#listeners.filter((_, other) => other !== index);
    });
  }

  /**
   * Look at every message before the listeners get it. While a claimant looks, the conversation of the message waits.
   * @param order who is asked first: 1 before 2
   * @returns the function that ends it
   */
  claim(order: number, claimant: Claimant): () => void {
    return this.#claims.add(order, claimant);
  }

  get hasListeners(): boolean {
    return this.#listeners.length > 0;
  }

  /** The keys of what has been delivered, to outlive this bus. */
  get memory(): Pick<RecentKeys, 'export' | 'import'> {
    return this.#keys;
  }

  /** @returns true the first time that this reader asks about an event */
  isFirst(reader: string, eventId: string): boolean {
    return this.#keys.add('r', `${reader}:${eventId}`);
  }

  /** The message has been delivered, waits for its turn, or is from before the subscription. */
  isDelivered(messageId: string): boolean {
    return this.#dedup.isDelivered(messageId) || this.#isPending(messageId);
  }

  /** The status of a delivered message, when neither it nor a later one has been delivered. */
  isStatusNews(messageId: string, status: string): boolean {
    return this.#dedup.isStatusNews(messageId, status);
  }

  #isPending(messageId: string): boolean {
    if (this.#pendingMessages.has(messageId)) return true;
    return this.#held?.some(({ event }) => event.message?.id === messageId) === true;
  }

  /**
   * Never deliver this message when it is fetched later: it is from before the subscription. A message that arrives
   * live was written afterwards, whatever a listing made at the same time shows.
   */
  skip(message: Pick<Message, 'id' | 'direction' | 'status'>): void {
    this.#dedup.skip(message);
  }

  /** Keep live events back, so that what happened first is delivered first. */
  hold(reason: HoldReason): void {
    this.#holds.add(reason);
    if (this.#held) return;
    this.#held = [];
    this.#heldChars = 0;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** Deliver what was held back, unless another reason holds it. */
  release(reason: HoldReason): void {
    if (this.#holds.delete(reason) && this.#holds.size === 0) this.flush();
  }

  /** Deliver what was held back, whatever the reasons. */
  flush(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#holds.clear();
    for (const delivery of held) this.#accept(delivery);
  }

  /** Drop what is held back: no listener is left for it. */
  discard(): void {
    this.#held = undefined;
    this.#holds.clear();
    this.#early.clear();
  }

  /**
   * @param receivedAt milliseconds of the local clock
   * @param recovered it was missed and has been fetched afterwards
   * @param chars length of the frame that it was decoded from
   */
  feed(event: Event, source: Source, receivedAt = Date.now(), recovered = false, chars = 0): void {
    const delivery = newDelivery(event, source, receivedAt, recovered);
    if (!this.#held) return this.#accept(delivery);
    this.#held.push(delivery);
    this.#heldChars += chars;
    if (this.#held.length < MAX_HELD_EVENTS && this.#heldChars < MAX_HELD_CHARS) return;
    if (this.#settings.onOverflow) this.#settings.onOverflow();
    else this.flush();
  }

  /** As {@link feed}, but never held back. */
  feedAtOnce(event: Event, source: Source): void {
    this.#accept(newDelivery(event, source, Date.now()));
  }

  /** Deliver an event of our own (a gap, a change of the connection): never held back, never a duplicate. */
  announce(event: Event, source: Source): void {
    this.#deliver(newDelivery(event, source, Date.now()));
  }

  /**
   * Put fetched events of a conversation in front of everything that is still to come in it.
   * @param events oldest first; a rejection means that nothing could be fetched
   * @param recovered false: they were not missed, only incomplete
   */
  insert(conversationId: string, events: Promise<Event[]>, recovered = true): void {
    // Caught here, not when it is this step's turn: an unhandled rejection would end the process.
    const fetched = events.catch(() => []);
    this.#inOrder(conversationId, async () => {
      const missed = await fetched;
      // The conversation may have become readable while this was being fetched.
      this.#notFound.delete(conversationId);
      const conversation = await this.#lookUp(conversationId);
      if (conversation) this.#announceIfNew(conversation, 'poll', recovered);
      for (const event of missed) {
        if (!this.#dedup.mayRecover(event)) continue;
        await this.#deliverIfNew({ ...newDelivery(event, 'poll', Date.now(), recovered), conversation });
      }
    });
  }

  #accept(delivery: Delivery): void {
    const { conversationId: id, message } = delivery.event;
    // Without a listener there is nothing to look up for.
    if (id === undefined || this.#listeners.length === 0) return this.#waitFor(id, this.#deliverIfNew(delivery));
    const found = this.#order.isBusy(id) ? undefined : this.#conversations.get(id);
    if (found !== undefined && !(found instanceof Promise)) {
      delivery.conversation = found;
      return this.#waitFor(id, this.#deliverIfNew(delivery));
    }
    if (message) this.#pendingMessages.add(message.id);
    this.#inOrder(id, async () => {
      delivery.conversation = await this.#lookUp(id, found);
      if (message) this.#pendingMessages.delete(message.id);
      // A duplicate only shows now: what was fetched before its turn may contain it, in the right place.
      await this.#deliverIfNew(delivery);
    });
  }

  /** A status whose message has not come in time. */
  #acceptEarly(delivery: Delivery): void {
    this.#waitFor(delivery.event.conversationId, this.#deliverIfNew(delivery, false));
  }

  /** What comes later in this conversation waits for a delivery that takes time. */
  #waitFor(id: string | undefined, delivered: void | Promise<void>): void {
    if (delivered !== undefined && id !== undefined) this.#inOrder(id, () => delivered);
  }

  #deliverIfNew(delivery: Delivery, mayWait = this.#early.isEnabled): void | Promise<void> {
    const { event, conversation } = delivery;
    if (mayWait && this.#dedup.isEarly(event) && this.#early.keep(delivery)) return;
    if (!this.#dedup.isNew(event, delivery.receivedAt)) {
      this.counters.duplicates++;
      return;
    }
    if (conversation) this.#announceIfNew(conversation, delivery.source, delivery.recovered, event);
    const deciding = event.message && !this.#claims.isEmpty ? this.#claims.decide(delivery) : undefined;
    if (deciding !== undefined) return deciding.then(() => this.#deliverMessage(delivery));
    this.#deliverMessage(delivery);
  }

  #deliverMessage(delivery: Delivery): void {
    this.#deliver(delivery);
    const { message } = delivery.event;
    if (message) this.#early.release(message.id);
  }

  /** A new conversation is announced before everything in it; a change that mentions it first becomes that event. */
  #announceIfNew(conversation: Conversation, source: Source, recovered: boolean, first?: Event): void {
    if (!this.#conversations.takeNew(conversation.id)) return;
    const event = createdEvent(conversation);
    if (!this.#dedup.isNew(event)) return;
    if (first?.changes) first.name = event.name;
    else this.#deliver({ ...newDelivery(event, source, Date.now(), recovered), conversation });
  }

  /** @param asked a request that is on its way already */
  async #lookUp(id: string, asked?: Promise<Conversation | undefined>): Promise<Conversation | undefined> {
    if (this.#notFound.has(id)) return undefined;
    const found = await (asked ?? this.#conversations.get(id));
    if (!found) this.#notFound.add(id);
    return found;
  }

  /** One step after the other within a conversation. */
  #inOrder(id: string, step: () => Promise<void>): void {
    void this.#order
      .run(id, step)
      .catch((error: unknown) => this.#settings.onError(error))
      .then(() => {
        if (!this.#order.isBusy(id)) this.#notFound.delete(id);
      });
  }

  #deliver(delivery: Delivery): void {
    this.counters.events++;
    if (delivery.recovered) this.counters.recovered++;
    for (const listener of this.#listeners) {
      try {
        // A listener may be asynchronous all the same, and its rejection would end the process.
        const result: unknown = listener(delivery);
        if (result !== undefined && result instanceof Promise)
          result.catch((error: unknown) => this.#settings.onError(error));
      } catch (error) {
        this.#settings.onError(error);
      }
    }
  }
}
