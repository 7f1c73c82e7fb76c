import { changeConversation, currentConversation, openConversation } from '../../sim/messages';
import type { World } from '../../sim/world';
import { now } from '../../state';
import type { Conversation } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import type { Answer, Call } from '../../wire/router';
import { added, newest, orNull, wrapped } from '../envelope';
import { find, needed } from '../read';
import { badRequest } from '../refusal';
import type { Routes } from '../route';
import { conversationView } from '../views';

const LISTED = 20;

/** Conversations, also under the name that the server gave them a second time. */
export const conversationRoutes: Routes = (on, { world }) => {
  for (const path of ['/conversations', '/conversations-v2']) {
    const need = ({ params }: Call): Conversation =>
      find(world.state.conversations, params.id, 'CONVERSATION_NOT_FOUND');
    on('GET', path, ({ query }) => list(world, query));
    on('POST', path, ({ body }) => create(world, new Form(body)));
    on('GET', `${path}/:id`, (call) => wrapped(conversationView(need(call))));
    on('PUT', `${path}/:id`, (call) => update(world, need(call), new Form(call.body)));
    on('POST', `${path}/:id/assign`, (call) => {
      const { id } = find(world.state.users, needed(new Form(call.body), 'user_id'), 'USER_NOT_FOUND');
      return changed(world, need(call), { assignedTo: id });
    });
    on('POST', `${path}/:id/resolve`, (call) => {
      const conversation = need(call);
      if (conversation.status === 'resolved') throw badRequest('Conversation is already resolved');
      return changed(world, conversation, { status: 'resolved' });
    });
    on('POST', `${path}/:id/reopen`, (call) => reopen(world, need(call)));
    on('POST', `${path}/:id/escalate`, (call) => wrapped(escalate(world, need(call), new Form(call.body))));
  }
};

/** The newest by their last change. Only `status` filters; the total does not know of it. */
function list({ state: { conversations } }: World, query: URLSearchParams): Answer {
  const status = query.get('status');
  const found = conversations.filter((conversation) => !status || conversation.status === status).toReversed();
  found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0));
  return newest(orNull(found.slice(0, LISTED).map(conversationView)), LISTED, conversations.size);
}

/** Answers 201 also with the conversation that the contact already has in the channel. */
function create(world: World, form: Form): Answer {
  const { contacts, channels } = world.state;
  const { id: contactId } = find(contacts, needed(form, 'contact_id'), 'CONTACT_NOT_FOUND');
  const { id: channelId } = find(channels, needed(form, 'channel_id'), 'CHANNEL_NOT_FOUND');
  const current = currentConversation(world, contactId, channelId);
  if (current) return added(conversationView(current));
  const tags = form.texts('tags');
  const subject = form.text('subject');
  const conversation = openConversation(world, { channelId, contactId, subject, priority: priorityIn(form) });
  return added({ ...conversationView(conversation), ...echo(tags) });
}

/** Any word is taken for a status or a priority. Tags come back in this answer and are gone afterwards. */
function update(world: World, conversation: Conversation, form: Form): Answer {
  const changes: Partial<Conversation> = {};
  const subject = form.text('subject');
  const priority = priorityIn(form);
  const status = form.text('status');
  const tags = form.texts('tags');
  if (subject !== undefined) changes.subject = subject;
  if (priority) changes.priority = priority;
  if (status) changes.status = status as Conversation['status'];
  changeConversation(world, conversation, changes);
  return wrapped({ ...conversationView(conversation), ...echo(tags) });
}

function reopen(world: World, conversation: Conversation): Answer {
  const { status, resolvedAt } = conversation;
  if (status === 'open' || status === 'pending') throw badRequest('Conversation is already open');
  changeConversation(world, conversation, { status: 'open' });
  // The time of the resolution stays in the database.
  conversation.resolvedAt = resolvedAt;
  return wrapped(conversationView(conversation));
}

function changed(world: World, conversation: Conversation, changes: Partial<Conversation>): Answer {
  changeConversation(world, conversation, changes);
  return wrapped(conversationView(conversation));
}

/** Hands a conversation to a person: to any active one, whoever was asked for. */
export function escalate(world: World, conversation: Conversation, form: Form): Fields {
  const priority = priorityIn(form);
  form.text('reason');
  const about = { conversation_id: conversation.id, escalated_at: now() };
  if (conversation.assignedTo) {
    return { ...about, status: 'already_assigned', assigned_user_id: conversation.assignedTo };
  }
  const person = world.state.users.find(
    ({ role, status }) => status === 'active' && (role === 'agent' || role === 'admin'),
  );
  changeConversation(world, conversation, { ...(priority && { priority }), assignedTo: person?.id });
  if (!person) return { ...about, status: 'queued', queue_position: 1, estimated_wait_seconds: 60 };
  return { ...about, status: 'assigned', assigned_user_id: person.id };
}

/** The shared world says medium where this server says normal. */
function priorityIn(form: Form): string | undefined {
  const priority = form.text('priority');
  return priority === 'normal' ? 'medium' : priority || undefined;
}

function echo(tags: string[] | undefined): Fields {
  return tags && tags.length > 0 ? { tags } : {};
}
