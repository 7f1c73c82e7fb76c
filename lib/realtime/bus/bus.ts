import { once } from '../../async/once';
import type { Conversation, Event, Message } from '../../model';
import { MAX_EVENT_KEYS, MAX_ID_CHARS, MAX_WEBHOOK_KEYS } from '../bounds';
import type { ConversationCache } from '../conversation-cache';
import { completeChange, createdEvent } from '../events/changes';
import { gapEvent } from '../events/synthesize';
import { type Claimant, Claims } from './claims';
import { Deduplicator } from './dedup';
import { type Delivery, type Listener, newDelivery, type Source, waitingCopy } from './delivery';
import { EarlyStatuses } from './early-statuses';
import { HeldEvents, type HoldReason } from './held-events';
import { RecentKeys } from './recent-keys';
import { WaitingRoom } from './waiting-room';

export interface BusSettings {
  /** milliseconds that a status waits for its message; 0, the default, not at all */
  statusWaitMs?: number;
  /** more has come than can be held back; by default it is delivered at once */
  onOverflow?(): void;
  /** what was missed in a conversation comes after live events of it: too many of them were waiting */
  onLate?(): void;
  /** an event is about to be delivered; must not throw */
  onDelivery?(delivery: Delivery): void;
  /** a listener failed; the others are not affected */
  onError(error: unknown): void;
  /** gets the key of everything that is delivered, before it is */
  onKey?(key: string): void;
  /** gets the key of every webhook delivery */
  onWebhookKey?(key: string): void;
}

export type ArrivalListener = (event: Event, recovered: boolean) => void;

/** One of so many dropped events is worth a line in the log. */
const PROBLEM_EVERY = 1000;

/** Every event of an account comes through here: duplicates out, order per conversation kept, then to all listeners. */
export class Bus {
  readonly #conversations: Pick<ConversationCache, 'get' | 'takeNew'>;
  readonly #settings: BusSettings;
  readonly #keys = new RecentKeys({ limit: MAX_EVENT_KEYS });
  /** of webhook deliveries: the events of a busy socket must not push them out */
  readonly #webhookKeys = new RecentKeys({ limit: MAX_WEBHOOK_KEYS });
  readonly #dedup: Deduplicator;
  readonly #early: EarlyStatuses;
  /** made with the first claimant */
  #claims: Claims | undefined;
  #arrivals: readonly ArrivalListener[] = [];
  /** the same function may be there twice */
  readonly #entries = new Set<{ listener: Listener }>();
  /** made anew after every change, so that it can be walked through while it changes */
  #listed: readonly Listener[] | undefined;
  /** events that wait for a request about their conversation */
  readonly #room: WaitingRoom;
  /** messages that have come and wait for their turn */
  readonly #pendingMessages = new Set<string>();
  /** who waits until a delivery has had its turn */
  readonly #turns = new WeakMap<Delivery, () => void>();
  readonly #held = new HeldEvents();
  /** for diagnosis: delivered, dropped as duplicates, and delivered late */
  readonly counters = { events: 0, duplicates: 0, recovered: 0 };
  /** events that were dropped because of an id that is none */
  unusable = 0;

  constructor(conversations: Pick<ConversationCache, 'get' | 'takeNew'>, settings: BusSettings) {
    this.#conversations = conversations;
    this.#settings = settings;
    this.#dedup = new Deduplicator(this.#keys, settings.onKey);
    this.#room = new WaitingRoom(settings.onError);
    this.#early = new EarlyStatuses(settings.statusWaitMs ?? 0, (delivery) => this.#acceptEarly(delivery));
  }

