import { action } from './kit/define';
import { as, choice, typed } from './kit/fields';

const operations = ['dashboard', 'conversations', 'messages', 'agents', 'channels', 'realtime'] as const;
const past = { operation: operations.filter((one) => one !== 'realtime') };

/** The figures of a period. */
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
    return { result: await client.analytics.figures(what, { startDate: start, endDate: end }) };
  },
});
