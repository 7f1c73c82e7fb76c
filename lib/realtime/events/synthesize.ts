import type { Event, GapReason, Message } from '../../model';
import type { Missed } from '../sync/backfill';

const final = new Set(['delivered', 'read', 'failed']);
const steps = ['sent', 'delivered', 'read'];

/** What was fetched of a conversation, as the events that it would have been. The bus knows which of them are news. */
export function eventsOf({ conversationId, since, messages, older, truncated }: Missed): Event[] {
  const events = older.flatMap(statusOf);
  if (truncated) events.push(gapEvent('truncated', since, conversationId));
  for (const message of messages) events.push(messageEvent(message), ...statusOf(message));
  return events;
}

export function messageEvent(message: Message): Event {
  const name = message.direction === 'inbound' ? 'message.received' : 'message.sent';
  const { id: messageId, conversationId, createdAt: at } = message;
  return { name, conversationId, messageId, message, at, original: message };
}

/** What has become of a message of ours. */
export function statusOf(message: Message): Event[] {
  const { id: messageId, conversationId, direction, status, updatedAt: at } = message;
  if (direction !== 'outbound' || status === undefined || !final.has(status)) return [];
  return [{ name: `message.${status}`, conversationId, messageId, status, at, original: message }];
}

/** All that has become of a message of ours, as far as its times tell, from the first to the last. */
export function statusesOf(message: Message): Event[] {
  const { id: messageId, conversationId, direction, status } = message;
  if (direction !== 'outbound') return [];
  const reached = steps.filter((step) => step === status || typeof message[`${step}At`] === 'string');
  return (status === 'failed' ? [...reached, status] : reached).map((step) => {
    const at = message[`${step}At`] ?? message.updatedAt;
    const event: Event = { name: `message.${step}`, conversationId, messageId, status: step, original: message };
    return typeof at === 'string' ? { ...event, at } : event;
  });
}

/**
 * Something may never be told.
 * @param since from when on, milliseconds of the server's clock where it is known
 * @param conversationId without it, any conversation
 */
export function gapEvent(reason: GapReason, since: number | undefined, conversationId?: string): Event {
  const gap: Event['gap'] = since === undefined ? { reason } : { since: new Date(since).toISOString(), reason };
  const about = conversationId === undefined ? {} : { conversationId };
  return { name: 'sync.gap', ...about, gap, original: { ...about, ...gap } };
}
