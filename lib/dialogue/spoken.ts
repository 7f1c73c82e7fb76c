import type { Conversation, Message } from '../model';
import type { Said } from './dialogue';

/** The parts of a message that an answer is judged by, for somebody who answers in another's place. */
export function spoken(text: string, conversationId: string, conversation?: Conversation): Said {
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
