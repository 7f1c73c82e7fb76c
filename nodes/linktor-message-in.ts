import { OPTED_OUT, PERSON_IN_CHARGE } from '../lib/charge';
import { invalid } from '../lib/errors';
import { messageFilter } from '../lib/messages/filter';
import type { Message } from '../lib/model';
import type { Delivery } from '../lib/realtime';
import { trigger } from './kit/define';
import { as, checks, choice, flag, number, text, typed } from './kit/fields';
import type { Msg } from './kit/red';
import { createReceiver } from './kit/trigger/receive';
import { remembering } from './kit/trigger/remembering';

const contents = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'location',
  'contact',
  'interactive',
  'template',
  'sticker',
  'poll',
  'reaction',
] as const;
const channelTypes = [
  'webchat',
  'whatsapp',
  'telegram',
  'sms',
  'email',
  'facebook',
  'instagram',
  'rcs',
  'voice',
] as const;

/** conversations that messages have chosen, in what a deploy hands over */
const CHOSEN = 'conversations';

const filters = { section: 'filters' };
const arrival = { section: 'arrival' };

/** Emit received messages. */
export default trigger({
  type: 'linktor-message-in',
  outputs: ['message', 'filtered'],
  fields: {
    senders: checks(['contact', 'agent', 'bot', 'system'], ['contact'], { icon: 'user' }),
    channels: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'channels',
      icon: 'sitemap',
    }),
    conversations: choice(['all', 'these', 'input'], { icon: 'comments', ...filters }),
    conversationIds: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'conversations',
      icon: 'comment',
      required: true,
      ...filters,
      when: { conversations: ['these'] },
    }),
    allow: typed('', {
      convert: as.list,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      icon: 'id-card-o',
      ...filters,
    }),
    channelTypes: checks(channelTypes, [], { icon: 'random', ...filters }),
    chats: choice(['all', 'direct', 'group'], { icon: 'users', ...filters }),
    content: checks(
      contents,
      contents.filter((one) => one !== 'reaction'),
      { icon: 'file-o', ...filters },
    ),
    conversationStatus: choice(['any', 'open', 'pending', 'resolved'], { icon: 'flag-o', ...filters }),
    textRule: choice(['any', 'startsWith', 'contains', 'equals', 'regex', 'command'], { icon: 'filter', ...filters }),
    textValue: text('', {
      icon: 'quote-left',
      required: true,
      ...filters,
      when: { textRule: ['startsWith', 'contains', 'equals', 'regex', 'command'] },
      regexWhen: { textRule: ['regex'] },
    }),
    leaveAlone: flag(true, { icon: 'comments-o' }),
    obeyTakeover: flag(true, { icon: 'user-circle-o' }),
    ignoreOwn: flag(true, { icon: 'user-times', ...filters }),
    outputs: choice(['1', '2'], { icon: 'sign-out', ...filters }),
    source: choice(['realtime', 'webhook'], { icon: 'bolt', ...arrival }),
    mergeSeconds: number(0, { min: 0, max: 60, unit: 's', icon: 'compress', ...arrival }),
    mergeWait: number(10, { min: 0.1, max: 120, unit: 's', icon: 'hourglass-o', ...arrival }),
    mergeMax: number(10, { min: 1, max: 100, icon: 'list-ol', ...arrival }),
    attachments: choice(['link', 'download'], { icon: 'paperclip', ...arrival }),
    maxAttachmentMb: number(16, {
      min: 0.001,
      max: 100,
      unit: 'MB',
      icon: 'arrows-h',
      ...arrival,
      when: { attachments: ['download'] },
    }),
    variables: checks(['conversation', 'contact'], [], { icon: 'database', noneMeansNone: true, ...arrival }),
    markRead: flag(false, { icon: 'check', ...arrival }),
    raw: flag(true, { icon: 'code', ...arrival }),
  },
  listen(context) {
    const { values, emit, status } = context;
    /** subscribed conversations, unless all are */
    const asked = values.conversations === 'all' ? undefined : new Map<string, () => void>();
    const filter = messageFilter(values, { contents, allowSlow: context.storedVersion < 2, fold: context.fold });
    if (filter.isSlow) context.caution('slow_pattern');
    if (values.conversations === 'these' && values.conversationIds.length === 0) {
      throw invalid('The list of conversations is empty.', 'Name at least one in the field "conversationIds".');
    }
    if (values.allow?.length === 0) {
      throw invalid(
        'The list of allowed senders is empty.',
        'Name at least one in the field "allow", or leave it empty.',
      );
    }

    let marks = values.markRead;
    const received = createReceiver(
      context,
      values,
      remembering(context, values.variables, (msg) => {
        emit(msg);
        if (marks && (msg.linktor as { direction?: unknown }).direction === 'inbound')
          context.background(markRead(msg));
      }),
    );
    async function markRead({ conversationId, messageId, merged = [messageId] }: Msg): Promise<void> {
      try {
        await context.client.conversations.markRead(String(conversationId), merged as string[]);
      } catch (error) {
        if ((error as { code?: unknown }).code === 'not_supported') {
          // The server does not support read receipts: report it once and stop trying.
          marks = false;
          status('not_supported');
        }
        throw error;
      }
    }

    const claimed = ({ claimedBy }: Delivery) => {
      if (!values.leaveAlone || claimedBy === undefined) return undefined;
      return claimedBy === OPTED_OUT ? OPTED_OUT : 'asked';
    };
    const { takeovers } = context.charge;
    const { offers } = context.sentLog;
    const { toMsg } = context;
    const inCharge = ({ direction, conversationId }: Message) =>
      values.obeyTakeover && direction === 'inbound' && takeovers.get(conversationId) ? PERSON_IN_CHARGE : undefined;

    const isLive = values.source === 'realtime';
    const listen = isLive ? context.onEvent : context.observe;
    const ask = (id: string) => asked?.set(id, isLive ? context.subscribe(id) : () => {});
    if (values.conversations === 'all' && isLive) context.everything();
    for (const id of values.conversations === 'these' ? values.conversationIds : []) ask(id);
    if (asked && values.conversations === 'input') {
      for (const id of context.takeOver<string[]>(CHOSEN)?.value ?? []) ask(id);
      context.handOver(() => (asked.size > 0 ? [...asked.keys()] : undefined), CHOSEN);
    }
    if (!isLive) status(filter.isSlow ? 'slow_pattern' : 'listening');

    listen((delivery) => {
      const { message, conversationId = '', typing } = delivery.event;
      if (!message) {
        if (typing?.isTyping) received.typing(conversationId, typing.userId);
        return;
      }
      // A server may send more conversations than requested.
      if (asked && !asked.has(conversationId)) return;
      const refused = claimed(delivery) ?? inCharge(message) ?? filter.reasonAgainst(message, delivery.conversation);
      if (refused !== undefined && values.outputs !== '2') return;
      const msg = toMsg.message(delivery, message, values.raw);
      if (msg.choice === undefined && message.direction === 'inbound') {
        const choice = offers.choiceFor(conversationId, String(msg.payload));
        if (choice) msg.choice = choice;
      }
      if (refused === undefined) received.take(msg);
      else emit({ ...msg, reason: refused }, 1);
    });

    if (!asked || values.conversations !== 'input') return undefined;
    return ({ action, conversationId: given }) => {
      if (given === undefined || given === '') throw invalid('"conversationId" is missing.');
      const conversationId = as.id(given, 'conversationId');
      if (action === 'subscribe') {
        if (!asked.has(conversationId)) ask(conversationId);
      } else if (action === 'unsubscribe') {
        asked.get(conversationId)?.();
        asked.delete(conversationId);
      } else throw invalid('msg.action must be "subscribe" or "unsubscribe".');
    };
  },
});
