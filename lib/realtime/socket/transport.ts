import WebSocket from 'ws';
import { type Headers, readRetryAfter } from '../../contract/envelope';
import type { ErrorCode } from '../../errors';
import { Heartbeat } from './heartbeat';
import { refusedClose, refusedStatus, type Timing } from './state';

const largestFrame = 1024 * 1024;
/**
 * So many frames are taken before what they have begun gets its turn. A backlog of thousands would else come in one
 * piece: other flows would wait for all of it, and so much at work at the same time takes twice as long.
 */
const atOnce = 128;
/** bytes that may wait to leave; beyond that the other side does not read, and no more is sent */
const mostWaiting = 1024 * 1024;

export interface SocketTransportSettings {
  timing: Timing;
  onOpen(): void;
  /** @param at when it came, milliseconds of the clock */
  onText(text: string, at: number): void;
  /** a frame that cannot be taken ends the connection */
  onBroken(reason: 'oversize' | 'malformed'): void;
  /**
   * It has ended, or never stood.
   * @param refused the server will say the same again
   * @param asked seconds that the server wants us to wait
   */
  onLost(reason: string, refused?: ErrorCode, asked?: number): void;
  /** the ping of the contract */
  beat(): void;
}

/** One connection, from its handshake to its end. It ends once, and nothing is heard of it after that. */
export class SocketTransport {
  readonly #settings: SocketTransportSettings;
  readonly #ws: WebSocket;
  #liveness: Heartbeat | undefined;
  /** what waits for the answer to a ping, by the mark of the ping */
  readonly #settling = new Map<string, () => void>();
  #marks = 0;
  #taken = 0;

  /** @param options agent, certificates and the like, as `ws` takes them @throws when the address is none */
  constructor(url: string, options: object | undefined, settings: SocketTransportSettings) {
    this.#settings = settings;
    const ws = new WebSocket(url, {
      ...options,
      handshakeTimeout: settings.timing.handshake,
      maxPayload: largestFrame,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#ws = ws;
    ws.on('open', () => this.#opened());
    ws.on('message', (data) => {
      const at = Date.now();
      this.#liveness?.heard(at);
      this.#taken++;
      if (this.#taken % atOnce === 0) this.#yield();
      settings.onText(data.toString(), at);
    });
    ws.on('pong', (data) => {
      const mark = data.toString();
      this.#liveness?.ponged(mark, Date.now());
      this.#settling.get(mark)?.();
    });
    ws.on('ping', () => this.#liveness?.heard(Date.now()));
    ws.on('unexpected-response', (_request, { statusCode = 0, headers }) => {
      const busy = statusCode === 429 || statusCode === 503;
      const asked = busy ? readRetryAfter(headers as Headers, [], Date.now()) : undefined;
      settings.onLost(`the server answered ${statusCode}`, refusedStatus[statusCode], asked);
    });
    ws.on('error', ({ code = 'connection failed' }: NodeJS.ErrnoException) => {
      if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') settings.onBroken('oversize');
      else if (code.startsWith('WS_ERR_')) settings.onBroken('malformed');
      settings.onLost(code);
    });
    ws.on('close', (code) => settings.onLost(`closed with ${code}`, refusedClose[code]));
  }

  /** Milliseconds that the last ping took, there and back. */
  get latency(): number | undefined {
    return this.#liveness?.latency;
  }

  /** Nobody reads at the other end. */
  get full(): boolean {
    return this.#ws.bufferedAmount > mostWaiting;
  }

  /** @param left called when the frame has left us */
  send(frame: string, left?: () => void): void {
    if (left) this.#ws.send(frame, left);
    else this.#ws.send(frame);
  }

  /** @returns when the server has read all that was sent so far, or will not any more: frames are read in order */
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
   * Let go of it; none of its late events will be heard.
   * @param politely say goodbye first, if it stands
   * @returns when it has ended
   */
  end(politely: boolean): Promise<void> {
    this.#liveness?.stop();
    for (const done of this.#settling.values()) done();
    const ws = this.#ws;
    ws.removeAllListeners();
    // A connection torn down while it is being made still emits an error, which nobody may miss.
    ws.on('error', () => {});
    if (!politely || ws.readyState !== WebSocket.OPEN) {
      ws.terminate();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const cut = setTimeout(() => ws.terminate(), this.#settings.timing.farewell);
      ws.once('close', () => {
        clearTimeout(cut);
        resolve();
      });
      ws.close(1000, 'client disconnect');
    });
  }

  #yield(): void {
    this.#ws.pause();
    setImmediate(() => this.#ws.resume());
  }

  #opened(): void {
    const { timing, beat, onOpen } = this.#settings;
    const ws = this.#ws;
    // A goodbye to somebody who does not answer could wait for ever.
    this.#liveness = new Heartbeat(timing, { ping: (mark) => ws.ping(mark), beat, dead: () => ws.terminate() });
    onOpen();
  }
}
