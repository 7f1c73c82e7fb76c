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
    ws.on(
      'open',
      fence(() => this.#opened()),
    );
    ws.on(
      'message',
      fence((data) => {
        const at = Date.now();
        this.#receivedAt = at;
        this.#received++;
        if (this.#received % EVENTS_PER_TURN === 0) this.#yield();
        settings.onText(data.toString(), at);
      }),
    );
    ws.on(
      'pong',
      fence((data) => {
        const mark = data.toString();
        this.#note();
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
        if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') settings.onBroken('oversize');
        else if (code.startsWith('WS_ERR_')) settings.onBroken('malformed');
        settings.onLost(code);
      }),
    );
    ws.on(
      'close',
      fence((code) => {
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

  #yield(): void {
    this.#ws.pause();
    setImmediate(() => this.#ws.resume());
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
