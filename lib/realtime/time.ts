import { LinktorError } from '../errors';
import type { Conversation } from '../model';

/** @returns milliseconds of the server's clock; 0 for a time that cannot be read */
export function timeOf(iso: string | undefined): number {
  const time = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isFinite(time) ? time : 0;
}

/** When something was said in a conversation the last time, in milliseconds of the server's clock. */
export function activityOf(conversation: Conversation): number {
  return timeOf(conversation.lastMessageAt ?? conversation.createdAt);
}

/**
 * Walk through a list of the server.
 * @param use returns false to stop
 * @returns true when the list came to its end and there were more than the server shows
 */
export async function each<T>(list: AsyncGenerator<T>, use: (item: T) => boolean): Promise<boolean> {
  for (;;) {
    const { done, value } = await list.next();
    if (done) return value === true;
    if (use(value)) continue;
    await list.return(undefined);
    return false;
  }
}

/** Asking again would not mend it. A key that is refused may be mended, and nothing is lost until then. */
export function isLasting(error: unknown): boolean {
  return error instanceof LinktorError && !error.cause.retryable && error.code !== 'authentication';
}
