import { attachmentsOf, isEcho, pickedOf, wordsOf } from '../../lib/incoming';
import type { Message } from '../../lib/model';
import type { Delivery } from '../../lib/realtime';
import type { Msg } from './define';
import { isObject } from './fields';

/** no server means to send anything deeper */
const deepest = 64;

/**
 * A copy of what came as JSON: all triggers hear the same event, and no flow may change what another one gets.
 */
export function copyOf<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth > deepest) return value;
  if (Array.isArray(value)) return value.map((one) => copyOf(one, depth + 1)) as T;
  // A Date or a Buffer is whole already.
  const kind = Object.getPrototypeOf(value);
  if (kind !== Object.prototype && kind !== null) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key], depth + 1);
  return copy as T;
}

/** What an event is made of, in whichever envelope it came: flat, in `data`, or in `data.attributes`. */
export function contentOf(original: unknown): Record<string, unknown> {
  if (!isObject(original)) return {};
  const { data } = original;
  if (!isObject(data)) return original;
  return isObject(data.attributes) ? { id: data.id, ...data.attributes } : data;
}

/**
 * What every trigger says of an event: whom it is about and how it came. With the ids alone every action can go on.
 * @param payload the caller's own
 */
export function told(delivery: Delivery, configId: string, payload: unknown, topic: string): Msg {
  const { event, conversation, source, receivedAt, recovered } = delivery;
  const msg: Msg = { payload, topic };
  if (event.conversationId !== undefined) msg.conversationId = event.conversationId;
  if (event.messageId !== undefined) msg.messageId = event.messageId;
  if (conversation?.contactId !== undefined) msg.contactId = conversation.contactId;
  if (conversation?.channelId !== undefined) msg.channelId = conversation.channelId;
  if (event.conversationId !== undefined) msg.channelType = channelTypeOf(delivery);
  const facts: Record<string, unknown> = { configId, event: event.name, source };
  if (event.id !== undefined) facts.deliveryId = event.id;
  facts.receivedAt = new Date(receivedAt).toISOString();
  facts.recovered = recovered;
  msg.linktor = facts;
  return msg;
}

/** Unique per conversation, so that the core nodes group by it, and fit for MQTT. */
export function topicOf(delivery: Delivery): string {
  return `${channelTypeOf(delivery)}/${delivery.event.conversationId ?? ''}`;
}

function channelTypeOf({ conversation }: Delivery): string {
  return conversation?.channelType ?? 'unknown';
}

/** A message that somebody wrote, as triggers emit it and actions understand it. */
export function toldMessage(delivery: Delivery, message: Message, configId: string, raw: boolean): Msg {
  const { event, conversation } = delivery;
  const { contentType, direction, senderType, senderId, location, contact: card } = message;
  const msg = told(delivery, configId, wordsOf(message), topicOf(delivery));
  msg.contactId ??= senderType === 'contact' ? senderId : undefined;
  msg.contentType = contentType;
  msg.attachments = copyOf(attachmentsOf(message));
  msg.contact = conversation?.contact ? copyOf(conversation.contact) : { id: msg.contactId };
  const name = senderType === 'contact' ? conversation?.contact?.name : message.senderName;
  msg.sender = { type: senderType, id: senderId, name };
  Object.assign(msg.linktor as object, { direction, echo: isEcho(message) });
  const answered = message.replyTo ?? message.metadata?.reply_to_id;
  if (typeof answered === 'string') Object.assign(msg.linktor as object, { replyTo: answered });
  const choice = pickedOf(message);
  if (choice) msg.choice = choice;
  if (location) msg.location = copyOf(location);
  if (card) msg.card = copyOf(card);
  if (raw) msg.event = copyOf(event.original);
  return msg;
}
