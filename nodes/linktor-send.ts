import { invalid } from '../lib/errors';
import type { Message, Outgoing } from '../lib/model';
import * as outgoing from '../lib/outgoing';
import { action } from './kit/define';
import { as, choice, dynJson, text, typed } from './kit/fields';

const kinds = ['text', 'media', 'buttons', 'list', 'template', 'location', 'contact', 'raw'] as const;
type Kind = (typeof kinds)[number];
const withText = ['text', 'buttons', 'list'];
const composed = kinds.filter((kind) => kind !== 'raw');

/** Send a message into a conversation. */
export default action({
  type: 'linktor-send',
  outputs: ['sent'],
  result: 'sent',
  busy: 'sending',
  fields: {
    conversation: typed('conversationId', {
      required: true,
      convert: as.string,
      pick: 'conversations',
      icon: 'comments',
    }),
    kind: choice(kinds, { icon: 'tag' }),
    text: typed('payload', { mustache: true, icon: 'font', when: { kind: withText } }),
    media: typed('attachments[0]', {
      types: ['msg', 'str', 'flow', 'global', 'env', 'jsonata'],
      icon: 'picture-o',
      when: { kind: ['media'] },
    }),
    caption: typed('caption', { convert: as.string, mustache: true, icon: 'font', when: { kind: ['media'] } }),
    buttons: typed('buttons', {
      types: dynJson,
      columns: ['title', 'id', 'url'],
      icon: 'hand-pointer-o',
      when: { kind: ['buttons'] },
    }),
    list: typed('list', {
      types: dynJson,
      columns: ['title', 'id', 'description', 'section'],
      icon: 'list-ul',
      when: { kind: ['list'] },
    }),
    template: typed('template', { icon: 'file-text-o', when: { kind: ['template'] } }),
    language: text('', { icon: 'language', when: { kind: ['template'] } }),
    parameters: typed('parameters', { types: dynJson, icon: 'list-ol', when: { kind: ['template'] } }),
    location: typed('payload', { types: dynJson, required: true, icon: 'map-marker', when: { kind: ['location'] } }),
    card: typed('payload', { types: dynJson, required: true, icon: 'address-card-o', when: { kind: ['contact'] } }),
    raw: typed('payload', { types: dynJson, required: true, icon: 'code', when: { kind: ['raw'] } }),
    metadata: typed('metadata', { types: dynJson, icon: 'tags', when: { kind: composed } }),
  },
  async run({ client, values }) {
    const { conversation } = values;
    const message = values.kind === 'raw' ? undefined : compose(values.kind as Kind, values);
    const { conversations } = client;
    const sent = message
      ? await conversations.send(conversation, message)
      : await conversations.sendRaw(conversation, rawBody(values.raw));
    return { result: receipt(sent, conversation) };
  },
});

interface Said {
  text?: unknown;
  media?: unknown;
  caption?: string;
  buttons?: unknown;
  list?: unknown;
  template?: unknown;
  language: string;
  parameters?: unknown;
  location: unknown;
  card: unknown;
  metadata?: unknown;
}

function compose(kind: Kind, said: Said): Outgoing {
  const message = ofKind(kind, said);
  if (said.metadata === undefined) return message;
  if (typeof said.metadata !== 'object' || Array.isArray(said.metadata)) throw invalid('"metadata" must be an object.');
  return { ...message, metadata: said.metadata as Outgoing['metadata'] };
}

function ofKind(kind: Kind, said: Said): Outgoing {
  switch (kind) {
    case 'media':
      return outgoing.mediaMessage(said.media, said.caption);
    case 'buttons':
      return outgoing.buttonsMessage(outgoing.textOf(said.text), said.buttons);
    case 'list':
      return outgoing.listMessage(outgoing.textOf(said.text), said.list);
    case 'template':
      return outgoing.templateMessage(said.template, said.language, said.parameters);
    case 'location':
      return outgoing.locationMessage(said.location);
    case 'contact':
      return outgoing.contactMessage(said.card);
    default:
      return outgoing.textMessage(said.text);
  }
}

function rawBody(given: unknown): object {
  if (typeof given === 'object' && given !== null && !Array.isArray(given) && !Buffer.isBuffer(given)) return given;
  throw invalid('A raw message must be an object.', 'Give the body of the send request in msg.payload.');
}

function receipt(sent: Message, conversation: string): object {
  return {
    messageId: sent.id,
    status: sent.status ?? 'pending',
    conversationId: sent.conversationId || conversation,
    at: sent.createdAt ?? new Date().toISOString(),
    parts: 1,
  };
}
