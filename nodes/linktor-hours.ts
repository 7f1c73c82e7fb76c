import { days, OpeningHours } from '../lib/routing';
import { config } from './kit/define';
import { table, text } from './kit/fields';

const times = [
  { name: 'from', kind: 'time' },
  { name: 'to', kind: 'time' },
] as const;

/** The opening hours of a business: weekly hours, closed dates and special days in one time zone. */
export default config({
  type: 'linktor-hours',
  fields: {
    name: text('', { icon: 'tag' }),
    zone: text('', { hint: true, icon: 'globe' }),
    week: table([{ name: 'day', kind: 'choice', options: days, share: 3 }, ...times], { icon: 'calendar' }),
    closed: text('', { hint: true, icon: 'calendar-times-o' }),
    extra: table(['date', ...times], { icon: 'calendar-plus-o' }),
  },
  provide: ({ zone, week, closed, extra }) =>
    new OpeningHours({
      zone,
      week: week.map(({ day = days[0], from = '', to = '' }) => ({ day: `${day}`, from: `${from}`, to: `${to}` })),
      closed,
      extra: extra.map(({ date = '', from = '', to = '' }) => ({ date: `${date}`, from: `${from}`, to: `${to}` })),
    }),
});
