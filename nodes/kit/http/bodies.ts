import type { ServerResponse } from 'node:http';
import { fenced } from '../fence';
import type { HttpRequest } from '../red';
import type { Connections } from './connections';

export type BodyRefusal = 'too_large' | 'too_slow' | 'too_fragmented' | 'too_busy';

/** Maximum bytes of all unverified requests together. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** A body with more chunks must average `MIN_PIECE_BYTES` per chunk: each costs Node.js 10 to 50 µs, however small. */
const MAX_SMALL_PIECES = 500;
const MIN_PIECE_BYTES = 32;
/** Chunks of one turn of the event loop, after which other connections wait for the next. */
const MAX_TURN_PIECES = 250;
const PIECES_PER_COUNT = 50;
const FIRST_BUFFER_BYTES = 1024;

export interface ReadOptions {
  maxBytes: number;
  timeoutMs: number;
  /** called once, unless the request is aborted */
  done(body: Buffer): void;
  /** called once, instead of `done` */
  refuse(reason: BodyRefusal): void;
}

/** Reads request bodies before authentication, within a common memory limit. */
export class Bodies {
  readonly #reading = new Set<BodyReader>();
  readonly #connections: Pick<Connections, 'letOthersWait'>;
  #heldBytes = 0;
  #turnPieces = 0;

  constructor(connections: Pick<Connections, 'letOthersWait'>) {
    this.#connections = connections;
  }

  read(request: HttpRequest, response: ServerResponse, options: ReadOptions): void {
    const reader = new BodyReader(request, options, {
      onHeld: (bytes) => this.#hold(bytes),
      onPieces: (pieces) => this.#count(pieces, request),
    });
    this.#reading.add(reader);
    // The body stays in memory until the response is sent.
    response.once(
      'close',
      fenced(() => {
        this.#reading.delete(reader);
        this.#heldBytes -= reader.heldBytes;
        reader.stop();
      }),
    );
  }

  /** Bodies of a few chunks, as genuine deliveries are, do not get here. */
  #count(pieces: number, { socket }: HttpRequest): void {
    if (this.#turnPieces === 0) {
      setImmediate(() => {
        this.#turnPieces = 0;
      });
    }
    this.#turnPieces += pieces;
    if (this.#turnPieces >= MAX_TURN_PIECES) this.#connections.letOthersWait(socket);
  }

  /** Above the limit, refuse the largest body: genuine deliveries are small and survive a flood. */
  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes <= MAX_HELD_BYTES) return;
    let largest: BodyReader | undefined;
    for (const reader of this.#reading) {
      if (reader.isReading && reader.heldBytes > (largest?.heldBytes ?? 0)) largest = reader;
    }
    largest?.refuse('too_busy');
  }
}

interface Costs {
  onHeld(bytes: number): void;
  /** @param pieces chunks since the last call */
  onPieces(pieces: number): void;
}

/**
 * One body. Its memory is proportional to its bytes, not its chunks: a chunk of one byte costs as much as one of 200.
 */
class BodyReader {
  readonly #request: HttpRequest;
  readonly #options: ReadOptions;
  readonly #costs: Costs;
  readonly #timer: NodeJS.Timeout;
  #buffer: Buffer = Buffer.alloc(0);
  #size = 0;
  #pieces = 0;
  isReading = true;

  constructor(request: HttpRequest, options: ReadOptions, costs: Costs) {
    this.#request = request;
    this.#options = options;
    this.#costs = costs;
    this.#timer = setTimeout(
      fenced(() => this.refuse('too_slow')),
      options.timeoutMs,
    );
    request.on('data', this.#take);
    request.once('end', this.#end);
    request.once(
      'error',
      fenced(() => this.stop()),
    );
  }

  get heldBytes(): number {
    return this.#buffer.length;
  }

  stop(): void {
    this.isReading = false;
    clearTimeout(this.#timer);
    this.#request.removeListener('data', this.#take);
    this.#request.removeListener('end', this.#end);
  }

  refuse(reason: BodyRefusal): void {
    if (!this.isReading) return;
    this.stop();
    // Nothing more is read, and what has been read already, up to 64 KB, is parsed for nobody.
    this.#request.socket.pause();
    this.#request.push = () => true;
    const held = this.#buffer.length;
    this.#buffer = Buffer.alloc(0);
    this.#costs.onHeld(-held);
    this.#options.refuse(reason);
  }

  readonly #take = fenced((piece: Buffer) => {
    const size = this.#size + piece.length;
    if (++this.#pieces % PIECES_PER_COUNT === 0) this.#costs.onPieces(PIECES_PER_COUNT);
    if (size > this.#options.maxBytes) return this.refuse('too_large');
    if (this.#pieces > MAX_SMALL_PIECES && size < this.#pieces * MIN_PIECE_BYTES) return this.refuse('too_fragmented');
    if (this.#pieces === 1) this.#keep(piece);
    else {
      if (size > this.#buffer.length) this.#grow(size);
      if (!this.isReading) return;
      piece.copy(this.#buffer, this.#size);
    }
    this.#size = size;
  });

  /** Most bodies are a single chunk, which need not be copied. */
  #keep(piece: Buffer): void {
    this.#buffer = piece;
    this.#costs.onHeld(piece.length);
  }

  #grow(size: number): void {
    const larger = Buffer.allocUnsafeSlow(
      Math.max(size, FIRST_BUFFER_BYTES, Math.min(this.#buffer.length * 2, this.#options.maxBytes)),
    );
    this.#buffer.copy(larger, 0, 0, this.#size);
    const before = this.#buffer.length;
    this.#buffer = larger;
    this.#costs.onHeld(larger.length - before);
  }

  readonly #end = fenced(() => {
    this.stop();
    this.#options.done(this.#buffer.subarray(0, this.#size));
  });
}
