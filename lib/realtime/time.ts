import type { Conversation } from '../model';

/** @returns milliseconds of the server's clock; 0 for an invalid time */
export function timeOf(iso: string | undefined): number {
  const time = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isFinite(time) ? time : 0;
}

/** @returns the time of the last message of a conversation, in milliseconds of the server's clock */
export function activityOf(conversation: Conversation): number {
  return timeOf(conversation.lastMessageAt ?? conversation.createdAt);
}
