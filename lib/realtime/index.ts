import type { Contract } from '../contract';
import type { Event, Message } from '../model';
import { Bus, type Listener } from './bus';
import { once } from './once';
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
  /** another number with every change of the connection */
  #connection = 0;
  #discover: NodeJS.Timeout | undefined;
  #before = false;
  /** starts under way; the last of them lets the live events go on */
  #starting = 0;
  /** the last start has failed halfway: what was missed is still to be fetched */
  #incomplete = false;
  /** when the last user of everything left, milliseconds of the clock */
  #leftAt = 0;

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
      settled: () => this.#socket.settled(),
      heard: (messageId) => this.#bus.knows(messageId),
      hears: (id) => this.#discovered.has(id),
      onKnown: (id) => this.#bus.skip(id),
      onProblem: (error) => onProblem(messageOf(error)),
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
    if (this.#everything === 1) {
      // A redeploy must lose nothing; but what was said while nobody wanted to hear it is no gap.
      if (Date.now() - this.#leftAt > (this.#settings.timing?.linger ?? 5000)) this.#roster.forget();
      if (this.state.name === 'open') this.#start();
    }
    return once(() => {
      this.#everything--;
      if (this.#everything > 0) return;
      this.#leftAt = Date.now();
      clearTimeout(this.#discover);
      for (const release of this.#discovered.values()) release();
      this.#discovered.clear();
    });
  }

  /** Subscribe one conversation. @returns the function that ends it */
  subscribe(conversationId: string): () => void {
    const release = this.#socket.subscribe(conversationId);
    this.#chosen.set(conversationId, (this.#chosen.get(conversationId) ?? 0) + 1);
    return once(() => {
      const left = (this.#chosen.get(conversationId) ?? 1) - 1;
      if (left > 0) this.#chosen.set(conversationId, left);
      else this.#chosen.delete(conversationId);
      release();
    });
  }

  /** What has been seen, as plain data: with it a successor tells nothing twice. */
  get memory(): Bus['memory'] {
    return this.#bus.memory;
  }

  /** @returns true the first time that a reader asks about an event */
  isFirst(reader: string, eventId: string): boolean {
    return this.#bus.first(`r:${reader}:${eventId}`);
  }

  /** Hand in an event that came by another way. */
  feed(event: Event, source: 'webhook' | 'test'): void {
    this.#bus.feed(event, source);
  }

  /** A REST call has just succeeded: a refused socket may try again. */
  revive(): void {
    this.#socket.revive();
  }

  close(): void {
    clearTimeout(this.#discover);
    this.#socket.close();
  }

  #changed(state: SocketState): void {
    this.#connection++;
    if (state.name === 'open') this.#start();
    else clearTimeout(this.#discover);
    if (state.name === 'idle') {
      this.#before = false;
      this.#roster.forget();
    }
    for (const listener of this.#states) listener(state);
  }

  /** First what was missed, then what is live. */
  #start(): void {
    this.#bus.hold();
    this.#starting++;
    this.#openUp()
      .catch((error: unknown) => this.#settings.onProblem(messageOf(error)))
      .finally(() => {
        this.#starting--;
        if (this.#starting === 0) this.#bus.resume();
        this.#schedule();
      });
  }

  async #openUp(): Promise<void> {
    this.#incomplete = true;
    if (this.#before) for (const id of this.#chosen.keys()) await this.#roster.catchUp(id);
    if (this.#everything > 0) {
      // What is no longer open may have been missed as well.
      if (this.#roster.marked) await this.#roster.sync({ all: false, gap: true, connection: this.#connection });
      await this.#roster.sync({ all: true, gap: true, connection: this.#connection });
      // What was said between the listing and the subscriptions is in neither of them: look once more.
      await this.#socket.settled();
      await this.#roster.sync({ all: false, gap: true, connection: this.#connection });
    } else await this.#roster.mark();
    this.#before = true;
    this.#incomplete = false;
  }

  #schedule(): void {
    clearTimeout(this.#discover);
    if ((this.#everything === 0 && !this.#incomplete) || this.state.name !== 'open') return;
    this.#discover = setTimeout(() => {
      const look = this.#incomplete
        ? this.#openUp()
        : this.#roster.sync({ all: false, gap: false, connection: this.#connection });
      look.catch((error: unknown) => this.#settings.onProblem(messageOf(error))).finally(() => this.#schedule());
    }, this.#settings.discoverInterval ?? 10_000);
  }

  #subscribeFound(id: string): void {
    if (this.#everything > 0 && !this.#discovered.has(id)) this.#discovered.set(id, this.#socket.subscribe(id));
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
