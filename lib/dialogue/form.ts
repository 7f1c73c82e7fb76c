import { choose, foldLoosely } from '../text';
import type { AnswerKind, Choice, Judged } from './answer';
import type { Language } from './languages';
import { readYesNo } from './parse/yes-no';
import { type PhraseName, phrase, yesAndNo } from './phrases';

/** One question of a form. */
export interface FormField {
  key: string;
  question: string;
  kind: AnswerKind;
  choices: readonly Choice[];
  required: boolean;
  /** sent when the person asks for the reason */
  why?: string;
}

/** Progress of a form, as stored. */
export interface FormState {
  values: Record<string, unknown>;
  /** keys in the order in which they were asked */
  asked: string[];
  skipped: string[];
  changed: string[];
  /** key of the current field, or {@link CONFIRMING} */
  at: string;
}

/** `at` while the form waits for confirmation */
export const CONFIRMING = '?';

export interface FormRules {
  fields: readonly FormField[];
  language: Language;
  confirm: boolean;
  backWords: readonly string[];
  skipWords: readonly string[];
  /** words that ask for the reason of a question */
  whyWords: readonly string[];
  /** whether a field is skipped with these values */
  skips(field: FormField, values: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** @returns the judgement of an answer: by the field's kind, then by its own rule */
  judge(field: FormField, values: Readonly<Record<string, unknown>>): Promise<Judged>;
  /** @returns the id of the choice that was pressed or typed */
  choose(choices: readonly Choice[]): Promise<string | undefined>;
}

/** Next step of a form. */
export type FormStep =
  | { kind: 'ask'; state: FormState; field: FormField }
  | { kind: 'confirm'; state: FormState }
  /** `isAttempt`: the answer was invalid */
  | { kind: 'again'; say: Extract<Judged, { ok: false }>['say']; isAttempt: boolean }
  | { kind: 'complete'; state: FormState }
  | { kind: 'cancel' };

/** @param known values of fields that are not asked; other values are kept as they are */
export function beginForm(rules: FormRules, known: Readonly<Record<string, unknown>>): Promise<FormStep> {
  const values = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== ''));
  return onwards(rules, { values, asked: [], skipped: [], changed: [], at: '' });
}

/** @param text text of the answer, checked for the words that steer a form */
export async function continueForm(rules: FormRules, state: FormState, text: string): Promise<FormStep> {
  if (isOneOf(rules.backWords, text)) return back(rules, state);
  if (state.at === CONFIRMING) return confirmed(rules, state, text);
  const field = rules.fields.find(({ key }) => key === state.at);
  // The form was edited meanwhile: the current field no longer exists.
  if (!field) return onwards(rules, state);
  if (isOneOf(rules.whyWords, text)) {
    const because = field.why ?? phrase(rules.language, field.required ? 'required' : 'optional');
    return { kind: 'again', say: { text: because }, isAttempt: false };
  }
  if (isOneOf(rules.skipWords, text)) {
    if (field.required) return { kind: 'again', say: { phrase: 'required' }, isAttempt: true };
    return onwards(rules, { ...without(state, field.key), skipped: [...new Set([...state.skipped, field.key])] });
  }
  const judged = await rules.judge(field, state.values);
  if (!judged.ok) return { kind: 'again', say: judged.say, isAttempt: true };
  const isChange = Object.hasOwn(state.values, field.key) && state.values[field.key] !== judged.value;
  return onwards(rules, {
    ...state,
    values: { ...state.values, [field.key]: judged.value },
    skipped: state.skipped.filter((key) => key !== field.key),
    changed: isChange ? [...new Set([...state.changed, field.key])] : state.changed,
  });
}

/** @returns the required fields that have no value */
export function missingOf(fields: readonly FormField[], { values }: FormState): string[] {
  return fields.filter(({ key, required }) => required && !Object.hasOwn(values, key)).map(({ key }) => key);
}

