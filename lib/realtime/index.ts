import { detach } from '../async/fence';
import { once } from '../async/once';
import type { Conversation, Event, GapReason, Message } from '../model';
import { assemble } from './assembly';
import type { ArrivalListener } from './bus/arrival-listeners';
import type { Bus } from './bus/bus';
import type { Claimant } from './bus/claims';
import type { Listener } from './bus/delivery';
import type { ConnectionStatus } from './connection-status';
import type { ConversationCache } from './conversation-cache';
import { messageEvent } from './events/synthesize';
import type { RealtimeFacts } from './facts';
import type { FeedChoice } from './feed-choice';
import type { Handover } from './handover';
import type { Intake } from './intake';
import type { Interest } from './interest';
import type { LastingMemory } from './memory/lasting-memory';
import type { RealtimeSettings } from './settings';
import type { Socket } from './socket/connection';
import type { SocketState } from './socket/state';
import type { GapReporter } from './sync/gap-reporter';
import { timeOf } from './time';

export type { Claim, Claimant } from './bus/claims';
export { keysOf } from './bus/dedup';
export type { Delivery, Listener, Source } from './bus/delivery';
export type { RealtimeFacts } from './facts';
export { deliveredOf } from './handover';
export type { NatsSettings } from './nats/address';
export { NatsSession } from './nats/session';
export type { Memory, RealtimeSettings } from './settings';
export { SharedBus } from './shared-bus';
export type { SocketState } from './socket/state';

/**
 * The live side of an account: a socket, a bus, and a cache of conversations. Without announced messages, the server is
 * polled. Path of a frame: Socket, Intake, Feed, Bus, listener.
 */
export class Realtime {
  readonly #socket: Socket;
  readonly #conversations: ConversationCache;
  readonly #interest: Interest;
  readonly #bus: Bus;
  readonly #gaps: GapReporter;
  readonly #feeds: FeedChoice;
  readonly #intake: Intake;
  readonly #handover: Handover;
  readonly #status: ConnectionStatus;
  readonly #lasting: LastingMemory | undefined;
  readonly #receivesNothing: boolean;

  constructor(settings: RealtimeSettings) {
    const parts = assemble(settings);
    this.#receivesNothing = settings.receive === 'nothing';
    this.#socket = parts.socket;
    this.#conversations = parts.conversations;
    this.#interest = parts.interest;
    this.#bus = parts.bus;
    this.#gaps = parts.gaps;
    this.#feeds = parts.feeds;
    this.#intake = parts.intake;
    this.#handover = parts.handover;
    this.#status = parts.status;
    this.#lasting = parts.lasting;
  }

  /** The connection state of the account; when polling: whether the server can be reached. */
  get state(): SocketState {
    return this.#feeds.current.state;
  }

  /** Messages are polled, so their statuses appear later than announced ones. */
  get polls(): boolean {
    return this.#feeds.current.polls;
  }

