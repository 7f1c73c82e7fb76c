import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { isFields } from './form';

/** Bytes of the biggest frame a client may send; more closes the socket with 1009. */
const MOST_BYTES = 512 * 1024;

type Frame = { type: string } & Record<string, unknown>;

interface Client {
  socket: WebSocket;
  userId: string;
  subscriptions: Set<string>;
  frozen: boolean;
}

/** The open sockets and what each has subscribed to. */
export class Hub {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES,
    perMessageDeflate: false,
    autoPong: false,
  });
  readonly #clients = new Set<Client>();
  #total = 0;

  /** @param broadcast send every frame to every socket, subscribed or not */
  constructor(private readonly broadcast: boolean) {}

  /** Takes over a connection that has been let in. */
  accept(request: IncomingMessage, stream: Duplex, head: Buffer, userId: string): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#welcome(socket, userId));
  }

  /** To those who subscribed to the conversation, but never to `except`. */
  toConversation(conversationId: string, frame: Frame, except?: Client): void {
    this.#send(frame, (client) => client !== except && (this.broadcast || client.subscriptions.has(conversationId)));
  }

  toTenant(frame: Frame): void {
    this.#send(frame, () => true);
  }

  /** Ends every socket: with a close frame when `code` is given, otherwise by breaking the connection. */
  drop(code?: number): number {
    const dropped = this.#clients.size;
    for (const { socket } of this.#clients) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
    return dropped;
  }

  /** Makes the sockets that are open now go silent: nothing is read, answered or sent, and frames meant for them are lost. */
  freeze(): number {
    for (const client of this.#clients) {
      client.frozen = true;
      client.socket.pause();
    }
    return this.#clients.size;
  }

  thaw(): number {
    const frozen = [...this.#clients].filter((client) => client.frozen);
    for (const client of frozen) {
      client.frozen = false;
      client.socket.resume();
    }
    return frozen.length;
  }

  report(): { open: number; total: number; subscriptions: number; clients: { subscriptions: string[] }[] } {
    const clients = [...this.#clients].map(({ subscriptions }) => ({ subscriptions: [...subscriptions] }));
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

  #welcome(socket: WebSocket, userId: string): void {
    const client: Client = { socket, userId, subscriptions: new Set(), frozen: false };
    this.#clients.add(client);
    this.#total += 1;
    socket.on('message', (data, binary) => {
      if (!binary) this.#hear(client, data);
    });
    socket.on('ping', (data) => socket.pong(data));
    socket.on('close', () => this.#clients.delete(client));
    // The library closes the socket after an error by itself; without a listener it would end the process.
    socket.on('error', () => undefined);
  }

  /** Does what a frame asks for; anything that is not understood is ignored. */
  #hear(client: Client, data: RawData): void {
    const frame = parse(data);
    if (!isFields(frame) || typeof frame.conversationId !== 'string') return;
    const { conversationId } = frame;
    if (frame.type === 'subscribe') client.subscriptions.add(conversationId);
    if (frame.type === 'unsubscribe') client.subscriptions.delete(conversationId);
    if (frame.type === 'typing' && typeof frame.isTyping === 'boolean') {
      const { userId } = client;
      this.toConversation(conversationId, { type: 'typing', conversationId, userId, isTyping: frame.isTyping }, client);
    }
  }

  #send(frame: Frame, wanted: (client: Client) => boolean): void {
    let text: string | undefined;
    for (const client of this.#clients) {
      if (client.frozen || client.socket.readyState !== client.socket.OPEN || !wanted(client)) continue;
      text ??= JSON.stringify(frame);
      client.socket.send(text);
    }
  }
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
