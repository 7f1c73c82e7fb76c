import { answerKinds } from '../../../lib/dialogue/index';
import { as, choice, dynJson, number, table, text, typed, type Values } from '../fields';
import { carryFields, reminderFields, waitFields, whoFields, wordFields } from './shared-fields';

/** Kinds that a form does not offer: its column "rule" covers them. */
const ruled: readonly string[] = ['regex', 'test'];
const kinds = answerKinds.filter((kind) => !ruled.includes(kind));

const words = { section: 'words' };

/** The settings of a form. */
export const formFields = {
  conversation: typed('conversationId', {
    required: true,
    convert: as.id,
    pick: 'conversations',
    icon: 'comments',
  }),
  fields: table(
    [
      { name: 'key', share: 2 },
      { name: 'question', kind: 'area', share: 4 },
      { name: 'kind', kind: 'choice', options: kinds, share: 2 },
      { name: 'choices', share: 3 },
      { name: 'required', kind: 'flag' },
      { name: 'rule', share: 3 },
      { name: 'skipIf', share: 3 },
      { name: 'why', share: 3 },
    ],
    { icon: 'list-ol', required: true },
  ),
  review: choice(['none', 'summary'], { icon: 'check-square-o' }),
  ...waitFields,
  within: number(24, { min: 1, unit: 'h', icon: 'hourglass-end' }),
  ...wordFields,
  backWords: text('', { hint: true, icon: 'undo', ...words }),
  skipWords: text('', { hint: true, icon: 'step-forward', ...words }),
  ...reminderFields,
  ...whoFields,
  known: typed('form.values', { types: dynJson, convert: as.object, icon: 'database', advanced: true }),
  saveTo: choice(['none', 'contact', 'conversation'], { icon: 'save', advanced: true }),
  ...carryFields,
};

export type FormValues = Values<typeof formFields>;
