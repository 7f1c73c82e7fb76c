import { invalid, unsupported } from '../../errors';
import { read, unsupportedCall, write } from '../calls';
import { rendering, visualTemplates } from '../entities';
import { decodeEntity } from '../envelope';
import type { Contract, Figures, Period, RenderInput } from '../index';
import { type Json, number, object } from '../json';
import { camelKeysDeep } from '../keys';
import { decodeServerList } from './lists';
import { unsupportedCrud } from './unsupported';

const at = { dashboard: 'overview', conversations: 'conversations', channels: 'channels' } as const;
const figuresOf = 'It has figures of dashboard, conversations and channels.';

/** Analytics (contract 1.10). */
export const analytics: Contract['analytics'] = {
  figures(what, period) {
    if (!Object.hasOwn(at, what)) throw unsupported(`tell the figures of ${what}`, figuresOf);
    const days = daysOf(period);
    const told = days && { startDate: days.start, endDate: days.end };
    return read(['analytics', at[what as keyof typeof at]], (body) => ({ ...named(what, body), ...told }), {
      start_date: days?.start,
      end_date: days?.end,
    });
  },
  report: unsupportedCall('make reports', figuresOf),
  export: unsupportedCall('export figures', figuresOf),
};

const DAY_MS = 86_400_000;
const isMoment = (time: string) => time.length > 10;

/**
 * Whole days in UTC, both inclusive (contract 1.10); the default is the last week. A longer period with times is
 * extended to whole days, which the answer states.
 * @throws LinktorError `validation`, or `not_supported` for a part of a day
 */
function daysOf({ startDate, endDate }: Period): { start: string; end: string } | undefined {
  if (!startDate && !endDate) return undefined;
  if (!startDate) throw invalid('The period has an end and no beginning.', 'Give startDate as well.');
  const until = endDate ?? new Date().toISOString();
  const from = Date.parse(startDate);
  // The end of a period with times is exclusive.
  const last = isMoment(until) ? Date.parse(until) - 1 : Date.parse(until);
  const start = startDate.slice(0, 10);
  const end = new Date(Math.max(last, from)).toISOString().slice(0, 10);
  if (Date.parse(until) < Date.parse(start)) throw invalid('The period ends before it begins.', 'Swap start and end.');
  const covered = (isMoment(until) ? Date.parse(until) : Date.parse(until) + DAY_MS) - from;
  const isPart = isMoment(startDate) || (endDate !== undefined && isMoment(endDate));
  if (isPart && covered < DAY_MS) {
    throw unsupported('tell the figures of a part of a day', 'Give whole days such as 2026-05-01.');
  }
  return { start, end };
}

/** The figures under their names in the documented API; figures without one keep theirs. */
function named(what: Figures, body: unknown): Json {
  const all = () => decodeServerList((row) => camelKeysDeep(object(row) ?? {}) as Json, 'figures')(body).items;
  if (what === 'channels') return { channels: all().map(channelRow) };
  if (what === 'conversations') {
    const timeline = all().map((row) => ({ ...row, count: number(row.totalConversations) ?? 0 }));
    return { totalConversations: timeline.reduce((sum, { count }) => sum + count, 0), timeline };
  }
  const figures = camelKeysDeep(decodeEntity(body, 'figures')) as Json;
  return { ...figures, conversations: { total: figures.totalConversations } };
}

const channelRow = ({ channelName, channelType, totalConversations, ...row }: Json) => ({
  ...row,
  name: channelName,
  type: channelType,
  conversationsCreated: totalConversations,
});

const body = ({ template, data, tenantId, channel, format, width, quality, scale }: Partial<RenderInput>) => ({
  tenant_id: tenantId || undefined,
  template_id: template,
  data,
  channel,
  format,
  width,
  quality,
  scale,
});

/** The visual response engine, on servers that have started one (contract 1.11). */
export const vre: Contract['vre'] = {
  render: (input) => write('POST', ['vre', 'render'], rendering, body(input), 'read'),
  renderAndSend: unsupportedCall(
    'send a picture that it has made',
    'Render it, put it where the server can fetch it, and send it as an image.',
  ),
  templates: (tenantId) => read(['vre', 'templates'], visualTemplates, { tenant_id: tenantId }),
  preview: (template, data) =>
    data && Object.keys(data).length > 0
      ? vre.render({ template, data, tenantId: '' })
      : read(['vre', 'templates', template, 'preview'], rendering),
};

const silent = 'This server sends no webhooks.';

/** Webhook registrations (contract 1.13): none. */
export const webhooks: Contract['webhooks'] = {
  ...unsupportedCrud('webhooks', silent),
  test: unsupportedCall('test a webhook', silent),
};
