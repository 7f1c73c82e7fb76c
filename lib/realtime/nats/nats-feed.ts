import { backoff } from '../../async/backoff';
import { fence } from '../../async/fence';
import { toLinktorError } from '../../errors';
import type { Event } from '../../model';
import type { RealtimeFacts } from '../facts';
import type { Feed, ReadConversation } from '../feed';
import type { PollFeed } from '../poll/poll-feed';
import type { PollLoop } from '../poll/poll-loop';
import type { Socket } from '../socket/connection';
import { isUnused, type SocketState } from '../socket/state';
import type { GapReporter } from '../sync/gap-reporter';
import type { NatsSettings } from './address';
import type { Publications } from './publications';
import { ACK_WAIT_MS, NatsSession, type SessionReader } from './session';

export interface NatsFeedParts {
  socket: Socket;
  poll: PollFeed;
  loop: PollLoop;
  publications: Publications;
  gaps: GapReporter;
}

const RECONNECT_INTERVAL_MS = 1000;
/** Longest standstill during catch-up before the poll resumes, in milliseconds. */
const STANDSTILL_MS = ACK_WAIT_MS + 5000;
/** Log one of this many attempts. */
const LOG_EVERY = 10;

/** State of NATS. Times are milliseconds of the local clock. */
interface NatsState {
  name: NonNullable<RealtimeFacts['nats']>['state'];
  since: number;
}

/**
 * Receives events by NATS, as published by the self-hosted server (contract 8.3). The poll keeps running: it finds
 * events that NATS omits, and all events while NATS is down. It pauses while NATS delivers the events of an absence,
 * since only NATS has them in order.
 */
export class NatsFeed implements Feed {
  readonly #parts: NatsFeedParts;
  readonly #settings: NatsSettings;
  readonly #onProblem: (text: string) => void;
  readonly #onState: () => void;
  readonly #reader: SessionReader;
  #session: NatsSession | undefined;
  /** the present use; callbacks of an earlier one are ignored */
  #use: symbol | undefined;
  /** resolves when the previous session has ended: until then NATS counts it as another reader */
  #ending = Promise.resolve();
  #state: NatsState = { name: 'idle', since: Date.now() };
  #lastError: string | undefined;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;
  #standstill: NodeJS.Timeout | undefined;
  /** the state of the poll with that of NATS added; cached, so that the same state is the same object */
  #shown: { of: SocketState; natsIs: NatsState; state: SocketState } | undefined;

