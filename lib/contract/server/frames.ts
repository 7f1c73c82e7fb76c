import type { Event, Message } from '../../model';
import type { Signal } from '../index';
import { isObject, type Json, object, put, string, tryJson } from '../json';
import { conversation } from './entities';
import { message } from './message';

/**
 * Decode a frame of the agent socket (contract 2.3), `{type, payload}`. The current server sends only typing frames;
 * its own pages listen for the others. Never throws: an unknown frame is undefined.
 */
export function frame(text: string): Event | undefined {
  const wire = tryJson(text);
  const payload = isObject(wire) ? object(wire.payload) : undefined;
  if (!isObject(wire) || !payload) return undefined;
  try {
    switch (wire.type) {
      case 'typing':
        return typing(payload, wire);
      case 'new_message':
        return said(payload, wire);
      case 'message_updated':
        return became(payload, wire);
      case 'conversation_created':
        return changed(payload, wire, 'conversation.created');
      case 'conversation_updated':
        return changed(payload, wire, 'conversation.updated');
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

function typing(payload: Json, original: Json): Event | undefined {
  const conversationId = string(payload.conversation_id);
  if (conversationId === undefined) return undefined;
  // The server omits `false` (contract 6.1.16).
  const event: Event = { name: 'typing', conversationId, typing: { isTyping: payload.is_typing === true }, original };
  put(event.typing as Json, 'userId', string(payload.user_id));
  return event;
}

function held(payload: Json): Message | undefined {
  const found = message(object(payload.message) ?? payload);
  found.conversationId ||= string(payload.conversation_id) ?? '';
  return found.conversationId === '' ? undefined : found;
}

function said(payload: Json, original: Json): Event | undefined {
  const found = held(payload);
  if (!found) return undefined;
  const name = found.direction === 'inbound' ? 'message.received' : 'message.sent';
  const event: Event = {
    name,
    conversationId: found.conversationId,
    messageId: found.id,
    message: found,
    original,
  };
  put(event, 'at', found.createdAt);
  return event;
}

function became(payload: Json, original: Json): Event | undefined {
  const found = held(payload);
  if (!found?.status || found.direction === 'inbound') return undefined;
  const { id: messageId, conversationId, status } = found;
  const event: Event = { name: `message.${status}`, conversationId, messageId, status, original };
  put(event, 'at', found.updatedAt);
  return event;
}

function changed(payload: Json, original: Json, name: Event['name']): Event {
  const changes = conversation(object(payload.conversation) ?? payload);
  // The frame contains the whole conversation, so an absent assignee was removed.
  changes.assignedTo ??= undefined;
  const event: Event = { name, conversationId: changes.id, changes, original };
  put(event, 'status', changes.status);
  put(event, 'at', changes.updatedAt);
  return event;
}

/** @returns the frame, or undefined for subscriptions and pings, which this socket lacks */
export function signal(given: Signal): string | undefined {
  if (given.type !== 'typing') return undefined;
  const { conversationId, isTyping } = given;
  return JSON.stringify({ type: 'typing', payload: { conversation_id: conversationId, is_typing: isTyping } });
}
