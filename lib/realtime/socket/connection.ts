import { once } from '../../async/once';
import type { Signal } from '../../contract/index';
import { type ErrorCode, LinktorError } from '../../errors';
import { asAsked, backoff } from './backoff';
import { type SocketState, type Timing, usual } from './state';
import { Subscriptions } from './subscriptions';
import { SocketTransport } from './transport';

export type { SocketState } from './state';

export interface SocketSettings {
  /** asked before every attempt; never print it */
  url(): Promise<string>;
  /** agent, certificates and the like, as `ws` takes them */
  connection?(): Promise<object>;
  /** a frame for the wire, or undefined where the contract has none */
  encode(signal: Signal): string | undefined;
  /** @param at when it came, milliseconds of the clock */
  onFrame(text: string, at: number): void;
  onState(state: SocketState): void;
  /** a frame that cannot be taken has ended the connection */
  onBroken?(reason: 'oversize' | 'malformed'): void;
  /** false: after a loss it stays closed until it is asked to retry */
  autoReconnect?: boolean;
  /** milliseconds before the first reconnect, 5000 */
  reconnectInterval?: number;
  /** 0, the default, never gives up */
  maxReconnectAttempts?: number;
  /** milliseconds, for tests that cannot wait for the defaults */
  timing?: Partial<Timing>;
}

/**
 * One connection that stays: opened by its first user, closed after its last, reconnected in between (contract 2.1).
 */
export class Socket {
  readonly #settings: SocketSettings;
  readonly #timing: Timing;
  readonly #subscriptions = new Subscriptions();
  /** for diagnosis */
  readonly counters = { frames: 0, reconnects: 0, refusedFrames: 0 };
  #state: SocketState = { name: 'idle', since: Date.now() };
  #wire: SocketTransport | undefined;
  /** the attempt whose address is being asked for */
  #dial: symbol | undefined;
  /** until the connection before has ended: a server can lose track of an account that has two */
  #farewell: Promise<void> | undefined;
  #users = 0;
  #attempt = 0;
  #hasStood = false;
  #lastError: string | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #healthy: NodeJS.Timeout | undefined;

  constructor(settings: SocketSettings) {
    this.#settings = settings;
    this.#timing = { ...usual, ...settings.timing };
  }

