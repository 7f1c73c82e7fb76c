import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

/** Bytes of the biggest frame a client may send; more closes the socket with 1009. */
const MOST_BYTES = 512 * 1024;

export interface Client {
  readonly socket: WebSocket;
  readonly userId: string;
  frozen: boolean;
}

export interface CrowdReport {
  open: number;
  total: number;
  subscriptions: number;
  clients: { subscriptions: string[]; userId?: string; deaf?: boolean }[];
}

/** The open sockets of one contract: what every socket server does, and what can be done to all of them at once. */
export abstract class Crowd<C extends Client> {
  protected readonly clients = new Set<C>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
    autoPong: false,
  });
  #total = 0;

  /** Takes over a connection that has been let in. */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer, userId: string): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#welcome(socket, userId));
  }

  /** Ends every socket: with a close frame when `code` is given, otherwise by breaking the connection. */
  drop(code?: number): number {
    const dropped = this.clients.size;
    for (const { socket } of this.clients) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
    return dropped;
  }

  /** Makes the sockets that are open now go silent: nothing is read, answered or sent, and frames meant for them are lost. */
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

  report(): CrowdReport {
    const clients = [...this.clients].map((client) => this.about(client));
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

  /** What is remembered of a new socket. */
  protected abstract met(socket: WebSocket, userId: string): C;

  /** Greets a socket that has just been added. */
  protected came?(client: C): void;

  /** Does what a frame asks for. */
  protected abstract hear(client: C, data: RawData, binary: boolean): void;

  /** Clears up behind a socket that is gone. */
  protected left?(client: C): void;

  protected abstract about(client: C): CrowdReport['clients'][number];

  protected send(client: C, text: string, sent?: () => void): void {
    const { socket, frozen } = client;
    if (frozen || socket.readyState !== socket.OPEN) sent?.();
    else socket.send(text, sent);
  }

  #welcome(socket: WebSocket, userId: string): void {
    const client = this.met(socket, userId);
    this.clients.add(client);
    this.#total += 1;
    socket.on('message', (data, binary) => this.hear(client, data, binary));
    socket.on('ping', (data) => socket.pong(data));
    socket.on('close', () => {
      this.clients.delete(client);
      this.left?.(client);
    });
    // The library closes the socket after an error by itself; without a listener it would end the process.
    socket.on('error', () => undefined);
    this.came?.(client);
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
