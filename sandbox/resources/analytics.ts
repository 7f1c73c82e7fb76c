import type { Conversation } from '../entities';
import { type Figures, figuresOf, inbound, outbound, resolutionTime, responseTime, tally, timeline } from '../figures';
import { type Fields, Form } from '../form';
import { type Span, spanOf, within } from '../period';
import { invalid, missing } from '../problem';
import { type Call, ok, type Router } from '../router';
import type { State } from '../state';
import type { World } from '../world';

const MINUTE = 60_000;
const EXPORT_LIFE_MS = 3_600_000;

/** What a report counts. */
interface Scope {
  state: State;
  span: Span;
  /** The figures of the conversations that `fits` is true for. */
  of: (fits?: (conversation: Conversation) => boolean) => Figures;
}

type Report = (scope: Scope) => Fields;

const REPORTS: Readonly<Record<string, Report>> = { dashboard, conversations, messages, agents, bots, channels };

/** The list of a report that each word of `groupBy` stands for. */
const GROUPS: Readonly<Record<string, string>> = {
  day: 'timeline',
  date: 'timeline',
  channel: 'byChannel',
  status: 'byStatus',
  type: 'byType',
};

/** Figures about everything stored, counted when they are asked for. Durations are seconds. */
export function analyticsRoutes(router: Router, { state }: World): void {
  const span = ({ query }: Call): Span => spanOf({ startDate: query.get('startDate'), endDate: query.get('endDate') });
  for (const [name, report] of Object.entries(REPORTS)) {
    router.on('GET', `/analytics/${name}`, (call) => ok(report(scopeOf(state, span(call)))));
  }
  router
    .on('GET', '/analytics/realtime', () => ok(realtime(state)))
    .on('POST', '/analytics/reports', (call) => {
      const form = new Form(call.body);
      const data = rowsOf(state, form);
      if (form.choice('format', ['json', 'csv']) !== 'csv') return ok({ data });
      return ok({ url: store(state, call, csv(data), 'text/csv') });
    })
    .on('POST', '/analytics/export', (call) => {
      const form = new Form(call.body);
      const format = form.choice('format', ['csv', 'json', 'xlsx']) ?? 'csv';
      if (format === 'xlsx') throw invalid('format', 'xlsx is not something a sandbox can write, csv and json are');
      const data = rowsOf(state, form);
      const downloadUrl =
        format === 'csv'
          ? store(state, call, csv(data), 'text/csv')
          : store(state, call, JSON.stringify(data), 'application/json');
      return ok({ downloadUrl, expiresAt: new Date(Date.now() + EXPORT_LIFE_MS).toISOString() });
    })
    .on(
      'GET',
      '/files/:id',
      ({ params }) => {
        const file = state.files.get(params.id ?? '');
        if (!file) throw missing('File');
        return { status: 200, body: file.data, headers: { 'Content-Type': file.mimeType } };
      },
      { open: true },
    );
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
      new: state.contacts.all().filter(({ createdAt }) => within(span, createdAt)).length,
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

function realtime(state: State): Fields {
  const open = state.conversations.all().filter(({ status }) => status === 'open');
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

/** The rows of a report: the list asked for by `groupBy`, the list that it consists of, or the report as a single row. */
function rowsOf(state: State, form: Form): Fields[] {
  const type = form.needChoice('type', Object.keys(REPORTS));
  const range = form.form('range');
  const span = spanOf({ startDate: range?.text('startDate'), endDate: range?.text('endDate') });
  const filters = form.map('filters') ?? {};
  const found = REPORTS[type]?.(scopeOf(state, span, (conversation) => fits(state, conversation, filters))) ?? {};
  const group = form.text('groupBy');
  const rows = found[group === undefined ? type : (GROUPS[group] ?? group)];
  if (Array.isArray(rows)) return rows as Fields[];
  if (group !== undefined) throw invalid('groupBy', `is not possible for ${type}`);
  return [found];
}

function scopeOf(state: State, span: Span, wanted: (conversation: Conversation) => boolean = () => true): Scope {
  const of: Scope['of'] = (fits = () => true) =>
    figuresOf(state, span, (conversation) => wanted(conversation) && fits(conversation));
  return { state, span, of };
}

/** A filter names fields of the conversation, each with the value it must have. */
function fits(state: State, conversation: Conversation, filters: Fields): boolean {
  const fields: Fields = { ...conversation, channelType: state.channels.get(conversation.channelId)?.type };
  return Object.entries(filters).every(([key, wanted]) => fields[key] === wanted);
}

function csv(rows: Fields[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown): string => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => line.map(cell).join(','))
    .join('\n');
}

function store({ files }: State, { headers }: Call, text: string, mimeType: string): string {
  const { id } = files.add({ id: files.newId(), mimeType, data: Buffer.from(text) });
  return `http://${headers.host}/files/${id}`;
}
