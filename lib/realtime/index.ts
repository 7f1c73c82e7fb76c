import { fence } from '../async/fence';
import { once } from '../async/once';
import { MAX_TIMER_MS } from '../async/sleep';
import type { Contract } from '../contract';
import { messageOf } from '../errors';
import type { Ledger } from '../ledger/index';
import type { Conversation, Event, GapReason, Message } from '../model';
import type { ArrivalListener } from './bus/arrival-listeners';
import { Bus } from './bus/bus';
import type { Claimant } from './bus/claims';
import type { Delivery, Listener } from './bus/delivery';
import { ConnectionStatus } from './connection-status';
import { ConversationCache } from './conversation-cache';
import { messageEvent } from './events/synthesize';
import type { RealtimeFacts } from './facts';
import { FeedChoice } from './feed-choice';
import { Handover, type HandoverSettings, RETURN_MS } from './handover';
import { Intake } from './intake';
import { Interest } from './interest';
import { LookUps } from './look-ups';
import { journalsIn, LastingMemory } from './memory/lasting-memory';
import type { NatsSettings } from './nats/address';
import { NatsFeed } from './nats/nats-feed';
import { Publications } from './nats/publications';
import { PollFeed } from './poll/poll-feed';
import { PollLoop } from './poll/poll-loop';
import type { RealtimeRest } from './rest';
import { ServerTime } from './server-time';
import { Socket, type SocketSettings } from './socket/connection';
import { DEFAULT_TIMING, type SocketState } from './socket/state';
import { ConversationSync } from './sync/conversation-sync';
import { GapReporter } from './sync/gap-reporter';
import { LiveFeed } from './sync/live-feed';
import { StallDetector } from './sync/stall-detector';
import { SyncLoop } from './sync/sync-loop';
import { timeOf } from './time';

export type { Claim, Claimant } from './bus/claims';
export type { Delivery, Listener, Source } from './bus/delivery';
export type { RealtimeFacts } from './facts';
export type { NatsSettings } from './nats/address';
export { NatsSession } from './nats/session';
export type { SocketState } from './socket/state';

export interface RealtimeSettings
  extends Pick<
    SocketSettings,
    'autoReconnect' | 'reconnectInterval' | 'maxReconnectAttempts' | 'timing' | 'url' | 'connection'
  > {
  /** known after the URL was requested */
  contract: Pick<Contract, 'frame' | 'signal' | 'announces'>;
  rest: RealtimeRest;
  /** milliseconds between two listings for new conversations, 10 000 */
  discoverInterval?: number;
  /** milliseconds between two polls during activity, if the socket announces no messages: 3000 */
  pollBusy?: number;
  /** milliseconds between two polls without activity: 15 000 */
  pollIdle?: number;
  /** the server's event publication; only self-hosted servers have one */
  nats?: NatsSettings;
  /** an event is about to be delivered */
  onDelivery?(delivery: Delivery): void;
  /** a failure without a waiting caller; the text is safe to log */
  onProblem(text: string): void;
  /** stores delivered keys and progress beyond the process */
  ledger?: Ledger;
  /** {@link Realtime.memory} of a predecessor in this process */
  predecessor?: Memory;
  /** handling of events after a predecessor's end: `asked` by default */
  whileDown?: HandoverSettings['whileDown'];
  /**
   * @param act called once, when the listeners are ready; at once by default @returns the function that cancels the
   * call
   */
  whenStarted?(act: () => void): () => void;
}

/** Delivered keys and progress, as plain data. */
export type Memory = ReturnType<Bus['memory']['export']>;

