import type { State } from '../state';
import type { Conversation } from '../state/entities';
import type { Fields } from '../wire/form';
import { type Figures, figuresOf, inbound, outbound, resolutionTime, responseTime, tally, timeline } from './figures';
import { type Span, within } from './period';

const MINUTE = 60_000;

/** What a report counts. */
interface Scope {
  state: State;
  span: Span;
  /** The figures of the conversations that `fits` is true for. */
  of: (fits?: (conversation: Conversation) => boolean) => Figures;
}

type Report = (scope: Scope) => Fields;

/** The reports by name, each counted from what is stored. Durations are seconds. */
export const REPORTS: Readonly<Record<string, Report>> = { dashboard, conversations, messages, agents, bots, channels };

/**
 * What a report counts in a span of time.
 *
 * @param wanted keeps only the conversations that it is true for
 */
export function scopeOf(state: State, span: Span, wanted: (conversation: Conversation) => boolean = () => true): Scope {
  const of: Scope['of'] = (fits = () => true) =>
    figuresOf(state, span, (conversation) => wanted(conversation) && fits(conversation));
  return { state, span, of };
}

function dashboard({ state, span, of: figuresFor }: Scope): Fields {
  const figures = figuresFor();
  const of = (wanted: string): number => figures.conversations.filter(({ status }) => status === wanted).length;
  return {
    conversations: {
      total: figures.conversations.length,
      open: of('open'),
      resolved: of('resolved'),
      avgResolutionTime: resolutionTime(figures),
    },
    messages: { total: figures.messages.length, inbound: inbound(figures), outbound: outbound(figures) },
    contacts: {
      total: state.contacts.size,
      new: state.contacts.filter(({ createdAt }) => within(span, createdAt)).length,
    },
    agents: { avgResponseTime: responseTime(figures), avgHandlingTime: resolutionTime(figures) },
  };
}

function conversations({ state, of }: Scope): Fields {
  const figures = of();
  const { conversations: all } = figures;
  const type = (channelId: string): string => state.channels.get(channelId)?.type ?? 'unknown';
  return {
    totalConversations: all.length,
    byStatus: tally(all, ({ status }) => status).map(({ key: status, count }) => ({ status, count })),
    byChannel: tally(all, ({ channelId }) => channelId).map(({ key: channelId, count }) => ({
      channelId,
      channelType: type(channelId),
      count,
    })),
    avgResolutionTime: resolutionTime(figures),
    avgFirstResponseTime: responseTime(figures),
    timeline: timeline(all),
  };
}

function messages({ of }: Scope): Fields {
  const figures = of();
  return {
    totalMessages: figures.messages.length,
    inbound: inbound(figures),
    outbound: outbound(figures),
    byStatus: tally(figures.messages, ({ status }) => status).map(({ key: status, count }) => ({ status, count })),
    byType: tally(figures.messages, ({ kind }) => kind).map(({ key: type, count }) => ({ type, count })),
    timeline: timeline(figures.messages),
  };
}

function agents({ state, of }: Scope): Fields {
  return {
    agents: state.users.all().map(({ id: agentId, name }) => {
      const figures = of(({ assignedTo }) => assignedTo === agentId);
      return {
        agentId,
        name,
        conversationsHandled: figures.conversations.length,
        conversationsResolved: figures.conversations.filter(({ status }) => status === 'resolved').length,
        messagesSent: figures.messages.filter(({ senderId }) => senderId === agentId).length,
        avgResponseTime: responseTime(figures),
        avgHandlingTime: resolutionTime(figures),
      };
    }),
  };
}

function bots({ state, of }: Scope): Fields {
  return {
    bots: state.bots.all().map(({ id: botId, name, status }) => {
      const figures = of((conversation) => conversation.botId === botId);
      return {
        botId,
        name,
        status,
        conversationsHandled: figures.conversations.length,
        messagesProcessed: figures.messages.length,
        avgResponseTime: responseTime(figures),
      };
    }),
  };
}

function channels({ state, of }: Scope): Fields {
  const figures = (fits?: (channelId: string) => boolean): Fields => {
    const found = of(({ channelId }) => fits?.(channelId) ?? true);
    return {
      messagesReceived: inbound(found),
      messagesSent: outbound(found),
      conversationsCreated: found.conversations.length,
      avgResponseTime: responseTime(found),
    };
  };
  return {
    channels: state.channels.all().map(({ id, name, type }) => ({
      channelId: id,
      name,
      type,
      ...figures((channelId) => channelId === id),
    })),
    overall: figures(),
  };
}

/** Figures about this moment. */
export function realtime(state: State): Fields {
  const open = state.conversations.filter(({ status }) => status === 'open');
  const waiting = open.filter(({ assignedTo }) => assignedTo === undefined);
  const since = new Date(Date.now() - MINUTE).toISOString();
  const waits = waiting.map(
    ({ lastMessageAt, createdAt }) => (Date.now() - Date.parse(lastMessageAt ?? createdAt)) / 1000,
  );
  return {
    activeConversations: open.length,
    activeAgents: state.users.size,
    queueSize: waiting.length,
    avgWaitTime: waits.length === 0 ? 0 : waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    messagesPerMinute: figuresOf(state, { start: since, end: new Date().toISOString() }).messages.length,
  };
}
