import { parseJson } from '../contract/json';
import { invalid, LinktorError } from '../errors';

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
  // Schemas made for other programs hold words of theirs.
  const validator = new Validator({ strict: false, allErrors: true, logger: false });
  let fits: ReturnType<typeof validator.compile>;
  try {
    fits = validator.compile(schema);
  } catch (error) {
    throw unusable((error as Error).message);
  }
  return {
    text,
    read(answer) {
      const value = parsed(answer);
      if (fits(value)) return value;
      const problems = (fits.errors ?? []).map(({ instancePath, message = '' }) => ({ path: instancePath, message }));
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
  const text = answer.trim();
  const inside = /^```\w*\s*([\s\S]*?)\s*```$/.exec(text)?.[1] ?? text;
  try {
    return parseJson(inside);
  } catch (error) {
    throw misfit('The answer is not JSON', answer, [{ path: '', message: (error as Error).message }]);
  }
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
