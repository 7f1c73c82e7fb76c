import type { Conversation, Event, EventName } from '../../model';

const over = new Set(['resolved', 'closed']);
/** what a listing is trusted with, besides what a frame says */
const telling = ['status', 'assignedTo', 'priority', 'tags'] as const;

/** @returns the fields of `changes` that are not as they were */
function changedFields(before: Conversation, changes: Partial<Conversation>): string[] {
  return Object.keys(changes).filter((field) => !same(before[field], changes[field]));
}

/** Plain data of the wire, and rarely more than a word. */
function same(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

/**
 * Say of a change what it changes, and call it by the most telling name.
 * @param before the conversation as it was told the last time, where it is known
 */
export function describe(event: Event, before: Conversation | undefined): void {
  const changes = event.changes ?? {};
  event.changed = before ? changedFields(before, changes) : Object.keys(changes);
  if (before) event.previous = Object.fromEntries(event.changed.map((field) => [field, before[field]]));
  event.name = nameOf(new Set(event.changed), changes, before);
}

function nameOf(changed: Set<string>, changes: Partial<Conversation>, before: Conversation | undefined): EventName {
  const { status = '', assignedTo, priority, metadata } = changes;
  if (changed.has('status')) {
    if (over.has(status)) return 'conversation.resolved';
    if (over.has(before?.status ?? '')) return 'conversation.reopened';
  }
  const raised = changed.has('metadata') && metadata?.escalated === true && before?.metadata?.escalated !== true;
  if (raised || (changed.has('priority') && priority === 'urgent')) return 'conversation.escalated';
  // With nothing to compare with, a status beside it may be all that is new.
  const given = changed.has('assignedTo') && (before !== undefined || changes.status === undefined);
  return given && assignedTo !== undefined ? 'conversation.assigned' : 'conversation.updated';
}

/**
 * @param before without it nobody knows what has changed: all that is told may have
 * @returns the event that a listing has found nobody to have told, if any
 */
export function changeOf(before: Conversation | undefined, listed: Conversation): Event | undefined {
  // A listing may say less of a conversation than others do: what it does not mention has not changed.
  const changes = Object.fromEntries(
    telling.filter((field) => listed[field] !== undefined).map((field) => [field, listed[field]]),
  );
  const changed = before ? changedFields(before, changes) : Object.keys(changes);
  if (changed.length === 0) return undefined;
  const event: Event = {
    name: 'conversation.updated',
    conversationId: listed.id,
    changes: Object.fromEntries(changed.map((field) => [field, changes[field]])),
    original: listed,
  };
  if (changed.includes('status')) event.status = listed.status;
  if (listed.updatedAt !== undefined) event.at = listed.updatedAt;
  describe(event, before);
  return event;
}

/** A conversation that has come into being. */
export function createdEvent(conversation: Conversation): Event {
  const { id: conversationId, status, createdAt: at } = conversation;
  return { name: 'conversation.created', conversationId, status, at, original: conversation };
}
