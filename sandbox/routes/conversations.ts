import { advanceStatus, changeConversation, openConversation } from '../sim/messages';
import type { World } from '../sim/world';
import { CONVERSATION_STATUSES, type Conversation } from '../state/entities';
import { Form } from '../wire/form';
import { type Listing, list } from '../wire/paging';
import { invalid } from '../wire/problem';
import { type Answer, type Call, created, noContent, ok, type Router } from '../wire/router';
import { conversationView } from '../wire/views';
import { tagRoutes } from './tags';

const PRIORITIES = ['low', 'medium', 'high', 'urgent'] as const;

/** Conversations of customers. */
export function conversationRoutes(router: Router, world: World): void {
  const { conversations } = world.state;
  const need = ({ params }: Call): Conversation => conversations.need(params.id ?? '');
  const show = (conversation: Conversation): Answer => ok(conversationView(world.state, conversation));
  const changeTo = (call: Call, changes: Partial<Conversation>): Answer => {
    const conversation = need(call);
    changeConversation(world, conversation, changes);
    return show(conversation);
  };
  router
    .on('GET', '/conversations', ({ query }) => list(conversations.all(), query, conversationListing(world)))
    .on('POST', '/conversations', ({ body }) => create(world, new Form(body)))
    .on('GET', '/conversations/counts', () => ok(counts(conversations.all())))
    .on('GET', '/conversations/:id', (call) => show(need(call)))
    .on('PATCH', '/conversations/:id', (call) => {
      const conversation = need(call);
      return changeTo(call, readChanges(world, conversation, new Form(call.body)));
    })
    .on('DELETE', '/conversations/:id', (call) => {
      world.state.removeConversation(need(call).id);
      return noContent();
    })
    .on('POST', '/conversations/:id/assign', (call) =>
      changeTo(call, { assignedTo: assignee(world, new Form(call.body)) }),
    )
    .on('POST', '/conversations/:id/unassign', (call) => changeTo(call, { assignedTo: undefined }))
    .on('POST', '/conversations/:id/resolve', (call) => changeTo(call, { status: 'resolved' }))
    .on('POST', '/conversations/:id/reopen', (call) => changeTo(call, { status: 'open' }))
    .on('POST', '/conversations/:id/snooze', (call) =>
      changeTo(call, { status: 'snoozed', snoozedUntil: time(new Form(call.body), 'until') }),
    )
    .on('POST', '/conversations/:id/read', (call) => show(markRead(world, need(call), new Form(call.body))));
  tagRoutes(
    router,
    '/conversations/:id',
    (id) => conversations.need(id),
    (conversation, tags) => {
      changeConversation(world, conversation, { tags });
      return conversationView(world.state, conversation);
    },
  );
}

/** Filters and order of conversations, in the terms of every SDK family. */
export function conversationListing({ state }: World): Listing<Conversation> {
  const channelType = ({ channelId }: Conversation): string | undefined => state.channels.get(channelId)?.type;
  const assigned = ({ assignedTo }: Conversation, wanted: string): boolean => assignedTo === wanted;
  const tagged = ({ tags }: Conversation, wanted: string): boolean => tags.includes(wanted);
  return {
    filters: {
      status: ({ status }, wanted) => status === wanted,
      priority: ({ priority }, wanted) => priority === wanted,
      channelId: ({ channelId }, wanted) => channelId === wanted,
      channelType: (conversation, wanted) => channelType(conversation) === wanted,
      contactId: ({ contactId }, wanted) => contactId === wanted,
      assignedTo: assigned,
      assignedAgentId: assigned,
      tags: tagged,
      tag: tagged,
    },
    search: ({ id, subject, contactId }) => {
      const contact = state.contacts.get(contactId);
      return [subject, contact?.name, contact?.phone, contact?.email, ...state.thread(id).map(({ text }) => text)];
    },
    sort: {
      lastMessageAt: ({ lastMessageAt, createdAt }) => lastMessageAt ?? createdAt,
      createdAt: ({ createdAt }) => createdAt,
      updatedAt: ({ updatedAt }) => updatedAt,
    },
    order: 'desc',
    view: (conversation) => conversationView(state, conversation),
  };
}

function create(world: World, form: Form): Answer {
  const channelId = form.needText('channelId');
  const contactId = form.needText('contactId');
  if (!world.state.channels.get(channelId)) throw invalid('channelId', 'is not a channel');
  if (!world.state.contacts.get(contactId)) throw invalid('contactId', 'is not a contact');
  const conversation = openConversation(world, {
    channelId,
    contactId,
    subject: form.text('subject'),
    priority: readPriority(form),
    tags: form.texts('tags'),
    metadata: form.map('metadata'),
  });
  return created(conversationView(world.state, conversation));
}

/** The fields of an update; null takes the assignee away. */
function readChanges(world: World, conversation: Conversation, form: Form): Partial<Conversation> {
  const changes: Partial<Conversation> = {};
  const status = form.choice('status', CONVERSATION_STATUSES);
  if (status) changes.status = status;
  const priority = readPriority(form);
  if (priority) changes.priority = priority;
  if (form.has('subject')) changes.subject = form.text('subject');
  const tags = form.texts('tags');
  if (tags) changes.tags = tags;
  const metadata = form.map('metadata');
  if (metadata) changes.metadata = { ...conversation.metadata, ...metadata };
  for (const field of ['assignedTo', 'assignedAgentId']) {
    if (form.has(field)) changes.assignedTo = knownUser(world, field, form.text(field));
  }
  return changes;
}

/** The families name the user differently; if both names are present, they must agree. */
function assignee(world: World, form: Form): string {
  const agent = form.text('agentId');
  const user = form.text('userId');
  if (agent && user && agent !== user) throw invalid('userId', 'differs from agentId');
  const id = knownUser(world, 'agentId', agent ?? user);
  if (!id) throw invalid('agentId', 'is required');
  return id;
}

function knownUser({ state }: World, field: string, id: string | undefined): string | undefined {
  if (id !== undefined && !state.users.get(id)) throw invalid(field, 'is not a user');
  return id;
}

function readPriority(form: Form): string | undefined {
  return form.choice('priority', PRIORITIES);
}

function time(form: Form, field: string): string | undefined {
  const text = form.text(field);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalid(field, 'must be a time');
  return new Date(at).toISOString();
}

function markRead(world: World, conversation: Conversation, form: Form): Conversation {
  const ids = form.texts('messageIds');
  const inbound = world.state.thread(conversation.id).filter(({ direction }) => direction === 'inbound');
  for (const message of inbound) {
    if ((!ids || ids.includes(message.id)) && message.status !== 'failed') advanceStatus(world, message, 'read');
  }
  conversation.unreadCount = inbound.filter(({ status }) => status !== 'read').length;
  return conversation;
}

function counts(conversations: Conversation[]): Record<string, number> {
  const result: Record<string, number> = { total: conversations.length, unassigned: 0, unread: 0 };
  for (const status of CONVERSATION_STATUSES) result[status] = 0;
  for (const { status, assignedTo, unreadCount } of conversations) {
    result[status] = (result[status] ?? 0) + 1;
    if (!assignedTo) result.unassigned = (result.unassigned ?? 0) + 1;
    if (unreadCount > 0) result.unread = (result.unread ?? 0) + 1;
  }
  return result;
}
