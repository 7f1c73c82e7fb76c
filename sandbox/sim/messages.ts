import { now, type State, stamp } from '../state';
import type { Contact, Conversation } from '../state/entities';
import type { Content, Message, MessageStatus } from '../state/message';
import type { Fields } from '../wire/form';
import { Problem } from '../wire/problem';
import type { Caller } from '../wire/router';
import { publishContact, publishConversation, publishReceived, publishStatus } from './events';
import type { World } from './world';

/** Time from delivered to read with automatic receipts. */
const READ_AFTER_MS = 1000;

const STATUS_ORDER: Readonly<Record<MessageStatus, number>> = { pending: 0, sent: 1, delivered: 2, read: 3, failed: 3 };

const PUBLISH_FAILED = { status: 500, headers: {} };

export interface Outbound {
  content: Content;
  metadata?: Fields;
  senderId: string;
  senderType: 'agent' | 'bot' | 'system';
  idempotencyKey?: string;
  /** See {@link Message.verbatim}. */
  verbatim?: boolean;
}

/** The data of a provider about an inbound message, besides its content. */
export interface InboundDetails {
  metadata?: Fields;
  /** The provider's time, ISO 8601; default: the time of storing. */
  createdAt?: string;
  externalId?: string;
  /** See {@link Message.group}. */
  group?: string;
  /** See {@link Message.verbatim}. */
  verbatim?: boolean;
}

/**
 * Stores an outbound message as `pending`; delivery follows asynchronously.
 *
 * @throws the planned failure after storing; the message stays, with status `failed`
 */
export function send(world: World, conversation: Conversation, outbound: Outbound): Message {
  const { content, metadata, senderId, senderType, idempotencyKey, verbatim } = outbound;
  const message = storeMessage(
    world,
    conversation,
    { ...content, metadata, senderId, senderType, verbatim },
    'outbound',
    'pending',
  );
  conversation.firstReplyAt ??= message.createdAt;
  world.state.sends.push({
    conversationId: conversation.id,
    messageId: message.id,
    text: message.text ?? message.media?.caption ?? '',
    interactive: message.interactive,
    idempotencyKey,
    at: message.createdAt,
  });
  const fault = world.events?.isConnected === false ? PUBLISH_FAILED : world.faults.takeStoreFault();
  if (fault) {
    advanceStatus(world, message, 'failed', 'The message could not be passed on');
    throw new Problem(fault.status, 'The message is stored, but could not be passed on', { headers: fault.headers });
  }
  world.events?.outbound(conversation, message);
  world.timers.soon(() => deliver(world, message));
  return message;
}

/** The sender of a message: the conversation's bot for an API key, otherwise the signed-in user. */
export function senderOf(caller: Caller, conversation: Conversation): Pick<Outbound, 'senderId' | 'senderType'> {
  return !caller.token && conversation.botId
    ? { senderId: conversation.botId, senderType: 'bot' }
    : { senderId: caller.userId, senderType: 'agent' };
}

/** Stores a customer's message; a resolved or closed conversation is reopened. */
export function receive(
  world: World,
  conversation: Conversation,
  content: Content,
  details: InboundDetails = {},
): Message {
  const sender = { senderId: conversation.contactId, senderType: 'contact' as const };
  const message = storeMessage(world, conversation, { ...content, ...details, ...sender }, 'inbound', 'delivered');
  conversation.unreadCount += 1;
  const contact = world.state.contacts.get(conversation.contactId);
  if (contact) contact.lastSeenAt = message.createdAt;
  publishReceived(world, conversation, message);
  world.events?.received(conversation, message);
  if (conversation.status !== 'open' && conversation.status !== 'pending') {
    changeConversation(world, conversation, { status: 'open' });
  }
  world.onInbound?.(conversation, message);
  return message;
}

/**
 * Advances a message to `status`; the same status again changes nothing.
 *
 * @throws a 409 Problem for an earlier status
 */
export function advanceStatus(world: World, message: Message, status: MessageStatus, error?: string): void {
  if (status === message.status) return;
  const over = message.status === 'failed' || message.status === 'read';
  if (over || STATUS_ORDER[status] < STATUS_ORDER[message.status]) {
    throw new Problem(409, `A message that is ${message.status} cannot become ${status}`);
  }
  overwriteStatus(world, message, status, error);
}

