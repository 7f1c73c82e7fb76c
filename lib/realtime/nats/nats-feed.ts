import { fence } from '../../async/fence';
import type { Event } from '../../model';
import type { RealtimeFacts } from '../facts';
import type { Feed, ReadConversation } from '../feed';
import type { PollFeed } from '../poll/poll-feed';
import type { PollLoop } from '../poll/poll-loop';
import type { Socket } from '../socket/connection';
import { isUnused, type SocketState } from '../socket/state';
import type { GapReporter } from '../sync/gap-reporter';
import type { NatsSettings } from './address';
import { NatsLink, type NatsState } from './nats-link';
import type { Publications } from './publications';
import { ACK_WAIT_MS } from './session';

export interface NatsFeedParts {
  socket: Socket;
  poll: PollFeed;
  loop: PollLoop;
  publications: Publications;
  gaps: GapReporter;
}

/** Longest standstill during catch-up before the poll resumes, in milliseconds. */
const STANDSTILL_MS = ACK_WAIT_MS + 5000;

/**
 * Receives events by NATS, as published by the self-hosted server (contract 8.3). The poll keeps running: it finds
 * events that NATS omits, and all events while NATS is down. It pauses while NATS delivers the events of an absence,
 * since only NATS has them in order.
 */
export class NatsFeed implements Feed {
  readonly #parts: NatsFeedParts;
  readonly #link: NatsLink;
  #standstill: NodeJS.Timeout | undefined;
  /** the state of the poll with that of NATS added; cached, so that the same state is the same object */
  #shown: { of: SocketState; natsIs: NatsState; state: SocketState } | undefined;

  constructor(
    parts: NatsFeedParts,
    nats: NatsSettings,
    { onProblem, onState }: { onProblem(text: string): void; onState(): void },
  ) {
    this.#parts = parts;
    const { publications, gaps, loop } = parts;
    let isSharingReported = false;
    const reader = {
      event: publications.event.bind(publications),
      outbound: publications.outbound.bind(publications),
      status: publications.status.bind(publications),
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
    const onLost = () => {
      this.#release();
      loop.unannounced();
    };
    this.#link = new NatsLink({ nats, reader, onLost, onState, onProblem });
  }

  get polls(): boolean {
    return this.#link.state.name !== 'open';
  }

  get isCatchingUp(): boolean {
    return this.#parts.poll.isCatchingUp;
  }

  get state(): SocketState {
    const { state } = this.#parts.poll;
    const natsIs = this.#link.state;
    if (this.#shown?.of === state && this.#shown.natsIs === natsIs) return this.#shown.state;
    let shown = state;
    if (state.name === 'connecting' && natsIs.name === 'open') shown = { name: 'open', since: natsIs.since };
    if (state.name === 'open' && natsIs.name === 'waiting') shown = { ...state, name: 'open', caution: 'polling_only' };
    this.#shown = { of: state, natsIs, state: shown };
    return shown;
  }

  get facts(): Pick<RealtimeFacts, 'attempts' | 'lastError' | 'poll' | 'nats'> {
    const { state, lastError } = this.#link;
    const nats = { state: state.name, since: state.since, ...(lastError !== undefined && { lastError }) };
    return { ...this.#parts.poll.facts, nats };
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
    else if (!this.#link.isUsed) this.#start();
    poll.update(isUsed);
  }

  #start(): void {
    this.#hold();
    this.#link.start();
  }

  #stop(): void {
    if (!this.#link.isUsed) return;
    this.#link.stop();
    this.#release();
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
    this.#standstill = setTimeout(
      fence(() => this.#release()),
      STANDSTILL_MS,
    );
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
    if (this.#link.state.name === 'waiting') this.#link.renew();
  }

  reconnect(): void {
    this.#parts.poll.reconnect();
    this.#link.renew();
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
    clearTimeout(this.#standstill);
    this.#parts.poll.close();
    await this.#link.close();
  }
}
