import type { State } from '../state';
import type { Conversation } from '../state/entities';
import type { Fields } from '../wire/form';
import { type Figures, figuresOf, inbound, outbound, resolutionTime, responseTime, tally, timeline } from './figures';
import { isWithin, type Span } from './period';

const MINUTE_MS = 60_000;

/** The scope of a report. */
interface ReportScope {
  state: State;
  span: Span;
  /** The figures of the conversations for which `fits` returns true. */
  of: (fits?: (conversation: Conversation) => boolean) => Figures;
}

type Report = (scope: ReportScope) => Fields;

/** The reports by name, calculated from the stored records. Durations are seconds. */
export const REPORTS: Readonly<Record<string, Report>> = { dashboard, conversations, messages, agents, bots, channels };

/**
 * The scope of a report in a time span.
 *
 * @param wanted keeps the conversations for which it returns true
 */
export function scopeOf(
  state: State,
  span: Span,
  wanted: (conversation: Conversation) => boolean = () => true,
): ReportScope {
  const of: ReportScope['of'] = (fits = () => true) =>
    figuresOf(state, span, (conversation) => wanted(conversation) && fits(conversation));
  return { state, span, of };
}

function dashboard({ state, span, of: figuresFor }: ReportScope): Fields {
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
      new: state.contacts.filter(({ createdAt }) => isWithin(span, createdAt)).length,
    },
    agents: { avgResponseTime: responseTime(figures), avgHandlingTime: resolutionTime(figures) },
  };
}

function conversations({ state, of }: ReportScope): Fields {
  const figures = of();
  const { conversations: all } = figures;
  const type = (channelId: string): string => state.channels.get(channelId)?.type ?? 'unknown';
  return {
    totalConversations: all.length,
    byStatus: tally(all, ({ status }) => status).map(({ key: status, count }) => ({ status, count })),
    byChannel: tally(all, ({ channelId }) => channelId).map(({ key: channelId, count }) => ({
      channel: type(channelId),
      channelId,
      channelType: type(channelId),
      count,
    })),
    avgResolutionTime: resolutionTime(figures),
    avgFirstResponseTime: responseTime(figures),
    timeline: timeline(all),
  };
}

function channelOf({ conversations, channels }: State, conversationId: string): string {
  return channels.get(conversations.get(conversationId)?.channelId ?? '')?.type ?? 'unknown';
}

function messages({ state, of }: ReportScope): Fields {
  const figures = of();
  const threads = new Set(figures.messages.map(({ conversationId }) => conversationId));
  return {
    totalMessages: figures.messages.length,
    inbound: inbound(figures),
    outbound: outbound(figures),
    byStatus: tally(figures.messages, ({ status }) => status).map(({ key: status, count }) => ({ status, count })),
    byDirection: tally(figures.messages, ({ direction }) => direction).map(({ key: direction, count }) => ({
      direction,
      count,
    })),
    byType: tally(figures.messages, ({ kind }) => kind).map(({ key: type, count }) => ({ type, count })),
    byChannel: tally(figures.messages, ({ conversationId }) => channelOf(state, conversationId)).map(
      ({ key: channel, count }) => ({ channel, count }),
    ),
    avgPerConversation: threads.size === 0 ? 0 : figures.messages.length / threads.size,
    timeline: timeline(figures.messages).map(({ date, count }) => {
      const received = figures.messages.filter(
        ({ createdAt, direction }) => createdAt.startsWith(date) && direction === 'inbound',
      ).length;
      return { date, count, inbound: received, outbound: count - received };
    }),
  };
}

function agents({ state, of }: ReportScope): Fields {
  const all = of(({ assignedTo }) => assignedTo !== undefined);
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
    overall: { avgResponseTime: responseTime(all), avgHandlingTime: resolutionTime(all) },
  };
}

function bots({ state, of }: ReportScope): Fields {
  const all = of(({ botId }) => botId !== undefined);
  const figuresByBot = state.bots.all().map((bot) => ({ bot, figures: of(({ botId }) => botId === bot.id) }));
  return {
    totalInteractions: all.messages.length,
    handoffRate: handoffRate(all),
    avgResponseTime: responseTime(all),
    // Nothing here recognises intents.
    topIntents: [],
    byBot: figuresByBot.map(({ bot, figures }) => ({
      botId: bot.id,
      name: bot.name,
      interactions: figures.messages.length,
      handoffRate: handoffRate(figures),
    })),
    bots: figuresByBot.map(({ bot, figures }) => ({
      botId: bot.id,
      name: bot.name,
      status: bot.status,
      conversationsHandled: figures.conversations.length,
      messagesProcessed: figures.messages.length,
      avgResponseTime: responseTime(figures),
    })),
  };
}

/** Share of the conversations that were assigned to a person. */
function handoffRate({ conversations }: Figures): number {
  const assigned = conversations.filter(({ assignedTo }) => assignedTo !== undefined).length;
  return conversations.length === 0 ? 0 : assigned / conversations.length;
}

function channels({ state, of }: ReportScope): Fields {
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

/** Current figures. */
export function realtime(state: State): Fields {
  const open = state.conversations.filter(({ status }) => status === 'open');
  const waiting = open.filter(({ assignedTo }) => assignedTo === undefined);
  const since = new Date(Date.now() - MINUTE_MS).toISOString();
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