/** Sets a status regardless of the previous one, like a server without a check of the order. */
export function overwriteStatus(world: World, message: Message, status: MessageStatus, error?: string): void {
  message.status = status;
  message.updatedAt = now();
  if (status === 'sent') message.sentAt = message.updatedAt;
  if (status === 'delivered') message.deliveredAt = message.updatedAt;
  if (status === 'read') message.readAt = message.updatedAt;
  if (status === 'failed') message.failedReason = error ?? 'The channel could not deliver the message';
  publishStatus(world, message);
  world.events?.status(message);
}

/** Applies `changes` to a conversation and publishes it; an undefined value removes the field. */
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
  publishConversation(world, conversation, before);
}

interface ConversationDraft {
  channelId: string;
  contactId: string;
  subject?: string;
  priority?: string;
  assignedTo?: string;
  botId?: string;
  tags?: string[];
  metadata?: Fields;
}

/** Creates a conversation and publishes it. */
export function openConversation(world: World, opening: ConversationDraft): Conversation {
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
  publishConversation(world, conversation);
  return conversation;
}

/** The conversation of a contact in a channel that is neither resolved nor closed, if there is one. */
export function findActiveConversation(
  { state }: World,
  contactId: string,
  channelId: string,
): Conversation | undefined {
  return state
    .conversationsOf(contactId)
    .find((found) => found.channelId === channelId && found.status !== 'resolved' && found.status !== 'closed');
}

/** The active conversation of a contact that has written in a channel, or a new one. */
export function openForInbound(world: World, contactId: string, channelId: string): Conversation {
  const active = findActiveConversation(world, contactId, channelId);
  if (active) return active;
  const conversation = openConversation(world, { channelId, contactId });
  world.events?.conversationCreated(conversation);
  return conversation;
}

/** Adds the contact of an inbound message. */
export function addInboundContact(world: World, known: Partial<Contact>): Contact {
  const contact = addContact(world, known);
  world.events?.contactCreated(contact);
  return contact;
}

/** Adds a contact and publishes it. */
export function addContact(world: World, known: Partial<Contact>): Contact {
  const contact = world.state.contacts.add(newContact(world.state, known));
  publishContact(world, 'contact.created', contact);
  return contact;
}

export function newContact({ contacts }: State, known: Partial<Contact>): Contact {
  return { identifiers: [], customFields: {}, tags: [], metadata: {}, ...known, ...stamp(contacts.newId()) };
}

type MessageDraft = Content &
  Pick<Message, 'metadata' | 'senderId' | 'senderType' | 'externalId' | 'verbatim'> & { createdAt?: string };

function storeMessage(
  world: World,
  conversation: Conversation,
  unsent: MessageDraft,
  direction: Message['direction'],
  status: MessageStatus,
): Message {
  const at = now();
  const { createdAt = at } = unsent;
  const message = world.state.addMessage({
    id: world.state.messages.newId(),
    conversationId: conversation.id,
    direction,
    ...unsent,
    status,
    deliveredAt: status === 'delivered' ? at : undefined,
    createdAt,
    updatedAt: at,
  });
  conversation.firstMessageAt ??= createdAt;
  // The provider's time may be older than messages that are stored already.
  if (createdAt > (conversation.lastMessageAt ?? '')) conversation.lastMessageAt = createdAt;
  const isLaterReply = direction === 'outbound' && conversation.firstReplyAt !== undefined;
  if (!isLaterReply || !world.settings.habits.has('updated-at')) conversation.updatedAt = at;
  const channel = world.state.channels.get(conversation.channelId);
  if (channel) channel.lastActivityAt = at;
  for (const publisher of world.publishers) publisher.message(message);
  return message;
}

function deliver(world: World, message: Message): void {
  if (message.status !== 'pending' || world.settings.receipts === 'none') return;
  const conversation = world.state.conversations.get(message.conversationId);
  const channel = conversation && world.state.channels.get(conversation.channelId);
  if (channel?.status !== 'active') {
    advanceStatus(world, message, 'failed', 'The channel is not connected');
    return;
  }
  advanceStatus(world, message, 'sent');
  if (world.settings.receipts === 'manual') return;
  advanceStatus(world, message, 'delivered');
  world.timers.after(READ_AFTER_MS, () => {
    if (message.status === 'delivered') advanceStatus(world, message, 'read');
  });
}
