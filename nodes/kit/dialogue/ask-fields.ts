import { answerKinds, awaitable } from '../../../lib/dialogue/index';
import { as, choice, dynJson, dynNumber, flag, number, table, text, typed, type Values } from '../fields';

const people = ['contact', 'address', 'list'];
const limited = ['text', 'number', 'media'];

/** What can be set about a question. */
export const askFields = {
  to: choice(['conversation', 'contact', 'address', 'list'], { icon: 'address-book-o' }),
  conversation: typed('conversationId', {
    required: true,
    convert: as.string,
    pick: 'conversations',
    icon: 'comments',
    when: { to: ['conversation'] },
  }),
  contact: typed('contactId', {
    required: true,
    convert: as.string,
    pick: 'contacts',
    icon: 'user',
    when: { to: ['contact'] },
  }),
  address: typed('address', { required: true, convert: as.string, icon: 'at', when: { to: ['address'] } }),
  recipients: typed('recipients', {
    types: dynJson,
    columns: ['address', 'name'],
    icon: 'users',
    when: { to: ['list'] },
  }),
  channel: typed('channelId', {
    convert: as.string,
    pick: 'channels',
    icon: 'random',
    when: { to: people },
  }),
  kind: choice(answerKinds, { icon: 'question-circle-o' }),
  question: typed('question', { required: true, convert: as.string, mustache: true, start: 'str', icon: 'font' }),
  choices: typed('choices', {
    types: dynJson,
    columns: ['title', 'id', 'also'],
    icon: 'list-ul',
    when: { kind: ['choice', 'yesNo'] },
  }),
  least: typed('least', { types: dynNumber, convert: as.number(), icon: 'step-backward', when: { kind: limited } }),
  most: typed('most', { types: dynNumber, convert: as.number(), icon: 'step-forward', when: { kind: limited } }),
  pattern: text('', { icon: 'code', required: true, when: { kind: ['regex'] }, regexWhen: { kind: ['regex'] } }),
  test: typed('test', { types: ['jsonata'], icon: 'check', each: { kind: ['test'] }, when: { kind: ['test'] } }),
  timeout: number(1, { min: 1, icon: 'hourglass-o' }),
  timeoutUnit: choice(['h', 'min', 's', 'd'], { icon: 'clock-o' }),
  tries: number(2, { min: 0, max: 10, icon: 'repeat' }),
  invalidText: typed('invalidText', {
    convert: as.string,
    start: 'str',
    area: true,
    icon: 'exclamation-circle',
    section: 'words',
  }),
  cancelWords: text('', { icon: 'ban', section: 'words' }),
  closedText: text('', { icon: 'commenting-o', section: 'words', when: { to: ['list'] } }),
  letThrough: flag(true, { icon: 'terminal', section: 'words' }),
  reminders: table(
    [
      { name: 'after', kind: 'number' },
      { name: 'text', kind: 'area', share: 3 },
    ],
    {
      icon: 'bell-o',
      section: 'reminders',
    },
  ),
  who: choice(awaitable, { icon: 'id-card-o', section: 'who' }),
  whoIds: typed('whoIds', {
    types: ['msg', 'str', 'json', 'flow', 'global', 'env', 'jsonata'],
    convert: as.list,
    required: true,
    icon: 'users',
    section: 'who',
    when: { who: ['these'] },
  }),
  another: choice(['replace', 'queue', 'refuse'], { icon: 'clone', section: 'who' }),
  waitOnly: flag(false, { icon: 'headphones', advanced: true }),
  join: text('', { icon: 'compress', advanced: true }),
  carry: choice(['all', 'only'], { icon: 'suitcase', advanced: true }),
  carryOnly: text('', { icon: 'list', advanced: true, when: { carry: ['only'] } }),
};

export type AskValues = Values<typeof askFields>;
