import type { ConversationFilter, MessageFilter } from '../contract/index';
import { LinktorError } from '../errors';
import type { Conversation, Message, Page } from '../model';
import { MAX_PAGE_ITEMS } from './bounds';
import type { ServerTimeSource } from './server-time';

/** REST calls of a live account. Both lists return true at their end when there were more than the server returns. */
export interface SyncRest {
  conversations: {
    each(filter: ConversationFilter): AsyncGenerator<Conversation>;
    get(id: string): Promise<Conversation>;
    eachMessage(id: string, filter: MessageFilter): AsyncGenerator<Message>;
  };
}

/** REST calls of a polled account. */
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
 * Iterate over a list of the server.
 * @param use returns false to stop
 * @returns true when the list ended and there were more than the server returns
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
 * Whether the same request would fail again.
 * @returns false for temporary failures, and for a refused key: it may be replaced, and nothing is lost until then
 */
export function isPermanent(error: unknown): boolean {
  return error instanceof LinktorError && !error.cause.retryable && error.code !== 'authentication';
}

/** @returns the page, cut to the row limit; cut rows count as not returned */
export function capped<T>(page: Page<T>): Page<T> {
  if (page.items.length <= MAX_PAGE_ITEMS) return page;
  return { ...page, items: page.items.slice(0, MAX_PAGE_ITEMS), truncated: true };
}
