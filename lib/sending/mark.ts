import type { LinktorClient } from '../client';
import { isObject, type Message, type Outgoing } from '../model';
import type { Raw } from './send-request';

/** metadata field with the mark; both servers store texts there (contract 1.3) */
const MARK = 'linktorOutbox';
/** number of newest messages of a conversation that are searched */
const MAX_LOOKED_AT = 200;
/** tolerance, since servers store whole seconds and clocks differ */
const CLOCK_TOLERANCE_MS = 120_000;

/** @param index of the part, 0 for the first */
export function markOf(mark: string, index: number): string {
  return `${mark}:${index + 1}`;
}

/** @returns the part with a mark in its metadata, by which it can be found */
export function withMark(part: Outgoing | Raw, mark: string): Outgoing | Raw {
  if (!('raw' in part)) return { ...part, metadata: { ...part.metadata, [MARK]: mark } };
  const { metadata, ...raw } = part.raw as { metadata?: unknown };
  if (metadata !== undefined && !isObject(metadata)) return part;
  return { raw: { ...raw, metadata: { ...metadata, [MARK]: mark } } };
}

/**
 * Check whether the server has a part.
 * @param part its index; `since`: the earliest time at which it can have been sent, milliseconds of our clock
 * @returns undefined when the newest messages of the conversation do not have it
 * @throws LinktorError when they cannot be read
 */
export async function findMarked(
  client: LinktorClient,
  conversationId: string,
  { mark, part, since }: { mark: string; part: number; since: number },
): Promise<Message | undefined> {
  const wanted = markOf(mark, part);
  const from = since - CLOCK_TOLERANCE_MS + (client.serverTime - Date.now());
  for await (const message of client.conversations.eachMessage(conversationId, { limit: MAX_LOOKED_AT })) {
    if (message.metadata?.[MARK] === wanted) return message;
    if (Date.parse(message.createdAt ?? '') < from) return undefined;
  }
  return undefined;
}
