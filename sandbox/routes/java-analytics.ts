import { type Figures, resolutionTime, responseTime, tally } from '../sim/figures';
import { isWithin, type Span } from '../sim/period';
import { realtime, scopeOf } from '../sim/reports';
import type { State } from '../state';
import type { Fields } from '../wire/form';

type Report = (state: State, span: Span) => Fields;

const HOUR_MS = 3_600_000;

/** The reports in the form of the Java SDK: flat, with maps instead of lists. */
export const JAVA_REPORTS: Readonly<Record<string, Report>> = { dashboard, conversations, agents, channels };

function dashboard(state: State, span: Span): Fields {
  const figures = figuresIn(state, span);
  return {
    totalConversations: figures.conversations.length,
    openConversations: countStatus(figures, 'open'),
    resolvedConversations: countStatus(figures, 'resolved'),
    totalMessages: figures.messages.length,
    totalContacts: state.contacts.size,
    avgResponseTime: responseTime(figures),
    avgResolutionTime: resolutionTime(figures),
    satisfactionScore: 0,
    conversationsByChannel: byChannel(state, figures),
    conversationsByStatus: toMap(tally(figures.conversations, ({ status }) => status)),
  };
}

function conversations(state: State, span: Span): Fields {
  const figures = figuresIn(state, span);
  return {
    total: state.conversations.size,
    created: figures.conversations.length,
    resolved: countStatus(figures, 'resolved'),
    avgDuration: resolutionTime(figures),
    byChannel: byChannel(state, figures),
    byPriority: toMap(tally(figures.conversations, ({ priority }) => priority)),
  };
}

function agents(state: State, span: Span): Fields {
  const figures = scopeOf(state, span).of(({ assignedTo }) => assignedTo !== undefined);
  const total = state.users.size;
  return {
    totalAgents: total,
    activeAgents: state.users.filter(({ status }) => status === 'active').length,
    avgConversationsPerAgent: total === 0 ? 0 : figures.conversations.length / total,
    avgResponseTime: responseTime(figures),
    avgSatisfactionScore: 0,
  };
}

function channels(state: State, span: Span): Fields {
  const entries = state.channels.all().map(({ id }) => {
    const figures = scopeOf(state, span).of(({ channelId }) => channelId === id);
    const metrics = {
      conversations: figures.conversations.length,
      messages: figures.messages.length,
      avgResponseTime: responseTime(figures),
    };
    return [id, metrics];
  });
  return { channels: Object.fromEntries(entries) };
}

/** Current figures in the form of the Java SDK. */
export function javaRealtime(state: State): Fields {
  const { activeConversations, activeAgents, queueSize, avgWaitTime } = realtime(state);
  const now = Date.now();
  const span = { start: new Date(now - HOUR_MS).toISOString(), end: new Date(now).toISOString() };
  return {
    activeConversations,
    onlineAgents: activeAgents,
    queuedConversations: queueSize,
    messagesLastHour: state.messages.filter(({ createdAt }) => isWithin(span, createdAt)).length,
    avgWaitTime,
  };
}

function figuresIn(state: State, span: Span): Figures {
  return scopeOf(state, span).of();
}

function countStatus({ conversations: all }: Figures, wanted: string): number {
  return all.filter(({ status }) => status === wanted).length;
}

function byChannel({ channels: all }: State, figures: Figures): Record<string, number> {
  return toMap(tally(figures.conversations, ({ channelId }) => all.get(channelId)?.type ?? 'unknown'));
}

function toMap(counts: { key: string; count: number }[]): Record<string, number> {
  return Object.fromEntries(counts.map(({ key, count }) => [key, count]));
}
