import type { Conversation } from './entities';
import { type State, stamp, USER } from './index';
import type { Content, Message } from './message';

const MINUTE_MS = 60_000;

/** Adds three conversations: a new question, an assigned one, a resolved one. */
export function seedConversations(state: State): void {
  seedConversation(
    state,
    { name: 'ana', channelId: 'ch_webchat', subject: 'A question about ferns', unreadCount: 1, tags: ['question'] },
    30,
    [
      ['in', 'Hello! How often should I water a fern?'],
      ['out', 'Two or three times a week in summer, and keep the soil slightly moist.'],
      ['in', 'Thank you! And is it safe for my cat?'],
    ],
  );
  seedConversation(
    state,
    { name: 'bruno', channelId: 'ch_whatsapp', subject: 'Order XS204817', assignedTo: USER, priority: 'high' },
    90,
    [
      ['in', 'Where is my order XS204817?'],
      ['out', 'It left our shop this morning and should be with you tomorrow.'],
    ],
  );
  seedConversation(
    state,
    { name: 'carla', channelId: 'ch_whatsapp', subject: 'Coffee subscription', status: 'resolved' },
    60 * 24,
    [
      ['in', 'Can I pause my coffee subscription?'],
      ['out', 'Yes, at any time in your account.'],
      ['in', 'Perfect, thanks.'],
    ],
  );
}

type SeedConversation = Partial<Conversation> & { name: string; channelId: string };

function seedConversation(
  state: State,
  { name, ...given }: SeedConversation,
  minutesAgo: number,
  lines: ['in' | 'out', string][],
): void {
  const id = `conv_${name}`;
  const conversation = state.conversations.add({
    ...stamp(id, timeAgo(minutesAgo)),
    contactId: `ct_${name}`,
    status: 'open',
    priority: 'medium',
    unreadCount: 0,
    tags: [],
    metadata: {},
    ...given,
  });
  for (const [index, [way, text]] of lines.entries()) {
    const at = timeAgo(minutesAgo - index * 2);
    const unread = way === 'in' && index >= lines.length - conversation.unreadCount;
    state.addMessage(seedMessage(conversation, `msg_${name}_${index + 1}`, way, { kind: 'text', text }, at, !unread));
    conversation.firstMessageAt ??= at;
    if (way === 'out') conversation.firstReplyAt ??= at;
    conversation.lastMessageAt = at;
    conversation.updatedAt = at;
  }
  if (conversation.status === 'resolved') conversation.resolvedAt = conversation.updatedAt;
  if (conversation.assignedTo) conversation.assignedAt = conversation.firstMessageAt;
}

function seedMessage(
  { id: conversationId, contactId }: Conversation,
  id: string,
  way: 'in' | 'out',
  content: Content,
  at: string,
  read: boolean,
): Message {
  return {
    id,
    conversationId,
    direction: way === 'in' ? 'inbound' : 'outbound',
    ...content,
    status: read ? 'read' : 'delivered',
    senderId: way === 'in' ? contactId : USER,
    senderType: way === 'in' ? 'contact' : 'agent',
    deliveredAt: at,
    readAt: read ? at : undefined,
    createdAt: at,
    updatedAt: at,
  };
}

/** The time `minutes` ago, ISO 8601. */
export function timeAgo(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE_MS).toISOString();
}
