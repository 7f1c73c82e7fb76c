import { now, type State, stamp } from '../state';
import type { Contact, Content, Conversation, Message, MessageStatus } from '../state/entities';
import type { Fields } from '../wire/form';
import { Problem } from '../wire/problem';
import type { Caller } from '../wire/router';
import { contactEvent, conversationEvent, receivedEvent, statusEvent } from './events';
import type { World } from './world';

/** How long an outbound message stays unread when nobody says otherwise. */
const READ_AFTER_MS = 1000;

const RANK: Readonly<Record<MessageStatus, number>> = { pending: 0, sent: 1, delivered: 2, read: 3, failed: 3 };

export interface Outbound {
  content: Content;
  metadata?: Fields;
  senderId: string;
  senderType: 'agent' | 'bot' | 'system';
  idempotencyKey?: string;
}

/**
 * Stores an outbound message as `pending` and lets it take its way to the customer.
 *
 * @throws the problem planned for behind the store; the message stays, and has failed
 */
export function send(world: World, conversation: Conversation, outbound: Outbound): Message {
  const { content, metadata, senderId, senderType, idempotencyKey } = outbound;
  const message = store(world, conversation, { ...content, metadata, senderId, senderType }, 'outbound', 'pending');
  conversation.firstReplyAt ??= message.createdAt;
  world.state.sends.push({
    conversationId: conversation.id,
    messageId: message.id,
    text: message.text ?? message.media?.caption ?? '',
    idempotencyKey,
    at: message.createdAt,
  });
  const fault = world.faults.takeStored();
  if (fault) {
    advance(world, message, 'failed', 'The message could not be passed on');
    throw new Problem(fault.status, 'The message is stored, but could not be passed on', { headers: fault.headers });
  }
  world.timers.soon(() => travel(world, message));
  return message;
}

/** Who a message is from: the bot of the conversation when a key sends it, else the user who signed in. */
export function senderOf(caller: Caller, conversation: Conversation): Pick<Outbound, 'senderId' | 'senderType'> {
  return !caller.token && conversation.botId
    ? { senderId: conversation.botId, senderType: 'bot' }
    : { senderId: caller.userId, senderType: 'agent' };
}

/** Stores what a customer wrote; a conversation that was over opens again. */
export function receive(world: World, conversation: Conversation, content: Content, metadata?: Fields): Message {
  const sender = { senderId: conversation.contactId, senderType: 'contact' as const };
  const message = store(world, conversation, { ...content, metadata, ...sender }, 'inbound', 'delivered');
  conversation.unreadCount += 1;
  const contact = world.state.contacts.get(conversation.contactId);
  if (contact) contact.lastSeenAt = message.createdAt;
  receivedEvent(world, conversation, message);
  if (conversation.status !== 'open' && conversation.status !== 'pending') {
    changeConversation(world, conversation, { status: 'open' });
  }
  world.onInbound?.(conversation, message);
  return message;
}

/**
 * Moves a message on to `status`; the same status again changes nothing.
 *
 * @throws a 409 problem when that would be a step back
 */
export function advance(world: World, message: Message, status: MessageStatus, error?: string): void {
  if (status === message.status) return;
  const over = message.status === 'failed' || message.status === 'read';
  if (over || RANK[status] < RANK[message.status]) {
    throw new Problem(409, `A message that is ${message.status} cannot become ${status}`);
  }
  message.status = status;
  message.updatedAt = now();
  if (status === 'sent') message.sentAt = message.updatedAt;
  if (status === 'delivered') message.deliveredAt = message.updatedAt;
  if (status === 'read') message.readAt = message.updatedAt;
  if (status === 'failed') message.failedReason = error ?? 'The channel could not deliver the message';
  statusEvent(world, message);
}

/** Applies `changes` to a conversation and tells everybody; an undefined value removes the field. */
export function changeConversation(world: World, conversation: Conversation, changes: Partial<Conversation>): void {
  const before = { status: conversation.status, assignedTo: conversation.assignedTo };
  Object.assign(conversation, changes);
  conversation.updatedAt = now();
  const over = conversation.status === 'resolved' || conversation.status === 'closed';
  if (!over) conversation.resolvedAt = undefined;
  else if (before.status !== conversation.status) conversation.resolvedAt = conversation.updatedAt;
  if (conversation.status !== 'snoozed') conversation.snoozedUntil = undefined;
  if (conversation.assignedTo !== before.assignedTo) {
    conversation.assignedAt = conversation.assignedTo === undefined ? undefined : conversation.updatedAt;
  }
  conversationEvent(world, conversation, before);
}

interface Opening {
  channelId: string;
  contactId: string;
  subject?: string;
  priority?: string;
  assignedTo?: string;
  botId?: string;
  tags?: string[];
  metadata?: Fields;
}

/** Starts a conversation and announces it. */
export function openConversation(world: World, opening: Opening): Conversation {
  const base = stamp(world.state.conversations.newId());
  const conversation = world.state.conversations.add({
    ...base,
    ...opening,
    status: 'open',
    priority: opening.priority ?? 'medium',
    unreadCount: 0,
    tags: opening.tags ?? [],
    metadata: opening.metadata ?? {},
    assignedAt: opening.assignedTo ? base.createdAt : undefined,
  });
  conversationEvent(world, conversation);
  return conversation;
}

/** The conversation that a contact has in a channel and that is not over yet, if there is one. */
export function currentConversation({ state }: World, contactId: string, channelId: string): Conversation | undefined {
  return state
    .conversationsOf(contactId)
    .find((found) => found.channelId === channelId && found.status !== 'resolved' && found.status !== 'closed');
}

/** Adds a contact and announces it. */
export function addContact(world: World, known: Partial<Contact>): Contact {
  const contact = world.state.contacts.add(newContact(world.state, known));
  contactEvent(world, 'contact.created', contact);
  return contact;
}

export function newContact({ contacts }: State, known: Partial<Contact>): Contact {
  return { identifiers: [], customFields: {}, tags: [], metadata: {}, ...known, ...stamp(contacts.newId()) };
}

type Unsent = Content & Pick<Message, 'metadata' | 'senderId' | 'senderType'>;

function store(
  world: World,
  conversation: Conversation,
  unsent: Unsent,
  direction: Message['direction'],
  status: MessageStatus,
): Message {
  const at = now();
  const message = world.state.addMessage({
    id: world.state.messages.newId(),
    conversationId: conversation.id,
    direction,
    ...unsent,
    status,
    deliveredAt: status === 'delivered' ? at : undefined,
    createdAt: at,
    updatedAt: at,
  });
  conversation.firstMessageAt ??= at;
  conversation.lastMessageAt = at;
  conversation.updatedAt = at;
  const channel = world.state.channels.get(conversation.channelId);
  if (channel) channel.lastActivityAt = at;
  for (const audience of world.audiences) audience.message(message);
  return message;
}

function travel(world: World, message: Message): void {
  if (message.status !== 'pending' || world.settings.receipts === 'none') return;
  const conversation = world.state.conversations.get(message.conversationId);
  const channel = conversation && world.state.channels.get(conversation.channelId);
  if (channel?.status !== 'active') {
    advance(world, message, 'failed', 'The channel is not connected');
    return;
  }
  advance(world, message, 'sent');
  if (world.settings.receipts === 'manual') return;
  advance(world, message, 'delivered');
  world.timers.after(READ_AFTER_MS, () => {
    if (message.status === 'delivered') advance(world, message, 'read');
  });
}
