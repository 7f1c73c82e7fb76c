import type { Conversation, Event, EventName } from '../../model';

const ENDED_STATUSES = new Set(['resolved', 'closed']);
/** The fields compared with a listing. */
const COMPARED_FIELDS = ['status', 'assignedTo', 'priority', 'tags'] as const;
/** The fields compared with a whole conversation. */
const READ_FIELDS = [...COMPARED_FIELDS, 'subject', 'metadata'] as const;

/** @returns the fields of `changes` that differ from `before` */
function changedFields(before: Conversation, changes: Partial<Conversation>): string[] {
  return Object.keys(changes).filter((field) => !isSame(before[field], changes[field]));
}

/** Compare plain JSON data, usually a single word. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

/**
 * Add the changed fields and their previous values to an event, and give it its most specific name.
 * @param before the conversation as previously known, if it was
 */
export function describeChange(event: Event, before: Conversation | undefined): void {
  const changes = event.changes ?? {};
  event.changed = before ? changedFields(before, changes) : Object.keys(changes);
  if (before) event.previous = Object.fromEntries(event.changed.map((field) => [field, before[field]]));
  event.name = nameOf(new Set(event.changed), changes, before);
}

/** An update without its changes: optional fields of the frame are looked up. */
export function isVague({ changes }: Event): boolean {
  return changes !== undefined && (changes.priority === undefined || changes.tags === undefined);
}

/**
 * Add the server's present state to an incomplete change event.
 * @param known the conversation as known before `now`: earlier events may have told a part of the change already
 */
export function completeChange(event: Event, now: Conversation, known = event.before): void {
  const { before, changes } = event;
  if (!before || !known) return;
  delete event.before;
  if (!changes) return addFound(event, now, known);
  // A conversation without an assignee has no such field; any other may be omitted by a server.
  const untold = READ_FIELDS.filter(
    (field) => !(field in changes) && (now[field] !== undefined || field === 'assignedTo'),
  );
  const found = untold.filter((field) => !isSame(known[field], now[field])).map((field) => [field, now[field]]);
  event.changes = { ...changes, ...Object.fromEntries(found) };
  describeChange(event, { ...before, ...Object.fromEntries(untold.map((field) => [field, known[field]])) });
}

/** Add what has changed to an event that another source has named. */
function addFound(event: Event, now: Conversation, known: Conversation): void {
  const found = READ_FIELDS.filter((field) => !isSame(known[field], now[field]));
  const pick = (from: Conversation) => Object.fromEntries(found.map((field) => [field, from[field]]));
  const changes: Partial<Conversation> = pick(now);
  if (found.length === 0) return;
  event.changes = changes;
  event.changed = [...new Set([...(event.changed ?? []), ...found])];
  event.previous = { ...pick(known), ...event.previous };
  if (event.name === 'conversation.updated') event.name = nameOf(new Set(found), changes, known);
}

function nameOf(changed: Set<string>, changes: Partial<Conversation>, before: Conversation | undefined): EventName {
  const { status = '', assignedTo, metadata } = changes;
  if (changed.has('status')) {
    if (ENDED_STATUSES.has(status)) return 'conversation.resolved';
    if (ENDED_STATUSES.has(before?.status ?? '')) return 'conversation.reopened';
  }
  const isEscalated = changed.has('metadata') && metadata?.escalated === true && before?.metadata?.escalated !== true;
  if (isEscalated) return 'conversation.escalated';
  // Without a known previous state, a status next to the assignee may be the only change.
  const isAssigned = changed.has('assignedTo') && (before !== undefined || changes.status === undefined);
  return isAssigned && assignedTo !== undefined ? 'conversation.assigned' : 'conversation.updated';
}

/**
 * Compare a conversation with its listing.
 * @param before as previously known; if absent, every compared field counts as changed
 * @returns the unannounced change, if there is one
 */
export function changeOf(before: Conversation | undefined, listed: Conversation): Event | undefined {
  // A listing may omit fields: an omitted field has not changed.
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
