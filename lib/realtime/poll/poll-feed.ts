import type { Event } from '../../model';
import type { Bus } from '../bus/bus';
import type { RealtimeFacts } from '../facts';
import type { Feed, ReadConversation } from '../feed';
import type { Socket } from '../socket/connection';
import { isUnused, type SocketState } from '../socket/state';
import { lacksFile } from './conversation-reader';
import type { PollLoop } from './poll-loop';

/** Polls the server for events; the socket brings only typing, and any other announced events (contract 2.3). */
export class PollFeed implements Feed {
  readonly polls = true;
  readonly isCatchingUp = false;
  readonly #socket: Socket;
  readonly #bus: Bus;
  readonly #loop: PollLoop;

  constructor(socket: Socket, bus: Bus, loop: PollLoop) {
    this.#socket = socket;
    this.#bus = bus;
    this.#loop = loop;
  }

  /** Open while the server can be reached; once the socket announces messages, the state of the socket. */
  get state(): SocketState {
    const { state } = this.#socket;
    return isUnused(state) || (this.#loop.isAnnounced && state.name === 'open') ? state : this.#loop.state;
  }

  get facts(): Pick<RealtimeFacts, 'attempts' | 'lastError' | 'poll'> {
    const { attempts, lastError, facts } = this.#loop;
    return { attempts, ...(lastError !== undefined && { lastError }), poll: facts };
  }

  get watermark(): number | undefined {
    return this.#loop.position;
  }

  get receivedUpTo(): number | undefined {
    return this.#loop.position;
  }

  take(event: Event, at: number, chars: number): void {
    const { conversationId: id, message } = event;
    this.#loop.announced(event);
    if (id !== undefined && message && lacksFile(message)) this.#bus.insert(id, this.#loop.withFile(event), false);
    else this.#bus.feed(event, 'ws', at, false, chars);
  }

  update(isUsed: boolean): void {
    const { state } = this.#socket;
    if (state.name !== 'open') this.#loop.unannounced();
    if (state.name === 'paused') this.#loop.fallBehind();
    if (isUsed && !isUnused(state)) this.#loop.start();
    else this.#loop.stop();
  }

  /** Every round checks all conversations. */
  wantAll(): void {}

  rescan(): void {}

  /** The cursor tracks the start of each conversation. */
  enter(): void {}

  sent(conversationId: string): void {
    this.#loop.sent(conversationId);
  }

  connect(): void {
    this.#socket.resume();
    const { name } = this.state;
    if (name === 'waiting' || name === 'refused') this.#loop.retry();
  }

  reconnect(): void {
    this.#loop.fallBehind();
    this.#socket.renew();
    this.#loop.retry();
  }

  revive(): void {
    this.#socket.revive();
    this.#loop.revive();
  }

  forget(): void {
    this.#loop.forget();
  }

  handoverPoint(): number | undefined {
    return this.#loop.position;
  }

  readConversations(): ReadConversation[] {
    return this.#loop.export();
  }

  continueFrom(position: number, read: readonly ReadConversation[]): void {
    this.#loop.continueFrom(position, read);
  }

  close(): void {
    this.#loop.stop();
  }
}
