import { once } from '../async/once';
import type { Contract } from '../contract';
import { isObject, tryJson } from '../contract/json';
import type { Event } from '../model';
import { Bus, type Listener } from './bus/bus';
import { describe } from './events/changes';
import type { RealtimeFacts } from './facts';
import { PollLoop } from './poll/poll-loop';
import { lacksFile, type PollRest } from './poll/poll-round';
import { Socket, type SocketSettings } from './socket/connection';
import { type SocketState, usual } from './socket/state';
import { ConversationSync, type Rest } from './sync/conversation-sync';
import { GapReporter } from './sync/gap-reporter';
import { StallDetector } from './sync/stall-detector';
import { SyncLoop } from './sync/sync-loop';

export type { Delivery, Listener, Source } from './bus/bus';
export type { RealtimeFacts } from './facts';
export type { SocketState } from './socket/state';

export interface RealtimeSettings
  extends Pick<
    SocketSettings,
    'autoReconnect' | 'reconnectInterval' | 'maxReconnectAttempts' | 'timing' | 'url' | 'connection'
  > {
  /** it is certain once the URL has been asked for */
  contract: Pick<Contract, 'frame' | 'signal' | 'announces'>;
  rest: Rest & PollRest;
  /** milliseconds between two looks for new conversations, 10 000 */
  discoverInterval?: number;
  /** milliseconds between two questions what is new, where the socket does not announce it: 3000 while something happens */
  pollBusy?: number;
  /** and 15 000 while nothing does */
  pollIdle?: number;
  /** something failed that nobody is waiting for; the text is safe to log */
  onProblem(text: string): void;
}

/** How long a predecessor may be gone for us to go on where it ended, in milliseconds. */
const succession = 300_000;
/** There is no later one, in milliseconds. */
const lastTime = 8.64e15;
/** How long the nodes of a deploy take to be there again, in milliseconds. */
const returning = 100;
/** How long all others wait for one that a deploy may make anew, in milliseconds. */
const absence = 1000;
const stateNames: Partial<Record<SocketState['name'], Event['name']>> = {
  open: 'connection.open',
  waiting: 'connection.waiting',
  refused: 'connection.refused',
  idle: 'connection.closed',
  paused: 'connection.closed',
  closed: 'connection.closed',
};

/** What an account hears: one socket, one bus, and the conversations they are about. */
export class Realtime {
  readonly #settings: RealtimeSettings;
  readonly #socket: Socket;
  readonly #bus: Bus;
  readonly #roster: ConversationSync;
  readonly #deaf: StallDetector;
  readonly #opening: SyncLoop;
  readonly #poll: PollLoop;
  readonly #recovery: GapReporter;
  readonly #linger: number;
  readonly #persistence: number;
  readonly #states = new Set<(state: SocketState) => void>();
  readonly #discovered = new Map<string, () => void>();
  readonly #chosen = new Map<string, number>();
  /** chosen while the connection stood; where their gaps begin is still to be asked */
  readonly #entering = new Set<string>();
  #malformed = 0;
  /** the socket of this contract does not announce messages: they are asked for */
  #isSilent = false;
  /** what was said of the connection the last time */
  #shown: SocketState | undefined;
  #users = 0;
  #everything = 0;
  /** when the last of those left who may be back soon, milliseconds of the clock */
  #desertedAt = 0;
  #return: NodeJS.Timeout | undefined;
  /** while others wait for one that has left */
  #absence: NodeJS.Timeout | undefined;
  /** more has come than could be held back while nobody listened */
  #overflowed = false;
  /** until then the mark of those who wanted everything is good for their successors, milliseconds of the clock */
  #markUntil = 0;

