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
  /** milliseconds that a status waits for its message; by default 0, not at all */
  statusWaitMs?: number;
  /** the hold limit is exceeded; by default the held events are delivered at once */
  onOverflow?(): void;
  /** missed events of a conversation arrive after its live events, since too many events were waiting */
  onLate?(): void;
  /** an event is about to be delivered; must not throw */
  onDelivery?(delivery: Delivery): void;
  /** a listener failed; the others still receive the event */
  onError(error: unknown): void;
  /** receives the key of every event before its delivery */
  onKey?(key: string): void;
  /** receives the key of every webhook delivery */
  onWebhookKey?(key: string): void;
}

export type ArrivalListener = (event: Event, recovered: boolean) => void;

/** Log one of this many dropped events. */
const PROBLEM_EVERY = 1000;

/** The path of all events of an account: removes duplicates, keeps conversations in order, notifies all listeners. */
export class Bus {
  readonly #conversations: Pick<ConversationCache, 'get' | 'takeNew'>;
  readonly #settings: BusSettings;
  readonly #keys = new RecentKeys({ limit: MAX_EVENT_KEYS });
  /** of webhook deliveries, kept apart so that a busy socket does not evict them */
  readonly #webhookKeys = new RecentKeys({ limit: MAX_WEBHOOK_KEYS });
  readonly #dedup: Deduplicator;
  readonly #early: EarlyStatuses;
  /** created with the first claimant */
  #claims: Claims | undefined;
  #arrivals: readonly ArrivalListener[] = [];
  /** the same function may be registered twice */
  readonly #entries = new Set<{ listener: Listener }>();
  /** rebuilt after every change, so that it can change during iteration */
  #listed: readonly Listener[] | undefined;
  /** events that wait for a request about their conversation */
  readonly #room: WaitingRoom;
  /** messages received and waiting for their turn */
  readonly #pendingMessages = new Set<string>();
  /** callbacks for the end of a delivery's turn */
  readonly #turns = new WeakMap<Delivery, () => void>();
  readonly #held = new HeldEvents();
  /** diagnostic counters: delivered, dropped as duplicates, and delivered late */
  readonly counters = { events: 0, duplicates: 0, recovered: 0 };
  /** events dropped because of an oversized id */
  unusable = 0;

  constructor(conversations: Pick<ConversationCache, 'get' | 'takeNew'>, settings: BusSettings) {
    this.#conversations = conversations;
    this.#settings = settings;
    this.#dedup = new Deduplicator(this.#keys, settings.onKey);
    this.#room = new WaitingRoom(settings.onError);
    this.#early = new EarlyStatuses(settings.statusWaitMs ?? 0, (delivery) => this.#acceptEarly(delivery));
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

  get #listeners(): readonly Listener[] {
    this.#listed ??= Array.from(this.#entries, ({ listener }) => listener);
    return this.#listed;
  }

  /**
   * Register a claimant, called with every message before the listeners. The conversation waits while it decides.
   * @param order lower numbers are called first
   * @returns the function that removes the claimant
   */
  claim(order: number, claimant: Claimant): () => void {
    this.#claims ??= new Claims(this.#settings.onError);
    return this.#claims.add(order, claimant);
  }

  /**
   * Notify a listener of every event on arrival, before it waits for its turn, its conversation or a gap. An event may
   * be reported several times, once per path.
   * @returns the function that removes the listener
   */
  onArrival(listener: ArrivalListener): () => void {
    this.#arrivals = [...this.#arrivals, listener];
    return once(() => {
      this.#arrivals = this.#arrivals.filter((one) => one !== listener);
    });
  }

  /** Report the arrival of an event. @param recovered it was missed and fetched later */
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

