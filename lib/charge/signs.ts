import { isEcho } from '../messages/incoming';
import { type Event, isObject, type Message } from '../model';

/** Signs that a person has taken a conversation over. */
export const takeoverSigns = ['message', 'echo', 'assigned', 'escalated'] as const;
/** Signs that the person is done with it. */
export const takeoverEnds = ['resolved', 'unassigned'] as const;

export type TakeoverSign = (typeof takeoverSigns)[number];
export type TakeoverEnd = (typeof takeoverEnds)[number];

/** Meaning of an event for the person in charge. */
export type Sign = { begins: TakeoverSign; by?: string; message?: Message } | { ends: TakeoverEnd };

/** @returns false for a customer's message, which is never a sign: most events are, so that this test is a short one */
export function mayBeSign({ message }: Event): boolean {
  return message?.direction !== 'inbound' || isEcho(message);
}

/** @returns undefined for an event without such a meaning; does not check whether a message is our own */
export function signOf(event: Event): Sign | undefined {
  const { message } = event;
  if (message) return messageSign(message);
  if (!event.name.startsWith('conversation.')) return undefined;
  if (event.name === 'conversation.resolved') return { ends: 'resolved' };
  const now = changesOf(event);
  const isNew = event.name === 'conversation.created';
  const hasChanged = (field: string) => isNew || event.changed?.includes(field) === true;
  if (hasChanged('assignedTo') && typeof now.assignedTo === 'string' && now.assignedTo !== '') {
    // Without a known previous state, only an explicit event counts as an assignment.
    const isSaid = event.name === 'conversation.assigned' || isNew || event.previous !== undefined;
    if (isSaid) return { begins: 'assigned', by: now.assignedTo };
  }
  if (event.name === 'conversation.escalated') return { begins: 'escalated' };
  if (hasChanged('status') && now.status === 'pending') return { begins: 'escalated' };
  const wasAssigned = typeof event.previous?.assignedTo === 'string';
  if (!isNew && hasChanged('assignedTo') && wasAssigned && !now.assignedTo) return { ends: 'unassigned' };
  return undefined;
}

function messageSign(message: Message): Sign | undefined {
  const { direction, senderType, senderId: by } = message;
  if (isEcho(message)) return { begins: 'echo', by, message };
  if (direction !== 'outbound' || senderType === 'bot' || senderType === 'system') return undefined;
  return { begins: 'message', by, message };
}

/** The changes of a frame, or the conversation data of a webhook. */
function changesOf({ changes, original }: Event): Record<string, unknown> {
  if (changes) return changes;
  const held = isObject(original) && isObject(original.data) ? original.data : original;
  if (!isObject(held)) return {};
  return isObject(held.attributes) ? held.attributes : held;
}
