import WebSocket from 'ws';
import type { Signal } from '../contract';
import { type Code, LinktorError } from '../errors';
import { backoff } from './backoff';
import { once } from './once';

export type SocketState =
  | { name: 'idle' | 'connecting' | 'open' | 'closed'; since: number }
  /** `until`: when the next attempt is made, milliseconds of the clock */
  | { name: 'waiting'; since: number; attempt: number; until: number; reason: string }
  /** stopped for a reason that trying again would not mend */
  | { name: 'refused'; since: number; reason: string; code: Code };

export interface SocketSettings {
  /** asked before every attempt; never print it */
  url(): Promise<string>;
  /** agent, certificates and the like, as `ws` takes them */
  connection?(): Promise<object>;
  /** a frame for the wire, or undefined where the contract has none */
  encode(signal: Signal): string | undefined;
  onFrame(text: string): void;
  onState(state: SocketState): void;
  /** false: after a loss it stays closed until it is asked to retry */
  autoReconnect?: boolean;
  /** milliseconds before the first reconnect, 5000 */
  reconnectInterval?: number;
  /** 0, the default, never gives up */
  maxReconnectAttempts?: number;
  /** milliseconds, for tests that cannot wait for the defaults */
  timing?: Partial<Timing>;
}

interface Timing {
  handshake: number;
  /** silence after which we ask whether the other side is alive */
  silence: number;
  /** how long it may take to answer */
  pong: number;
  /** application ping of contract A */
  ping: number;
  /** open for so long counts as healthy: the next loss starts counting anew */
  healthy: number;
  /** how long a refusal is left alone */
  revival: number;
  /** how long the socket outlives its last user, so that a deploy does not make it flap */
  linger: number;
}

const usual: Timing = {
  handshake: 10_000,
  silence: 25_000,
  pong: 10_000,
  ping: 30_000,
  healthy: 60_000,
  revival: 30_000,
  linger: 5_000,
};

const largestFrame = 1024 * 1024;
/** The server will say the same again next time: stop. */
const refusedStatus: Record<number, Code> = {
  401: 'authentication',
  403: 'authorization',
  404: 'websocket',
  426: 'websocket',
};
const refusedClose: Record<number, Code> = {
  1008: 'authorization',
  4001: 'authentication',
  4003: 'authorization',
  4004: 'websocket',
  4401: 'authentication',
  4403: 'authorization',
};

/**
 * One connection that stays: opened by its first user, closed after its last, reconnected in between (contract 2.1).
 */
export class Socket {
  readonly #settings: SocketSettings;
  readonly #timing: Timing;
  readonly #subscriptions = new Map<string, number>();
  #state: SocketState = { name: 'idle', since: Date.now() };
  #ws: WebSocket | undefined;
  /** the attempt whose address is being asked for */
  #dial: symbol | undefined;
  readonly #settling = new Set<() => void>();
  #marks = 0;
  #users = 0;
  #attempt = 0;
  #reconnect: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;
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