/** Ask the first field that has no value and is skipped neither by the person nor by its condition. */
async function onwards(rules: FormRules, state: FormState): Promise<FormStep> {
  const skipped = [...state.skipped];
  for (const field of rules.fields) {
    const { key } = field;
    if (Object.hasOwn(state.values, key) || skipped.includes(key)) continue;
    if (await rules.skips(field, state.values)) continue;
    const asked = [...state.asked.filter((one) => one !== key), key];
    return { kind: 'ask', field, state: { ...state, asked, at: key } };
  }
  if (!rules.confirm || state.at === CONFIRMING) return { kind: 'complete', state };
  return { kind: 'confirm', state: { ...state, at: CONFIRMING } };
}

/** Go back one question: ask the previous field again, or the first one once more. */
function back(rules: FormRules, state: FormState): Promise<FormStep> {
  const asked = state.asked.filter((key) => key !== state.at && rules.fields.some((field) => field.key === key));
  const last = asked.at(-1);
  return last === undefined ? reask(rules, state, state.at) : reask(rules, { ...state, asked }, last);
}

/** Ask only this field again; the others keep their values. */
async function reask(rules: FormRules, state: FormState, key: string): Promise<FormStep> {
  const field = rules.fields.find((one) => one.key === key);
  if (!field) return onwards(rules, { ...state, at: '' });
  return { kind: 'ask', field, state: { ...state, at: key, skipped: state.skipped.filter((one) => one !== key) } };
}

/** The choices of the confirmation: yes, a change of a field, or cancel. */
export function confirmChoices(
  { fields, language }: Pick<FormRules, 'fields' | 'language'>,
  state: FormState,
): Choice[] {
  const change = fieldsOf(fields, state).map((field) => ({
    id: `change:${field.key}`,
    title: phrase(language, 'change', titleOf(field)),
  }));
  return [{ id: 'yes', title: yesAndNo[language][0] }, ...change, { id: 'cancel', title: phrase(language, 'cancel') }];
}

/** The fields that have been asked or have a value. */
function fieldsOf(fields: readonly FormField[], { asked, values }: FormState): FormField[] {
  return fields.filter(({ key }) => asked.includes(key) || Object.hasOwn(values, key));
}

async function confirmed(rules: FormRules, state: FormState, text: string): Promise<FormStep> {
  const picked = await rules.choose(confirmChoices(rules, state));
  if (picked === 'cancel') return { kind: 'cancel' };
  if (picked === 'yes' || (picked === undefined && readYesNo(text) === true)) return { kind: 'complete', state };
  const key = picked?.startsWith('change:') ? picked.slice('change:'.length) : fieldNamed(rules, state, text);
  if (key !== undefined) return reask(rules, state, key);
  return { kind: 'again', say: { phrase: 'confirm' satisfies PhraseName }, isAttempt: true };
}

/** @returns the field that the person wants to change */
function fieldNamed({ fields }: FormRules, state: FormState, text: string): string | undefined {
  const options = fieldsOf(fields, state).map((field) => ({ id: field.key, title: titleOf(field) }));
  const found = choose(afterChangeWord(text), options);
  return found.kind === 'one' ? found.option.id : undefined;
}

const CHANGE_WORDS = [
  'change',
  'alterar',
  'mudar',
  'trocar',
  'cambiar',
  'ändern',
  'changer',
  'modifier',
  '変更',
  '修改',
  '更改',
];

/** Strip a leading word for "change": "change address" means the field "address". */
function afterChangeWord(text: string): string {
  const [first = '', ...rest] = text.trim().split(/\s+/);
  const isChange = CHANGE_WORDS.some((word) => foldLoosely(word) === foldLoosely(first));
  return isChange && rest.length > 0 ? rest.join(' ') : text;
}

/** Display name of a field in a summary. */
export function titleOf({ key }: FormField): string {
  return key.replace(/[_-]+/g, ' ');
}

function without(state: FormState, key: string): FormState {
  const { [key]: _gone, ...values } = state.values;
  return { ...state, values };
}

function isOneOf(words: readonly string[], text: string): boolean {
  const said = foldLoosely(text);
  return said !== '' && words.some((word) => foldLoosely(word) === said);
}
