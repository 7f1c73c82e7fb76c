import type { RawData, WebSocket } from 'ws';
import { isFields } from './form';
import { type Client, parseFrame, type SocketReport, SocketServer } from './socket-server';

type Frame = { type: string } & Record<string, unknown>;

interface Subscriber extends Client {
  subscriptions: Set<string>;
}

/** The sockets of the documented API and their subscriptions. */
export class EventSocketServer extends SocketServer<Subscriber> {
  readonly #broadcast: boolean;

  /** @param broadcast send every frame to every socket, subscribed or not */
  constructor(broadcast: boolean) {
    super();
    this.#broadcast = broadcast;
  }

  /** Sends to the subscribers of a conversation except `except`. */
  toConversation(conversationId: string, frame: Frame, except?: Subscriber): void {
    this.#send(frame, (client) => client !== except && (this.#broadcast || client.subscriptions.has(conversationId)));
  }

  toTenant(frame: Frame): void {
    this.#send(frame, () => true);
  }

  protected createClient(socket: WebSocket, userId: string): Subscriber {
    return { socket, userId, frozen: false, subscriptions: new Set() };
  }

  /** Unknown frames are ignored. */
  protected onFrame(client: Subscriber, data: RawData, binary: boolean): void {
    const frame = binary ? undefined : parseFrame(data);
    if (!isFields(frame) || typeof frame.conversationId !== 'string') return;
    const { conversationId } = frame;
    if (frame.type === 'subscribe') client.subscriptions.add(conversationId);
    if (frame.type === 'unsubscribe') client.subscriptions.delete(conversationId);
    if (frame.type === 'typing' && typeof frame.isTyping === 'boolean') {
      const { userId } = client;
      this.toConversation(conversationId, { type: 'typing', conversationId, userId, isTyping: frame.isTyping }, client);
    }
  }

  protected describe({ subscriptions }: Subscriber): SocketReport['clients'][number] {
    return { subscriptions: [...subscriptions] };
  }

  #send(frame: Frame, wanted: (client: Subscriber) => boolean): void {
    let text: string | undefined;
    for (const client of this.clients) {
      if (!wanted(client)) continue;
      text ??= JSON.stringify(frame);
      this.send(client, text);
    }
  }
}
