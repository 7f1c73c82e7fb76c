import { AnswerRate, Repeats, type Takeover } from '../lib/charge';
import { invalid } from '../lib/errors';
import { allowListTest } from '../lib/messages/filter';
import type { OpeningHours } from '../lib/routing';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, checks, choice, config, dynJson, isObject, number, typed, type Values } from './kit/fields';
import type { Msg } from './kit/red';

const reasons = ['person', 'closed', 'optout', 'blocked', 'too_many', 'repeated'] as const;
type Reason = (typeof reasons)[number];
const checked = ['person', 'optout', 'blocked', 'rate'] as const;

const byReason = { exits: ['byReason'] };

const fields = {
  checks: checks(checked, checked, { icon: 'shield', noneMeansNone: true }),
  hours: config('linktor-hours', { icon: 'clock-o' }),
  most: number(10, { min: 1, max: 1000, icon: 'tachometer' }),
  within: number(60, { min: 1, max: 86_400, unit: 's', icon: 'hourglass-o' }),
  once: number(0, { min: 0, max: 86_400, unit: 's', icon: 'clone' }),
  allow: typed('', { types: ['str', ...dynJson], convert: as.list, icon: 'id-card-o', advanced: true }),
  exits: choice(['two', 'byReason'], { icon: 'sign-out' }),
};

type Context = ActionContext<Values<typeof fields>>;

/** Messages of a colleague that are read to inform the flow. */
const MAX_TOLD_MESSAGES = 20;
const MINUTE_MS = 60_000;

/** Pass a message only if the flow may answer, and transfer conversations to a person and back. */
export default action({
  type: 'linktor-guard',
  outputs: ['go', 'stopped', ...reasons],
  outputWhen: { stopped: { exits: ['two'] }, ...Object.fromEntries(reasons.map((reason) => [reason, byReason])) },
  busy: 'asking',
  fields,
  async run(context): Promise<Outcome> {
    const { msg, values, charge } = context;
    await charge.ready();
    if (msg.action !== undefined) return control(context);
    const id = conversationIdOf(msg);
    await charge.takeovers.settled(id);
    const { reason, opensAt } = stopped(context, id) ?? {};
    if (reason === undefined) {
      return { result: undefined, keepPayload: true, properties: { reason, opensAt, guard: await told(context, id) } };
    }
    const port = values.exits === 'two' ? 1 : 1 + reasons.indexOf(reason);
    return { result: undefined, keepPayload: true, port, properties: { reason, opensAt, guard: undefined } };
  },
});

/** @returns the first reason, by priority, why the message may not pass */
function stopped(context: Context, id: string): { reason: Reason; opensAt?: string } | undefined {
  const { values, msg, charge, notes, provided } = context;
  const { checks: wanted, hours, most, within, once, allow } = values;
  const has = (check: (typeof checked)[number]) => wanted.includes(check);
  const now = Date.now();
  if (has('person') && charge.takeovers.get(id)) return { reason: 'person' };
  const contactId = typeof msg.contactId === 'string' ? msg.contactId : undefined;
  if (has('optout') && charge.optOuts.has({ contactId, conversationId: id })) return { reason: 'optout' };
  if (has('blocked') && isBlocked(msg.contact)) return { reason: 'blocked' };
  if (allow && !isAllowed(msg, id, allow)) return { reason: 'blocked' };
  const times = hours === '' ? undefined : provided<OpeningHours>(hours);
  if (times && !times.isOpen(now)) {
    const at = times.next(now);
    return { reason: 'closed', ...(at !== undefined && { opensAt: new Date(at).toISOString() }) };
  }
  if (once > 0 && repeatsOf(notes, once).isRepeated(personOf(msg, id), String(msg.payload ?? ''), now)) {
    return { reason: 'repeated' };
  }
  if (has('rate') && !rateOf(notes, most, within).pass(id, now)) return { reason: 'too_many' };
  return undefined;
}

