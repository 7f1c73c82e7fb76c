import { invalid } from '../lib/errors';
import { action } from './kit/define';
import { as, choice, dynJson, typed } from './kit/fields';

const figures = ['dashboard', 'conversations', 'messages', 'agents', 'bots', 'channels', 'realtime'] as const;
const made = ['report', 'export'] as const;
const operations = [...figures, ...made] as const;
const past = { operation: operations.filter((one) => one !== 'realtime') };
const report = { operation: ['report'] };

/** Get the figures of a period, as they are, as the rows of a report, or as a file. */
export default action({
  type: 'linktor-analytics',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(operations, { icon: 'tasks' }),
    about: choice(['conversations', 'messages', 'agents', 'bots', 'channels'], {
      icon: 'bar-chart',
      when: { operation: made },
    }),
    start: typed('start', { convert: as.day, icon: 'calendar', when: past }),
    end: typed('end', { convert: as.day, icon: 'calendar-check-o', when: past }),
    groupBy: typed('', { convert: as.id, icon: 'object-group', when: report }),
    filters: typed('', { types: dynJson, convert: as.object, icon: 'filter', when: report }),
    format: choice(['csv', 'json', 'xlsx'], { icon: 'file-o', when: { operation: ['export'] } }),
  },
  async run({ client: { analytics }, values: { operation, about: type, start, end, groupBy, filters, format } }) {
    if (start !== undefined && end !== undefined) requireOrder(start, end);
    const range = { startDate: start, endDate: end };
    if (operation !== 'report' && operation !== 'export') {
      return { result: await analytics.figures(operation as (typeof figures)[number], range) };
    }
    requireBoth(start, end);
    if (operation === 'export') return { result: await analytics.export({ type, range, format }) };
    return { result: await analytics.report({ type, range, groupBy, filters }) };
  },
});

/** Reject a period without a beginning or an end, which a report needs (contract 1.10). */
function requireBoth(start: string | undefined, end: string | undefined): void {
  const missing = start === undefined ? 'start' : end === undefined ? 'end' : undefined;
  if (missing === undefined) return;
  throw invalid(
    `A report needs a period, and "${missing}" is missing.`,
    `Fill in "${missing}", or give msg.${missing}.`,
  );
}

const DAY_MS = 86_400_000;

/** Reject a reversed period, for which a server would return zeros. A date without a time includes the whole day. */
function requireOrder(start: string, end: string): void {
  const until = Date.parse(end) + (end.length === 10 ? DAY_MS : 0);
  if (Date.parse(start) < until) return;
  throw invalid(`The period from ${start} to ${end} ends before it begins.`, 'Swap the fields "start" and "end".');
}