  /** The keys of delivered events, oldest first, to outlive this bus. */
  get memory(): Pick<RecentKeys, 'export' | 'import'> {
    return {
      export: () => [...this.#webhookKeys.export(), ...this.#keys.export()],
      import: (earlier) => {
        this.#webhookKeys.import(earlier.filter(([key]) => key.startsWith('r:')));
        this.#keys.import(earlier.filter(([key]) => !key.startsWith('r:')));
      },
    };
  }

  /** @returns true for the first call with this reader and event */
  isFirst(reader: string, eventId: string): boolean {
    const id = `${reader}:${eventId}`;
    if (!this.#webhookKeys.add('r', id)) return false;
    this.#settings.onWebhookKey?.(`r:${id}`);
    return true;
  }

  /** No event is held or waits for its turn. */
  get isIdle(): boolean {
    return this.heldEvents === 0 && this.#room.isEmpty;
  }

  /** Wait for the turns of all waiting events. @returns false when events are held for longer */
  async settled(): Promise<boolean> {
    if (this.heldEvents > 0) return false;
    await this.#room.settled();
    return true;
  }

  /** The message has been delivered, or waits for its turn. */
  reachedListeners(messageId: string): boolean {
    return this.#dedup.reachedListeners(messageId) || this.#isPending(messageId);
  }

  /** The message has been delivered, waits for its turn, or predates the subscription. */
  isDelivered(messageId: string): boolean {
    return this.#dedup.isDelivered(messageId) || this.#isPending(messageId);
  }

  /** The message was delivered, and neither this status nor a later one was. */
  isStatusNews(messageId: string, status: string): boolean {
    return this.#dedup.isStatusNews(messageId, status);
  }

  /** The message has been delivered to the listeners. */
  isEmitted(messageId: string): boolean {
    return this.#dedup.reachedListeners(messageId) && !this.#isPending(messageId);
  }

  #isPending(messageId: string): boolean {
    if (this.#pendingMessages.has(messageId)) return true;
    return this.#held.hasMessage(messageId);
  }

  /**
   * Never deliver this message when it is fetched later: it predates the subscription. A message that arrives live is
   * newer, whatever a concurrent listing shows.
   */
  skip(message: Pick<Message, 'id' | 'direction' | 'status'>): void {
    this.#dedup.skip(message);
  }

  /** Hold live events, so that earlier ones are delivered first. */
  hold(reason: HoldReason): void {
    this.#held.hold(reason);
  }

  get isHolding(): boolean {
    return this.#held.isHolding;
  }

  /** Number of held events. */
  get heldEvents(): number {
    return this.#held.size;
  }

  /** Deliver held events, unless they are held for another reason. */
  release(reason: HoldReason): void {
    if (this.#held.release(reason)) this.flush();
  }

  /** Deliver held events, whatever the reasons. */
  flush(): void {
    for (const { delivery, chars } of this.#held.take()) this.#accept(delivery, chars);
  }

  /** Drop held events: there is no listener for them. */
  discard(): void {
    this.#held.take();
    this.#early.clear();
  }

  /**
   * Accept an event.
   * @param receivedAt milliseconds of the local clock
   * @param recovered it was missed and fetched later
   * @param chars length of its frame
   */
  feed(event: Event, source: Source, receivedAt = Date.now(), recovered = false, chars = 0): void {
    if (this.#isUsable(event)) this.#take(newDelivery(event, source, receivedAt, recovered), chars);
  }

  /**
   * As {@link feed}.
   * @returns a promise that resolves after the event's turn; it never resolves when the event is discarded
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

  /** Deliver an event of our own (a gap, a connection change): never held, never a duplicate. */
  announce(event: Event, source: Source, conversation?: Conversation): void {
    this.#deliver({ ...newDelivery(event, source, Date.now()), conversation });
  }

  /**
   * Insert fetched events of a conversation before all its pending ones.
   * @param events oldest first; a rejection means that nothing could be fetched
   * @param recovered false: they were incomplete, not missed
   * @param evenOld true: include events from before the subscription
   */
  insert(conversationId: string, events: Promise<Event[]>, recovered = true, evenOld = false): void {
    // Caught here and not in the step: an unhandled rejection would end the process.
    const fetched = events.catch(() => []);
    void fetched.then((found) => {
      for (const event of found) if (this.#dedup.mayRecover(event)) this.arrived(event, recovered);
    });
    this.#room.run(conversationId, async () => {
      const missed = await this.#room.orGiveUp(fetched);
      if (!missed) {
        // Too many events are waiting. These arrive late, but are not lost.
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

  /**
   * As {@link insert}, for events that were certainly missed. @returns a promise that resolves after their turn; never
   * rejects
   */
  deliverMissed(conversationId: string, events: readonly Event[]): Promise<void> {
    this.insert(conversationId, Promise.resolve([...events]), true, true);
    return new Promise((resolve) => this.#room.run(conversationId, async () => resolve()));
  }

  #accept(delivery: Delivery, chars = 0): void {
    const { conversationId: id, message } = delivery.event;
    // Without a listener no look-up is needed.
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
      // Duplicates are detected only now: a fetch before its turn may have delivered the event in its proper place.
      await this.#deliverIfNew(delivery);
    });
  }

  #waiting(delivery: Delivery): Delivery {
    const copy = waitingCopy(delivery);
    const endTurn = this.#turns.get(delivery);
    if (endTurn) this.#turns.set(copy, endTurn);
    return copy;
  }

  /** Deliver a status whose message has not arrived in time. */
  #acceptEarly(delivery: Delivery): void {
    this.#waitFor(delivery.event.conversationId, this.#deliverIfNew(delivery, false));
  }

  /** Later events of this conversation wait for an asynchronous delivery. */
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

  /** A new conversation is announced before its events; a change that mentions it first becomes this announcement. */
  #announceIfNew(conversation: Conversation, source: Source, recovered: boolean, first?: Event): void {
    if (!this.#conversations.takeNew(conversation.id)) return;
    const event = createdEvent(conversation);
    if (!this.#dedup.isNew(event)) return;
    if (first?.changes) first.name = event.name;
    else this.#deliver({ ...newDelivery(event, source, Date.now(), recovered), conversation });
  }

  /** @param asked a running request */
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

  /** Check the length of the ids: they are stored and compared. */
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
