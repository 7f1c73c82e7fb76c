import type { ChatMessage, Conversation, Message } from '../model';
import { wordsOf } from './incoming';

/** A conversation as a language model reads it. @param messages oldest first */
export function chatOf(messages: readonly Message[]): ChatMessage[] {
  return messages.map((message) => ({ role: roleOf(message), content: contentOf(message) }));
}

/** A conversation as a person reads it: a line for each message, or a paragraph in Markdown. @param messages oldest first */
export function transcriptOf(
  messages: readonly Message[],
  format: 'text' | 'markdown',
  conversation: Pick<Conversation, 'contact'> = {},
): string {
  const lines = messages.map((message) => {
    const who = speaker(message, conversation.contact?.name);
    const when = (message.createdAt ?? '').replace('T', ' ').slice(0, 16);
    const said = contentOf(message);
    return format === 'text' ? `${when} ${who}: ${said}`.trim() : `**${who}** ${when}\n\n${quote(said)}`;
  });
  return lines.join(format === 'text' ? '\n' : '\n\n');
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

/** @returns the words of a message; a message without words is named by its kind */
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
