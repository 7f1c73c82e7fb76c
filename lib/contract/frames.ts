import type { Event } from '../model';
import { isObject, type Json, object, put, string, tryJson } from './json';
import { message } from './message';

/**
 * A socket frame of the documented API (contract 2.1), flat or in the `{type, data, timestamp}` shape of the Java SDK.
 * Never throws, since frames come from outside: a frame that is no JSON or of an unknown type is undefined.
 */
export function frame(text: string): Event | undefined {
  const wire = tryJson(text);
  if (!isObject(wire)) return undefined;
  const flat: Json =
    isObject(wire.data) && wire.message === undefined ? { ...wire, ...wire.data, type: wire.type } : wire;
  switch (flat.type) {
    case 'message':
    case 'message.received':
    case 'message.sent':
      return messageEvent(flat, wire);
    case 'message_status':
    case 'message.status':
      return statusEvent(flat, wire);
    case 'conversation_update':
      return changeEvent(flat, wire);
    case 'typing':
      return typingEvent(flat, wire);
    default:
      return undefined;
  }
}

function about(flat: Json, original: unknown, name: string): Event | undefined {
  const conversationId = string(flat.conversationId);
  if (conversationId === undefined) return undefined;
  const event: Event = { name, conversationId, original };
  put(event, 'status', string(flat.status));
  put(event, 'at', string(flat.timestamp));
  return event;
}

function changeEvent(flat: Json, original: unknown): Event | undefined {
  const event = about(flat, original, 'conversation.updated');
  if (!event) return undefined;
  const { assignedTo, priority, tags } = flat;
  event.changes = {};
  put(event.changes, 'status', string(flat.status));
  // null: the assignee was removed. The other SDK family has another name for the field.
  if (assignedTo === null) event.changes.assignedTo = undefined;
  else put(event.changes, 'assignedTo', string(assignedTo) ?? string(flat.assignedAgentId));
  put(event.changes, 'priority', priority === 'medium' ? 'normal' : string(priority));
  if (Array.isArray(tags)) event.changes.tags = tags.flatMap((tag) => string(tag) ?? []);
  put(event.changes, 'metadata', object(flat.metadata));
  return event;
}

function messageEvent(flat: Json, original: Json): Event | undefined {
  let held: ReturnType<typeof message>;
  try {
    held = message(isObject(flat.message) ? flat.message : isObject(original.data) ? original.data : bareOf(flat));
  } catch {
    return undefined;
  }
  const conversationId = held.conversationId || string(flat.conversationId);
  if (!conversationId) return undefined;
  held.conversationId = conversationId;
  const name = held.direction === 'inbound' ? 'message.received' : 'message.sent';
  const event: Event = { name, conversationId, messageId: held.id, message: held, original };
  put(event, 'at', held.createdAt ?? string(flat.timestamp));
  return event;
}

/** The type of a frame is not the type of the message in it. */
function bareOf({ type: _type, ...bare }: Json): Json {
  return bare;
}

function statusEvent(flat: Json, original: unknown): Event | undefined {
  const messageId = string(flat.messageId);
  const status = string(flat.status);
  const event = messageId && status ? about(flat, original, `message.${status}`) : undefined;
  if (event) event.messageId = messageId;
  return event;
}

function typingEvent(flat: Json, original: unknown): Event | undefined {
  const event = about(flat, original, 'typing');
  if (!event) return undefined;
  event.typing = { isTyping: flat.isTyping === true };
  put(event.typing, 'userId', string(flat.userId));
  return event;
}
