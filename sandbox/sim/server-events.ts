import type { Contact, Conversation } from '../state/entities';
import type { Message } from '../state/message';
import type { Fields } from '../wire/form';

/** Events that the self-hosted server publishes to NATS (contract 8). The documented API has no such events. */
export interface ServerEvents {
  /** Without a connection, a message is stored with the status `failed`. */
  readonly isConnected: boolean;
  /** `message.received`: an inbound message was stored. */
  received(conversation: Conversation, message: Message): void;
  /** `contact.created`: an inbound message made a new contact. */
  contactCreated(contact: Contact): void;
  /** `conversation.created`: an inbound message started a conversation. */
  conversationCreated(conversation: Conversation): void;
  /** Any other event. */
  event(type: string, payload: Fields, tenantId?: string): void;
  /** A message for a channel, as the adapter of the channel receives it. */
  outbound(conversation: Conversation, message: Message): void;
  /** A status, as the webhook of a provider reports it. */
  status(message: Message): void;
}
