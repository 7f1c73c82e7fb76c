import { fence } from '../../async/fence';
import { once } from '../../async/once';
import type { Signal } from '../../contract/index';
import { type ErrorCode, LinktorError } from '../../errors';
import { Retries } from './retries';
import type { SocketSettings } from './settings';
import { DEFAULT_TIMING, isOff, isUnused, type SocketState, type Timing } from './state';
import { Subscriptions } from './subscriptions';
import { type Loss, SocketTransport } from './transport';

export type { SocketSettings } from './settings';
export type { SocketState } from './state';

/** Time until a refusal unrelated to credentials is retried, in milliseconds. */
const SECOND_LOOK_MS = 600_000;

/** A persistent connection: opened by its first user, closed after its last, reconnected in between (contract 2.1). */
export class Socket {
  readonly #settings: SocketSettings;
  readonly #timing: Timing;
  readonly #subscriptions = new Subscriptions();
  readonly #retries: Retries;
  /** diagnostic counters */
  readonly counters = { reconnects: 0, refusedFrames: 0 };
  #state: SocketState = { name: 'idle', since: Date.now() };
  #transport: SocketTransport | undefined;
  /** the attempt whose URL is being requested */
  #dial: symbol | undefined;
  /** resolves when the previous connection has ended: a server can lose track of an account with two connections */
  #ending: Promise<void> | undefined;
  #users = 0;
  /** URL of the last attempt, and whether it was verified after a refusal */
  #address = '';
  #isCertain = false;
  #wasOpen = false;
  #lastError: string | undefined;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #healthTimer: NodeJS.Timeout | undefined;

  constructor(settings: SocketSettings) {
    this.#settings = settings;
    this.#timing = { ...DEFAULT_TIMING, ...settings.timing };
    this.#retries = new Retries(settings, this.#timing.longestWait);
    const { receive = 'auto' } = settings;
    if (receive !== 'auto') {
      this.#state = { name: receive === 'webhook' ? 'webhooks_only' : 'no_realtime', since: Date.now() };
    }
  }

