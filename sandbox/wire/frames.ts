import type { Conversation, Message } from '../state/entities';
import type { Hub } from './event-socket';
import { messageView } from './views';

/** Somebody who is told at once of what happens, each contract's sockets in their own frames. */
export interface Audience {
  /** A message was stored. */
  message(message: Message): void;
  /** The status of a message changed. */
  status(message: Message): void;
  /** A conversation is new or changed. */
  conversation(conversation: Conversation): void;
  typing(conversationId: string, userId: string, isTyping: boolean): void;
}

/** The frames of the documented API: messages, statuses and typing to subscribers, conversations to the tenant. */
export function audienceOf(hub: Hub): Audience {
  return {
    message: (message) => {
      const { conversationId } = message;
      hub.toConversation(conversationId, { type: 'message', conversationId, message: messageView(message) });
    },
    status: ({ id: messageId, conversationId, status, updatedAt: timestamp }) => {
      hub.toConversation(conversationId, { type: 'message_status', conversationId, messageId, status, timestamp });
    },
    conversation: ({ id: conversationId, status, assignedTo, metadata }) => {
      hub.toTenant({ type: 'conversation_update', conversationId, status, assignedTo, metadata });
    },
    typing: (conversationId, userId, isTyping) => {
      hub.toConversation(conversationId, { type: 'typing', conversationId, userId, isTyping });
    },
  };
}
