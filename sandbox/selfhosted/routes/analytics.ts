import { type Figures, figuresOf, resolutionTime, responseTime } from '../../sim/figures';
import type { Span } from '../../sim/period';
import type { State } from '../../state';
import type { Conversation } from '../../state/entities';
import type { Fields } from '../../wire/form';
import { ok } from '../../wire/router';
import { Refusal } from '../refusal';
import type { AddRoutes } from '../route';

const DAY_MS = 86_400_000;
const DAYS: Readonly<Record<string, number>> = { daily: 1, weekly: 7, monthly: 30 };
const DATE = /^\d{4}-\d\d-\d\d$/;

/** Analytics. Durations are milliseconds. The routes for flows and escalations always fail. */
export const analyticsRoutes: AddRoutes = (on, { world: { state } }) => {
  on('GET', '/analytics/overview', ({ query }) => ok(overview(state, query)));
  on('GET', '/analytics/conversations', ({ query }) => {
    const { conversations } = figuresOf(state, readSpan(query));
    return ok({ data: byDay(conversations) });
  });
  on('GET', '/analytics/channels', ({ query }) => {
    const { conversations } = figuresOf(state, readSpan(query));
    const data = state.channels.all().map(({ id, name, type }) => {
      const own = conversations.filter(({ channelId }) => channelId === id);
      const about = { channel_id: id, channel_name: name, channel_type: type };
      return { ...about, total_conversations: own.length, resolved_by_bot: 0, resolution_rate: rate(own) };
    });
    return ok({ data });
  });
  for (const name of ['flows', 'escalations']) {
    on('GET', `/analytics/${name}`, () => {
      throw new Refusal(500, '', 'column does not exist', 'bare');
    });
  }
};

function overview(state: State, query: URLSearchParams): Fields {
  const span = readSpan(query);
  const figures: Figures = figuresOf(state, span);
  const { conversations, messages } = figures;
  return {
    period: query.get('period') ?? 'weekly',
    start_date: span.start.slice(0, 10),
    end_date: span.end.slice(0, 10),
    total_conversations: conversations.length,
    resolved_by_bot: 0,
    escalated_to_human: conversations.filter(({ assignedTo }) => assignedTo !== undefined).length,
    resolution_rate: rate(conversations),
    avg_first_response_ms: Math.round(1000 * responseTime(figures)),
    avg_resolution_time_ms: Math.round(1000 * resolutionTime(figures)),
    total_bot_messages: messages.filter(({ senderType }) => senderType === 'bot').length,
    avg_confidence: 0,
    conversations_trend: 0,
    resolution_trend: 0,
  };
}

function byDay(conversations: Conversation[]): Fields[] {
  const days = [...new Set(conversations.map(({ createdAt }) => createdAt.slice(0, 10)))].sort();
  return days.map((date) => {
    const own = conversations.filter(({ createdAt }) => createdAt.startsWith(date));
    return {
      date,
      total_conversations: own.length,
      resolved_by_bot: 0,
      escalated: own.filter(({ assignedTo }) => assignedTo !== undefined).length,
      pending: own.filter(({ status }) => status === 'open' || status === 'pending').length,
    };
  });
}

function rate(conversations: Conversation[]): number {
  const resolved = conversations.filter(({ resolvedAt }) => resolvedAt !== undefined).length;
  return conversations.length === 0 ? 0 : resolved / conversations.length;
}

/** The dates of the query, or the period. A single date is ignored. */
function readSpan(query: URLSearchParams): Span {
  const from = query.get('start_date');
  const to = query.get('end_date');
  if (from && to) {
    if (!DATE.test(from) || !DATE.test(to)) throw new Refusal(400, '', 'invalid date', 'bare');
    return { start: `${from}T00:00:00.000Z`, end: `${to}T23:59:59.999Z` };
  }
  const days = DAYS[query.get('period') ?? 'weekly'] ?? 7;
  return { start: new Date(Date.now() - days * DAY_MS).toISOString(), end: new Date().toISOString() };
}
