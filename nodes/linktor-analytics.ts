import { invalid } from '../lib/errors';
import { action } from './kit/define';
import { as, choice, typed } from './kit/fields';

const operations = ['dashboard', 'conversations', 'messages', 'agents', 'bots', 'channels', 'realtime'] as const;
const past = { operation: operations.filter((one) => one !== 'realtime') };

/** Get the figures of a period. */
export default action({
  type: 'linktor-analytics',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(operations, { icon: 'tasks' }),
    start: typed('start', { convert: as.day, icon: 'calendar', when: past }),
    end: typed('end', { convert: as.day, icon: 'calendar-check-o', when: past }),
  },
  async run({ client, values: { operation, start, end } }) {
    const what = operation as (typeof operations)[number];
    if (start !== undefined && end !== undefined) requireOrder(start, end);
    return { result: await client.analytics.figures(what, { startDate: start, endDate: end }) };
  },
});

const DAY_MS = 86_400_000;

/** Reject a reversed period, for which a server would return zeros. A date without a time includes the whole day. */
function requireOrder(start: string, end: string): void {
  const until = Date.parse(end) + (end.length === 10 ? DAY_MS : 0);
  if (Date.parse(start) < until) return;
  throw invalid(`The period from ${start} to ${end} ends before it begins.`, 'Swap the fields "start" and "end".');
}
