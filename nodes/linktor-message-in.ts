import { invalid } from '../lib/errors';
import { attachmentsOf, pickedOf, wordsOf } from '../lib/incoming';
import type { Conversation, Message } from '../lib/model';
import type { Delivery } from '../lib/realtime';
import { type Msg, trigger } from './kit/define';
import { as, checks, choice, flag, text, typed } from './kit/fields';

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

/** A message has been received. */
export default trigger({
  type: 'linktor-message-in',
  outputs: ['message', 'filtered'],
  fields: {
    conversations: choice(['all', 'these', 'input'], { icon: 'comments' }),
    conversationIds: typed('', {
      convert: as.strings,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'conversations',
      icon: 'comment',
      required: true,
      when: { conversations: ['these'] },
    }),
    senders: checks(['contact', 'agent', 'bot', 'system'], ['contact'], { icon: 'user' }),
    channelTypes: checks(channelTypes, [], { icon: 'random' }),
    channels: typed('', {
      convert: as.strings,
      types: ['str', 'json', 'flow', 'global', 'env', 'jsonata'],
      pick: 'channels',
      icon: 'sitemap',
    }),
    content: checks(
      contents,
      contents.filter((one) => one !== 'reaction'),
      { icon: 'file-o' },
    ),
    conversationStatus: choice(['any', 'open', 'pending', 'resolved'], { icon: 'flag-o' }),
    textRule: choice(['any', 'startsWith', 'contains', 'equals', 'regex', 'command'], { icon: 'filter' }),
    textValue: text('', {
      icon: 'quote-left',
      required: true,
      when: { textRule: ['startsWith', 'contains', 'equals', 'regex', 'command'] },
    }),
    ignoreOwn: flag(true, { icon: 'user-times' }),
    raw: flag(true, { icon: 'code' }),
    outputs: choice(['1', '2'], { icon: 'sign-out' }),
  },
  listen({ values, configId, hear, emit, everything, subscribe }) {
    const asked = new Map<string, () => void>();
    const reason = filters(values);
    if (values.conversations === 'all') everything();
    if (values.conversations === 'these' && values.conversationIds.length === 0) {
      throw invalid('The list of conversations is empty.', 'Name at least one in the field "conversationIds".');
    }
    for (const id of values.conversations === 'these' ? values.conversationIds : []) asked.set(id, subscribe(id));

    hear((delivery) => {
      const { message, conversationId = '' } = delivery.event;
      if (!message) return;
      // A server may send more than was asked for.
      if (values.conversations !== 'all' && !asked.has(conversationId)) return;
      const refused = reason(message, delivery.conversation);
      if (refused === undefined) emit(messageOf(delivery, message, values.raw, configId));
      else if (values.outputs === '2')
        emit({ ...messageOf(delivery, message, values.raw, configId), reason: refused }, 1);
    });

    if (values.conversations !== 'input') return undefined;
    return ({ action, conversationId }) => {
      if (typeof conversationId !== 'string' || conversationId === '') throw invalid('"conversationId" is missing.');
      if (action === 'subscribe') {
        if (!asked.has(conversationId)) asked.set(conversationId, subscribe(conversationId));
      } else if (action === 'unsubscribe') {
        asked.get(conversationId)?.();
        asked.delete(conversationId);
      } else throw invalid('msg.action must be "subscribe" or "unsubscribe".');
    };
  },
});

interface Filter {
  senders: readonly string[];
  channelTypes: readonly string[];
  channels: readonly string[] | undefined;
  content: readonly string[];
  conversationStatus: string;
  textRule: string;
  textValue: string;
  ignoreOwn: boolean;
}

/** @returns a function that says which filter keeps a message out, or undefined when it may pass */
function filters(filter: Filter): (message: Message, conversation: Conversation | undefined) => string | undefined {
  const { senders, channels = [], content, conversationStatus } = filter;
  // Nothing ticked is no filter, and a kind that nobody could tick passes.
  const unwanted = new Set<string>(content.length > 0 ? contents.filter((one) => !content.includes(one)) : []);
  const fits = textTest(filter.textRule, filter.textValue);
  return (message, conversation) => {
    const sender = message.senderType ?? (message.direction === 'inbound' ? 'contact' : 'agent');
    if (senders.length > 0 && !senders.includes(sender)) return 'sender';
    if (filter.ignoreOwn && isEcho(message)) return 'own';
    if (unwanted.has(message.contentType)) return 'content';
    const { channelType = '', channelId = '', status } = conversation ?? {};
    // whatsapp stands for whatsapp_official and the like
    if (filter.channelTypes.length > 0 && !filter.channelTypes.some((type) => channelType.startsWith(type))) {
      return 'channelType';
    }
    if (channels.length > 0 && !channels.includes(channelId)) return 'channel';
    if (conversationStatus !== 'any' && status !== conversationStatus) return 'conversationStatus';
    return fits(wordsOf(message)) ? undefined : 'text';
  };
}

/** What the business itself wrote on its phone comes back as an echo. */
function isEcho({ source, metadata }: Message): boolean {
  return source === 'business_app' || metadata?.echo === true || metadata?.source === 'business_app';
}

function textTest(rule: string, value: string): (text: string) => boolean {
  const wanted = value.toLowerCase();
  switch (rule) {
    case 'startsWith':
      return (given) => given.toLowerCase().startsWith(wanted);
    case 'contains':
      return (given) => given.toLowerCase().includes(wanted);
    case 'equals':
      return (given) => given.trim().toLowerCase() === wanted;
    case 'command':
      return (given) => given.trim().split(/\s/, 1)[0]?.toLowerCase() === `/${wanted.replace(/^\//, '')}`;
    case 'regex': {
      const expression = compiled(value);
      return (given) => expression.test(given);
    }
    default:
      return () => true;
  }
}

function compiled(source: string): RegExp {
  try {
    return new RegExp(source, 'iu');
  } catch (error) {
    throw invalid(`The field "textValue" is not a regular expression: ${(error as Error).message}`);
  }
}

/** The message that every trigger emits, and every action understands. */
function messageOf(delivery: Delivery, message: Message, raw: boolean, configId: string): Msg {
  const { event, conversation, source, receivedAt, recovered } = delivery;
  const { conversationId, id: messageId, contentType, direction } = message;
  const channelType = conversation?.channelType ?? 'unknown';
  const contact = conversation?.contact;
  const choice = pickedOf(message);
  const senderName = message.senderType === 'contact' ? contact?.name : message.senderName;
  const msg: Msg = {
    payload: wordsOf(message),
    topic: `${channelType}/${conversationId}`,
    conversationId,
    messageId,
    contactId: conversation?.contactId ?? (message.senderType === 'contact' ? message.senderId : undefined),
    channelId: conversation?.channelId,
    channelType,
    contentType,
    attachments: attachmentsOf(message),
    contact: contact ?? { id: conversation?.contactId },
    sender: { type: message.senderType, id: message.senderId, name: senderName },
    linktor: {
      configId,
      event: event.name,
      source,
      receivedAt: new Date(receivedAt).toISOString(),
      direction,
      echo: isEcho(message),
      recovered,
    },
  };
  if (choice) msg.choice = choice;
  if (message.location) msg.location = message.location;
  if (message.contact) msg.card = message.contact;
  if (raw) msg.event = event.original;
  return msg;
}