  /** Be a user of the socket. @returns the function that ends this use */
  retain(): () => void {
    this.#users++;
    clearTimeout(this.#linger);
    if (this.#state.name === 'idle') this.#connect();
    return once(() => {
      this.#users--;
      if (this.#users === 0) this.#linger = setTimeout(() => this.#end('idle'), this.#timing.linger);
    });
  }

  /** Ask for the events of a conversation; asked for again after every reconnect. @returns the function that ends it */
  subscribe(conversationId: string): () => void {
    const count = this.#subscriptions.get(conversationId) ?? 0;
    this.#subscriptions.set(conversationId, count + 1);
    if (count === 0) this.send({ type: 'subscribe', conversationId });
    return once(() => {
      const left = (this.#subscriptions.get(conversationId) ?? 1) - 1;
      if (left > 0) this.#subscriptions.set(conversationId, left);
      else {
        this.#subscriptions.delete(conversationId);
        this.send({ type: 'unsubscribe', conversationId });
      }
    });
  }

  /** @returns false when the socket is not open; subscriptions are remembered, everything else is lost */
  send(signal: Signal): boolean {
    if (this.#state.name !== 'open' || !this.#ws) return false;
    const frame = this.#settings.encode(signal);
    if (frame === undefined) return false;
    this.#ws.send(frame);
    return true;
  }

  /** @returns when the server has read all that was sent so far, or will not any more: frames are read in order */
  settled(): Promise<void> {
    const ws = this.#ws;
    if (this.#state.name !== 'open' || !ws) return Promise.resolve();
    return new Promise((resolve) => {
      const mark = Buffer.from(`s${++this.#marks}`);
      const done = () => {
        clearTimeout(timer);
        ws.off('pong', onPong);
        this.#settling.delete(done);
        resolve();
      };
      const onPong = (data: Buffer) => {
        if (data.equals(mark)) done();
      };
      const timer = setTimeout(done, this.#timing.pong);
      this.#settling.add(done);
      ws.on('pong', onPong);
      ws.ping(mark);
    });
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
    Promise.all([url(), connection?.()])
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
    const { code, message } = problem;
    const passing = code === 'network' || code === 'timeout' || code === 'server' || code === 'rate_limit';
    this.#failed(message, passing ? undefined : code);
  }

  #open(url: string, options: object | undefined): void {
    const ws = new WebSocket(url, {
      ...options,
      handshakeTimeout: this.#timing.handshake,
      maxPayload: largestFrame,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#dial = undefined;
    this.#ws = ws;
    ws.on('open', () => this.#opened(ws));
    ws.on('message', (data) => {
      this.#alive();
      this.#settings.onFrame(data.toString());
    });
    ws.on('pong', () => this.#alive());
    ws.on('ping', () => this.#alive());
    ws.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      this.#lost(ws, `the server answered ${status}`, refusedStatus[status]);
    });
    ws.on('error', (error) => this.#lost(ws, (error as NodeJS.ErrnoException).code ?? 'connection failed'));
    ws.on('close', (code) => this.#lost(ws, `closed with ${code}`, refusedClose[code]));
  }

  #opened(ws: WebSocket): void {
    if (ws !== this.#ws) return;
    this.#state = { name: 'open', since: Date.now() };
    for (const conversationId of this.#subscriptions.keys()) this.send({ type: 'subscribe', conversationId });
    this.#healthy = setTimeout(() => {
      this.#attempt = 0;
    }, this.#timing.healthy);
    this.#ping = setInterval(() => this.send({ type: 'ping' }), this.#timing.ping);
    this.#alive();
    this.#settings.onState(this.#state);
  }

  /** Anything that arrives proves life. After a silence we ask, and without an answer we cut: close() could hang. */
  #alive(): void {
    clearTimeout(this.#watch);
    const ws = this.#ws;
    if (this.#state.name !== 'open' || !ws) return;
    this.#watch = setTimeout(() => {
      ws.ping();
      this.#watch = setTimeout(() => ws.terminate(), this.#timing.pong);
    }, this.#timing.silence);
  }

  #lost(ws: WebSocket, reason: string, refused?: Code): void {
    if (ws !== this.#ws) return;
    this.#drop();
    this.#failed(reason, refused);
  }

  #failed(reason: string, refused?: Code): void {
    const { autoReconnect = true, maxReconnectAttempts = 0, reconnectInterval = 5000 } = this.#settings;
    if (refused !== undefined) return this.#refuse(refused, reason);
    if (!autoReconnect) return this.#refuse('websocket', reason);
    this.#attempt++;
    if (maxReconnectAttempts > 0 && this.#attempt > maxReconnectAttempts) {
      return this.#refuse('websocket', `gave up after ${maxReconnectAttempts} attempts`);
    }
    const since = Date.now();
    const wait = backoff(this.#attempt, reconnectInterval);
    this.#reconnect = setTimeout(() => this.#connect(), wait);
    this.#become({ name: 'waiting', since, attempt: this.#attempt, until: since + wait, reason });
  }

  #refuse(code: Code, reason: string): void {
    this.#become({ name: 'refused', since: Date.now(), reason, code });
  }

  #end(name: 'idle' | 'closed'): void {
    clearTimeout(this.#reconnect);
    this.#attempt = 0;
    this.#drop(true);
    this.#become({ name, since: Date.now() });
  }

  /** Let go of the present connection, if any; none of its late events will be heard. */
  #drop(politely = false): void {
    clearTimeout(this.#watch);
    clearTimeout(this.#healthy);
    clearInterval(this.#ping);
    this.#dial = undefined;
    for (const done of this.#settling) done();
    const ws = this.#ws;
    this.#ws = undefined;
    if (!ws) return;
    ws.removeAllListeners();
    // A connection torn down while it is being made still emits an error, which nobody may miss.
    ws.on('error', () => {});
    if (politely && ws.readyState === WebSocket.OPEN) {
      ws.close(1000, 'client disconnect');
      const cut = setTimeout(() => ws.terminate(), 1000);
      ws.once('close', () => clearTimeout(cut));
    } else ws.terminate();
  }
}
