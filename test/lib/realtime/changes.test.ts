import { strict as assert } from 'node:assert';
import type { Conversation, Event } from '../../../lib/model';
import { changeOf, describeChange as tell } from '../../../lib/realtime/events/changes';

const open: Conversation = { id: 'c', status: 'open', priority: 'normal', tags: ['a'], metadata: { vip: true } };
const resolved = { ...open, status: 'resolved', assignedTo: 'u1' };

function told(changes: Partial<Conversation>, before?: Conversation): Event {
  const event: Event = { name: 'conversation.updated', conversationId: 'c', changes, original: {} };
  tell(event, before);
  return event;
}

describe('realtime: what changes in a conversation', () => {
  for (const [name, changes, before, changed] of [
    ['resolved', { status: 'resolved', assignedTo: 'u1' }, open, ['status', 'assignedTo']],
    ['resolved', { status: 'closed' }, open, ['status']],
    ['updated', { status: 'snoozed' }, open, ['status']],
    ['reopened', { status: 'open' }, resolved, ['status']],
    ['reopened', { status: 'pending', assignedTo: 'u2' }, resolved, ['status', 'assignedTo']],
    ['assigned', { status: 'open', assignedTo: 'u1' }, open, ['assignedTo']],
    ['assigned', { assignedTo: 'u2' }, resolved, ['assignedTo']],
    ['updated', { assignedTo: undefined }, resolved, ['assignedTo']],
    ['assigned', { priority: 'urgent', assignedTo: 'u1' }, open, ['priority', 'assignedTo']],
    ['escalated', { metadata: { escalated: true } }, open, ['metadata']],
    ['updated', { metadata: { escalated: true, more: 1 } }, { ...open, metadata: { escalated: true } }, ['metadata']],
    ['updated', { priority: 'high' }, open, ['priority']],
    ['updated', { tags: ['a', 'b'] }, open, ['tags']],
    ['updated', { status: 'open', tags: ['a'], metadata: { vip: true } }, open, []],
    ['updated', {}, open, []],
    ['resolved', { status: 'resolved', assignedTo: 'u1' }, undefined, ['status', 'assignedTo']],
    ['updated', { status: 'open', assignedTo: 'u1' }, undefined, ['status', 'assignedTo']],
    ['assigned', { assignedTo: 'u1' }, undefined, ['assignedTo']],
    ['updated', { priority: 'urgent' }, undefined, ['priority']],
  ] as [string, Partial<Conversation>, Conversation | undefined, string[]][]) {
    it(`${JSON.stringify(changes)} after ${JSON.stringify(before?.status)} is ${name}`, () => {
      const event = told(changes, before);
      assert.deepEqual([event.name, event.changed], [`conversation.${name}`, changed]);
      assert.deepEqual(
        event.previous,
        before && Object.fromEntries(changed.map((field) => [field, before[field as keyof Conversation]])),
      );
    });
  }

  it('is found in a listing where nobody has told it, but not in what the listing leaves out', () => {
    const { assignedTo: _, ...less } = resolved;
    assert.equal(changeOf(resolved, less), undefined);
    const event = changeOf(open, { ...resolved, unreadCount: 4, updatedAt: '2026-05-01T12:00:00Z' });
    assert.deepEqual(
      [event?.name, event?.changed, event?.previous, event?.status, event?.at],
      [
        'conversation.resolved',
        ['status', 'assignedTo'],
        { status: 'open', assignedTo: undefined },
        'resolved',
        '2026-05-01T12:00:00Z',
      ],
    );
    assert.deepEqual(event?.changes, { status: 'resolved', assignedTo: 'u1' });
  });
});
