import { type Span, spanOf } from '../sim/period';
import { REPORTS, realtime, scopeOf } from '../sim/reports';
import type { World } from '../sim/world';
import type { State } from '../state';
import type { Conversation } from '../state/entities';
import { type Fields, Form } from '../wire/form';
import { invalid, notFound } from '../wire/problem';
import { type Call, ok, type Router } from '../wire/router';

const EXPORT_LIFETIME_MS = 3_600_000;

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
      return ok({ url: storeFile(state, call, toCsv(data), 'text/csv') });
    })
    .on('POST', '/analytics/export', (call) => {
      const form = new Form(call.body);
      const format = form.choice('format', ['csv', 'json', 'xlsx']) ?? 'csv';
      if (format === 'xlsx') throw invalid('format', 'xlsx is not something a sandbox can write, csv and json are');
      const data = rowsOf(state, form);
      const downloadUrl =
        format === 'csv'
          ? storeFile(state, call, toCsv(data), 'text/csv')
          : storeFile(state, call, JSON.stringify(data), 'application/json');
      return ok({ downloadUrl, expiresAt: new Date(Date.now() + EXPORT_LIFETIME_MS).toISOString() });
    })
    .on(
      'GET',
      '/files/:id',
      ({ params }) => {
        const file = state.files.get(params.id ?? '');
        if (!file) throw notFound('File');
        return { status: 200, body: file.data, headers: { 'Content-Type': file.mimeType } };
      },
      { open: true },
    );
}

/** The rows of a report: the list asked for by `groupBy`, the list that it consists of, or the report as a single row. */
function rowsOf(state: State, form: Form): Fields[] {
  const type = form.needChoice('type', Object.keys(REPORTS));
  const range = form.form('range');
  const span = spanOf({ startDate: range?.text('startDate'), endDate: range?.text('endDate') });
  const filters = form.map('filters') ?? {};
  const found =
    REPORTS[type]?.(scopeOf(state, span, (conversation) => matchesFilters(state, conversation, filters))) ?? {};
  const group = form.text('groupBy');
  const rows = found[group === undefined ? type : (GROUPS[group] ?? group)];
  if (Array.isArray(rows)) return rows as Fields[];
  if (group !== undefined) throw invalid('groupBy', `is not possible for ${type}`);
  return [found];
}

/** A filter names fields of the conversation, each with the value it must have. */
function matchesFilters(state: State, conversation: Conversation, filters: Fields): boolean {
  const fields: Fields = { ...conversation, channelType: state.channels.get(conversation.channelId)?.type };
  return Object.entries(filters).every(([key, wanted]) => fields[key] === wanted);
}

function toCsv(rows: Fields[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown): string => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => line.map(cell).join(','))
    .join('\n');
}

function storeFile({ files }: State, { headers }: Call, text: string, mimeType: string): string {
  const { id } = files.add({ id: files.newId(), mimeType, data: Buffer.from(text) });
  return `http://${headers.host}/files/${id}`;
}