  get state(): SocketState {
    return this.#state;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Attempts since the connection was last healthy. */
  get attempts(): number {
    return this.#retries.attempt;
  }

  /** Round-trip time of the last ping of the present connection, in milliseconds. */
  get latency(): number | undefined {
    return this.#transport?.latency;
  }

  /** Reason for the last loss or refusal; safe to show. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Use the socket. @returns the function that ends this use */
  retain(): () => void {
    this.#users++;
    clearTimeout(this.#lingerTimer);
    if (this.#state.name === 'idle') this.#connect();
    return once(() => {
      this.#users--;
      if (this.#users > 0) return;
      this.#lingerTimer = setTimeout(
        fence(() => {
          // A connection closed on purpose stays closed until it is requested again.
          if (!isUnused(this.#state)) this.#end('idle');
        }),
        this.#timing.linger,
      );
    });
  }

  /** Subscribe a conversation, now and after every reconnect. @returns the function that unsubscribes */
  subscribe(conversationId: string): () => void {
    return this.#subscriptions.add(conversationId);
  }

  /** @returns false when the frame could not be sent: the socket is not open, or the peer does not read */
  send(signal: Signal): boolean {
    const transport = this.#transport;
    if (this.#state.name !== 'open' || !transport) return false;
    const frame = this.#settings.encode(signal);
    if (frame === undefined) return false;
    if (transport.isFull) {
      this.counters.refusedFrames++;
      return false;
    }
    transport.send(frame);
    return true;
  }

  /** @returns a promise that resolves when the server has read all frames sent so far, or the connection has ended */
  async settled(): Promise<void> {
    const transport = this.#transport;
    if (this.#state.name !== 'open' || !transport) return;
    await this.#subscriptions.written();
    if (transport === this.#transport) await transport.settled();
  }

  /** Retry after a refusal. A server that accepts calls but not our socket is not retried with every call. */
  revive(): void {
    const { name, since } = this.#state;
    if (name === 'refused' && Date.now() - since >= this.#timing.revival) this.retry();
  }

  /** Retry now, if the connection is refused or waiting for its next attempt. */
  retry(): void {
    if (this.#users === 0 || (this.#state.name !== 'refused' && this.#state.name !== 'waiting')) return;
    this.#retries.attempt = 0;
    this.#isCertain = false;
    this.#connect();
  }

  /** Close the connection, even if it is in use, until {@link resume} or {@link renew}. */
  pause(): void {
    const { name } = this.#state;
    if (name === 'closed' || name === 'paused' || isOff(this.#state)) return;
    clearTimeout(this.#reconnectTimer);
    this.#retries.attempt = 0;
    this.#drop(true);
    this.#become({ name: 'paused', since: Date.now() });
  }

  /** End a pause; a connection that is down for another reason is retried at once. */
  resume(): void {
    if (this.#state.name !== 'paused') return this.retry();
    if (this.#users > 0) this.#connect();
    else this.#become({ name: 'idle', since: Date.now() });
  }

  /** End the present connection, whatever its state, and open a new one. */
  renew(): void {
    if (isOff(this.#state)) return;
    if (this.#state.name === 'closed' || this.#users === 0) return this.resume();
    this.#retries.attempt = 0;
    this.#drop(true);
    this.#connect();
  }

  /** Close permanently. */
  close(): void {
    this.#users = 0;
    clearTimeout(this.#lingerTimer);
    this.#end('closed');
  }

  #become(state: SocketState): void {
    this.#state = state;
    this.#settings.onState(state);
  }

  #connect(): void {
    clearTimeout(this.#reconnectTimer);
    this.#drop();
    const dial = Symbol('dial');
    this.#dial = dial;
    this.#become({ name: 'connecting', since: Date.now() });
    // A listener may have closed the socket.
    if (this.#dial !== dial) return;
    const { connection } = this.#settings;
    Promise.all([this.#askAddress(), (async () => connection?.())(), this.#ending])
      .then(([address, options]) => {
        if (this.#dial === dial) this.#open(address, options);
      })
      .catch((error: unknown) => {
        if (this.#dial === dial) this.#dialFailed(error);
      });
  }

  async #askAddress(): Promise<string> {
    return this.#settings.url(this.#isCertain);
  }

  /** Handle a missing URL: sign-in failed, or its server does not respond. */
  #dialFailed(error: unknown): void {
    this.#dial = undefined;
    const problem = error instanceof LinktorError ? error : new LinktorError('websocket', 'no usable address');
    const { code, message, cause } = problem;
    const mayPass = code === 'network' || code === 'timeout' || code === 'server' || code === 'rate_limit';
    this.#failed(message, { refused: mayPass ? undefined : code, askedSeconds: cause.retryAfter });
  }

  #open(url: string, options: object | undefined): void {
    const transport: SocketTransport = new SocketTransport(url, options, {
      timing: this.#timing,
      beat: () => this.send({ type: 'ping' }),
      onOpen: () => this.#opened(transport),
      onText: this.#settings.onFrame(),
      onBroken: (reason) => this.#settings.onBroken?.(reason),
      onLost: (reason, loss) => {
        this.#drop();
        this.#failed(reason, loss);
      },
    });
    this.#dial = undefined;
    this.#address = url;
    this.#transport = transport;
  }

  #opened(transport: SocketTransport): void {
    this.#state = { name: 'open', since: Date.now() };
    this.#isCertain = false;
    if (this.#wasOpen) this.counters.reconnects++;
    this.#wasOpen = true;
    this.#subscriptions.begin((signal, onSent) => {
      const frame = this.#settings.encode(signal);
      if (frame === undefined) onSent?.();
      else transport.send(frame, onSent);
    });
    this.#healthTimer = setTimeout(() => {
      this.#retries.attempt = 0;
    }, this.#timing.healthy);
    this.#settings.onState(this.#state);
  }

  #failed(reason: string, loss: Loss = {}): void {
    this.#lastError = reason;
    if (loss.refused !== undefined) return this.#refused(loss.refused, reason);
    const next = this.#retries.next(reason, loss);
    if ('refusal' in next) return this.#refuse('websocket', next.refusal);
    const since = Date.now();
    this.#reconnectTimer = setTimeout(
      fence(() => this.#connect()),
      next.waitMs,
    );
    this.#become({ name: 'waiting', since, attempt: this.attempts, until: since + next.waitMs, reason });
  }

  /** Verify a presumed address before a refusal counts. */
  #refused(code: ErrorCode, reason: string): void {
    if (this.#isCertain || this.#address === '') return this.#giveUp(code, reason);
    this.#isCertain = true;
    const dial = Symbol('dial');
    this.#dial = dial;
    this.#askAddress()
      .then((address) => {
        if (this.#dial !== dial) return;
        if (address === this.#address) this.#giveUp(code, reason);
        else this.#connect();
      })
      .catch((error: unknown) => {
        if (this.#dial === dial) this.#dialFailed(error);
      });
  }

  #giveUp(code: ErrorCode, reason: string): void {
    // A repaired server or proxy does not notify us. New credentials trigger their own retry.
    if (code === 'websocket')
      this.#reconnectTimer = setTimeout(
        fence(() => this.retry()),
        SECOND_LOOK_MS,
      );
    this.#refuse(code, reason);
  }

  #refuse(code: ErrorCode, reason: string): void {
    this.#become({ name: 'refused', since: Date.now(), reason, code });
  }

  #end(name: 'idle' | 'closed'): void {
    clearTimeout(this.#reconnectTimer);
    this.#retries.attempt = 0;
    this.#drop(true);
    this.#become({ name, since: Date.now() });
  }

  /** End the present connection, if any. */
  #drop(politely = false): void {
    clearTimeout(this.#healthTimer);
    this.#dial = undefined;
    this.#subscriptions.end();
    const transport = this.#transport;
    this.#transport = undefined;
    if (transport) this.#ending = transport.end(politely);
  }
}
