import type { ConversationFilter, MessageFilter } from '../../contract';
import type { Conversation, Message, Outgoing, Page } from '../../model';
import type { CallOptions, Perform } from '../index';
import { items } from '../page';

/** Conversations and their messages (contract 1.2, 1.3). Every method throws LinktorErrors only. */
export class Conversations {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  list(filter: ConversationFilter = {}, options?: CallOptions): Promise<Page<Conversation>> {
    return this.#perform((contract) => contract.conversations.list(filter), options);
  }

  /** All of them, page after page. */
  each(filter: ConversationFilter = {}, options?: CallOptions): AsyncGenerator<Conversation> {
    return items((slice) => this.list({ ...filter, ...slice }, options), filter.limit);
  }

  get(id: string, options?: CallOptions): Promise<Conversation> {
    return this.#perform((contract) => contract.conversations.get(id), options);
  }

  /** Newest first. */
  messages(id: string, filter: MessageFilter = {}, options?: CallOptions): Promise<Page<Message>> {
    return this.#perform((contract) => contract.conversations.messages(id, filter), options);
  }

  /** All messages of a conversation, newest first, page after page. */
  eachMessage(id: string, filter: MessageFilter = {}, options?: CallOptions): AsyncGenerator<Message> {
    return items((slice) => this.messages(id, { ...filter, ...slice }, options), filter.limit);
  }

  /** Sends one message; messages of one conversation leave in the order of these calls. */
  send(id: string, message: Outgoing, options?: CallOptions): Promise<Message> {
    return this.#perform((contract) => contract.conversations.send(id, message), options);
  }

  /** Sends a body in the server's own words, untouched. */
  sendRaw(id: string, body: object, options?: CallOptions): Promise<Message> {
    return this.#perform((contract) => contract.conversations.sendRaw(id, body), options);
  }

  sendText(id: string, text: string, options?: CallOptions): Promise<Message> {
    return this.send(id, { type: 'text', text }, options);
  }
}
