import type { Conversation, Message } from '../model';
import type { Reply } from './dialogue';

/** Wrap a text as a message that answers on behalf of the person. */
export function spoken(text: string, conversationId: string, conversation?: Conversation): Reply {
  const message: Message = {
    id: `said:${Date.now()}:${Math.random().toString(36).slice(2)}`,
    conversationId,
    direction: 'inbound',
    contentType: 'text',
    text,
    senderType: 'contact',
    createdAt: new Date().toISOString(),
  };
  return { message, conversation, recovered: false };
}
