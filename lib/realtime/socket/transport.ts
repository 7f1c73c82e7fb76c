import WebSocket from 'ws';
import { type Headers, readRetryAfter } from '../../contract/envelope';
import type { ErrorCode } from '../../errors';
import { MAX_BUFFERED_BYTES, MAX_FRAME_BYTES } from '../bounds';
import { Heartbeat } from './heartbeat';
import { DISCOURAGING_CLOSE, REFUSED_CLOSE, REFUSED_STATUS, type Timing } from './state';

/** Frames handled per event-loop turn. Without this, a backlog of thousands would starve all other flows. */
const FRAMES_PER_TURN = 128;

export interface Loss {
  /** the server would give the same answer again */
  refused?: ErrorCode | undefined;
  /** seconds that the server wants us to wait */
  askedSeconds?: number | undefined;
  /** the server may not want us just now */
  isDiscouraged?: boolean;
}

export interface SocketTransportSettings {
  timing: Timing;
  onOpen(): void;
  /** @param at milliseconds of the local clock */
  onText(text: string, at: number): void;
  /** a frame that cannot be taken ends the connection */
  onBroken(reason: 'oversize' | 'malformed'): void;
  /**
   * The connection has ended, or could not be made.
   * @param how what that means for the next attempt
   */
  onLost(reason: string, how?: Loss): void;
  /** the ping of the contract */
  beat(): void;
}

/** One WebSocket, from its handshake to its end. It ends once, and no callback is called after that. */
export class SocketTransport {
  readonly #settings: SocketTransportSettings;
  readonly #ws: WebSocket;
  #heartbeat: Heartbeat | undefined;
  /** waiters for the pong of a ping, by the payload of that ping */
  readonly #settling = new Map<string, () => void>();
  #marks = 0;
  /** milliseconds of the local clock; the heartbeat asks, so that no frame has to tell it */
  #receivedAt = Date.now();
  #received = 0;

  /** @param options agent, certificates and the like, as `ws` takes them @throws when the address is none */
  constructor(url: string, options: object | undefined, settings: SocketTransportSettings) {
    this.#settings = settings;
    const own = {
      ...options,
      handshakeTimeout: settings.timing.handshake,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      // Closed is closed, even if the other side keeps the TCP connection.
      closeTimeout: settings.timing.closing,
      autoPong: false,
      followRedirects: false,
    };
    const ws = new WebSocket(url, own);
    this.#ws = ws;
    ws.on('open', () => this.#opened());
    ws.on('message', (data) => {
      const at = Date.now();
      this.#receivedAt = at;
      this.#received++;
      if (this.#received % FRAMES_PER_TURN === 0) this.#yield();
      settings.onText(data.toString(), at);
    });
    ws.on('pong', (data) => {
      const mark = data.toString();
      this.#note();
      this.#heartbeat?.pong(mark, Date.now());
      this.#settling.get(mark)?.();
    });
    ws.on('ping', (data) => {
      this.#note();
      // Answers to a server that does not read them would pile up.
      if (!this.isFull && ws.readyState === WebSocket.OPEN) ws.pong(data);
    });
    ws.on('unexpected-response', (_request, { statusCode = 0, headers }) => {
      const busy = statusCode === 429 || statusCode === 503;
      const askedSeconds = busy ? readRetryAfter(headers as Headers, [], Date.now()) : undefined;
      settings.onLost(`the server answered ${statusCode}`, {
        refused: REFUSED_STATUS[statusCode],
        askedSeconds,
      });
    });
    ws.on('error', ({ code = 'connection failed' }: NodeJS.ErrnoException) => {
      if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') settings.onBroken('oversize');
      else if (code.startsWith('WS_ERR_')) settings.onBroken('malformed');
      settings.onLost(code);
    });
    ws.on('close', (code) => {
      const refused = REFUSED_CLOSE[code];
      settings.onLost(`closed with ${code}`, { refused, isDiscouraged: DISCOURAGING_CLOSE.has(code) });
    });
  }

  /** Milliseconds that the last ping took, there and back. */
  get latency(): number | undefined {
    return this.#heartbeat?.latency;
  }

  /** The other side does not read. */
  get isFull(): boolean {
    return this.#ws.bufferedAmount > MAX_BUFFERED_BYTES;
  }

  /** @param onSent called when the frame has left us */
  send(frame: string, onSent?: () => void): void {
    if (onSent) this.#ws.send(frame, onSent);
    else this.#ws.send(frame);
  }

  /** @returns when the server has read all frames sent so far, or never will: frames are read in order */
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
   * End the connection; its late events are ignored.
   * @param politely with a closing handshake, if it stands
   * @returns when it has ended
   */
  end(politely: boolean): Promise<void> {
    this.#heartbeat?.stop();
    for (const done of this.#settling.values()) done();
    const ws = this.#ws;
    ws.removeAllListeners();
    // A connection that is torn down while it is being made still emits an error, which must have a listener.
    ws.on('error', () => {});
    if (!politely || ws.readyState !== WebSocket.OPEN) {
      ws.terminate();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => ws.terminate(), this.#settings.timing.closing);
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
    // Dead means no closing handshake: it could wait for ever.
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
