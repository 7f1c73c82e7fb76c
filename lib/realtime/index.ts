import type { Contract } from '../contract';
import type { Event, Message } from '../model';
import { Bus, type Listener } from './bus';
import { type Rest, Roster } from './roster';
import { Socket, type SocketSettings, type SocketState } from './socket';

export type { Delivery, Listener, Source } from './bus';
export type { SocketState } from './socket';

export interface RealtimeSettings
  extends Pick<
    SocketSettings,
    'autoReconnect' | 'reconnectInterval' | 'maxReconnectAttempts' | 'timing' | 'url' | 'connection'
  > {
  contract: Pick<Contract, 'frame' | 'signal'>;
  rest: Rest;
  /** milliseconds between two looks for new conversations, 10 000 */
  discoverInterval?: number;
  /** something failed that nobody is waiting for; the text is safe to log */
  onProblem(text: string): void;
}

/** What an account hears: one socket, one bus, and the conversations they are about. */
export class Realtime {
  readonly #settings: RealtimeSettings;
  readonly #socket: Socket;
  readonly #bus: Bus;
  readonly #roster: Roster;
  readonly #states = new Set<(state: SocketState) => void>();
  readonly #discovered = new Map<string, () => void>();
  readonly #chosen = new Map<string, number>();
  #everything = 0;
  #discover: NodeJS.Timeout | undefined;
  #before = false;

  constructor(settings: RealtimeSettings) {
    this.#settings = settings;
    const { contract, rest, onProblem } = settings;
    this.#socket = new Socket({
      ...settings,
      encode: (signal) => contract.signal(signal),
      onFrame: (text) => this.#frame(text),
      onState: (state) => this.#changed(state),
    });
    this.#roster = new Roster({
      rest,
      subscribe: (id) => this.#subscribeFound(id),
      hears: (id) => this.#discovered.has(id),
      onKnown: (id) => this.#bus.skip(id),
      onMissed: (id, messages) =>
        this.#bus.insert(
          id,
          messages.then((missed) => missed.map(eventOf)),
        ),
    });
    this.#bus = new Bus({
      conversation: (id) => this.#roster.get(id),
      onError: (error) => onProblem(error instanceof Error ? error.message : String(error)),
    });
  }

  get state(): SocketState {
    return this.#socket.state;
  }

  /** Counts for diagnosis. */
  get counts(): { subscriptions: number } {
    return { subscriptions: this.#socket.subscriptions };
  }

  /** Hear every change of the connection. @returns the function that ends it */
  onState(listener: (state: SocketState) => void): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }

  /** Hear every event of the conversations that somebody subscribed. @returns the function that ends it */
  listen(listener: Listener): () => void {
    const release = this.#socket.retain();
    const off = this.#bus.listen(listener);
    return () => {
      off();
      release();
    };
  }

  /** Subscribe all conversations, present and coming. @returns the function that ends it */
  everything(): () => void {
    this.#everything++;
    if (this.#everything === 1 && this.state.name === 'open') this.#start();
    return () => {
      this.#everything--;
      if (this.#everything > 0) return;
      clearTimeout(this.#discover);
      for (const release of this.#discovered.values()) release();
      this.#discovered.clear();
    };
  }

  /** Subscribe one conversation. @returns the function that ends it */
  subscribe(conversationId: string): () => void {
    const release = this.#socket.subscribe(conversationId);
    this.#chosen.set(conversationId, (this.#chosen.get(conversationId) ?? 0) + 1);
    return () => {
      const left = (this.#chosen.get(conversationId) ?? 1) - 1;
      if (left > 0) this.#chosen.set(conversationId, left);
      else this.#chosen.delete(conversationId);
      release();
    };
  }

  /** Hand in an event that came by another way. */
  feed(event: Event, source: 'webhook' | 'test'): void {
    this.#bus.feed(event, source);
  }

  /** A REST call has just succeeded: a refused socket may try again. */
  revive(): void {
    if (this.#socket.state.name === 'refused') this.#socket.retry();
  }

  close(): void {
    clearTimeout(this.#discover);
    this.#socket.close();
  }

  #changed(state: SocketState): void {
    if (state.name === 'open') this.#start();
    else clearTimeout(this.#discover);
    for (const listener of this.#states) listener(state);
  }

  /** First what was missed, then what is live. */
  #start(): void {
    this.#bus.hold();
    this.#openUp()
      .catch((error: unknown) => this.#settings.onProblem(messageOf(error)))
      .finally(() => {
        this.#bus.resume();
        this.#schedule();
      });
  }

  async #openUp(): Promise<void> {
    if (this.#before) for (const id of this.#chosen.keys()) await this.#roster.catchUp(id);
    if (this.#everything > 0) {
      await this.#roster.sync({ all: true, gap: true });
      // What was said between the listing and the subscriptions is in neither of them: look once more.
      await this.#roster.sync({ all: false, gap: true });
    } else await this.#roster.mark();
    this.#before = true;
  }

  #schedule(): void {
    clearTimeout(this.#discover);
    if (this.#everything === 0 || this.state.name !== 'open') return;
    this.#discover = setTimeout(() => {
      this.#roster
        .sync({ all: false, gap: false })
        .catch((error: unknown) => this.#settings.onProblem(messageOf(error)))
        .finally(() => this.#schedule());
    }, this.#settings.discoverInterval ?? 10_000);
  }

  #subscribeFound(id: string): void {
    if (!this.#discovered.has(id)) this.#discovered.set(id, this.#socket.subscribe(id));
  }

  #frame(text: string): void {
    const event = this.#settings.contract.frame(text);
    if (!event) return;
    const id = event.conversationId;
    if (id !== undefined && event.changes) this.#roster.update(id, event.changes);
    if (id !== undefined && this.#everything > 0 && !this.#discovered.has(id)) this.#meet(id);
    this.#bus.feed(event, 'ws');
  }

  /** The first sign of a conversation that no listing has shown yet: do not wait for the next one. */
  #meet(id: string): void {
    this.#roster.discover(id).catch((error: unknown) => this.#settings.onProblem(messageOf(error)));
  }
}

/** A message that was fetched, as the event that it would have been. */
function eventOf(message: Message): Event {
  const name = message.direction === 'inbound' ? 'message.received' : 'message.sent';
  const { id: messageId, conversationId, createdAt: at } = message;
  return { name, conversationId, messageId, message, at, original: message };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
