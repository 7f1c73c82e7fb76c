import {
  type AnswerKind,
  type AnswerRules,
  type Choice,
  confirmChoices,
  type Dialogue,
  type FormField,
  type FormRules,
  type FormState,
  type Judged,
  judge,
  type Language,
  phrase,
  steeringWords,
  titleOf,
  yesAndNo,
} from '../../../lib/dialogue/index';
import { invalid } from '../../../lib/errors';
import { isObject, type Message } from '../../../lib/model';
import { readList } from '../../../lib/text/index';
import type { People } from '../define';
import type { Msg } from '../red';
import { renderTemplate } from '../template';
import type { FormValues } from './form-fields';
import { readChoices } from './question';
import type { Standing } from './standing';

/** One prepared line of the table. */
export interface FormLine extends FormField {
  /** JSONata that returns true, false or the text of the reply */
  rule: string;
  /** JSONata over `form.values` */
  skipIf: string;
}

/** The data of a form in its record. */
export interface FormData extends Standing {
  form: FormState;
  /** deadline of the whole form, milliseconds of our clock */
  until: number;
}

export function formDataOf({ data }: Dialogue): FormData {
  return data as unknown as FormData;
}

/** @throws LinktorError `validation` when there are no lines, or a line is invalid or a duplicate */
export function linesOf(rows: FormValues['fields'], language: Language): FormLine[] {
  if (rows.length === 0) throw invalid('The form has no questions.', 'Fill in the table "fields" of this node.');
  const lines = rows.map((row, index) => lineOf(row, index + 1, language));
  const twice = lines.find(({ key }, index) => lines.findIndex((other) => other.key === key) !== index);
  if (twice) throw invalid(`Two questions have the key "${twice.key}".`, 'Give each question a key of its own.');
  return lines;
}

function lineOf(row: Readonly<Record<string, unknown>>, number: number, language: Language): FormLine {
  const textOf = (name: string) => String(row[name] ?? '').trim();
  const key = textOf('key');
  const question = textOf('question');
  if (key === '' || question === '') {
    throw invalid(`Line ${number} of the form has no ${key === '' ? 'key' : 'question'}.`, 'Fill in both.');
  }
  if (key === '__proto__') throw invalid(`"${key}" cannot be a key.`, 'Give the question another key.');
  const kind = (textOf('kind') || 'anything') as AnswerKind;
  const why = textOf('why');
  return {
    ...{ key, question, kind, required: row.required === true, rule: textOf('rule'), skipIf: textOf('skipIf') },
    choices: readChoices(kind, choicesIn(row.choices), language),
    ...(why !== '' && { why }),
  };
}

/** Parse titles separated by commas, or a JSON list of choices with their own ids and words. */
function choicesIn(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  if (given.trim() === '') return undefined;
  try {
    const list: unknown = JSON.parse(given);
    if (Array.isArray(list)) return list;
  } catch {
    // Titles.
  }
  return readList(given, 'choices');
}

/** The parts of the node context that are needed to judge an answer. */
export interface FormContext {
  values: FormValues;
  people: People;
  msg: Readonly<Msg>;
  expression(source: string, entry: Readonly<Msg>): Promise<unknown>;
}

/**
 * @param messages the messages of the answer, none when the form begins
 * @param offered the choices as shown to the contact
 */
export function rulesOf(
  { values, people, msg, expression }: FormContext,
  lines: readonly FormLine[],
  language: Language,
  messages: readonly Message[] = [],
  offered: readonly Choice[] = [],
): FormRules {
  const wordsOr = (own: string, does: Parameters<typeof steeringWords>[0]) =>
    own === '' ? steeringWords(does, language) : readList(own, `${does}Words`);
  const rulesFor = (kind: AnswerKind): AnswerRules => {
    const { country, zone } = people;
    return { kind, choices: offered, language, country, zone };
  };
  const about = (held: Readonly<Record<string, unknown>>, payload?: unknown): Msg => {
    const form = { ...(isObject(msg.form) ? msg.form : {}), values: held };
    return payload === undefined ? { ...msg, form } : { ...msg, payload, form };
  };
  const lineFor = ({ key }: FormField) => lines.find((line) => line.key === key);
  return {
    fields: lines,
    language,
    confirm: values.review === 'summary',
    backWords: wordsOr(values.backWords, 'back'),
    skipWords: wordsOr(values.skipWords, 'skip'),
    whyWords: steeringWords('why', language),
    skips: async (field, held) => {
      const { skipIf = '' } = lineFor(field) ?? {};
      return skipIf !== '' && Boolean(await expression(skipIf, about(held)));
    },
    judge: async (field, held): Promise<Judged> => {
      const judged = await judge(messages, rulesFor(field.kind));
      const { rule = '' } = lineFor(field) ?? {};
      if (!judged.ok || rule === '') return judged;
      const verdict = await expression(rule, about(held, judged.value));
      if (verdict === true) return judged;
      const isSaid = typeof verdict === 'string' && verdict !== '';
      return { ok: false, say: isSaid ? { text: verdict } : { phrase: 'invalid' } };
    },
    choose: async () => {
      const judged = await judge(messages, rulesFor('choice'));
      return judged.ok ? judged.choice?.id : undefined;
    },
  };
}

/**
 * Build the next question of a form: about a field, or the final confirmation.
 * @param field undefined for the confirmation
 * @throws LinktorError `validation` when a question refers to a missing value
 */
export function standingFor(
  { msg }: Pick<FormContext, 'msg'>,
  lines: readonly FormLine[],
  state: FormState,
  field: FormField | undefined,
  { language, step, typed }: Pick<Standing, 'language' | 'step' | 'typed'>,
): Standing {
  const same = { language, step, typed };
  if (!field) {
    const text = [phrase(language, 'summary'), ...summaryOf(lines, state, language)].join('\n');
    return { ...same, text, choices: confirmChoices({ fields: lines, language }, state) };
  }
  const about = { ...msg, form: { values: state.values } };
  const text = renderTemplate(field.question, 'question', about, { isEarlier: false });
  return { ...same, text, choices: [...field.choices] };
}

function summaryOf(lines: readonly FormLine[], { values }: FormState, language: Language): string[] {
  return lines
    .filter(({ key }) => Object.hasOwn(values, key))
    .map((line) => `${titleOf(line)}: ${shown(values[line.key], line, language)}`);
}

/** @returns a value in words for the contact */
function shown(value: unknown, { choices }: FormLine, language: Language): string {
  if (typeof value === 'boolean') return yesAndNo[language][value ? 0 : 1];
  if (Array.isArray(value)) return value.map((file) => String(file.filename ?? file.type ?? file)).join(', ');
  if (isObject(value)) return String(value.name ?? value.address ?? `${value.latitude}, ${value.longitude}`);
  return choices.find(({ id }) => id === value)?.title ?? String(value);
}