  constructor(
    parts: NatsFeedParts,
    settings: NatsSettings,
    { onProblem, onState }: { onProblem(text: string): void; onState(): void },
  ) {
    this.#parts = parts;
    this.#settings = settings;
    this.#onProblem = onProblem;
    this.#onState = onState;
    const { publications, gaps } = parts;
    let isSharingReported = false;
    this.#reader = {
      event: (event, signal) => publications.event(event, signal),
      outbound: (text) => publications.outbound(text),
      status: (text) => publications.status(text),
      behind: () => this.#hold(),
      caughtUp: () => this.#release(),
      progress: () => this.#expectProgress(),
      dropped: () => gaps.report('dropped', this.watermark),
      shared: () => {
        if (!isSharingReported)
          onProblem('another Node-RED reads the same events from NATS: each gets only some of them');
        isSharingReported = true;
      },
    };
  }

  get #isOpen(): boolean {
    return this.#state.name === 'open';
  }

  get polls(): boolean {
    return !this.#isOpen;
  }

  get isCatchingUp(): boolean {
    return this.#parts.poll.isCatchingUp;
  }

  get state(): SocketState {
    const { state } = this.#parts.poll;
    const natsIs = this.#state;
    if (this.#shown?.of === state && this.#shown.natsIs === natsIs) return this.#shown.state;
    let shown = state;
    if (state.name === 'connecting' && natsIs.name === 'open') shown = { name: 'open', since: natsIs.since };
    if (state.name === 'open' && natsIs.name === 'waiting') shown = { ...state, name: 'open', caution: 'polling_only' };
    this.#shown = { of: state, natsIs, state: shown };
    return shown;
  }

  get facts(): Pick<RealtimeFacts, 'attempts' | 'lastError' | 'poll' | 'nats'> {
    const { name, since } = this.#state;
    const lastError = this.#lastError === undefined ? {} : { lastError: this.#lastError };
    return { ...this.#parts.poll.facts, nats: { state: name, since, ...lastError } };
  }

  get watermark(): number | undefined {
    return this.#parts.poll.watermark;
  }

  get receivedUpTo(): number | undefined {
    return this.#parts.poll.receivedUpTo;
  }

  take(event: Event, at: number, chars: number): void {
    this.#parts.poll.take(event, at, chars);
  }

  update(isUsed: boolean): void {
    const { poll, socket } = this.#parts;
    if (!isUsed || isUnused(socket.state)) this.#stop();
    else if (this.#use === undefined) this.#start();
    poll.update(isUsed);
  }

  #start(): void {
    this.#use = Symbol('use');
    this.#attempt = 0;
    this.#hold();
    this.#connect();
  }

  #stop(): void {
    if (this.#use === undefined) return;
    this.#use = undefined;
    clearTimeout(this.#timer);
    this.#state = { name: 'idle', since: Date.now() };
    this.#release();
    void this.#endSession();
  }

  #endSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session) this.#ending = session.close();
    return this.#ending;
  }

  #connect(): void {
    const use = this.#use;
    if (this.#attempt === 0) this.#become('connecting');
    this.#ending
      .then(() => NatsSession.open(this.#settings, this.#reader))
      .then((session) => {
        if (use !== this.#use) return session.close();
        this.#session = session;
        this.#become('open');
        return session.ended.then((reason) => {
          if (this.#session === session) this.#lost(reason);
        });
      })
      .catch((error: unknown) => {
        if (use === this.#use) this.#lost(toLinktorError(error).message);
      });
  }

  #lost(reason: string): void {
    const { loop } = this.#parts;
    void this.#endSession();
    this.#lastError = reason;
    if (this.#attempt % LOG_EVERY === 0) this.#onProblem(`no events from NATS, polling instead: ${reason}`);
    this.#attempt++;
    this.#release();
    loop.unannounced();
    const again = fence(
      () => this.#connect(),
      (error) => this.#onProblem(toLinktorError(error).message),
    );
    this.#timer = setTimeout(again, backoff(this.#attempt, RECONNECT_INTERVAL_MS));
    this.#become('waiting');
  }

  #become(name: NatsState['name']): void {
    this.#state = { name, since: Date.now() };
    if (name === 'open') this.#attempt = 0;
    this.#onState();
  }

  /** Pause the poll while NATS delivers missed events. */
  #hold(): void {
    this.#parts.loop.hold();
    this.#expectProgress();
  }

  /** Resume the poll after a time without progress. */
  #expectProgress(): void {
    if (!this.#parts.loop.isHeld) return;
    clearTimeout(this.#standstill);
    this.#standstill = setTimeout(() => this.#release(), STANDSTILL_MS);
  }

  #release(): void {
    clearTimeout(this.#standstill);
    this.#parts.loop.release();
  }

  wantAll(): void {
    this.#parts.poll.wantAll();
  }

  rescan(): void {
    this.#parts.poll.rescan();
  }

  enter(): void {
    this.#parts.poll.enter();
  }

  sent(conversationId: string): void {
    this.#parts.poll.sent(conversationId);
  }

  connect(): void {
    this.#parts.poll.connect();
    if (this.#use !== undefined && this.#state.name === 'waiting') this.#again();
  }

  reconnect(): void {
    this.#parts.poll.reconnect();
    if (this.#use !== undefined) this.#again();
  }

  #again(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#endSession();
    this.#connect();
  }

  revive(): void {
    this.#parts.poll.revive();
  }

  forget(): void {
    this.#parts.poll.forget();
  }

  handoverPoint(): number | undefined {
    return this.#parts.poll.handoverPoint();
  }

  readConversations(): ReadConversation[] {
    return this.#parts.poll.readConversations();
  }

  continueFrom(position: number, read: readonly ReadConversation[]): void {
    this.#parts.poll.continueFrom(position, read);
  }

  async close(): Promise<void> {
    this.#use = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#standstill);
    this.#parts.poll.close();
    await this.#endSession();
  }
}
