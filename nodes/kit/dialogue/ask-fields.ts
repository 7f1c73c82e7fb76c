import { answerKinds } from '../../../lib/dialogue/index';
import { as, choice, dynJson, dynNumber, flag, text, typed, type Values } from '../fields';
import { carryFields, reminderFields, waitFields, whoFields, wordFields } from './shared-fields';

const people = ['contact', 'address', 'list'];
const offering = ['choice', 'yesNo'];
const limited = ['text', 'number', 'media'];

/** The settings of a question. */
export const askFields = {
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
    columns: ['address', 'name'],
    icon: 'users',
    when: { to: ['list'] },
  }),
  channel: typed('channelId', {
    convert: as.id,
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
    when: { kind: offering },
  }),
  branch: choice(['three', 'byChoice'], { icon: 'code-fork', when: { kind: offering } }),
  least: typed('least', { types: dynNumber, convert: as.number(), icon: 'step-backward', when: { kind: limited } }),
  most: typed('most', { types: dynNumber, convert: as.number(), icon: 'step-forward', when: { kind: limited } }),
  pattern: text('', { icon: 'code', required: true, when: { kind: ['regex'] }, regexWhen: { kind: ['regex'] } }),
  test: typed('test', { types: ['jsonata'], icon: 'check', each: { kind: ['test'] }, when: { kind: ['test'] } }),
  ...waitFields,
  ...wordFields,
  closedText: text('', { hint: true, icon: 'commenting-o', section: 'words', when: { to: ['list'] } }),
  ...reminderFields,
  ...whoFields,
  understand: flag(false, { icon: 'magic', advanced: true }),
  model: text('', { icon: 'microchip', advanced: true, when: { understand: ['true'] } }),
  waitOnly: flag(false, { icon: 'headphones', advanced: true }),
  join: text('', { hint: true, icon: 'compress', advanced: true }),
  ...carryFields,
};

export type AskValues = Values<typeof askFields>;
