import type { ConversationFilter, MessageFilter } from '../contract/index';
import { LinktorError } from '../errors';
import type { Conversation, Message, Page } from '../model';
import { MAX_PAGE_ITEMS } from './bounds';
import type { ServerTimeSource } from './server-time';

/** What a live account asks by REST. Both lists return true at their end when there were more than the server shows. */
export interface SyncRest {
  conversations: {
    each(filter: ConversationFilter): AsyncGenerator<Conversation>;
    get(id: string): Promise<Conversation>;
    eachMessage(id: string, filter: MessageFilter): AsyncGenerator<Message>;
  };
}

/** What a polled account asks by REST. */
export interface PollRest {
  conversations: {
    latest(): Promise<Page<Conversation>>;
    messages(id: string, filter: MessageFilter): Promise<Page<Message>>;
    message(id: string, messageId: string): Promise<Message>;
  };
}

export type RealtimeRest = SyncRest & PollRest & ServerTimeSource;

/** Items of one page of a list. */
export const LIST_PAGE_SIZE = 100;

/**
 * Walk through a list of the server.
 * @param use returns false to stop
 * @returns true when the list came to its end and there were more than the server shows
 */
export async function walk<T>(list: AsyncGenerator<T>, use: (item: T) => boolean): Promise<boolean> {
  for (;;) {
    const { done, value } = await list.next();
    if (done) return value === true;
    if (use(value)) continue;
    await list.return(undefined);
    return false;
  }
}

/**
 * Would the same question fail again?
 * @returns false for what may pass, and for a refused key: it may be replaced, and nothing is lost until then
 */
export function isPermanent(error: unknown): boolean {
  return error instanceof LinktorError && !error.cause.retryable && error.code !== 'authentication';
}

/** @returns the page with as many rows as are read of one; what is left out counts as not shown */
export function capped<T>(page: Page<T>): Page<T> {
  if (page.items.length <= MAX_PAGE_ITEMS) return page;
  return { ...page, items: page.items.slice(0, MAX_PAGE_ITEMS), truncated: true };
}
