import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

/** Maximum size of a client's frame; a larger one closes the socket with 1009. */
const MAX_FRAME_BYTES = 512 * 1024;

export interface Client {
  readonly socket: WebSocket;
  readonly userId: string;
  frozen: boolean;
}

export interface SocketReport {
  open: number;
  total: number;
  subscriptions: number;
  clients: { subscriptions: string[]; userId?: string; deaf?: boolean }[];
}

/** The open sockets of one contract, and the control operations on all of them. */
export abstract class SocketServer<C extends Client> {
  protected readonly clients = new Set<C>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    autoPong: false,
  });
  #total = 0;

  /** Completes the handshake of an authenticated connection. */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer, userId: string): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#addSocket(socket, userId));
  }

  /** Closes every socket: with a close frame if `code` is given, otherwise by breaking the connection. */
  drop(code?: number): number {
    const dropped = this.clients.size;
    for (const { socket } of this.clients) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
    return dropped;
  }

  /** Freezes the open sockets: nothing is read, answered or sent, and their frames are lost. */
  freeze(): number {
    for (const client of this.clients) {
      client.frozen = true;
      client.socket.pause();
    }
    return this.clients.size;
  }

  thaw(): number {
    const frozen = [...this.clients].filter((client) => client.frozen);
    for (const client of frozen) {
      client.frozen = false;
      client.socket.resume();
    }
    return frozen.length;
  }

  report(): SocketReport {
    const clients = [...this.clients].map((client) => this.describe(client));
    return {
      open: clients.length,
      total: this.#total,
      subscriptions: clients.reduce((sum, { subscriptions }) => sum + subscriptions.length, 0),
      clients,
    };
  }

  close(): void {
    this.drop();
    this.#server.close();
  }

  /** Creates the record of a new socket. */
  protected abstract createClient(socket: WebSocket, userId: string): C;

  /** Called after a socket was added. */
  protected onConnected?(client: C): void;

  /** Handles a frame of a client. */
  protected abstract onFrame(client: C, data: RawData, binary: boolean): void;

  /** Called after a socket has closed. */
  protected onDisconnected?(client: C): void;

  protected abstract describe(client: C): SocketReport['clients'][number];

  protected send(client: C, text: string, sent?: () => void): void {
    const { socket, frozen } = client;
    if (frozen || socket.readyState !== socket.OPEN) sent?.();
    else socket.send(text, sent);
  }

  #addSocket(socket: WebSocket, userId: string): void {
    const client = this.createClient(socket, userId);
    this.clients.add(client);
    this.#total += 1;
    socket.on('message', (data, binary) => this.onFrame(client, data, binary));
    socket.on('ping', (data) => socket.pong(data));
    socket.on('close', () => {
      this.clients.delete(client);
      this.onDisconnected?.(client);
    });
    // The library closes the socket after an error by itself; without a listener it would end the process.
    socket.on('error', () => undefined);
    this.onConnected?.(client);
  }
}

/** The JSON of a frame, or undefined. */
export function parseFrame(data: RawData): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
