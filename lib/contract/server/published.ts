import type { Event } from '../../model';
import { isObject, type Json, object, put, string, tryJson } from '../json';
import { camelKeysDeep } from '../keys';

/** An event that the server publishes to NATS, in addition to its API (contract 8.3). */
export interface Published {
  type: string;
  tenantId: string;
  /** ISO 8601 */
  at?: string;
  /** with our field names */
  payload: Json;
  conversationId?: string;
  messageId?: string;
}

/** An outbound message on its way to its channel. */
export interface Outbound {
  tenantId: string;
  conversationId: string;
  messageId: string;
}

/** Decode an event of the stream, `{type, tenant_id, payload, timestamp}`. Never throws; undefined for other texts. */
export function published(text: string): Published | undefined {
  const wire = tryJson(text);
  if (!isObject(wire)) return undefined;
  const type = string(wire.type);
  const tenantId = string(wire.tenant_id);
  const payload = object(wire.payload);
  if (type === undefined || tenantId === undefined || payload === undefined) return undefined;
  const result: Published = { type, tenantId, payload: camelKeysDeep(payload) as Json };
  put(result, 'at', string(wire.timestamp));
  put(result, 'conversationId', string(payload.conversation_id));
  put(result, 'messageId', string(payload.message_id));
  return result;
}

/** Any event except a message; messages are read from the API, since their published form is incomplete. */
export function publishedEvent({ type, tenantId, at, payload, conversationId, messageId }: Published): Event {
  const original = { type, tenantId, data: payload, ...(at !== undefined && { timestamp: at }) };
  const event: Event = { name: type === 'presence.typing' ? 'typing' : type, original };
  put(event, 'at', at);
  put(event, 'conversationId', conversationId);
  put(event, 'messageId', messageId);
  if (event.name === 'typing') {
    event.typing = { isTyping: payload.state === 'composing' };
  }
  const status = /^message\.(sent|delivered|read|failed)$/.exec(type)?.[1];
  if (status !== undefined && messageId !== undefined) event.status = status;
  return event;
}

/** Decode `{id, tenant_id, conversation_id, …}`. Never throws; undefined for other texts. */
export function publishedOutbound(text: string): Outbound | undefined {
  const wire = tryJson(text);
  if (!isObject(wire)) return undefined;
  const [messageId, tenantId] = [string(wire.id), string(wire.tenant_id)];
  const conversationId = string(wire.conversation_id);
  if (messageId === undefined || tenantId === undefined || conversationId === undefined) return undefined;
  return { messageId, tenantId, conversationId };
}

/**
 * Decode `{message_id, status, error_message?, timestamp}`, without tenant and conversation. Never throws.
 * @returns undefined for any other text
 */
export function publishedStatus(text: string): Event | undefined {
  const wire = tryJson(text);
  if (!isObject(wire)) return undefined;
  const [messageId, status] = [string(wire.message_id), string(wire.status)];
  if (messageId === undefined || status === undefined) return undefined;
  const event: Event = { name: `message.${status}`, messageId, status, original: camelKeysDeep(wire) };
  put(event, 'at', string(wire.timestamp));
  return event;
}
