import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import type { EventSocketServer } from './event-socket';
import { messageView } from './views';

/** Publishes events at once, in the frames of one contract. */
export interface RealtimePublisher {
  /** A message was stored. */
  message(message: Message): void;
  /** The status of a message changed. */
  status(message: Message): void;
  /** A conversation is new or changed. */
  conversation(conversation: Conversation): void;
  typing(conversationId: string, userId: string, isTyping: boolean): void;
}

/** The frames of the documented API: messages, statuses and typing to subscribers, conversations to the tenant. */
export function framePublisher(sockets: EventSocketServer): RealtimePublisher {
  return {
    message: (message) => {
      const { conversationId } = message;
      sockets.toConversation(conversationId, { type: 'message', conversationId, message: messageView(message) });
    },
    status: ({ id: messageId, conversationId, status, updatedAt: timestamp }) => {
      sockets.toConversation(conversationId, { type: 'message_status', conversationId, messageId, status, timestamp });
    },
    conversation: ({ id: conversationId, status, assignedTo, metadata }) => {
      sockets.toTenant({ type: 'conversation_update', conversationId, status, assignedTo, metadata });
    },
    typing: (conversationId, userId, isTyping) => {
      sockets.toConversation(conversationId, { type: 'typing', conversationId, userId, isTyping });
    },
  };
}
