import type { LinktorClient } from '../client';
import { isObject, type Message, type Outgoing } from '../model';
import type { Raw } from './send-request';

/** the metadata of a message in which the mark stands; both servers keep texts there (contract 1.3) */
const MARK = 'linktorOutbox';
/** the newest messages of a conversation among which one is looked for */
const MAX_LOOKED_AT = 200;
/** servers stamp in whole seconds, and clocks are never quite the same */
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
 * Look whether the server has a part.
 * @param part its index; `since`: when it can have left at the earliest, milliseconds of our clock
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
