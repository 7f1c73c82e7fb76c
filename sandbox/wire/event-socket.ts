import type { RawData, WebSocket } from 'ws';
import { isFields } from './form';
import { type Client, Crowd, type CrowdReport, parseFrame } from './socket-server';

type Frame = { type: string } & Record<string, unknown>;

interface Subscriber extends Client {
  subscriptions: Set<string>;
}

/** The sockets of the documented API and what each has subscribed to. */
export class Hub extends Crowd<Subscriber> {
  /** @param broadcast send every frame to every socket, subscribed or not */
  constructor(private readonly broadcast: boolean) {
    super();
  }

  /** To those who subscribed to the conversation, but never to `except`. */
  toConversation(conversationId: string, frame: Frame, except?: Subscriber): void {
    this.#send(frame, (client) => client !== except && (this.broadcast || client.subscriptions.has(conversationId)));
  }

  toTenant(frame: Frame): void {
    this.#send(frame, () => true);
  }

  protected met(socket: WebSocket, userId: string): Subscriber {
    return { socket, userId, frozen: false, subscriptions: new Set() };
  }

  /** Anything that is not understood is ignored. */
  protected hear(client: Subscriber, data: RawData, binary: boolean): void {
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

  protected about({ subscriptions }: Subscriber): CrowdReport['clients'][number] {
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
