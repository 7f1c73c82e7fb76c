import { MEDIA_FORMS } from '../../../lib/messages/media';
import { MESSAGE_KINDS } from '../../../lib/sending/index';
import { MARKUPS } from '../../../lib/text/index';
import { as, choice, dynJson, flag, number, text, typed } from '../fields';

const withText = ['text', 'buttons', 'list'];
const composed = MESSAGE_KINDS.filter((kind) => kind !== 'raw');
/** kinds that a channel may reject when the last message of the customer is too old */
const windowed = composed.filter((kind) => kind !== 'template');
/** @returns whether a channel may reject a message of this kind when the last one of the customer is too old */
export const isWindowed = (kind: string) => windowed.some((one) => one === kind);
const instead = { advanced: true, when: { kind: windowed, ifWindowClosed: ['template'] } };
/** fields with a value of their own for each recipient */
const each = { to: ['list'] };
const people = ['contact', 'address', 'list'];

/** The fields of linktor-send. */
export const sendFields = {
  to: choice(['conversation', 'contact', 'address', 'list'], { icon: 'address-book-o' }),
  conversation: typed('conversationId', {
    required: true,
    convert: as.id,
    pick: 'conversations',
    icon: 'comments',
    when: { to: ['conversation'] },
  }),
  contact: typed('contactId', {
    required: true,
    convert: as.id,
    pick: 'contacts',
    icon: 'user',
    when: { to: ['contact'] },
  }),
  address: typed('address', { required: true, convert: as.id, icon: 'at', when: { to: ['address'] } }),
  recipients: typed('recipients', {
    types: dynJson,
    columns: ['address', 'name', 'text'],
    icon: 'users',
    when: { to: ['list'] },
  }),
  recipientsOutput: choice(['summary', 'each'], { icon: 'files-o', when: { to: ['list'] } }),
  channel: typed('channelId', { convert: as.id, pick: 'channels', icon: 'random', each, when: { to: people } }),
  country: text('', { hint: true, icon: 'globe', advanced: true, when: { to: ['address', 'list'] } }),
  kind: choice(MESSAGE_KINDS, { icon: 'comment-o' }),
  text: typed('payload', {
    mustache: true,
    markup: 'markup',
    isSaid: true,
    icon: 'font',
    each,
    when: { kind: withText },
  }),
  media: typed('attachments[0]', {
    types: ['msg', 'str', 'flow', 'global', 'env', 'jsonata'],
    icon: 'picture-o',
    each,
    when: { kind: ['media'] },
  }),
  mediaForm: choice(MEDIA_FORMS, { icon: 'file-o', when: { kind: ['media'] } }),
  caption: typed('caption', {
    convert: as.string,
    mustache: true,
    markup: 'markup',
    isSaid: true,
    icon: 'font',
    each,
    when: { kind: ['media'] },
  }),
  buttons: typed('buttons', {
    types: dynJson,
    columns: ['title', 'id', 'url'],
    icon: 'hand-pointer-o',
    each,
    when: { kind: ['buttons'] },
  }),
  list: typed('list', {
    types: dynJson,
    columns: ['title', 'id', 'description', 'section'],
    icon: 'list-ul',
    each,
    when: { kind: ['list'] },
  }),
  template: typed('template', {
    pick: 'messageTemplates',
    fills: { language: 'language' },
    icon: 'file-text-o',
    each,
    when: { kind: ['template'] },
  }),
  language: text('', { hint: true, icon: 'language', when: { kind: ['template'] } }),
  parameters: typed('parameters', {
    types: dynJson,
    placeholdersOf: 'template',
    icon: 'list-ol',
    each,
    when: { kind: ['template'] },
  }),
  location: typed('payload', {
    types: dynJson,
    required: true,
    icon: 'map-marker',
    each,
    when: { kind: ['location'] },
  }),
  card: typed('payload', { types: dynJson, required: true, icon: 'address-card-o', each, when: { kind: ['contact'] } }),
  raw: typed('payload', { types: dynJson, required: true, icon: 'code', each, when: { kind: ['raw'] } }),
  metadata: typed('metadata', { types: dynJson, icon: 'tags', each, advanced: true, when: { kind: composed } }),
  markup: choice(MARKUPS, { icon: 'bold', advanced: true, when: { kind: [...withText, 'media'] } }),
  ifNoButtons: choice(['numbered', 'first', 'fail'], {
    icon: 'hand-o-right',
    advanced: true,
    when: { kind: withText },
  }),
  ifTooLong: choice(['split', 'truncate', 'fail'], {
    icon: 'scissors',
    advanced: true,
    when: { kind: [...withText, 'media'] },
  }),
  typingFirst: choice(['none', 'seconds', 'length'], { icon: 'keyboard-o', advanced: true, when: { kind: windowed } }),
  typingSeconds: number(2, {
    min: 0.1,
    max: 60,
    unit: 's',
    icon: 'clock-o',
    advanced: true,
    when: { kind: windowed, typingFirst: ['seconds'] },
  }),
  ifWindowClosed: choice(['fail', 'template', 'skip'], {
    icon: 'hourglass-end',
    advanced: true,
    when: { kind: windowed },
  }),
  windowTemplate: typed('template', {
    pick: 'messageTemplates',
    fills: { language: 'windowLanguage' },
    icon: 'file-text-o',
    each,
    ...instead,
  }),
  windowLanguage: text('', { hint: true, icon: 'language', ...instead }),
  windowParameters: typed('parameters', {
    types: dynJson,
    placeholdersOf: 'windowTemplate',
    icon: 'list-ol',
    each,
    ...instead,
  }),
  replyTo: choice(['none', 'incoming', 'message'], { icon: 'reply', advanced: true, when: { kind: composed } }),
  replyToMessage: typed('replyTo', {
    required: true,
    convert: as.id,
    icon: 'commenting-o',
    each,
    advanced: true,
    when: { kind: composed, replyTo: ['message'] },
  }),
  idempotency: choice(['perSend', 'none', 'key'], { icon: 'key', advanced: true }),
  idempotencyKey: typed('idempotencyKey', {
    required: true,
    convert: as.id,
    icon: 'key',
    advanced: true,
    when: { idempotency: ['key'] },
  }),
  obeyTakeover: flag(true, { icon: 'user-circle-o', advanced: true }),
  obeyOptOut: flag(false, {
    startValue: true,
    icon: 'bell-slash-o',
    advanced: true,
    when: { to: ['contact', 'address'] },
  }),
  waitFor: choice(['accepted', 'delivered', 'read'], { icon: 'check', advanced: true }),
  waitTimeout: number(60, {
    min: 1,
    max: 3600,
    unit: 's',
    icon: 'clock-o',
    advanced: true,
    when: { waitFor: ['delivered', 'read'] },
  }),
};
