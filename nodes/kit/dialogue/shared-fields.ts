import { awaitable, languages } from '../../../lib/dialogue/index';
import { as, choice, flag, number, table, text, typed, type Values } from '../fields';

const words = { section: 'words' };
const people = { section: 'who' };

/** Timeout and repetition of a question. */
export const waitFields = {
  timeout: number(1, { min: 1, icon: 'hourglass-o' }),
  timeoutUnit: choice(['h', 'min', 's', 'd'], { icon: 'clock-o' }),
  tries: number(2, { min: 0, max: 10, icon: 'repeat' }),
};

/** Texts other than the question, and input other than the answer. */
export const wordFields = {
  language: choice(['auto', ...languages], { icon: 'language', ...words }),
  invalidText: typed('invalidText', {
    convert: as.string,
    start: 'str',
    area: true,
    icon: 'exclamation-circle',
    ...words,
  }),
  cancelWords: text('', { hint: true, icon: 'ban', ...words }),
  letThrough: flag(true, { icon: 'terminal', ...words }),
  late: choice(['pass', 'tell'], { icon: 'history', ...words }),
};

export const reminderFields = {
  reminders: table(
    [
      { name: 'after', kind: 'number' },
      { name: 'text', kind: 'area', share: 3 },
    ],
    { icon: 'bell-o', section: 'reminders' },
  ),
};

/** The people whose answer counts. */
export const whoFields = {
  who: choice(awaitable, { icon: 'id-card-o', ...people }),
  whoIds: typed('whoIds', {
    types: ['msg', 'str', 'json', 'flow', 'global', 'env', 'jsonata'],
    convert: as.list,
    required: true,
    icon: 'users',
    ...people,
    when: { who: ['these'] },
  }),
  notYouText: text('', { hint: true, icon: 'commenting-o', ...people, when: { who: ['these'] } }),
  another: choice(['replace', 'queue', 'refuse'], { icon: 'clone', ...people }),
  onTakeover: choice(['end', 'keep'], { icon: 'handshake-o', ...people }),
};

/** The parts of the message that are kept until the dialogue ends. */
export const carryFields = {
  carry: choice(['all', 'only'], { icon: 'suitcase', advanced: true }),
  carryOnly: text('', { hint: true, icon: 'list', advanced: true, when: { carry: ['only'] } }),
};

const sharedFields = { ...waitFields, ...wordFields, ...reminderFields, ...whoFields, ...carryFields };

/** The settings shared by all nodes that ask questions. */
export type SharedFields = typeof sharedFields;
export type SharedValues = Values<SharedFields>;
