import { fence } from '../../async/fence';
import type { Conversation, Event, Message } from '../../model';
import { EVENTS_PER_TURN } from '../bounds';
import type { ConversationCache } from '../conversation-cache';
import { completeChange } from '../events/changes';
import { type ArrivalListener, ArrivalListeners } from './arrival-listeners';
import type { Claimant } from './claims';
import { Deduplicator, type DeduplicatorSettings } from './dedup';
import { type Delivery, type Listener, newDelivery, type Source, waitingCopy } from './delivery';
import { Dispatcher, type DispatcherSettings } from './dispatcher';
import { HeldEvents, type HoldReason } from './held-events';
import { MissedEvents } from './missed-events';
import { WaitingRoom } from './waiting-room';

export interface BusSettings extends DispatcherSettings, DeduplicatorSettings {
  /** the hold limit is exceeded; by default the held events are delivered at once */
  onOverflow?(): void;
  /** missed events of a conversation arrive after its live events, since too many events were waiting */
  onLate?(): void;
}

/** The path of all events of an account: removes duplicates, keeps conversations in order, notifies all listeners. */
export class Bus {
  readonly #conversations: Pick<ConversationCache, 'get' | 'takeNew' | 'peek'>;
  readonly #settings: BusSettings;
  readonly #dedup: Deduplicator;
  readonly #arrivals: ArrivalListeners;
  readonly #dispatcher: Dispatcher;
  /** events that wait for a request about their conversation */
  readonly #room: WaitingRoom;
  readonly #missed: MissedEvents;
  /** messages received and waiting for their turn */
  readonly #pendingMessages = new Set<string>();
  readonly #held = new HeldEvents();
  /** the next portion of the held events is on its way */
  #isDelivering = false;

  constructor(conversations: Pick<ConversationCache, 'get' | 'takeNew' | 'peek'>, settings: BusSettings) {
    const { onError, onLate } = settings;
    const dedup = new Deduplicator(settings);
    const arrivals = new ArrivalListeners(dedup, onError);
    const dispatcher = new Dispatcher(conversations, dedup, settings);
    const room = new WaitingRoom(conversations, onError);
    this.#conversations = conversations;
    this.#settings = settings;
    this.#dedup = dedup;
    this.#arrivals = arrivals;
    this.#dispatcher = dispatcher;
    this.#room = room;
    this.#missed = new MissedEvents({ room, dedup, arrivals, dispatcher }, onLate);
  }

  /** Diagnostic counters: delivered, dropped as duplicates, and delivered late. */
  get counters(): Dispatcher['counters'] {
    return this.#dispatcher.counters;
  }

  /** Events dropped because of an oversized id. */
  get unusable(): number {
    return this.#dedup.unusable;
  }

  /** @returns the function that removes the listener */
  listen(listener: Listener): () => void {
    return this.#dispatcher.listen(listener);
  }

  /**
   * Register a claimant, called with every message before the listeners. The conversation waits while it decides.
   * @param order lower numbers are called first
   * @returns the function that removes the claimant
   */
  claim(order: number, claimant: Claimant): () => void {
    return this.#dispatcher.claim(order, claimant);
  }

  /**
   * Notify a listener of events on arrival, before they wait for their turn, their conversation or a gap. An event may
   * be reported several times, once per path.
   * @param isWanted a cheap test, called with every event
   * @returns the function that removes the listener
   */
  onArrival(listener: ArrivalListener, isWanted: (event: Event) => boolean): () => void {
    return this.#arrivals.add(listener, isWanted);
  }