  constructor(settings: RealtimeSettings) {
    this.#settings = settings;
    const { contract, rest, onProblem } = settings;
    const timing = { ...usual, ...settings.timing };
    this.#linger = timing.linger;
    this.#persistence = timing.persistence;
    this.#socket = new Socket({
      ...settings,
      url: async () => {
        const address = await settings.url();
        this.#isSilent = !contract.announces;
        this.#tend();
        return address;
      },
      encode: (signal) => contract.signal(signal),
      onFrame: (text, at) => this.#frame(text, at),
      onState: () => {
        this.#tend();
        this.#show();
      },
      onBroken: (reason) => {
        this.#malformed++;
        this.#recovery.gap(reason, this.#lastHeard());
      },
    });
    this.#recovery = new GapReporter({
      bus: () => this.#bus,
      excuse: (time) => this.#deaf.excuse(time),
      onProblem,
    });
    this.#roster = new ConversationSync({
      rest,
      subscribe: (id) => this.#subscribeFound(id),
      settled: () => this.#socket.settled(),
      persistence: timing.persistence,
      heard: (messageId) => this.#bus.knows(messageId),
      hears: (id) => this.#hears(id),
      wants: (id) => this.#everything > 0 || this.#chosen.has(id),
      onKnown: (message) => this.#bus.skip(message),
      onProblem: (error) => onProblem(messageOf(error)),
      onMissed: (id, since, missed) => this.#recovery.messages(id, since, missed),
      onListed: (before, listed) => this.#recovery.change(before, listed),
      onStatus: (message) => this.#recovery.status(message),
      onTruncated: (since) => this.#recovery.gap('truncated', since),
    });
    this.#bus = new Bus({
      conversation: (id) => this.#roster.conversations.get(id),
      isFresh: (id) => this.#roster.conversations.isFresh(id),
      onOverflow: () => this.#overflow(),
      patience: timing.patience,
      onError: (error) => onProblem(messageOf(error)),
    });
    this.#deaf = new StallDetector({
      rest,
      after: timing.deaf,
      subscriptions: () => this.#socket.subscriptions,
      hears: (id) => this.#hears(id),
      settled: () => this.#socket.settled(),
      onDeaf: (since) => {
        this.#recovery.gap('deaf', since);
        this.#socket.renew();
      },
    });
    this.#opening = new SyncLoop({
      roster: this.#roster,
      interval: settings.discoverInterval ?? 10_000,
      persistence: timing.persistence,
      wantsAll: () => this.#everything > 0,
      isOpen: () => this.state.name === 'open',
      settled: () => this.#socket.settled(),
      hold: () => this.#bus.hold(),
      resume: () => this.#resume(),
      onCaughtUp: () => {
        this.#deaf.excuse(this.#roster.mark ?? 0);
        if (this.state.name === 'open') this.#deaf.start();
      },
      onUnreadable: (since) => this.#recovery.gap('unreadable', since),
      onProblem: (error) => onProblem(messageOf(error)),
    });
    this.#poll = new PollLoop({
      rest,
      busy: settings.pollBusy ?? 3000,
      idle: settings.pollIdle ?? 15_000,
      delay: returning,
      patience: timing.silence + timing.pong,
      revival: timing.revival,
      conversations: this.#roster.conversations,
      wants: (id) => this.#everything > 0 || this.#chosen.has(id),
      heard: (messageId) => this.#bus.knows(messageId),
      isStatusNews: (messageId, status) => this.#bus.isStatusNews(messageId, status),
      tell: (event, recovered) => this.#bus.feed(event, 'poll', Date.now(), recovered),
      onGap: (reason, since, id) =>
        id === undefined ? this.#recovery.gap(reason, since) : this.#recovery.count(reason, since),
      onProblem: (error) => onProblem(messageOf(error)),
      onState: () => this.#show(),
    });
  }

  /** Where messages are asked for, it stands while they can be, whatever the socket is like. */
  get state(): SocketState {
    const { state } = this.#socket;
    if (!this.#isSilent || isOver(state) || (this.#poll.announced && state.name === 'open')) return state;
    return this.#poll.state;
  }

  /** Messages are asked for now and then, and what becomes of them shows later than where it is announced. */
  get polls(): boolean {
    return this.#isSilent;
  }

  /** Counts for diagnosis. */
  get counts(): { subscriptions: number } {
    return { subscriptions: this.#socket.subscriptions };
  }

  /** How it is and what it has brought. */
  facts(): RealtimeFacts {
    const { state } = this;
    const { latency, subscriptions, counters } = this.#socket;
    const { attempts, lastError } = this.#isSilent ? this.#poll : this.#socket;
    return {
      state: state.name,
      since: state.since,
      attempts,
      ...(lastError !== undefined && { lastError }),
      ...(latency !== undefined && { latency }),
      ...(this.#isSilent && { poll: this.#poll.facts }),
      subscriptions,
      counters: { ...counters, ...this.#bus.counters, gaps: this.#recovery.gaps, malformed: this.#malformed },
    };
  }

  /** Hear every change of the connection. @returns the function that ends it */
  onState(listener: (state: SocketState) => void): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }

  /**
   * Hear every event of the conversations that somebody subscribed.
   * @param returns after a deploy: what comes meanwhile is kept
   * @returns the function that ends it
   */
  listen(listener: Listener, returns = true): () => void {
    const release = this.#socket.retain();
    const off = this.#bus.listen(listener);
    this.#users++;
    if (this.#users === 1) this.#enter();
    else if (returns && this.#absence) this.#await(returning);
    this.#tend();
    return once(() => {
      off();
      if (returns) this.#desertedAt = Date.now();
      this.#users--;
      if (this.#users === 0) this.#leave();
      else if (returns && this.state.name === 'open') this.#await(absence);
      this.#tend();
      release();
    });
  }

  /** Hear what is told anyway: an onlooker opens no connection and keeps none. @returns the function that ends it */
  overhear(listener: Listener): () => void {
    return this.#bus.listen(listener);
  }

  /** Subscribe all conversations, present and coming. @returns the function that ends it */
  everything(): () => void {
    this.#everything++;
    if (this.#everything === 1) {
      // A redeploy must lose nothing; but what was said while nobody wanted to hear it is no gap.
      if (Date.now() > this.#markUntil) this.#roster.forget();
      if (this.#isLive) this.#opening.start();
    }
    return once(() => {
      this.#everything--;
      if (this.#everything > 0) return;
      this.#markUntil = Date.now() + this.#linger;
      for (const release of this.#discovered.values()) release();
      this.#discovered.clear();
    });
  }

  /** Subscribe one conversation. @returns the function that ends it */
  subscribe(conversationId: string): () => void {
    const release = this.#socket.subscribe(conversationId);
    const count = this.#chosen.get(conversationId) ?? 0;
    this.#chosen.set(conversationId, count + 1);
    if (count === 0) this.#choose(conversationId);
    return once(() => {
      const left = (this.#chosen.get(conversationId) ?? 1) - 1;
      if (left > 0) this.#chosen.set(conversationId, left);
      else this.#chosen.delete(conversationId);
      release();
    });
  }

  /**
   * Say that somebody is typing, or has stopped.
   * @returns false when that could not be sent: the connection does not stand, or this server has no such frame
   */
  typing(conversationId: string, isTyping: boolean): boolean {
    return this.#socket.send({ type: 'typing', conversationId, isTyping });
  }

  /** The end of {@link disconnect}; a connection that is down for another reason is tried at once. */
  connect(): void {
    this.#socket.resume();
    if (this.state.name === 'waiting' || this.state.name === 'refused') this.#poll.retry();
  }

  /** Let go of the connection, whoever uses it, until {@link connect} or {@link reconnect}. */
  disconnect(): void {
    this.#socket.pause();
    this.#resume();
  }

  /** A new connection, whatever the present one is like. What is missed meanwhile is fetched. */
  reconnect(): void {
    this.#poll.fallBehind();
    this.#socket.renew();
    this.#poll.retry();
  }

  /** What has been seen and how far, as plain data: with it a successor tells nothing twice, and goes on from there. */
  get memory(): Bus['memory'] {
    const { memory } = this.#bus;
    return {
      export: () => {
        const heard = () => this.#lastHeard(this.#everything === 0 && Date.now() > this.#markUntil);
        const mark = this.#isSilent ? this.#poll.mark : heard();
        if (mark === undefined) return memory.export();
        const now = Date.now();
        const listed = this.#isSilent ? this.#poll.export() : [];
        const kept = listed.map((one): [string, number] => [`l:${one.join(' ')}`, now]);
        return [[`w:${mark}`, now], ...kept, ...memory.export()];
      },
      import: (earlier) => {
        memory.import(earlier.filter(([key]) => !/^[lw]:/.test(key)));
        const listed = earlier.filter(([key]) => key.startsWith('l:')).map(([key]) => key.slice(2).split(' '));
        for (const [key, until] of earlier)
          if (key.startsWith('w:')) this.#succeed(Number(key.slice(2)), until, listed);
      },
    };
  }

  /** @returns true the first time that a reader asks about an event */
  isFirst(reader: string, eventId: string): boolean {
    return this.#bus.first(reader, eventId);
  }

  /** Hand in an event that came by another way. */
  feed(event: Event, source: 'webhook' | 'test'): void {
    // Where nothing comes live, there is nothing that it should wait for.
    if (this.#users > 0 && this.state.name !== 'open') this.#bus.pass(event, source);
    else this.#bus.feed(event, source);
  }

  /** A REST call has just succeeded: a refused socket may try again. */
  revive(): void {
    this.#socket.revive();
    this.#poll.revive();
  }

  close(): void {
    this.#opening.stop();
    this.#poll.stop();
    clearTimeout(this.#return);
    clearTimeout(this.#absence);
    this.#deaf.stop();
    this.#roster.close();
    this.#bus.discard();
    this.#socket.close();
  }

  /** The socket stands and brings what is said. */
  get #isLive(): boolean {
    return !this.#isSilent && this.state.name === 'open';
  }

  /** Ask for messages while somebody wants them and nobody announces them. */
  #tend(): void {
    const { state } = this.#socket;
    if (state.name !== 'open') this.#poll.deafen();
    if (state.name === 'paused') this.#poll.fallBehind();
    if (this.#isSilent && this.#users > 0 && !isOver(state)) this.#poll.start();
    else this.#poll.stop();
  }

  #show(): void {
    const { state } = this;
    // Where messages are asked for, a socket that comes and goes changes nothing.
    const isSame = this.#isSilent && state.name === this.#shown?.name && state.name !== 'waiting';
    if (state === this.#shown || isSame) return;
    this.#shown = state;
    this.#changed(state);
  }

  #changed(state: SocketState): void {
    this.#opening.changed();
    clearTimeout(this.#return);
    if (this.#isLive) this.#opening.start();
    else {
      this.#deaf.stop();
      // What was missed before them may still be fetched, but not if that takes for ever.
      if (this.#bus.holds) this.#return = setTimeout(() => this.#resume(), this.#persistence);
    }
    if (state.name === 'idle') {
      // Nobody has come back for what is held back; but some may look on.
      if (this.#bus.isHeard) this.#bus.resume();
      this.#bus.discard();
      this.#roster.forget();
      this.#poll.forget();
    }
    for (const listener of this.#states) {
      try {
        listener(state);
      } catch (error) {
        this.#settings.onProblem(messageOf(error));
      }
    }
    const name = stateNames[state.name];
    if (name === undefined) return;
    const connection = { ...state };
    this.#bus.announce({ name, connection, at: new Date(state.since).toISOString(), original: connection }, 'ws');
  }

  /** Somebody listens again. */
  #enter(): void {
    // Who came back late has nothing to do with what was said when nobody wanted to hear it.
    if (this.state.name === 'paused' && Date.now() - this.#desertedAt > this.#linger) {
      this.#roster.forget();
      this.#poll.forget();
    }
    if (!this.#bus.holds) return;
    if (this.#overflowed) {
      this.#overflowed = false;
      this.#recovery.gap('overflow', this.#roster.mark);
      if (this.#isLive) this.#opening.start();
    }
    // Of the nodes that a deploy makes anew one is the first, and the others want to hear it as well.
    clearTimeout(this.#return);
    this.#return = setTimeout(() => this.#resume(), returning);
  }

  /** Nobody listens any more, perhaps only for the time that a deploy takes. */
  #leave(): void {
    clearTimeout(this.#absence);
    this.#absence = undefined;
    if (this.state.name !== 'paused' && this.#isAwaited) this.#bus.hold();
  }

  /** One of several has left, perhaps only for the time that a deploy takes. */
  #await(milliseconds: number): void {
    this.#bus.hold();
    clearTimeout(this.#absence);
    this.#absence = setTimeout(() => {
      this.#absence = undefined;
      // When the connection is gone meanwhile, what was missed comes first.
      if (this.state.name === 'open') this.#resume();
    }, milliseconds);
  }

  /** Those who have left may be back soon: a deploy makes them anew. */
  get #isAwaited(): boolean {
    return Date.now() - this.#desertedAt <= this.#linger;
  }

  /** There is too much to be held back. */
  #overflow(): void {
    if (this.#users === 0) {
      // Told to nobody it would count as told: what can be fetched is fetched when somebody listens again.
      this.#bus.discard();
      this.#bus.hold();
      this.#overflowed = true;
      return;
    }
    this.#bus.resume();
    if (this.#opening.isStarting) this.#recovery.gap('overflow', this.#lastHeard());
  }

  #resume(): void {
    if ((this.#users > 0 || !this.#isAwaited) && !this.#opening.isStarting) this.#bus.resume();
  }

  /** What is said from now on in a conversation chosen later than the others, is of interest; not what was before. */
  #choose(conversationId: string): void {
    if (!this.#isLive || this.#everything > 0 || this.#roster.mark === undefined) return;
    this.#entering.add(conversationId);
    if (this.#entering.size > 1) return;
    setImmediate(() => {
      const ids = [...this.#entering];
      this.#entering.clear();
      this.#roster.enter(ids).catch((error: unknown) => this.#settings.onProblem(messageOf(error)));
    });
  }

  /**
   * A predecessor has ended: what was said since its mark is a gap.
   * @param until milliseconds of the clock
   * @param listed conversations and when they had changed, where it had to ask
   */
  #succeed(mark: number, until: number, listed: string[][]): void {
    const isLate = Date.now() - until > succession;
    const isTime = Math.abs(mark) <= lastTime;
    if (isLate || !isTime || this.#roster.mark !== undefined || this.state.name !== 'idle') return;
    this.#roster.markFrom(mark);
    this.#poll.succeed(
      mark,
      listed.map(([id = '', changedAt = '']) => [id, changedAt]),
    );
    this.#markUntil = until + succession;
  }

  /** Up to then we have heard all, in milliseconds of the server's clock. @param live nobody has asked since by REST */
  #lastHeard(live = true): number | undefined {
    const { mark } = this.#roster;
    return mark === undefined || !live ? mark : Math.max(mark, this.#deaf.since);
  }

  #hears(id: string): boolean {
    return this.#discovered.has(id) || this.#chosen.has(id);
  }

  #subscribeFound(id: string): void {
    if (this.#everything > 0 && !this.#discovered.has(id)) this.#discovered.set(id, this.#socket.subscribe(id));
  }

  /** What failed here would end the process. */
  #frame(text: string, at: number): void {
    try {
      const event = this.#settings.contract.frame(text);
      if (event) this.#live(event, at, text.length);
      else if (!isObject(tryJson(text))) this.#malformed++;
    } catch (error) {
      this.#malformed++;
      this.#settings.onProblem(messageOf(error));
    }
  }

  #live(event: Event, at: number, length: number): void {
    if (this.#isSilent) this.#poll.stir(event);
    else this.#deaf.heard(event, at);
    const { conversationId: id, message, changes } = event;
    if (this.#isSilent && id !== undefined && message && lacksFile(message)) {
      return this.#bus.insert(id, this.#poll.whole(event), false);
    }
    const isNew = !this.#isSilent && id !== undefined && this.#everything > 0 && !this.#discovered.has(id);
    if (id !== undefined && changes) {
      describe(event, this.#roster.conversations.update(id, changes));
      // That it is there comes before what was said in it.
      this.#bus.feed(event, 'ws', at, false, length);
      if (isNew) this.#meet(id);
      return;
    }
    if (isNew) this.#meet(id);
    this.#bus.feed(event, 'ws', at, false, length);
  }

  /** The first sign of a conversation that no listing has shown yet: do not wait for the next one. */
  #meet(id: string): void {
    this.#roster.discover(id).catch((error: unknown) => this.#settings.onProblem(messageOf(error)));
  }
}

/** Nobody wants the connection. */
function isOver({ name }: SocketState): boolean {
  return name === 'idle' || name === 'paused' || name === 'closed';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
