import { type Span, spanOf } from '../sim/period';
import { REPORTS, realtime, scopeOf } from '../sim/reports';
import type { World } from '../sim/world';
import { xlsx } from '../sim/xlsx';
import type { State } from '../state';
import type { Conversation } from '../state/entities';
import { type Fields, Form } from '../wire/form';
import { invalid, notFound } from '../wire/problem';
import { type Call, ok, type Router } from '../wire/router';
import { JAVA_REPORTS, javaRealtime } from './java-analytics';

const EXPORT_LIFETIME_MS = 3_600_000;

const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** Periods of `groupBy`, with the first day of the one that a day belongs to. */
const PERIODS: Readonly<Record<string, (day: string) => string>> = {
  day: (day) => day,
  date: (day) => day,
  week: mondayOf,
  month: (day) => `${day.slice(0, 7)}-01`,
};

/** The list of a report for each other value of `groupBy`. */
const GROUPS: Readonly<Record<string, string>> = {
  channel: 'byChannel',
  status: 'byStatus',
  type: 'byType',
};

/** Figures about all stored records, calculated on request. Durations are seconds. */
export function analyticsRoutes(router: Router, { state, settings }: World): void {
  const isJava = settings.family === 'java';
  const span = ({ query }: Call): Span => spanOf({ startDate: query.get('startDate'), endDate: query.get('endDate') });
  for (const [name, report] of Object.entries(REPORTS)) {
    const java = isJava ? JAVA_REPORTS[name] : undefined;
    router.on('GET', `/analytics/${name}`, (call) =>
      ok(java ? java(state, span(call)) : report(scopeOf(state, span(call)))),
    );
  }
  router
    .on('GET', '/analytics/realtime', () => ok(isJava ? javaRealtime(state) : realtime(state)))
    .on('POST', '/analytics/reports', (call) => {
      const form = new Form(call.body);
      const data = rowsOf(state, form);
      if (form.choice('format', ['json', 'csv']) !== 'csv') return ok({ data });
      return ok({ url: storeFile(state, call, toCsv(data), 'text/csv') });
    })
    .on('POST', '/analytics/export', (call) => {
      const form = new Form(call.body);
      const format = form.choice('format', ['csv', 'json', 'xlsx']) ?? 'csv';
      const data = rowsOf(state, form);
      const file = {
        csv: () => storeFile(state, call, toCsv(data), 'text/csv'),
        json: () => storeFile(state, call, JSON.stringify(data), 'application/json'),
        xlsx: () => storeFile(state, call, xlsx(toTable(data)), XLSX_TYPE),
      };
      const downloadUrl = file[format]();
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

/** The rows of a report: the list requested with `groupBy`, its only list, or the report as a single row. */
function rowsOf(state: State, form: Form): Fields[] {
  const type = form.needChoice('type', Object.keys(REPORTS));
  const range = form.form('range');
  const span = spanOf({ startDate: range?.text('startDate'), endDate: range?.text('endDate') });
  const filters = form.map('filters') ?? {};
  const found =
    REPORTS[type]?.(scopeOf(state, span, (conversation) => matchesFilters(state, conversation, filters))) ?? {};
  const group = form.text('groupBy');
  const period = group === undefined ? undefined : PERIODS[group];
  if (period) return groupByPeriod(timelineOf(found, state, span), period);
  const rows = found[group === undefined ? type : (GROUPS[group] ?? group)];
  if (Array.isArray(rows)) return rows as Fields[];
  if (group !== undefined) throw invalid('groupBy', `is not possible for ${type}`);
  return [found];
}

/** The days of a report; one without days of its own counts conversations. */
function timelineOf(report: Fields, state: State, span: Span): Fields[] {
  const days = report.timeline ?? REPORTS.conversations?.(scopeOf(state, span)).timeline;
  return Array.isArray(days) ? days : [];
}

/** Adds the numbers of the days up, one row per period. */
function groupByPeriod(days: Fields[], period: (day: string) => string): Fields[] {
  const rows = new Map<string, Fields>();
  for (const { date, ...numbers } of days) {
    const start = period(String(date));
    const row = rows.get(start) ?? { date: start };
    for (const [key, value] of Object.entries(numbers)) row[key] = Number(row[key] ?? 0) + Number(value);
    rows.set(start, row);
  }
  return [...rows.values()];
}

function mondayOf(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date.toISOString().slice(0, 10);
}

/** A filter names fields of the conversation, each with the value it must have. */
function matchesFilters(state: State, conversation: Conversation, filters: Fields): boolean {
  const fields: Fields = { ...conversation, channelType: state.channels.get(conversation.channelId)?.type };
  return Object.entries(filters).every(([key, wanted]) => fields[key] === wanted);
}

/** A head row with the names of the columns, then the values. */
function toTable(rows: Fields[]): unknown[][] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))];
}

function toCsv(rows: Fields[]): string {
  const cell = (value: unknown): string => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return toTable(rows)
    .map((line) => line.map(cell).join(','))
    .join('\n');
}

function storeFile({ files }: State, { headers }: Call, data: string | Buffer, mimeType: string): string {
  const { id } = files.add({ id: files.newId(), mimeType, data: Buffer.from(data) });
  return `http://${headers.host}/files/${id}`;
}
