import { changeConversation, findActiveConversation, openConversation } from '../../sim/messages';
import type { World } from '../../sim/world';
import { now } from '../../state';
import type { Conversation } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import type { Answer, Call } from '../../wire/router';
import { newestPage, nullIfEmpty, wrap, wrapCreated } from '../envelope';
import { findRecord, requireText } from '../read';
import { badRequest, internalError } from '../refusal';
import type { AddRoutes } from '../route';
import { conversationView } from '../views';

const MAX_LISTED_CONVERSATIONS = 20;

/** Conversations, also under their second path. */
export const conversationRoutes: AddRoutes = (on, { world }) => {
  for (const path of ['/conversations', '/conversations-v2']) {
    const need = ({ params }: Call): Conversation =>
      findRecord(world.state.conversations, params.id, 'CONVERSATION_NOT_FOUND');
    on('GET', path, ({ query }) => list(world, query));
    on('POST', path, ({ body }) => create(world, new Form(body)));
    on('GET', `${path}/:id`, (call) => wrap(conversationView(need(call))));
    on('PUT', `${path}/:id`, (call) => update(world, need(call), new Form(call.body)));
    on('POST', `${path}/:id/assign`, (call) => {
      const conversation = need(call);
      const id = requireText(new Form(call.body), 'user_id');
      // The server does not look up the user; the foreign key of the database rejects an unknown one.
      if (!world.state.users.get(id)) throw internalError();
      return change(world, conversation, { assignedTo: id });
    });
    on('POST', `${path}/:id/resolve`, (call) => {
      const conversation = need(call);
      if (conversation.status === 'resolved') throw badRequest('Conversation is already resolved');
      return change(world, conversation, { status: 'resolved' });
    });
    on('POST', `${path}/:id/reopen`, (call) => reopen(world, need(call)));
    on('POST', `${path}/:id/escalate`, (call) =>
      wrap(escalate(world, need(call), new Form(call.body), call.caller.userId)),
    );
  }
};

/** The most recently updated conversations. Only `status` filters, and the total ignores it. */
function list({ state: { conversations } }: World, query: URLSearchParams): Answer {
  const status = query.get('status');
  const found = conversations.filter((conversation) => !status || conversation.status === status).toReversed();
  found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0));
  return newestPage(
    nullIfEmpty(found.slice(0, MAX_LISTED_CONVERSATIONS).map(conversationView)),
    MAX_LISTED_CONVERSATIONS,
    conversations.size,
  );
}

/** Creates a conversation, or answers 201 with the active one of this contact and channel. */
function create(world: World, form: Form): Answer {
  const { contacts, channels } = world.state;
  const { id: contactId } = findRecord(contacts, requireText(form, 'contact_id'), 'CONTACT_NOT_FOUND');
  const { id: channelId } = findRecord(channels, requireText(form, 'channel_id'), 'CHANNEL_NOT_FOUND');
  const current = findActiveConversation(world, contactId, channelId);
  if (current) return wrapCreated(conversationView(current));
  const tags = form.texts('tags');
  const subject = form.text('subject');
  const conversation = openConversation(world, { channelId, contactId, subject, priority: readPriority(form) });
  return wrapCreated({ ...conversationView(conversation), ...echoTags(tags) });
}

/** Accepts any word as status or priority. Tags are echoed in this answer and not stored. */
function update(world: World, conversation: Conversation, form: Form): Answer {
  const changes: Partial<Conversation> = {};
  const subject = form.text('subject');
  const priority = readPriority(form);
  const status = form.text('status');
  const tags = form.texts('tags');
  if (subject !== undefined) changes.subject = subject;
  if (priority) changes.priority = priority;
  if (status) changes.status = status as Conversation['status'];
  changeConversation(world, conversation, changes);
  return wrap({ ...conversationView(conversation), ...echoTags(tags) });
}

function reopen(world: World, conversation: Conversation): Answer {
  const { status, resolvedAt } = conversation;
  if (status === 'open' || status === 'pending') throw badRequest('Conversation is already open');
  changeConversation(world, conversation, { status: 'open' });
  // The server does not clear `resolved_at`.
  conversation.resolvedAt = resolvedAt;
  return wrap(conversationView(conversation));
}

function change(world: World, conversation: Conversation, changes: Partial<Conversation>): Answer {
  changeConversation(world, conversation, changes);
  return wrap(conversationView(conversation));
}

/** Assigns a conversation to any active user; `assign_to` is ignored. */
export function escalate(world: World, conversation: Conversation, form: Form, requestedBy: string): Fields {
  const priority = readPriority(form);
  const reason = form.text('reason') ?? '';
  const about = { conversation_id: conversation.id, escalated_at: now() };
  if (conversation.assignedTo) {
    return { ...about, status: 'already_assigned', assigned_user_id: conversation.assignedTo };
  }
  const person = world.state.users.find(
    ({ role, status }) => status === 'active' && (role === 'agent' || role === 'admin'),
  );
  changeConversation(world, conversation, { ...(priority && { priority }), assignedTo: person?.id });
  world.events?.event('conversation.escalated', {
    conversation_id: conversation.id,
    channel_id: conversation.channelId,
    contact_id: conversation.contactId,
    reason,
    priority: form.text('priority') ?? '',
    requested_by: requestedBy,
    status: conversation.status,
    ...(person && { assigned_user_id: person.id }),
  });
  if (!person) return { ...about, status: 'queued', queue_position: 1, estimated_wait_seconds: 60 };
  return { ...about, status: 'assigned', assigned_user_id: person.id };
}

/** Reads a priority; `normal` of this server is `medium` in the shared state. */
function readPriority(form: Form): string | undefined {
  const priority = form.text('priority');
  return priority === 'normal' ? 'medium' : priority || undefined;
}

function echoTags(tags: string[] | undefined): Fields {
  return tags && tags.length > 0 ? { tags } : {};
}
