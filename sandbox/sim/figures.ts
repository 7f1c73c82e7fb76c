import type { State } from '../state';
import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import { isWithin, type Span } from './period';

/** The conversations and messages of a time span. */
export interface Figures {
  conversations: Conversation[];
  messages: Message[];
}

/** @param fits keeps the conversations for which it returns true, with their messages */
export function figuresOf(
  state: State,
  span: Span,
  fits: (conversation: Conversation) => boolean = () => true,
): Figures {
  const all = state.conversations.filter(fits);
  return {
    conversations: all.filter(({ createdAt }) => isWithin(span, createdAt)),
    messages: all.flatMap(({ id }) => state.thread(id).filter(({ createdAt }) => isWithin(span, createdAt))),
  };
}

export function inbound({ messages }: Figures): number {
  return messages.filter(({ direction }) => direction === 'inbound').length;
}

export function outbound({ messages }: Figures): number {
  return messages.filter(({ direction }) => direction === 'outbound').length;
}

/** Mean seconds from the first message to the first reply; 0 when nothing was answered. */
export function responseTime({ conversations }: Figures): number {
  return mean(conversations.map(({ firstMessageAt, firstReplyAt }) => seconds(firstMessageAt, firstReplyAt)));
}

/** Mean seconds from the start to the resolution; 0 when nothing is resolved. */
export function resolutionTime({ conversations }: Figures): number {
  return mean(conversations.map(({ createdAt, resolvedAt }) => seconds(createdAt, resolvedAt)));
}

/** Counts items by key, highest count first. */
export function tally<T>(items: T[], key: (item: T) => string): { key: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ key: name, count })).sort((a, b) => b.count - a.count);
}

/** Counts items by day, oldest day first. */
export function timeline(items: { createdAt: string }[]): { date: string; count: number }[] {
  return tally(items, ({ createdAt }) => createdAt.slice(0, 10))
    .map(({ key: date, count }) => ({ date, count }))
    .sort((a, b) => a.date.localeCompare(b.date));
}

function seconds(from: string | undefined, to: string | undefined): number | undefined {
  if (!from || !to || to < from) return undefined;
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

function mean(values: (number | undefined)[]): number {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length;
}
