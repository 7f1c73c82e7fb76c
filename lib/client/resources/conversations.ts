import type { Contract, ConversationFilter, EscalateInput, MessageFilter } from '../../contract';
import type { Conversation, Escalation, Message, Outgoing, Page } from '../../model';
import type { CallOptions, Perform } from '../options';
import { items } from '../page';
import { Resource } from './crud';

/** Conversations and messages (contract 1.2, contract 1.3). Writes to one conversation are sent in call order. */
export class Conversations extends Resource<Conversation, ConversationFilter, Contract['conversations']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.conversations);
  }

  /** The latest changed conversations of one request: without contacts and partly without channel types. */
  latest(options?: CallOptions): Promise<Page<Conversation>> {
    return this.call((calls) => calls.latest(), options);
  }

  assign(id: string, user: string, options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.assign(id, user), options);
  }

  unassign(id: string, options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.unassign(id), options);
  }

  resolve(id: string, options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.resolve(id), options);
  }

  reopen(id: string, options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.reopen(id), options);
  }

  /** @param until ISO 8601 */
  snooze(id: string, until?: string, options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.snooze(id, until), options);
  }

  addTags(id: string, tags: readonly string[], options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.addTags(id, tags), options);
  }

  removeTags(id: string, tags: readonly string[], options?: CallOptions): Promise<Conversation> {
    return this.call((calls) => calls.removeTags(id, tags), options);
  }

  /** @param messageIds without them all messages of the conversation */
  markRead(id: string, messageIds?: readonly string[], options?: CallOptions): Promise<void> {
    return this.call((calls) => calls.markRead(id, messageIds), options);
  }

  /** @returns the number of conversations by status */
  counts(options?: CallOptions): Promise<Record<string, number>> {
    return this.call((calls) => calls.counts(), options);
  }

  /** Hand it over to a person. @throws LinktorError `not_supported` on the documented API */
  escalate(id: string, input: EscalateInput = {}, options?: CallOptions): Promise<Escalation> {
    return this.call((calls) => calls.escalate(id, input), options);
  }

  /** Newest first. */
  messages(id: string, filter: MessageFilter = {}, options?: CallOptions): Promise<Page<Message>> {
    return this.call((calls) => calls.messages(id, filter), options);
  }

  /** All messages of a conversation, newest first, page after page. */
  eachMessage(id: string, filter: MessageFilter = {}, options?: CallOptions): AsyncGenerator<Message> {
    return items((slice) => this.messages(id, { ...filter, ...slice }, options), filter.limit);
  }

  message(id: string, messageId: string, options?: CallOptions): Promise<Message> {
    return this.call((calls) => calls.message(id, messageId), options);
  }

  send(id: string, message: Outgoing, options?: CallOptions): Promise<Message> {
    return this.call((calls) => calls.send(id, message), options);
  }

  /** Send an unchanged body in the server's own format. */
  sendRaw(id: string, body: object, options?: CallOptions): Promise<Message> {
    return this.call((calls) => calls.sendRaw(id, body), options);
  }

  /** @param emoji `''` removes the reaction. @throws LinktorError `not_supported` on the documented API */
  react(id: string, messageId: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.call((calls) => calls.react(id, messageId, emoji), options);
  }

  /**
   * Delete a message that was sent.
   * @param forEveryone for the customer as well
   * @throws LinktorError `not_supported` on the self-hosted server, and for channels that cannot
   */
  deleteMessage(messageId: string, forEveryone = true, options?: CallOptions): Promise<void> {
    return this.call((calls) => calls.deleteMessage(messageId, forEveryone), options);
  }

  sendText(id: string, text: string, options?: CallOptions): Promise<Message> {
    return this.send(id, { type: 'text', text }, options);
  }
}
