import type { Content, Conversation, Message } from './entities';
import { type State, stamp, USER } from './index';

const MINUTE = 60_000;

/** Three conversations that have been going on: a new question, one that somebody has taken, one that is over. */
export function tellStory(state: State): void {
  tell(
    state,
    { name: 'ana', channelId: 'ch_webchat', subject: 'A question about ferns', unreadCount: 1, tags: ['question'] },
    30,
    [
      ['in', 'Hello! How often should I water a fern?'],
      ['out', 'Two or three times a week in summer, and keep the soil slightly moist.'],
      ['in', 'Thank you! And is it safe for my cat?'],
    ],
  );
  tell(
    state,
    { name: 'bruno', channelId: 'ch_whatsapp', subject: 'Order XS204817', assignedTo: USER, priority: 'high' },
    90,
    [
      ['in', 'Where is my order XS204817?'],
      ['out', 'It left our shop this morning and should be with you tomorrow.'],
    ],
  );
  tell(
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

type Start = Partial<Conversation> & { name: string; channelId: string };

function tell(state: State, { name, ...given }: Start, minutesAgo: number, lines: ['in' | 'out', string][]): void {
  const id = `conv_${name}`;
  const conversation = state.conversations.add({
    ...stamp(id, ago(minutesAgo)),
    contactId: `ct_${name}`,
    status: 'open',
    priority: 'medium',
    unreadCount: 0,
    tags: [],
    metadata: {},
    ...given,
  });
  for (const [index, [way, text]] of lines.entries()) {
    const at = ago(minutesAgo - index * 2);
    const unread = way === 'in' && index >= lines.length - conversation.unreadCount;
    state.addMessage(line(conversation, `msg_${name}_${index + 1}`, way, { kind: 'text', text }, at, !unread));
    conversation.firstMessageAt ??= at;
    if (way === 'out') conversation.firstReplyAt ??= at;
    conversation.lastMessageAt = at;
    conversation.updatedAt = at;
  }
  if (conversation.status === 'resolved') conversation.resolvedAt = conversation.updatedAt;
  if (conversation.assignedTo) conversation.assignedAt = conversation.firstMessageAt;
}

function line(
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

/** The time some minutes ago. */
export function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}
