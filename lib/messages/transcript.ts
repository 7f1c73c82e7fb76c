import type { ChatMessage, Conversation, Message } from '../model';
import { LAST_TIME, Zone } from '../text/index';
import { wordsOf } from './incoming';

/** Convert a conversation to the chat of a language model. @param messages oldest first */
export function chatOf(messages: readonly Message[]): ChatMessage[] {
  return messages.map((message) => ({ role: roleOf(message), content: contentOf(message) }));
}

/**
 * Format a conversation for people: one line per message, or one paragraph in Markdown.
 * @param messages oldest first
 * @param zone IANA name of the time zone of all times, UTC by default
 * @throws LinktorError `validation` for an unknown zone
 */
export function transcriptOf(
  messages: readonly Message[],
  format: 'text' | 'markdown',
  conversation: Pick<Conversation, 'contact'> = {},
  zone = 'UTC',
): string {
  const clock = new Zone(zone || 'UTC');
  const lines = messages.map((message) => {
    const who = speaker(message, conversation.contact?.name);
    const when = told(message.createdAt, clock);
    const said = contentOf(message);
    return format === 'text' ? `${when} ${who}: ${said}`.trim() : `**${who}** ${when}\n\n${quote(said)}`;
  });
  return lines.join(format === 'text' ? '\n' : '\n\n');
}

/** @returns a time of the server in the given zone; `''` without a time */
function told(createdAt: string | undefined, clock: Zone): string {
  const time = Date.parse(createdAt ?? '');
  // No calendar goes beyond the last time by the offset of a zone.
  if (Number.isNaN(time) || Math.abs(time) > LAST_TIME) return '';
  return new Date(time + clock.offsetAt(time)).toISOString().replace('T', ' ').slice(0, 16);
}

function roleOf({ senderType, direction }: Message): ChatMessage['role'] {
  if (senderType === 'system') return 'system';
  return direction === 'inbound' ? 'user' : 'assistant';
}

function speaker({ senderName, senderType, direction }: Message, customer: string | undefined): string {
  const known = typeof senderName === 'string' ? senderName : undefined;
  if (direction === 'inbound') return customer ?? known ?? 'customer';
  return known ?? senderType ?? 'agent';
}

/** @returns the text of a message, or its kind when it has no text */
function contentOf(message: Message): string {
  const words = wordsOf(message);
  const { contentType, location, media } = message;
  if (contentType === 'text' || contentType === 'interactive') return words;
  const place = location && [location.name, `${location.latitude}, ${location.longitude}`].filter(Boolean).join(', ');
  return [`[${contentType}]`, words || place || media?.filename].filter(Boolean).join(' ');
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
