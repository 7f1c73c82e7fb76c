import type { Conversation, Event, EventName } from '../../model';

const ENDED_STATUSES = new Set(['resolved', 'closed']);
/** The fields whose change a listing may report. */
const COMPARED_FIELDS = ['status', 'assignedTo', 'priority', 'tags'] as const;

/** @returns the fields of `changes` that are not as they were */
function changedFields(before: Conversation, changes: Partial<Conversation>): string[] {
  return Object.keys(changes).filter((field) => !isSame(before[field], changes[field]));
}

/** Compares plain data of the wire, which is rarely more than a word. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

/**
 * Add to an event which fields it changes and what they were, and give it its most specific name.
 * @param before the conversation as it was known before, if it was
 */
export function describeChange(event: Event, before: Conversation | undefined): void {
  const changes = event.changes ?? {};
  event.changed = before ? changedFields(before, changes) : Object.keys(changes);
  if (before) event.previous = Object.fromEntries(event.changed.map((field) => [field, before[field]]));
  event.name = nameOf(new Set(event.changed), changes, before);
}

/** An update may say that something has changed and not what: the fields that no frame has to have are looked up. */
export function isVague({ changes }: Event): boolean {
  return changes !== undefined && (changes.priority === undefined || changes.tags === undefined);
}

/** Add what the server says of the conversation to an event that did not tell all of it. */
export function completeChange(event: Event, now: Conversation): void {
  const { before, changes = {} } = event;
  if (!before) return;
  delete event.before;
  const untold = COMPARED_FIELDS.filter((field) => !(field in changes) && now[field] !== undefined);
  const found = untold.filter((field) => !isSame(before[field], now[field])).map((field) => [field, now[field]]);
  event.changes = { ...changes, ...Object.fromEntries(found) };
  describeChange(event, before);
}

function nameOf(changed: Set<string>, changes: Partial<Conversation>, before: Conversation | undefined): EventName {
  const { status = '', assignedTo, metadata } = changes;
  if (changed.has('status')) {
    if (ENDED_STATUSES.has(status)) return 'conversation.resolved';
    if (ENDED_STATUSES.has(before?.status ?? '')) return 'conversation.reopened';
  }
  const isEscalated = changed.has('metadata') && metadata?.escalated === true && before?.metadata?.escalated !== true;
  if (isEscalated) return 'conversation.escalated';
  // Without a known state before, a status beside the assignee may be all that is new.
  const isAssigned = changed.has('assignedTo') && (before !== undefined || changes.status === undefined);
  return isAssigned && assignedTo !== undefined ? 'conversation.assigned' : 'conversation.updated';
}

/**
 * Compare a conversation with the listing of it.
 * @param before as it was known before; without it every compared field may have changed
 * @returns the change that was not announced, if there is one
 */
export function changeOf(before: Conversation | undefined, listed: Conversation): Event | undefined {
  // A listing may leave fields out: a field that is missing in it has not changed.
  const changes = Object.fromEntries(
    COMPARED_FIELDS.filter((field) => listed[field] !== undefined).map((field) => [field, listed[field]]),
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
  describeChange(event, before);
  return event;
}

/** The event of a new conversation. */
export function createdEvent(conversation: Conversation): Event {
  const { id: conversationId, status, createdAt: at } = conversation;
  return { name: 'conversation.created', conversationId, status, at, original: conversation };
}
