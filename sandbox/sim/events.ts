import { now } from '../state';
import type { Channel, Contact, Conversation, WebhookEvent } from '../state/entities';
import type { Message } from '../state/message';
import type { Fields } from '../wire/form';
import { contactView, conversationView, messageView } from '../wire/views';
import type { World } from './world';

/** Event names of the documentation that differ from those of the SDKs. */
const DOCUMENTED_NAMES: Readonly<Record<string, string>> = {
  'conversation.resolved': 'conversation.closed',
  'channel.connected': 'channel.activated',
  'channel.disconnected': 'channel.deactivated',
  'bot.started': 'bot.activated',
  'bot.stopped': 'bot.deactivated',
};

export function publishReceived(world: World, conversation: Conversation, message: Message): void {
  const { id, contactId, channelId } = conversation;
  const channelType = world.state.channels.get(channelId)?.type ?? 'unknown';
  publish(world, 'message.received', () => ({
    data: { message: messageView(message), conversationId: id, contactId, channelId, channelType },
    entity: messageEntity(message, channelId),
  }));
}

/** Publishes a change of status to subscribers and webhooks. */
export function publishStatus(world: World, message: Message): void {
  const { id: messageId, conversationId, status, direction, failedReason: error, updatedAt: timestamp } = message;
  for (const publisher of world.publishers) publisher.status(message);
  publish(world, `message.${status}`, () => ({
    data: { messageId, conversationId, status, direction, timestamp, ...(error && { error }) },
    entity: messageEntity(message, world.state.conversations.get(conversationId)?.channelId),
  }));
}

/**
 * Publishes a new or changed conversation to every socket of the tenant and to webhooks.
 *
 * @param before status and assignee before the change; absent for a new conversation
 */
export function publishConversation(
  world: World,
  conversation: Conversation,
  before?: Pick<Conversation, 'status' | 'assignedTo'>,
): void {
  const { id: conversationId, contactId, channelId, status, assignedTo } = conversation;
  for (const publisher of world.publishers) publisher.conversation(conversation);
  const data = {
    conversationId,
    contactId,
    channelId,
    status,
    assignedTo,
    previousStatus: before?.status,
    previousAssignedTo: before?.assignedTo,
  };
  const names = eventNames(conversation, before);
  publish(world, names.type, () => {
    const { id: _, ...attributes } = conversationView(world.state, conversation);
    const entity = { id: conversationId, type: 'conversation', attributes };
    return { docsType: names.docsType, data, entity };
  });
}

function eventNames(
  { status, assignedTo }: Conversation,
  before?: Pick<Conversation, 'status' | 'assignedTo'>,
): { type: string; docsType?: string } {
  if (!before) return { type: 'conversation.created' };
  const over = status === 'resolved' || status === 'closed';
  const wasOver = before.status === 'resolved' || before.status === 'closed';
  if (over && !wasOver) return { type: 'conversation.resolved' };
  if (wasOver && !over) return { type: 'conversation.updated', docsType: 'conversation.reopened' };
  return { type: assignedTo !== before.assignedTo ? 'conversation.assigned' : 'conversation.updated' };
}

/** @param previousData name, e-mail and phone before the change */
export function publishContact(world: World, type: string, contact: Contact, previousData?: Fields): void {
  const { id: contactId, name, email, phone } = contact;
  // Only the documentation has an event name for a merge.
  const merged = type === 'contact.merged';
  publish(world, merged ? 'contact.updated' : type, () => {
    const { id: _, ...attributes } = contactView(world.state, contact);
    const entity = { id: contactId, type: 'contact', attributes };
    return { docsType: type, data: { contactId, name: name ?? '', email, phone, previousData }, entity };
  });
}

export function publishChannel(world: World, type: string, channel: Channel): void {
  const { id: channelId, name, type: channelType, status, errorMessage: error } = channel;
  publish(world, type, () => ({
    data: { channelId, channelType, status, error },
    entity: { id: channelId, type: 'channel', attributes: { name, type: channelType, status } },
  }));
}

/** Publishes an event of a bot or a flow. The documentation defines no payload for these. */
export function publishPlain(world: World, type: string, id: string, data: Fields): void {
  const [kind = 'event'] = type.split('.');
  publish(world, type, () => ({ data, entity: { id, type: kind, attributes: data } }));
}

type EventBody = Pick<WebhookEvent, 'data' | 'entity'> & { docsType?: string };

/** @param body is called only when there is a webhook: building it is slow with many conversations */
function publish(world: World, type: string, body: () => EventBody): void {
  if (world.state.webhooks.size === 0) return;
  const { data, entity, docsType } = body();
  world.webhooks.publish({ type, docsType: docsType ?? DOCUMENTED_NAMES[type] ?? type, data, entity }, now());
}

function messageEntity(message: Message, channelId: string | undefined): WebhookEvent['entity'] {
  const { id, conversationId, direction, kind, text, media, location, contact, status, senderId, senderType } = message;
  return {
    id,
    type: 'message',
    attributes: {
      conversationId,
      channelId,
      direction,
      content: { type: kind, text, media, location, contact },
      status,
      senderId,
      senderType,
      error: message.failedReason,
      createdAt: message.createdAt,
    },
  };
}