const DISCOVER_INTERVAL_MS = 10_000;
const POLL_BUSY_MS = 3000;
const POLL_IDLE_MS = 15_000;
/** Longest interval of the poll beside NATS, in milliseconds, since a server may fail to publish. */
const MAX_CHECK_INTERVAL_MS = 15_000;

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

  constructor(settings: RealtimeSettings) {
    const { contract, rest } = settings;
    const timing = { ...DEFAULT_TIMING, ...settings.timing };
    // A logger may fail, and no caller would catch the error.
    const onText = fence(settings.onProblem);
    const onProblem = (error: unknown) => onText(messageOf(error));
    this.#socket = new Socket({
      ...settings,
      url: async (isCertain) => {
        await this.#lasting?.ready;
        const address = await settings.url(isCertain);
        this.#feeds.choose();
        this.#update();
        return address;
      },
      encode: (signal) => contract.signal(signal),
      // Requested once per connection, and then called directly.
      onFrame: () => this.#intake.take,
      onState: fence(() => this.#update(), onProblem),
      onBroken: fence((reason) => this.#intake.broken(reason), onProblem),
    });
    const socket = this.#socket;
    const serverTime = new ServerTime(rest);
    const lookUps = new LookUps();
    const conversations = new ConversationCache(rest.conversations, lookUps);
    const interest = new Interest(socket);
    const { ledger } = settings;
    const journals = ledger && journalsIn(ledger, onProblem);
    const bus = new Bus(conversations, {
      onKey: journals && ((key) => journals.events.add(key)),
      onWebhookKey: journals && ((key) => journals.webhooks.add(key)),
      statusWaitMs: timing.statusWait,
      onOverflow: () => this.#handover.overflow(),
      onLate: () => gaps.count('overflow', this.#feeds.current.receivedUpTo),
      onError: onProblem,
      ...(settings.onDelivery && { onDelivery: fence(settings.onDelivery, onProblem) }),
    });
    const stall = new StallDetector(rest, socket, interest, serverTime, {
      afterMs: timing.stall,
      onStalled: (since) => {
        gaps.report('deaf', since);
        socket.renew();
      },
    });
    const gaps = new GapReporter(bus, stall, onText);
    const persistenceMs = timing.persistence;
    const sync = new ConversationSync(
      { rest, conversations, bus, gaps, interest, socket, serverTime },
      { persistenceMs, onProblem },
    );
    const loop = new SyncLoop(
      { sync, bus, gaps, stall, interest, socket },
      { intervalMs: intervalOf(settings.discoverInterval, DISCOVER_INTERVAL_MS), persistenceMs, onProblem },
    );
    const live = new LiveFeed({ socket, interest, bus, stall, sync, loop, lookUps }, onProblem);
    const idleMs = intervalOf(settings.pollIdle, POLL_IDLE_MS);
    const checkMs = settings.nats && Math.min(idleMs, MAX_CHECK_INTERVAL_MS);
    const poll = new PollLoop(
      { rest, conversations, bus, gaps, interest, serverTime },
      {
        busyMs: intervalOf(settings.pollBusy, POLL_BUSY_MS),
        idleMs: checkMs ?? idleMs,
        checkMs,
        startDelayMs: RETURN_MS,
        answerTimeoutMs: timing.silence + timing.pong,
        revivalMs: timing.revival,
        onProblem,
        onState: fence(() => this.#show(), onProblem),
      },
    );
    this.#interest = interest;
    this.#conversations = conversations;
    this.#bus = bus;
    this.#gaps = gaps;
    const polling = new PollFeed(socket, bus, poll);
    const onState = fence(() => this.#show(), onProblem);
    const asked = settings.nats
      ? new NatsFeed(
          {
            socket,
            poll: polling,
            loop: poll,
            gaps,
            publications: new Publications(
              { rest, conversations, bus, gaps, interest, loop: poll },
              settings.nats.tenant,
            ),
          },
          settings.nats,
          { onProblem: onText, onState },
        )
      : polling;
    this.#feeds = new FeedChoice(contract, live, asked);
    this.#intake = new Intake(contract, conversations, this.#feeds, gaps, onText);
    this.#status = new ConnectionStatus(this.#feeds, bus, onText);
    this.#handover = new Handover(
      { bus, interest, gaps, feeds: this.#feeds },
      {
        lingerMs: timing.linger,
        whileDown: settings.whileDown ?? 'asked',
        whenStarted: settings.whenStarted ?? atOnce,
      },
    );
    const { predecessor } = settings;
    if (predecessor) this.memory.import(predecessor);
    if (ledger && journals) {
      const parts = { ledger, journals, bus, handover: this.#handover };
      this.#lasting = new LastingMemory(parts, {
        isContinued: predecessor !== undefined,
        intervalMs: timing.remember,
        onProblem,
      });
    }
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
    this.#update();
    return once(() => {
      end();
      leave();
      this.#update();
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

  /** Notify a listener of every event on arrival, see the bus. @returns the function that removes the listener */
  onArrival(listener: ArrivalListener): () => void {
    return this.#bus.onArrival(listener);
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
    if (!this.isReady) {
      void this.ready.then(() => this.feed(event, source));
      return;
    }
    // Without live events there is nothing to wait for.
    if (this.#handover.isUsed && this.state.name !== 'open') this.#bus.feedAtOnce(event, source);
    else this.#bus.feed(event, source);
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

  /** The connection or its users have changed. */
  #update(): void {
    this.#feeds.current.update(this.#handover.isUsed);
    this.#show();
  }

  #show(): void {
    const state = this.#status.next();
    if (!state) return;
    if (state.name === 'idle') this.#handover.end();
    this.#status.announce(state);
  }
}

function atOnce(act: () => void): () => void {
  const immediate = setImmediate(act);
  return () => clearImmediate(immediate);
}

/** @returns a valid timer delay in milliseconds; other values would fire at once, repeatedly */
function intervalOf(given: number | undefined, usual: number): number {
  return given !== undefined && given >= 0 ? Math.min(given, MAX_TIMER_MS) : usual;
}