  /** Counts for diagnosis. */
  get counts(): { subscriptions: number } {
    return { subscriptions: this.#socket.subscriptions };
  }

  /** Connection state and counters. */
  facts(): RealtimeFacts {
    const { state, facts } = this.#feeds.current;
    const { latency, subscriptions, counters } = this.#socket;
    return {
      state: state.name,
      since: state.since,
      ...facts,
      ...(latency !== undefined && { latency }),
      subscriptions,
      counters: {
        ...counters,
        ...this.#bus.counters,
        frames: this.#intake.frames,
        malformed: this.#intake.malformed + this.#bus.unusable,
        gaps: this.#gaps.gaps,
      },
    };
  }

  /** Listen to every change of the connection. @returns the function that removes the listener */
  onState(listener: (state: SocketState) => void): () => void {
    return this.#status.listen(listener);
  }

  /**
   * Listen to every event of the subscribed conversations, and use the connection.
   * @param returns after a deploy: events are held meanwhile
   * @returns the function that removes the listener
   */
  listen(listener: Listener, returns = true): () => void {
    const release = this.#socket.retain();
    const end = this.#bus.listen(listener);
    const leave = this.#handover.enter(returns);
    this.#status.update();
    return once(() => {
      end();
      leave();
      this.#status.update();
      release();
    });
  }

  /** Listen to events without opening or keeping the connection. @returns the function that removes the listener */
  observe(listener: Listener): () => void {
    return this.#bus.listen(listener);
  }

  /**
   * Register a claimant, called with every message before the listeners.
   * @param order lower numbers are called first
   * @returns the function that removes the claimant
   */
  claim(order: number, claimant: Claimant): () => void {
    return this.#bus.claim(order, claimant);
  }

  /** Notify a listener of events on arrival, see the bus. @returns the function that removes the listener */
  onArrival(listener: ArrivalListener, isWanted: (event: Event) => boolean): () => void {
    return this.#bus.onArrival(listener, isWanted);
  }

  /** @returns the conversation as last announced, listed or fetched, if cached */
  conversation(id: string): Conversation | undefined {
    return this.#conversations.peek(id);
  }

  /** Deliver a local event, which did not happen on the server. */
  announce(event: Event): void {
    const { conversationId } = event;
    this.#bus.announce(event, 'account', conversationId === undefined ? undefined : this.conversation(conversationId));
  }

  /** Resolves when the deliveries of an earlier process are known. Never rejects. */
  get ready(): Promise<void> {
    return this.#lasting?.ready ?? Promise.resolve();
  }

  /** {@link ready} has resolved. */
  get isReady(): boolean {
    return this.#lasting?.isReady !== false;
  }

  /** Whether a fetched message has been delivered neither by us nor by a predecessor. */
  isMissed({ id, createdAt }: Message): boolean {
    const { readBefore } = this.#handover;
    return readBefore === undefined
      ? !this.#bus.isDelivered(id)
      : timeOf(createdAt) >= readBefore && !this.#bus.reachedListeners(id);
  }

  /** Deliver a missed message that was fetched. @returns a promise that resolves after its delivery; never rejects */
  recover(message: Message): Promise<void> {
    return this.#bus.deliverMissed(message.conversationId, [messageEvent(message)]);
  }

  /** Subscribe all present and future conversations. @returns the function that unsubscribes */
  subscribeAll(): () => void {
    const isFirst = !this.#interest.wantsAll;
    const release = this.#interest.addAll();
    if (isFirst) {
      this.#feeds.current.wantAll(this.#handover.isWatermarkValid);
    }
    return once(() => {
      release();
      if (!this.#interest.wantsAll) this.#handover.allUnwanted();
    });
  }

  /** Look up the changes of a conversation when its event omits them. @returns the function that ends the look-ups */
  watchChanges(): () => void {
    return this.#intake.watchChanges();
  }

  /** Subscribe one conversation. @returns the function that unsubscribes */
  subscribe(conversationId: string): () => void {
    const isFirst = !this.#interest.isChosen(conversationId);
    const release = this.#interest.add(conversationId);
    if (isFirst) this.#feeds.current.enter(conversationId);
    return release;
  }

  /** @returns a promise that resolves when the server has read all subscriptions so far, or the connection has ended */
  settled(): Promise<void> {
    return this.#socket.settled();
  }

  /**
   * Send a typing indicator.
   * @returns false when it could not be sent: there is no connection, or this contract has no such frame
   */
  typing(conversationId: string, isTyping: boolean): boolean {
    return this.#socket.send({ type: 'typing', conversationId, isTyping });
  }

  /** We have sent a message in this conversation: when polling, look for its status there. */
  sent(conversationId: string): void {
    this.#feeds.current.sent(conversationId);
  }

  /** End {@link disconnect}; a connection that is down for another reason is retried at once. */
  connect(): void {
    this.#feeds.current.connect();
  }

  /** Close the connection, even if it is in use, until {@link connect} or {@link reconnect}. */
  disconnect(): void {
    this.#socket.pause();
    this.#handover.letGo();
  }

  /** Open a new connection, whatever the state of the present one. Missed events are fetched. */
  reconnect(): void {
    this.#feeds.current.reconnect();
  }

  /** Delivered keys and progress, as plain data for a successor. */
  get memory(): Bus['memory'] {
    return this.#handover.memory;
  }

  /** @returns true for the first call with this reader and event */
  isFirst(reader: string, eventId: string): boolean {
    return this.#bus.isFirst(reader, eventId);
  }

  /** Accept an event from another source. */
  feed(event: Event, source: 'webhook' | 'test'): void {
    if (this.#receivesNothing) return;
    if (!this.isReady) {
      detach(this.ready.then(() => this.feed(event, source)));
      return;
    }
    this.#intake.note(event);
    // Without live events there is nothing to wait for.
    if (this.#handover.isUsed && this.state.name !== 'open') this.#bus.feedAtOnce(event, source);
    else this.#bus.feed(event, source);
  }

  /** As {@link feed}. @returns a promise that resolves after the event's turn; never, when it is discarded */
  async hand(event: Event, source: 'webhook' | 'test'): Promise<void> {
    if (this.#receivesNothing) return;
    await this.ready;
    this.#intake.note(event);
    await this.#bus.hand(event, source, false, this.#handover.isUsed && this.state.name !== 'open');
  }

  /** Report a gap with a cause outside of the connection. */
  reportGap(reason: GapReason): void {
    this.#gaps.report(reason, this.#feeds.current.watermark);
  }

  /** A REST call has succeeded: a refused socket may retry. */
  revive(): void {
    this.#feeds.current.revive();
  }

  /** @returns a promise that resolves once the connection is closed, and delivered keys and progress are stored */
  async close(): Promise<void> {
    const written = this.#lasting?.close();
    const closing = this.#feeds.close();
    this.#handover.close();
    this.#socket.close();
    await Promise.all([written, closing]);
  }
}
