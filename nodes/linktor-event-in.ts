import type { Delivery } from '../lib/realtime';
import { copyOf } from './kit/copy';
import { type TriggerContext, trigger } from './kit/define';
import { as, checks, choice, flag, isObject, number, typed } from './kit/fields';
import { contentOf } from './kit/to-msg';

const events = [
  'conversation.created',
  'conversation.updated',
  'conversation.assigned',
  'conversation.resolved',
  'conversation.reopened',
  'conversation.escalated',
  'conversation.idle',
  'takeover.began',
  'takeover.ended',
  'contact.created',
  'contact.updated',
  'contact.merged',
  'contact.deleted',
  'contact.opted_out',
  'contact.opted_in',
  'channel.connected',
  'channel.disconnected',
  'channel.error',
  'bot.started',
  'bot.stopped',
  'bot.handoff',
  'flow.started',
  'flow.completed',
  'flow.failed',
  'connection.open',
  'connection.waiting',
  'connection.refused',
  'connection.closed',
  'sync.gap',
] as const;

/** generated here, for the nodes that select it */
const IDLE = 'conversation.idle';

/** Port by prefix of the event name; other prefixes use the port of bots and flows. */
const groups = ['conversation', 'contact', 'channel', 'automation', 'connection'] as const;
const portOf = new Map<string, number>([
  ...groups.map((group, port): [string, number] => [group, port]),
  ['sync', groups.indexOf('connection')],
  ['takeover', groups.indexOf('conversation')],
]);
const otherPort = groups.indexOf('automation');

/** Events that require a subscription to conversations. */
const ABOUT_CONVERSATIONS = /^(conversation|sync|takeover|contact\.opted)/;

/** Prefixes with a trigger of their own. */
const elsewhere = new Set(['message', 'typing']);

/** Options of the field, and their properties in a conversation. */
const changes = ['status', 'assignee', 'tags', 'priority'] as const;
const propertyOf = { status: 'status', assignee: 'assignedTo', tags: 'tags', priority: 'priority' } as const;

type Content = Record<string, unknown>;

/** Emit events of conversations, contacts, channels, bots, flows and the connection. */
export default trigger({
  type: 'linktor-event-in',
  outputs: groups,
  single: 'event',
  fields: {
    events: checks(
      events,
      events.filter((name) => name.startsWith('conversation.') && name !== IDLE),
      { icon: 'bolt' },
    ),
    idleAfter: number(60, { min: 0.01, max: 43_200, unit: 'min', icon: 'hourglass-o', advanced: true }),
    channels: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'channels',
      icon: 'sitemap',
    }),
    onlyChanged: checks(changes, [], { icon: 'pencil-square-o' }),
    raw: flag(true, { icon: 'code', advanced: true }),
    outputs: choice(['1', '5'], { icon: 'sign-out' }),
  },
  listen(context) {
    const { values, toMsg, onEvent, everything, changes: watchChanges, emit } = context;
    const chosen = values.events.length > 0 ? new Set<string>(values.events) : undefined;
    const channels = values.channels && values.channels.length > 0 ? new Set(values.channels) : undefined;
    const changed = values.onlyChanged.map((one) => propertyOf[one]);
    const wanted = (name: string) => (chosen ? chosen.has(name) : !elsewhere.has(groupOf(name)));

    const isAboutOthers = chosen && !values.events.some((name) => ABOUT_CONVERSATIONS.test(name));
    if (!isAboutOthers) everything();
    if (events.some((name) => name.startsWith('conversation.') && wanted(name))) watchChanges();
    if (chosen?.has(IDLE)) watchSilence(context, values.idleAfter);
    onEvent((delivery) => {
      const { event, conversation } = delivery;
      if (!wanted(event.name)) return;
      // Each node has its own idle time.
      if (event.name === IDLE && contentOf(event.original).nodeId !== context.nodeId) return;
      const group = groupOf(event.name);
      if (changed.length > 0 && group === 'conversation' && !changed.some((one) => event.changed?.includes(one))) {
        return;
      }
      const content = contentOf(event.original);
      if (channels && group !== 'connection' && group !== 'sync') {
        if (!channels.has(conversation?.channelId ?? channelOf(group, content) ?? '')) return;
      }
      emit(messageOf(delivery, group, content), values.outputs === '5' ? (portOf.get(group) ?? otherPort) : 0);
    });

    function messageOf(delivery: Delivery, group: string, content: Content) {
      const { event, conversation } = delivery;
      const msg = toMsg.event(delivery, payloadOf(delivery, group, content), event.name);
      const contactId = group === 'contact' ? (content.contactId ?? content.id) : content.contactId;
      if (typeof contactId === 'string') msg.contactId ??= contactId;
      const channelId = channelOf(group, content);
      if (channelId !== undefined) msg.channelId ??= channelId;
      if (!conversation && typeof content.channelType === 'string') msg.channelType = content.channelType;
      if (conversation?.contact) msg.contact = copyOf(conversation.contact);
      if (event.changed) msg.changed = [...event.changed];
      const previous = event.previous ?? content.previousData;
      if (previous) msg.previous = copyOf(previous);
      Object.assign(msg.linktor as object, { event: originalName(event.original) ?? event.name });
      if (values.raw) msg.event = copyOf(event.original);
      return msg;
    }
    return undefined;
  },
});

/** Generate an event for conversations without messages for some time. */
function watchSilence(
  { nodeId, charge, onClose, onEvent, background, fenced, connection }: Watching,
  idleAfter: number,
): void {
  const watch = charge.idleWatch(
    nodeId,
    idleAfter * 60_000,
    fenced((conversationId: string, since: number) =>
      connection.announce({
        name: IDLE,
        conversationId,
        original: { conversationId, since: new Date(since).toISOString(), nodeId },
      }),
    ),
  );
  onClose(() => watch.stop());
  background(watch.load());
  onEvent(({ event: { name, message, conversationId } }) => {
    if (conversationId === undefined) return;
    if (name === 'conversation.resolved') watch.over(conversationId);
    else if (message) watch.said(conversationId);
  });
}

type Watching = Pick<
  TriggerContext<unknown>,
  'nodeId' | 'charge' | 'onClose' | 'onEvent' | 'background' | 'fenced' | 'connection'
>;

function groupOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

/** @returns the current conversation; for other groups, the content of the event */
function payloadOf({ event, conversation }: Delivery, group: string, content: Content): unknown {
  if (event.connection) return { ...event.connection };
  if (event.gap) return { conversationId: event.conversationId, ...event.gap };
  if (group !== 'conversation') return copyOf(content);
  const { contact: _, ...known } = conversation ?? { id: event.conversationId };
  // The cached conversation may be older than its event.
  const told = Object.values(propertyOf).filter((property) => content[property] !== undefined);
  return copyOf({
    ...known,
    ...Object.fromEntries(told.map((property) => [property, content[property]])),
    ...event.changes,
  });
}

function channelOf(group: string, { channelId, id }: Content): string | undefined {
  const named = channelId ?? (group === 'channel' ? id : undefined);
  return typeof named === 'string' ? named : undefined;
}

/** @returns the event name as sent by the server */
function originalName(original: unknown): string | undefined {
  const named = isObject(original) ? (original.event ?? original.type) : undefined;
  return typeof named === 'string' ? named : undefined;
}