  get state(): SocketState {
    return this.#state;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Attempts since the connection was healthy the last time. */
  get attempts(): number {
    return this.#attempt;
  }

  /** Milliseconds that the last ping of the present connection took, there and back. */
  get latency(): number | undefined {
    return this.#wire?.latency;
  }

  /** Why a connection was lost or refused the last time; safe to show. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Be a user of the socket. @returns the function that ends this use */
  retain(): () => void {
    this.#users++;
    clearTimeout(this.#linger);
    if (this.#state.name === 'idle') this.#connect();
    return once(() => {
      this.#users--;
      if (this.#users > 0) return;
      this.#linger = setTimeout(() => {
        // Who has let go of the connection on purpose asks for it again.
        if (this.#state.name !== 'paused' && this.#state.name !== 'closed') this.#end('idle');
      }, this.#timing.linger);
    });
  }

  /** Ask for the events of a conversation; asked for again after every reconnect. @returns the function that ends it */
  subscribe(conversationId: string): () => void {
    return this.#subscriptions.add(conversationId);
  }

  /** @returns false when the socket is not open or nobody reads at its other end; what is sent then is lost */
  send(signal: Signal): boolean {
    const wire = this.#wire;
    if (this.#state.name !== 'open' || !wire) return false;
    const frame = this.#settings.encode(signal);
    if (frame === undefined) return false;
    if (wire.full) {
      this.counters.refusedFrames++;
      return false;
    }
    wire.send(frame);
    return true;
  }

  /** @returns when the server has read all that was sent so far, or will not any more: frames are read in order */
  async settled(): Promise<void> {
    const wire = this.#wire;
    if (this.#state.name !== 'open' || !wire) return;
    await this.#subscriptions.written();
    if (wire === this.#wire) await wire.settled();
  }

  /** A refusal may be over. A server that takes our calls and not our socket is not asked with every call. */
  revive(): void {
    const { name, since } = this.#state;
    if (name === 'refused' && Date.now() - since >= this.#timing.revival) this.retry();
  }

  /** Try now: somebody asked for it, or a REST call has shown that the server takes us again. */
  retry(): void {
    if (this.#users === 0 || (this.#state.name !== 'refused' && this.#state.name !== 'waiting')) return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Let go of the connection, whoever uses it, until {@link resume} or {@link renew}. */
  pause(): void {
    const { name } = this.#state;
    if (name === 'closed' || name === 'paused') return;
    clearTimeout(this.#reconnect);
    this.#attempt = 0;
    this.#drop(true);
    this.#become({ name: 'paused', since: Date.now() });
  }

  /** The end of a pause; a connection that is down for another reason is tried at once. */
  resume(): void {
    if (this.#state.name !== 'paused') return this.retry();
    if (this.#users > 0) this.#connect();
    else this.#become({ name: 'idle', since: Date.now() });
  }

  /** A new connection, whatever the present one is like; that one is ended first. */
  renew(): void {
    if (this.#state.name === 'closed' || this.#users === 0) return this.resume();
    this.#attempt = 0;
    this.#drop(true);
    this.#connect();
  }

  /** For good. */
  close(): void {
    this.#users = 0;
    clearTimeout(this.#linger);
    this.#end('closed');
  }

  #become(state: SocketState): void {
    this.#state = state;
    this.#settings.onState(state);
  }

  #connect(): void {
    clearTimeout(this.#reconnect);
    this.#drop();
    const dial = Symbol('dial');
    this.#dial = dial;
    this.#become({ name: 'connecting', since: Date.now() });
    // Who hears that may have closed us.
    if (this.#dial !== dial) return;
    const { url, connection } = this.#settings;
    Promise.all([url(), connection?.(), this.#farewell])
      .then(([address, options]) => {
        if (this.#dial === dial) this.#open(address, options);
      })
      .catch((error: unknown) => {
        if (this.#dial === dial) this.#undialled(error);
      });
  }

  /** There is no address to go to: we cannot sign in, or the server that we sign in with is not there. */
  #undialled(error: unknown): void {
    this.#dial = undefined;
    const problem = error instanceof LinktorError ? error : new LinktorError('websocket', 'no usable address');
    const { code, message, cause } = problem;
    const passing = code === 'network' || code === 'timeout' || code === 'server' || code === 'rate_limit';
    this.#failed(message, passing ? undefined : code, cause.retryAfter);
  }

  #open(url: string, options: object | undefined): void {
    const wire: SocketTransport = new SocketTransport(url, options, {
      timing: this.#timing,
      beat: () => this.send({ type: 'ping' }),
      onOpen: () => this.#stands(wire),
      onText: (text, at) => {
        this.counters.frames++;
        this.#settings.onFrame(text, at);
      },
      onBroken: (reason) => this.#settings.onBroken?.(reason),
      onLost: (reason, refused, asked) => {
        this.#drop();
        this.#failed(reason, refused, asked);
      },
    });
    this.#dial = undefined;
    this.#wire = wire;
  }

  #stands(wire: SocketTransport): void {
    this.#state = { name: 'open', since: Date.now() };
    if (this.#hasStood) this.counters.reconnects++;
    this.#hasStood = true;
    this.#subscriptions.begin((signal, left) => {
      const frame = this.#settings.encode(signal);
      if (frame === undefined) left?.();
      else wire.send(frame, left);
    });
    this.#healthy = setTimeout(() => {
      this.#attempt = 0;
    }, this.#timing.healthy);
    this.#settings.onState(this.#state);
  }

  /** @param asked seconds that the server wants us to wait */
  #failed(reason: string, refused?: ErrorCode, asked?: number): void {
    const { autoReconnect = true, maxReconnectAttempts = 0, reconnectInterval = 5000 } = this.#settings;
    this.#lastError = reason;
    if (refused !== undefined) return this.#refuse(refused, reason);
    if (!autoReconnect) return this.#refuse('websocket', reason);
    this.#attempt++;
    if (maxReconnectAttempts > 0 && this.#attempt > maxReconnectAttempts) {
      return this.#refuse('websocket', `gave up after ${maxReconnectAttempts} attempts`);
    }
    const since = Date.now();
    const wait = asAsked(backoff(this.#attempt, reconnectInterval), asked);
    this.#reconnect = setTimeout(() => this.#connect(), wait);
    this.#become({ name: 'waiting', since, attempt: this.#attempt, until: since + wait, reason });
  }

  #refuse(code: ErrorCode, reason: string): void {
    this.#become({ name: 'refused', since: Date.now(), reason, code });
  }

  #end(name: 'idle' | 'closed'): void {
    clearTimeout(this.#reconnect);
    this.#attempt = 0;
    this.#drop(true);
    this.#become({ name, since: Date.now() });
  }

  /** Let go of the present connection, if any. */
  #drop(politely = false): void {
    clearTimeout(this.#healthy);
    this.#dial = undefined;
    this.#subscriptions.end();
    const wire = this.#wire;
    this.#wire = undefined;
    if (wire) this.#farewell = wire.end(politely);
  }
}