/** @returns, once after a takeover by a person, the messages sent during it */
async function told({ client, charge }: Context, id: string): Promise<object | undefined> {
  const stretch = charge.takeovers.takeStretch(id);
  if (!stretch) return undefined;
  const { from, to, by, reason } = stretch;
  // The flow continues even if the messages cannot be read.
  const page = await client.conversations.messages(id, { limit: MAX_TOLD_MESSAGES }).catch(() => undefined);
  const isMeanwhile = (at: number) => at >= from - 1000 && at <= to + 1000;
  const messages = (page?.items ?? [])
    .filter(({ direction, createdAt = '' }) => direction === 'outbound' && isMeanwhile(Date.parse(createdAt)))
    .map(({ createdAt: at, senderId, text }) => ({ at, by: senderId, text }))
    .reverse();
  return { handback: { from: isoOf(from), to: isoOf(to), by, reason, messages } };
}

function control({ msg, charge }: Context): Outcome {
  const { takeovers } = charge;
  const { action: wanted } = msg;
  if (wanted === 'list')
    return { result: undefined, keepPayload: true, properties: { payload: takeovers.list().map(shown) } };
  const id = conversationIdOf(msg);
  switch (wanted) {
    case 'pause':
      takeovers.begin(id, 'flow', undefined, minutesOf(msg));
      break;
    case 'resume':
      takeovers.end(id, 'flow');
      break;
    case 'status':
      break;
    default:
      throw invalid(
        'msg.action must be "pause", "resume", "status" or "list".',
        'Remove msg.action to check a message.',
      );
  }
  const takeover = takeovers.get(id);
  const guard = takeover ? { inCharge: 'person', ...shown(takeover) } : { inCharge: 'flow', conversationId: id };
  return { result: undefined, keepPayload: true, properties: { guard } };
}

function shown({ conversationId, reason, by, since, until }: Takeover) {
  return { conversationId, reason, by, since: isoOf(since), ...(until !== undefined && { until: isoOf(until) }) };
}

/** @returns milliseconds; 0 for no limit; undefined for the default of the account */
function minutesOf({ minutes }: Readonly<Msg>): number | undefined {
  if (minutes === undefined) return undefined;
  return as.number(0, 525_600)(minutes, 'minutes') * MINUTE_MS;
}

function conversationIdOf({ conversationId }: Readonly<Msg>): string {
  if (conversationId === undefined || conversationId === '') {
    throw invalid('"conversationId" is missing.', 'Give msg.conversationId, as messages of Linktor triggers have it.');
  }
  return as.id(conversationId, 'conversationId');
}

/** Servers represent a blocked contact in several ways. */
function isBlocked(contact: unknown): boolean {
  if (!isObject(contact)) return false;
  const { blocked, isBlocked: flag, status, tags } = contact;
  return blocked === true || flag === true || status === 'blocked' || (Array.isArray(tags) && tags.includes('blocked'));
}

function isAllowed({ contact, contactId, sender }: Readonly<Msg>, id: string, allow: readonly string[]): boolean {
  const senderId = isObject(sender) ? sender.id : undefined;
  const known = isObject(contact) ? contact : {};
  const message = { conversationId: id, senderId: typeof senderId === 'string' ? senderId : undefined };
  const conversation = {
    id,
    contactId: contactId as string | undefined,
    contact: { id: '', identifiers: [], ...known },
  };
  return allowListTest(allow)(message, conversation);
}

function personOf({ contactId, sender }: Readonly<Msg>, id: string): string {
  const senderId = isObject(sender) ? sender.id : undefined;
  return String(contactId ?? senderId ?? id);
}

function rateOf(notes: Map<string, unknown>, most: number, within: number): AnswerRate {
  const known = notes.get('rate') as AnswerRate | undefined;
  const rate = known ?? new AnswerRate(most, within * 1000);
  notes.set('rate', rate);
  return rate;
}

function repeatsOf(notes: Map<string, unknown>, once: number): Repeats {
  const known = notes.get('repeats') as Repeats | undefined;
  const repeats = known ?? new Repeats(once * 1000);
  notes.set('repeats', repeats);
  return repeats;
}

const isoOf = (at: number) => new Date(at).toISOString();
