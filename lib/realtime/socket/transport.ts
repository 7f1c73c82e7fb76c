import WebSocket from 'ws';
import { fence } from '../../async/fence';
import { type Headers, readRetryAfter } from '../../contract/envelope';
import type { ErrorCode } from '../../errors';
import { EVENTS_PER_TURN, MAX_BUFFERED_BYTES, MAX_FRAME_BYTES } from '../bounds';
import { Heartbeat } from './heartbeat';
import { DISCOURAGING_CLOSE, REFUSED_CLOSE, REFUSED_STATUS, type Timing } from './state';

export interface Loss {
  /** a retry would be refused again */
  refused?: ErrorCode | undefined;
  /** wait requested by the server, in seconds */
  askedSeconds?: number | undefined;
  /** the server may not accept us at the moment */
  isDiscouraged?: boolean;
}

export interface SocketTransportSettings {
  timing: Timing;
  onOpen(): void;
  /** @param at milliseconds of the local clock */
  onText(text: string, at: number): void;
  /** an invalid frame ends the connection */
  onBroken(reason: 'oversize' | 'malformed'): void;
  /**
   * The connection has ended, or could not be opened.
   * @param how consequence for the next attempt
   */
  onLost(reason: string, how?: Loss): void;
  /** send the ping of the contract */
  beat(): void;
}

/** A single WebSocket, from its handshake to its end. It ends once, and calls no callback after that. */
export class SocketTransport {
  readonly #settings: SocketTransportSettings;
  readonly #ws: WebSocket;
  #heartbeat: Heartbeat | undefined;
  /** callbacks for pongs, by the payload of their ping */
  readonly #settling = new Map<string, () => void>();
  #marks = 0;
  /** milliseconds of the local clock; read by the heartbeat, so that frames need not report it */
  #receivedAt = Date.now();
  #received = 0;
  readonly #turns: FrameTurns<WebSocket.RawData>;

  /** @param options agent, certificates and similar options of `ws` @throws when the URL is invalid */
  constructor(url: string, options: object | undefined, settings: SocketTransportSettings) {
    this.#settings = settings;
    const own = {
      ...options,
      handshakeTimeout: settings.timing.handshake,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      // The end does not wait for a peer that keeps the TCP connection open.
      closeTimeout: settings.timing.closing,
      autoPong: false,
      followRedirects: false,
    };
    const ws = new WebSocket(url, own);
    this.#ws = ws;
    this.#turns = new FrameTurns({
      handle: (data) => settings.onText(data.toString(), this.#receivedAt),
      pause: () => ws.pause(),
      resume: () => ws.resume(),
    });
    ws.on(
      'open',
      fence(() => this.#opened()),
    );
    ws.on(
      'message',
      fence((data) => {
        this.#note();
        this.#turns.add(data);
      }),
    );
    ws.on(
      'pong',
      fence((data) => {
        const mark = data.toString();
        this.#note();
        // It answers for all frames before it.
        this.#turns.flush();
        this.#heartbeat?.pong(mark, Date.now());
        this.#settling.get(mark)?.();
      }),
    );
    ws.on(
      'ping',
      fence((data) => {
        this.#note();
        // Pongs to a server that does not read them would accumulate.
        if (!this.isFull && ws.readyState === WebSocket.OPEN) ws.pong(data);
      }),
    );
    ws.on(
      'unexpected-response',
      fence((_request, { statusCode = 0, headers }) => {
        const busy = statusCode === 429 || statusCode === 503;
        const askedSeconds = busy ? readRetryAfter(headers as Headers, [], Date.now()) : undefined;
        settings.onLost(`the server answered ${statusCode}`, {
          refused: REFUSED_STATUS[statusCode],
          askedSeconds,
        });
      }),
    );
    ws.on(
      'error',
      fence(({ code = 'connection failed' }: NodeJS.ErrnoException) => {
        this.#turns.flush();
        if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') settings.onBroken('oversize');
        else if (code.startsWith('WS_ERR_')) settings.onBroken('malformed');
        settings.onLost(code);
      }),
    );
    ws.on(
      'close',
      fence((code) => {
        this.#turns.flush();
        const refused = REFUSED_CLOSE[code];
        settings.onLost(`closed with ${code}`, { refused, isDiscouraged: DISCOURAGING_CLOSE.has(code) });
      }),
    );
  }