  /** Report the arrival of an event. @param recovered it was missed and fetched later */
  arrived(event: Event, recovered: boolean): void {
    if (!this.#arrivals.isEmpty) this.#arrivals.notify(event, recovered);
  }

  get hasListeners(): boolean {
    return this.#dispatcher.hasListeners;
  }

  /** The keys of delivered events, oldest first, to outlive this bus. */
  get memory(): Deduplicator['memory'] {
    const { export: all, import: add } = this.#dedup.memory;
    return {
      export: () => {
        const { undecided } = this.#dispatcher;
        return undecided.size === 0 ? all() : all().filter(([key]) => !undecided.has(key));
      },
      import: add,
    };
  }

  /** @returns true for the first call with this reader and event */
  isFirst(reader: string, eventId: string): boolean {
    return this.#dedup.isFirst(reader, eventId);
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

  /** There is a reason to hold events. */
  get isHolding(): boolean {
    return this.#held.hasReason;
  }

  /** Number of held events. */
  get heldEvents(): number {
    return this.#held.size;
  }

  /** @returns a promise that resolves when no event is held any more */
  emptied(): Promise<void> {
    return this.#held.emptied();
  }

  /** Deliver held events, unless they are held for another reason. Later ones wait behind them. */
  release(reason: HoldReason): void {
    if (this.#held.release(reason)) this.#deliverDue();
  }

  /**
   * Deliver a portion of the held events: thousands at once would keep all other flows waiting. It is twice what a turn
   * brings, so that a server that never stops sending does not keep them held.
   */
  #deliverDue(): void {
    for (const { delivery, chars } of this.#held.takeDue(2 * EVENTS_PER_TURN)) this.#accept(delivery, chars);
    if (this.heldEvents === 0 || this.isHolding || this.#isDelivering) return;
    this.#isDelivering = true;
    setImmediate(
      fence(() => {
        this.#isDelivering = false;
        this.#deliverDue();
      }, this.#settings.onError),
    );
  }

  /** Deliver held events at once, whatever the reasons. */
  flush(): void {
    for (const { delivery, chars } of this.#held.take()) this.#accept(delivery, chars);
  }

  /** Drop held events: there is no listener for them. */
  discard(): void {
    this.#held.take();
    this.#dispatcher.discard();
  }

  /**
   * Accept an event.
   * @param receivedAt milliseconds of the local clock
   * @param recovered it was missed and fetched later
   * @param chars length of its frame
   */
  feed(event: Event, source: Source, receivedAt = Date.now(), recovered = false, chars = 0): void {
    if (this.#dedup.isUsable(event)) this.#take(newDelivery(event, source, receivedAt, recovered), chars);
  }

  /**
   * As {@link feed}.
   * @param atOnce never held back
   * @returns a promise that resolves after the event's turn; it never resolves when the event is discarded
   */
  hand(event: Event, source: Source, recovered: boolean, atOnce = false): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#dedup.isUsable(event)) return resolve();
      const delivery = newDelivery(event, source, Date.now(), recovered);
      this.#dispatcher.onTurn(delivery, resolve);
      if (!atOnce) return this.#take(delivery, 0);
      this.arrived(event, recovered);
      this.#accept(delivery);
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
    if (!this.#dedup.isUsable(event)) return;
    this.arrived(event, false);
    this.#accept(newDelivery(event, source, Date.now()));
  }

  /** Deliver an event of our own (a gap, a connection change): never held, never a duplicate. */
  announce(event: Event, source: Source, conversation?: Conversation): void {
    this.#dispatcher.deliver({ ...newDelivery(event, source, Date.now()), conversation });
  }

  /**
   * Insert fetched events of a conversation before all its pending ones.
   * @param events oldest first; a rejection means that nothing could be fetched
   * @param recovered false: they were incomplete, not missed
   * @param evenOld true: include events from before the subscription
   */
  insert(conversationId: string, events: Promise<Event[]>, recovered = true, evenOld = false): void {
    this.#missed.insert(conversationId, events, recovered, evenOld);
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
    if (id === undefined || !this.#dispatcher.hasListeners)
      return this.#waitFor(id, this.#dispatcher.dispatch(delivery));
    const isBusy = this.#room.isBusy(id);
    const found = isBusy ? undefined : this.#conversations.get(id);
    if (!isBusy && !(found instanceof Promise)) {
      delivery.conversation = found;
      return this.#waitFor(id, this.#dispatcher.dispatch(delivery));
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
      const known = event.before && this.#conversations.peek(id);
      delivery.conversation = await this.#room.lookUp(id, asked);
      if (event.before && delivery.conversation) completeChange(event, delivery.conversation, known);
      if (event.message) this.#pendingMessages.delete(event.message.id);
      // Duplicates are detected only now: a fetch before its turn may have delivered the event in its proper place.
      await this.#dispatcher.dispatch(delivery);
    });
  }

  #waiting(delivery: Delivery): Delivery {
    const copy = waitingCopy(delivery);
    this.#dispatcher.passTurn(delivery, copy);
    return copy;
  }

  /** Later events of this conversation wait for an asynchronous delivery. */
  #waitFor(id: string | undefined, delivered: void | Promise<void>): void {
    if (delivered !== undefined && id !== undefined) this.#room.run(id, () => delivered);
  }
}
