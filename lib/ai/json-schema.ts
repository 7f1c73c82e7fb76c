import { parseJson } from '../contract/json';
import { invalid, LinktorError } from '../errors';
import { linearKeywords } from './json-schema-keywords';

/** The JSON that an answer has to be. */
export interface AnswerSchema {
  /** the JSON Schema as a text */
  readonly text: string;
  /**
   * @returns what the answer says
   * @throws LinktorError `serialization` when it is no JSON or does not fit, with `{text, problems}` as its details
   */
  read(answer: string): unknown;
}

/** Of a longer answer, in UTF-16 units, only the first problem is named. */
const MAX_FULLY_REPORTED = 16_384;

interface Problem {
  /** JSON pointer; `''` is the whole */
  path: string;
  message: string;
}

/**
 * Make a JSON Schema ready: draft 7, or 2019-09 and 2020-12 where `$schema` says so.
 * @param known what the last schema has become: kept when it is the same one
 * @throws LinktorError `validation` when it is no JSON Schema
 */
export async function compileSchema(schema: Record<string, unknown>, known?: AnswerSchema): Promise<AnswerSchema> {
  const text = textOf(schema);
  if (known?.text === text) return known;
  // It would answer later, with a promise, which is as good as a yes.
  if ('$async' in schema) throw unusable('$async is not for answers');
  const Validator = await validatorOf(schema);
  const compile = (allErrors: boolean) => {
    // Schemas made for other programs hold words of theirs.
    const validator = new Validator({ strict: false, allErrors, logger: false, code: { regExp: linear.regExp } });
    validator.removeKeyword('uniqueItems').addKeyword(linear.uniqueItems);
    return validator.compile(schema);
  };
  const linear = linearKeywords();
  let fits: ReturnType<typeof compile>;
  let brief: ReturnType<typeof compile> | undefined;
  try {
    fits = compile(true);
  } catch (error) {
    throw unusable((error as Error).message);
  }
  return {
    text,
    read(answer) {
      const value = parsed(answer);
      // To collect all errors of a large answer takes the square of its length.
      if (answer.length > MAX_FULLY_REPORTED) brief ??= compile(false);
      const check = answer.length > MAX_FULLY_REPORTED && brief ? brief : fits;
      let isFit: boolean;
      try {
        isFit = linear.check(() => check(value));
      } catch (error) {
        throw misfit('The answer could not be checked', answer, [{ path: '', message: (error as Error).message }]);
      }
      if (isFit) return value;
      const problems = (check.errors ?? []).map(({ instancePath, message = '' }) => ({ path: instancePath, message }));
      throw misfit('The answer does not fit the JSON schema', answer, problems);
    },
  };
}

async function validatorOf({ $schema }: Record<string, unknown>) {
  const draft = String($schema);
  if (draft.includes('2020-12')) return (await import('ajv/dist/2020.js')).Ajv2020;
  if (draft.includes('2019-09')) return (await import('ajv/dist/2019.js')).Ajv2019;
  return (await import('ajv')).Ajv;
}

function textOf(schema: Record<string, unknown>): string {
  try {
    return JSON.stringify(schema);
  } catch {
    throw unusable('it cannot be written as JSON');
  }
}

/** Models like to put what they give into a block of code. */
function parsed(answer: string): unknown {
  try {
    return parseJson(unfenced(answer.trim()));
  } catch (error) {
    throw misfit('The answer is not JSON', answer, [{ path: '', message: (error as Error).message }]);
  }
}

function unfenced(text: string): string {
  if (text.length < 6 || !text.startsWith('```') || !text.endsWith('```')) return text;
  // The language behind the fence; an answer of one word in a fence has none.
  return text.slice(3, -3).replace(/^\w*/, '').trim();
}

function unusable(reason: string): LinktorError {
  return invalid(
    `The field "schema" is not a JSON schema: ${reason}.`,
    'Give a JSON Schema, such as {"type": "object"}.',
  );
}

function misfit(what: string, text: string, problems: readonly Problem[]): LinktorError {
  const first = [problems[0]?.path, problems[0]?.message].filter(Boolean).join(' ');
  return new LinktorError('serialization', `${what}: ${first}.`, {
    details: { text, problems },
    hint: 'It has been paid for and is in cause.details. Ask again with a simpler schema or clearer instructions.',
  });
}