  /** Round-trip time of the last ping, in milliseconds. */
  get latency(): number | undefined {
    return this.#heartbeat?.latency;
  }

  /** The peer does not read. */
  get isFull(): boolean {
    return this.#ws.bufferedAmount > MAX_BUFFERED_BYTES;
  }

  /** @param onSent called when the frame has left the process */
  send(frame: string, onSent?: () => void): void {
    if (onSent) this.#ws.send(frame, onSent);
    else this.#ws.send(frame);
  }

  /** @returns a promise that resolves when the server has read all frames sent so far, or the connection has ended */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#marks++;
      const mark = `s${this.#marks}`;
      const done = () => {
        clearTimeout(timer);
        this.#settling.delete(mark);
        resolve();
      };
      const timer = setTimeout(done, this.#settings.timing.pong);
      this.#settling.set(mark, done);
      this.#ws.ping(mark);
    });
  }

  /**
   * End the connection; later events of it are ignored.
   * @param politely with a closing handshake, if it is open
   * @returns a promise that resolves when it has ended
   */
  end(politely: boolean): Promise<void> {
    this.#heartbeat?.stop();
    for (const done of this.#settling.values()) done();
    this.#turns.clear();
    const ws = this.#ws;
    ws.removeAllListeners();
    // A connection ended during its handshake still emits an error, which needs a listener.
    ws.on('error', () => {});
    if (!politely || ws.readyState !== WebSocket.OPEN) {
      ws.terminate();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(
        fence(() => ws.terminate()),
        this.#settings.timing.closing,
      );
      ws.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      ws.close(1000, 'client disconnect');
    });
  }

  #note(): void {
    this.#receivedAt = Date.now();
    this.#received++;
  }

  #opened(): void {
    const { timing, beat, onOpen } = this.#settings;
    const ws = this.#ws;
    // A dead connection gets no closing handshake, which could wait forever.
    this.#note();
    this.#heartbeat = new Heartbeat(timing, {
      receivedAt: () => this.#receivedAt,
      received: () => this.#received,
      ping: (mark) => ws.ping(mark),
      beat,
      dead: () => ws.terminate(),
    });
    onOpen();
  }
}

interface FrameTurnsSettings<T> {
  handle(frame: T): void;
  /** no further frames are wanted for now; those that were already read may still come */
  pause(): void;
  resume(): void;
}

/**
 * Hands on frames in their order, a few in each turn of the event loop. A backlog would keep all other flows waiting,
 * and messages would stand in memory by the hundred: V8 takes that as a sign that they live long and allocates all later
 * ones in old space, which costs a third of the throughput until the process ends.
 */
class FrameTurns<T> {
  readonly #settings: FrameTurnsSettings<T>;
  /** number of frames since the last turn that had to be waited for */
  #handled = 0;
  #waiting: T[] = [];

  constructor(settings: FrameTurnsSettings<T>) {
    this.#settings = settings;
  }

  add(frame: T): void {
    if (this.#handled < EVENTS_PER_TURN && this.#waiting.length === 0) return this.#handle(frame);
    this.#waiting.push(frame);
    if (this.#waiting.length > 1) return;
    this.#settings.pause();
    setImmediate(this.#next);
  }

  /** Hand on the waiting frames at once. */
  flush(): void {
    this.#handOn(Number.POSITIVE_INFINITY);
  }

  /** Drop the waiting frames. */
  clear(): void {
    this.#waiting = [];
  }

  /** A frame may end the connection, and with it the wait of the others. */
  #handOn(most: number): void {
    for (let left = most; left > 0 && this.#waiting.length > 0; left--) this.#handle(this.#waiting.shift() as T);
  }

  #handle(frame: T): void {
    this.#handled++;
    this.#settings.handle(frame);
  }

  readonly #next = fence(() => {
    this.#handled = 0;
    this.#handOn(EVENTS_PER_TURN);
    if (this.#waiting.length > 0) setImmediate(this.#next);
    else this.#settings.resume();
  });
}
