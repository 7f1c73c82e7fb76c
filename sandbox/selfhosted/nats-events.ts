import type { ServerEvents } from '../sim/server-events';
import type { World } from '../sim/world';
import { now, TENANT } from '../state';
import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import type { Fields } from '../wire/form';
import { messageView } from './message';
import type { NatsPublisher } from './nats';
import { formatTime } from './time';
import { omitEmpty } from './views';

/** Publishes events, outbound messages and statuses under the subjects of the server. */
export class NatsEvents implements ServerEvents {
  readonly #world: World;
  readonly #nats: NatsPublisher;
  /** Makes the ids of messages unique: NATS drops a repeated id as a duplicate. */
  #published = 0;

  constructor(world: World, nats: NatsPublisher) {
    this.#world = world;
    this.#nats = nats;
  }

  get isConnected(): boolean {
    return this.#nats.isConnected && !this.#world.faults.outage.nats;
  }

  received({ contactId }: Conversation, message: Message): void {
    const { content_type, content = '' } = messageView(this.#world, message);
    this.event('message.received', {
      message_id: message.id,
      conversation_id: message.conversationId,
      contact_id: contactId,
      content_type,
      content,
    });
  }

  contactCreated({ id, name = '', phone = '', email = '' }: Parameters<ServerEvents['contactCreated']>[0]): void {
    this.event('contact.created', { contact_id: id, name, phone, email });
  }

  conversationCreated({ id, channelId, contactId }: Conversation): void {
    this.event('conversation.created', { conversation_id: id, channel_id: channelId, contact_id: contactId });
  }

  event(type: string, payload: Fields, tenantId: string = TENANT): void {
    const body = { type, tenant_id: tenantId, payload, timestamp: formatTime(now()) };
    this.#publish(`linktor.events.${type}`, body, `${tenantId}-${type}`);
  }

  outbound(conversation: Conversation, message: Message): void {
    const { state } = this.#world;
    const { contactId, channelId } = conversation;
    const contact = state.contacts.get(contactId);
    const type = state.channels.get(channelId)?.type ?? 'unknown';
    const identity = contact?.identifiers.find(({ channelType }) => channelType === type);
    const { content_type, content = '', metadata } = messageView(this.#world, message);
    const body = {
      id: message.id,
      tenant_id: TENANT,
      channel_id: channelId,
      channel_type: type,
      conversation_id: conversation.id,
      contact_id: contactId,
      recipient_id: identity?.identifier ?? contact?.phone ?? contact?.email ?? '',
      content_type,
      content,
      ...omitEmpty({ metadata }),
      timestamp: formatTime(message.createdAt),
    };
    this.#publish(`linktor.messages.outbound.${type}`, body, message.id);
  }

  status({ id, conversationId, status, externalId, failedReason, updatedAt }: Message): void {
    const { conversations, channels } = this.#world.state;
    const type = channels.get(conversations.get(conversationId)?.channelId ?? '')?.type ?? 'unknown';
    const body = {
      message_id: id,
      channel_type: type,
      status,
      ...omitEmpty({ external_id: externalId, error_message: status === 'failed' ? failedReason : undefined }),
      timestamp: formatTime(updatedAt),
    };
    this.#publish(`linktor.messages.status.${type}`, body, `${id}-${status}`);
  }

  #publish(subject: string, body: unknown, id: string): void {
    if (this.#world.faults.outage.nats) return;
    this.#published += 1;
    this.#nats.publish(subject, body, `${id}-${Date.now()}-${this.#published}`);
  }
}