  /** @returns the function that ends it */
  listen(listener: Listener): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    this.#listed = undefined;
    return () => {
      this.#entries.delete(entry);
      this.#listed = undefined;
    };
  }

  get #listeners(): readonly Listener[] {
    this.#listed ??= Array.from(this.#entries, ({ listener }) => listener);
    return this.#listed;
  }

  /**
   * Look at every message before the listeners get it. While a claimant looks, the conversation of the message waits.
   * @param order who is asked first: 1 before 2
   * @returns the function that ends it
   */
  claim(order: number, claimant: Claimant): () => void {
    this.#claims ??= new Claims(this.#settings.onError);
    return this.#claims.add(order, claimant);
  }

  /**
   * Hear of every event the moment that it is here, before it waits for its turn, for its conversation or for a gap to
   * be filled. One event may be heard of several times, by several ways.
   * @returns the function that ends it
   */
  onArrival(listener: ArrivalListener): () => void {
    this.#arrivals = [...this.#arrivals, listener];
    return once(() => {
      this.#arrivals = this.#arrivals.filter((one) => one !== listener);
    });
  }

  /** An event is here. @param recovered it was missed and has been fetched afterwards */
  arrived(event: Event, recovered: boolean): void {
    if (this.#arrivals.length === 0) return;
    const { message } = event;
    if (message && this.#dedup.isDelivered(message.id)) return;
    for (const listener of this.#arrivals) {
      try {
        listener(event, recovered);
      } catch (error) {
        this.#settings.onError(error);
      }
    }
  }

  get hasListeners(): boolean {
    return this.#entries.size > 0;
  }

  /** The keys of what has been delivered, oldest first, to outlive this bus. */
  get memory(): Pick<RecentKeys, 'export' | 'import'> {
    return {
      export: () => [...this.#webhookKeys.export(), ...this.#keys.export()],
      import: (earlier) => {
        this.#webhookKeys.import(earlier.filter(([key]) => key.startsWith('r:')));
        this.#keys.import(earlier.filter(([key]) => !key.startsWith('r:')));
      },
    };
  }

  /** @returns true the first time that this reader asks about an event */
  isFirst(reader: string, eventId: string): boolean {
    const id = `${reader}:${eventId}`;
    if (!this.#webhookKeys.add('r', id)) return false;
    this.#settings.onWebhookKey?.(`r:${id}`);
    return true;
  }

  /** Nothing is held back or waits for its turn. */
  get isIdle(): boolean {
    return this.heldEvents === 0 && this.#room.isEmpty;
  }

  /** @returns when all that waits now has had its turn; false when something is held back for longer */
  async settled(): Promise<boolean> {
    if (this.heldEvents > 0) return false;
    await this.#room.settled();
    return true;
  }

  /** The message has been delivered, or waits for its turn. */
  reachedListeners(messageId: string): boolean {
    return this.#dedup.reachedListeners(messageId) || this.#isPending(messageId);
  }

  /** The message has been delivered, waits for its turn, or is from before the subscription. */
  isDelivered(messageId: string): boolean {
    return this.#dedup.isDelivered(messageId) || this.#isPending(messageId);
  }

  /** The status of a delivered message, when neither it nor a later one has been delivered. */
  isStatusNews(messageId: string, status: string): boolean {
    return this.#dedup.isStatusNews(messageId, status);
  }

  /** The listeners have the message. */
  isTold(messageId: string): boolean {
    return this.#dedup.isTold(messageId) && !this.#isPending(messageId);
  }

  #isPending(messageId: string): boolean {
    if (this.#pendingMessages.has(messageId)) return true;
    return this.#held.hasMessage(messageId);
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
    this.#held.hold(reason);
  }

  get isHolding(): boolean {
    return this.#held.isHolding;
  }

  /** How many events are held back. */
  get heldEvents(): number {
    return this.#held.size;
  }

  /** Deliver what was held back, unless another reason holds it. */
  release(reason: HoldReason): void {
    if (this.#held.release(reason)) this.flush();
  }

  /** Deliver what was held back, whatever the reasons. */
  flush(): void {
    for (const { delivery, chars } of this.#held.take()) this.#accept(delivery, chars);
  }

  /** Drop what is held back: no listener is left for it. */
  discard(): void {
    this.#held.take();
    this.#early.clear();
  }

  /**
   * @param receivedAt milliseconds of the local clock
   * @param recovered it was missed and has been fetched afterwards
   * @param chars length of the frame that it was decoded from
   */
  feed(event: Event, source: Source, receivedAt = Date.now(), recovered = false, chars = 0): void {
    if (this.#isUsable(event)) this.#take(newDelivery(event, source, receivedAt, recovered), chars);
  }

  /**
   * As {@link feed}.
   * @returns when the event has had its turn; never when it is discarded
   */
  hand(event: Event, source: Source, recovered: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isUsable(event)) return resolve();
      const delivery = newDelivery(event, source, Date.now(), recovered);
      this.#turns.set(delivery, resolve);
      this.#take(delivery, 0);
    });
  }

  #take(delivery: Delivery, chars: number): void {
    this.arrived(delivery.event, delivery.recovered);
    if (!this.#held.isHolding) return this.#accept(delivery, chars);
    if (this.#held.keep(this.#waiting(delivery), chars)) return;
    if (this.#settings.onOverflow) this.#settings.onOverflow();
    else this.flush();
  }

  /** As {@link feed}, but never held back. */
  feedAtOnce(event: Event, source: Source): void {
    if (!this.#isUsable(event)) return;
    this.arrived(event, false);
    this.#accept(newDelivery(event, source, Date.now()));
  }

  /** Deliver an event of our own (a gap, a change of the connection): never held back, never a duplicate. */
  announce(event: Event, source: Source, conversation?: Conversation): void {
    this.#deliver({ ...newDelivery(event, source, Date.now()), conversation });
  }

  /**
   * Put fetched events of a conversation in front of everything that is still to come in it.
   * @param events oldest first; a rejection means that nothing could be fetched
   * @param recovered false: they were not missed, only incomplete
   * @param evenOld true: also what would be from before the subscription
   */
  insert(conversationId: string, events: Promise<Event[]>, recovered = true, evenOld = false): void {
    // Caught here, not when it is this step's turn: an unhandled rejection would end the process.
    const fetched = events.catch(() => []);
    void fetched.then((found) => {
      for (const event of found) if (this.#dedup.mayRecover(event)) this.arrived(event, recovered);
    });
    this.#room.run(conversationId, async () => {
      const missed = await this.#room.orGiveUp(fetched);
      if (!missed) {
        // Too many events wait for it. It comes late now, and is not lost.
        this.#settings.onLate?.();
        this.#deliver(newDelivery(gapEvent('overflow', undefined, conversationId), 'poll', Date.now()));
        void fetched.then(() => this.insert(conversationId, fetched, recovered, evenOld));
        return;
      }
      // The conversation may have become readable while this was being fetched.
      this.#room.setFailed(conversationId, false);
      const conversation = await this.#lookUp(conversationId);
      if (conversation) this.#announceIfNew(conversation, 'poll', recovered);
      for (const event of missed) {
        if (!(evenOld || this.#dedup.mayRecover(event)) || !this.#isUsable(event)) continue;
        await this.#deliverIfNew({ ...newDelivery(event, 'poll', Date.now(), recovered), conversation });
      }
    });
  }

  /** As {@link insert}, for what was surely missed. @returns when the events have had their turn; it never fails */
  deliverMissed(conversationId: string, events: readonly Event[]): Promise<void> {
    this.insert(conversationId, Promise.resolve([...events]), true, true);
    return new Promise((resolve) => this.#room.run(conversationId, async () => resolve()));
  }

  #accept(delivery: Delivery, chars = 0): void {
    const { conversationId: id, message } = delivery.event;
    // Without a listener there is nothing to look up for.
    if (id === undefined || this.#entries.size === 0) return this.#waitFor(id, this.#deliverIfNew(delivery));
    const isBusy = this.#room.isBusy(id);
    const found = isBusy ? undefined : this.#conversations.get(id);
    if (!isBusy && !(found instanceof Promise)) {
      delivery.conversation = found;
      return this.#waitFor(id, this.#deliverIfNew(delivery));
    }
    const messageId = message?.id;
    if (messageId !== undefined) this.#pendingMessages.add(messageId);
    this.#enter(id, this.#waiting(delivery), chars, found);
  }

  #enter(
    id: string,
    delivery: Delivery,
    chars: number,
    asked: Conversation | Promise<Conversation | undefined> | undefined,
  ): void {
    this.#room.enter(id, chars, async () => {
      const { event } = delivery;
      delivery.conversation = await this.#lookUp(id, asked);
      if (event.before && delivery.conversation) completeChange(event, delivery.conversation);
      if (event.message) this.#pendingMessages.delete(event.message.id);
      // A duplicate only shows now: what was fetched before its turn may contain it, in the right place.
      await this.#deliverIfNew(delivery);
    });
  }

  #waiting(delivery: Delivery): Delivery {
    const copy = waitingCopy(delivery);
    const endTurn = this.#turns.get(delivery);
    if (endTurn) this.#turns.set(copy, endTurn);
    return copy;
  }

  /** A status whose message has not come in time. */
  #acceptEarly(delivery: Delivery): void {
    this.#waitFor(delivery.event.conversationId, this.#deliverIfNew(delivery, false));
  }

  /** What comes later in this conversation waits for a delivery that takes time. */
  #waitFor(id: string | undefined, delivered: void | Promise<void>): void {
    if (delivered !== undefined && id !== undefined) this.#room.run(id, () => delivered);
  }

  #deliverIfNew(delivery: Delivery, mayWait = this.#early.isEnabled): void | Promise<void> {
    const { event, conversation } = delivery;
    if (mayWait && this.#dedup.isEarly(event) && this.#early.keep(delivery)) return this.#endTurn(delivery);
    if (!this.#dedup.isNew(event, delivery.receivedAt)) {
      this.counters.duplicates++;
      return this.#endTurn(delivery);
    }
    if (conversation) this.#announceIfNew(conversation, delivery.source, delivery.recovered, event);
    const deciding = event.message && this.#claims?.decide(delivery);
    if (deciding !== undefined) return deciding.then(() => this.#deliverMessage(delivery));
    this.#deliverMessage(delivery);
  }

  #deliverMessage(delivery: Delivery): void {
    this.#deliver(delivery);
    const { message } = delivery.event;
    if (message) this.#early.release(message.id);
    this.#endTurn(delivery);
  }

  #endTurn(delivery: Delivery): void {
    this.#turns.get(delivery)?.();
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
  async #lookUp(
    id: string,
    asked?: Conversation | Promise<Conversation | undefined>,
  ): Promise<Conversation | undefined> {
    if (this.#room.hasFailed(id)) return undefined;
    const found = asked ?? this.#conversations.get(id);
    if (!(found instanceof Promise)) return found;
    const fetched = await this.#room.orGiveUp(found);
    if (!fetched) this.#room.setFailed(id, true);
    return fetched;
  }

  /** An id of any length would be kept, and compared with every other one. */
  #isUsable({ id, conversationId, messageId, message, status }: Event): boolean {
    const longest = Math.max(
      id?.length ?? 0,
      conversationId?.length ?? 0,
      messageId?.length ?? 0,
      message?.id.length ?? 0,
      status?.length ?? 0,
    );
    if (longest <= MAX_ID_CHARS) return true;
    if (this.unusable % PROBLEM_EVERY === 0) {
      this.#settings.onError(new Error(`an event was dropped: its id has ${longest} characters`));
    }
    this.unusable++;
    return false;
  }

  #deliver(delivery: Delivery): void {
    this.counters.events++;
    this.#settings.onDelivery?.(delivery);
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
