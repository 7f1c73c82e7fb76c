import { fence } from '../../async/fence';
import type { Event } from '../../model';
import type { Bus } from '../bus/bus';
import type { RealtimeFacts } from '../facts';
import type { Feed, ReadConversation } from '../feed';
import type { Interest } from '../interest';
import type { LookUps } from '../look-ups';
import type { Socket } from '../socket/connection';
import type { SocketState } from '../socket/state';
import type { ConversationSync } from './conversation-sync';
import type { StallDetector } from './stall-detector';
import type { SyncLoop } from './sync-loop';

export interface LiveParts {
  socket: Socket;
  interest: Interest;
  bus: Bus;
  stall: StallDetector;
  sync: ConversationSync;
  lookUps: LookUps;
  loop: SyncLoop;
}

/** The socket announces events; REST adds those missed while it was down (contract 2.1). */
export class LiveFeed implements Feed {
  readonly polls = false;
  readonly #parts: LiveParts;
  readonly #onProblem: (error: unknown) => void;
  /** the state of the socket at the last update */
  #seen: SocketState | undefined;
  /** wanted during the connection; the start of their gaps is still to be requested */
  readonly #entering = new Set<string>();

  constructor(parts: LiveParts, onProblem: (error: unknown) => void) {
    this.#parts = parts;
    this.#onProblem = onProblem;
  }

  get state(): SocketState {
    return this.#parts.socket.state;
  }

  get facts(): Pick<RealtimeFacts, 'attempts' | 'lastError'> {
    const { attempts, lastError } = this.#parts.socket;
    return { attempts, ...(lastError !== undefined && { lastError }) };
  }

  get watermark(): number | undefined {
    return this.#parts.sync.watermark;
  }

  get receivedUpTo(): number | undefined {
    const { watermark } = this;
    return watermark === undefined ? undefined : Math.max(watermark, this.#parts.stall.receivedUpTo);
  }

  get isCatchingUp(): boolean {
    return this.#parts.loop.isStarting;
  }

  take(event: Event, at: number, chars: number): void {
    const { bus, stall, interest } = this.#parts;
    stall.note(event, at);
    const { conversationId: id } = event;
    const isNew = id !== undefined && interest.isUndiscovered(id, at);
    // A change announces the conversation, so it precedes its messages; a message follows the missed ones.
    if (isNew && !event.changes) this.#discover(id);
    bus.feed(event, 'ws', at, false, chars);
    if (isNew && event.changes) this.#discover(id);
  }

  /** Handle the first event of an unlisted conversation: do not wait for the next listing, within the rate limit. */
  #discover(id: string): void {
    const { sync, lookUps } = this.#parts;
    if (lookUps.spend()) sync.discover(id).catch(this.#onProblem);
  }

  update(): void {
    const { socket, stall, loop } = this.#parts;
    if (socket.state === this.#seen) return;
    this.#seen = socket.state;
    loop.connectionChanged();
    if (socket.state.name === 'open') return loop.start();
    stall.stop();
    loop.suspend();
  }

  wantAll(continues: boolean): void {
    if (!continues) this.#parts.sync.forget();
    this.rescan();
  }

  rescan(): void {
    if (this.state.name === 'open') this.#parts.loop.start();
  }

  enter(conversationId: string): void {
    const { interest, sync } = this.#parts;
    if (this.state.name !== 'open' || interest.wantsAll || sync.watermark === undefined) return;
    this.#entering.add(conversationId);
    if (this.#entering.size > 1) return;
    setImmediate(
      fence(() => {
        const ids = [...this.#entering];
        this.#entering.clear();
        sync.enter(ids).catch(this.#onProblem);
      }, this.#onProblem),
    );
  }

  /** The socket announces it. */
  sent(): void {}

  connect(): void {
    this.#parts.socket.resume();
  }

  reconnect(): void {
    this.#parts.socket.renew();
  }

  revive(): void {
    this.#parts.socket.revive();
  }

  forget(): void {
    this.#parts.sync.forget();
  }

  handoverPoint(isListed: boolean): number | undefined {
    return isListed ? this.watermark : this.receivedUpTo;
  }

  readConversations(): ReadConversation[] {
    return [];
  }

  continueFrom(watermark: number): void {
    this.#parts.sync.startFrom(watermark);
  }

  close(): void {
    const { loop, stall, sync } = this.#parts;
    loop.stop();
    stall.stop();
    sync.close();
  }
}
