import { bracketed, parseJson } from '../contract/json';
import { invalid, LinktorError } from '../errors';
import { isObject } from '../model';
import { linearKeywords } from './json-schema-keywords';

/** The required JSON format of an answer. */
export interface AnswerSchema {
  /** the JSON Schema as a text */
  readonly text: string;
  /**
   * @returns the value of the answer
   * @throws LinktorError `serialization` when it is no JSON or does not fit, with `{text, problems}` as its details
   */
  read(answer: string): unknown;
}

/** Length in UTF-16 units above which only the first problem of an answer is reported. */
const MAX_FULLY_REPORTED = 16_384;

interface Problem {
  /** JSON pointer; `''` is the whole */
  path: string;
  message: string;
}

/**
 * Compile a JSON Schema: draft 7, or 2019-09 or 2020-12 according to `$schema`.
 * @param known the compiled schema of the last call, returned when the schema is the same
 * @throws LinktorError `validation` when it is no JSON Schema
 */
export async function compileSchema(schema: Record<string, unknown>, known?: AnswerSchema): Promise<AnswerSchema> {
  const text = textOf(schema);
  if (known?.text === text) return known;
  return compile(unwrapped(schema), text);
}

/** A schema has at least one of these keywords. */
const SCHEMA_KEYWORDS = new Set(
  (
    '$schema $ref $defs $id definitions type enum const properties patternProperties additionalProperties items ' +
    'prefixItems contains anyOf oneOf allOf not if then else required format pattern minimum maximum minLength ' +
    'maxLength minItems maxItems uniqueItems minProperties maxProperties propertyNames dependentRequired'
  ).split(' '),
);

/**
 * The schema inside `{type: 'json_schema', json_schema: {schema}}` and `{name, schema, strict}`, as some APIs want it.
 * @throws LinktorError `validation` for an example of an answer: as a schema it would check nothing
 */
function unwrapped(given: Record<string, unknown>): Record<string, unknown> {
  const format = isObject(given.json_schema) ? given.json_schema : isObject(given.format) ? given.format : given;
  const schema = isObject(format.schema) && !('properties' in format) ? format.schema : format;
  if (Object.keys(schema).length > 0 && !Object.keys(schema).some((key) => SCHEMA_KEYWORDS.has(key))) {
    throw unusable('it has none of the words that a schema has, so it would check nothing. Is it an example?');
  }
  return schema;
}

async function compile(schema: Record<string, unknown>, text: string): Promise<AnswerSchema> {
  // An asynchronous schema would return a promise, which would count as valid.
  if ('$async' in schema) throw unusable('$async is not for answers');
  const Validator = await validatorOf(schema);
  const make = (allErrors: boolean) => {
    // Schemas written for other programs may contain unknown keywords.
    const validator = new Validator({ strict: false, allErrors, logger: false, code: { regExp: linear.regExp } });
    validator.removeKeyword('uniqueItems').addKeyword(linear.uniqueItems);
    return validator.compile(schema);
  };
  const linear = linearKeywords(/"\$(?:recursiveRef|dynamicRef|ref)"/.test(text));
  let fits: ReturnType<typeof make>;
  let brief: ReturnType<typeof make> | undefined;
  try {
    fits = make(true);
  } catch (error) {
    throw unusable((error as Error).message);
  }
  return {
    text,
    read(answer) {
      const value = parsed(answer);
      // Collecting all errors takes quadratic time in the length of an answer.
      if (answer.length > MAX_FULLY_REPORTED) brief ??= make(false);
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

/** Parse the JSON value of an answer: alone, in a code block, after reasoning, or within other text. */
function parsed(answer: string): unknown {
  const text = answer.replace(/^\s*<think(?:ing)?>[\s\S]*?<\/think(?:ing)?>/i, '').trim();
  const fenced = /```\w*\s*\n?([\s\S]*?)(?:```|$)/.exec(text)?.[1]?.trim();
  let problem: Error | undefined;
  for (const candidate of [text, fenced, ...valuesIn(text)]) {
    if (candidate === undefined || candidate === '') continue;
    try {
      return parseJson(candidate);
    } catch (error) {
      problem ??= error as Error;
    }
    try {
      return parseJson(mended(candidate));
    } catch {
      // The first problem is the most useful one.
    }
  }
  throw misfit('The answer is not JSON', answer, [{ path: '', message: problem?.message ?? 'it is empty' }]);
}

const STRING_OR_TRAILING_COMMA = /"(?:[^"\\]|\\[\s\S]?)*(?:"|$)|,(?=\s*[}\]])/g;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** @returns the text without commas before a closing bracket, and with the line breaks of its strings as JSON writes them */
function mended(text: string): string {
  return text.replace(STRING_OR_TRAILING_COMMA, (part) =>
    part === ',' ? '' : part.replace(/[\n\r\t]/g, (one) => ESCAPES[one] ?? one),
  );
}

/** The outermost `{...}` or `[...]` of a text, only if unique: two may be an example and the answer. */
function valuesIn(text: string): string[] {
  const values = bracketed(text).filter((one) => /[{"]/.test(one));
  return values.length === 1 ? values : [];
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
