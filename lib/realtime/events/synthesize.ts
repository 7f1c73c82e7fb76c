import { isReceipt, SUCCESS_STEPS } from '../../messages/status';
import type { Event, GapReason, Message } from '../../model';

/** Data fetched to fill a gap in one conversation. */
export interface Backfilled {
  conversationId: string;
  /** start of the gap, in milliseconds of the server's clock */
  since: number;
  /** oldest first */
  messages: Message[];
  /** from before the gap, oldest first: only their statuses may be new */
  older: Message[];
  /** there were more messages than the server returns */
  truncated: boolean;
  /** the socket was not subscribed to this conversation */
  wasUnsubscribed: boolean;
}

/** Convert fetched messages of a conversation into events. The bus drops known ones. */
export function eventsOf({ conversationId, since, messages, older, truncated }: Backfilled): Event[] {
  const events = older.flatMap(receiptOf);
  if (truncated) events.push(gapEvent('truncated', since, conversationId));
  for (const message of messages) events.push(messageEvent(message), ...receiptOf(message));
  return events;
}

/** The event of a message that was received or sent. */
export function messageEvent(message: Message): Event {
  const name = message.direction === 'inbound' ? 'message.received' : 'message.sent';
  const { id: messageId, conversationId, createdAt: at } = message;
  return { name, conversationId, messageId, message, at, original: message };
}

/** The latest status event of an outbound message, if its channel has reported one: delivered, read, failed. */
export function receiptOf(message: Message): Event[] {
  const { id: messageId, conversationId, direction, status, updatedAt: at } = message;
  if (direction !== 'outbound' || status === undefined || !isReceipt(status)) return [];
  return [{ name: `message.${status}`, conversationId, messageId, status, at, original: message }];
}

/** All status events of an outbound message that its times and status imply, in order. */
export function statusesOf(message: Message): Event[] {
  const { id: messageId, conversationId, direction, status } = message;
  if (direction !== 'outbound') return [];
  const steps: string[] = SUCCESS_STEPS.filter((step) => step === status || typeof message[`${step}At`] === 'string');
  return (status === 'failed' ? [...steps, status] : steps).map((step) => {
    const at = message[`${step}At`] ?? message.updatedAt;
    const event: Event = { name: `message.${step}`, conversationId, messageId, status: step, original: message };
    return typeof at === 'string' ? { ...event, at } : event;
  });
}

/**
 * Create the `sync.gap` event: events may be lost for good.
 * @param since start of the gap, in milliseconds of the server's clock, if known
 * @param conversationId undefined: any conversation
 */
export function gapEvent(reason: GapReason, since: number | undefined, conversationId?: string): Event {
  const gap: Event['gap'] = since === undefined ? { reason } : { since: new Date(since).toISOString(), reason };
  const about = conversationId === undefined ? {} : { conversationId };
  return { name: 'sync.gap', ...about, gap, original: { ...about, ...gap } };
}
