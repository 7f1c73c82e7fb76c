import type { RawData, WebSocket } from 'ws';
import type { Message } from '../state/message';
import { isFields } from './form';
import type { RealtimePublisher } from './frames';
import { type Client, parseFrame, type SocketReport, SocketServer } from './socket-server';
import { messageView } from './views';

interface Subscriber extends Client {
  subscriptions: Set<string>;
}

/** The socket of the Java SDK at `/ws/conversations`: frames `{type, data, timestamp}`, for messages only. */
export class JavaSocketServer extends SocketServer<Subscriber> {
  /** Publishes messages as `message.received` or `message.sent`; the SDK knows no other frame. */
  readonly publisher: RealtimePublisher = {
    message: (message) => this.#publish(message),
    status: () => undefined,
    conversation: () => undefined,
    typing: () => undefined,
  };

  protected createClient(socket: WebSocket, userId: string): Subscriber {
    return { socket, userId, frozen: false, subscriptions: new Set() };
  }

  protected onFrame(client: Subscriber, data: RawData): void {
    const frame = parseFrame(data);
    if (!isFields(frame) || !isFields(frame.payload)) return;
    const { conversationId } = frame.payload;
    if (typeof conversationId !== 'string') return;
    if (frame.type === 'subscribe') client.subscriptions.add(conversationId);
    if (frame.type === 'unsubscribe') client.subscriptions.delete(conversationId);
  }

  protected describe({ subscriptions }: Subscriber): SocketReport['clients'][number] {
    return { subscriptions: [...subscriptions] };
  }

  #publish(message: Message): void {
    const type = message.direction === 'inbound' ? 'message.received' : 'message.sent';
    const text = JSON.stringify({ type, data: messageView(message), timestamp: new Date().toISOString() });
    for (const client of this.clients) {
      if (client.subscriptions.has(message.conversationId)) this.send(client, text);
    }
  }
}
