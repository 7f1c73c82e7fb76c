import { invalid, type LinktorError } from '../../lib/errors';
import { ABSENT_SOURCE, type Field, type Fields, type Values, type When } from './fields';
import { versionOf } from './migrations';
import type { Msg, RED, RunningNode, Stored } from './red';
import { refuseEmptyParts, renderTemplate } from './template';
import { takesVariables, variableIn } from './variables';

/** The stored value of one field, prepared once. */
interface FieldSource {
  name: string;
  field: Field<unknown>;
  /** typed fields are evaluated for every message */
  source?: { type: string; value: string };
  /** stored by package 0.1.0 */
  isEarlier: boolean;
  /** value of a field that is not typed */
  fixed?: unknown;
  problem?: LinktorError;
}

type TypedSource = FieldSource & { source: { type: string; value: string } };

export interface Evaluate {
  /** synchronous for nearly every message; a promise only when a source is asynchronous */
  (msg: Msg): Given | Promise<Given>;
  /** only the fields for entries of a list, without the fields for the list itself */
  each(msg: Msg): Given | Promise<Given>;
}

type Given = Record<string, unknown>;

/**
 * Prepare the evaluation of a node's fields. An absent stored property takes its default, so that flows of older
 * versions keep working. A filled field without a value is an error, never a fall-back.
 */
export function evaluator(red: RED, node: RunningNode, fields: Fields, stored: Stored): Evaluate {
  const { problem, fixed, sources } = plan(fields, stored);
  const evaluate = (ofEntries: boolean) => {
    // Created with the first message: in a large flow most nodes are idle.
    let ready: { blank: Given; wanted: TypedSource[] } | undefined;
    return (msg: Msg) => {
      if (problem) throw problem;
      ready ??= blankOf(fixed, sources(ofEntries));
      return evaluateFields(red, node, { ...ready.blank }, ready.wanted, msg);
    };
  };
  return Object.assign(evaluate(false), { each: evaluate(true) });
}

/** As {@link evaluator}, but once, at the start of a node and without a message. */
export function evaluateOnce(red: RED, node: RunningNode, fields: Fields, stored: Stored): Given | Promise<Given> {
  const { problem, fixed, sources } = plan(fields, stored);
  if (problem) throw problem;
  return evaluateFields(red, node, fixed, sources(false), {});
}

interface Plan {
  problem: LinktorError | undefined;
  /** the values that need no message */
  fixed: Given;
  /** @param ofEntries true: fields for entries of a list; false: all other fields */
  sources(ofEntries: boolean): TypedSource[];
}

function plan(fields: Fields, stored: Stored): Plan {
  const prepared = new Map<string, FieldSource>();
  const fixed: Given = {};
  for (const name of Object.keys(fields)) {
    const one = prepare(name, fields[name] as Field<unknown>, stored);
    prepared.set(name, one);
    if (!one.source) fixed[name] = one.fixed;
  }
  const shown = [...prepared.values()].filter((one) => isShown(one.field, prepared));
  return {
    problem: shown.find((one) => one.problem)?.problem ?? missingConfirmation(shown),
    fixed,
    sources: (ofEntries) =>
      shown.filter(
        (one): one is TypedSource =>
          one.source !== undefined &&
          ofEntries === (one.field.row.each !== undefined && conditionHolds(one.field.row.each, prepared)),
      ),
  };
}

function blankOf(fixed: Given, wanted: TypedSource[]): { blank: Given; wanted: TypedSource[] } {
  const blank = cheapToCopy({ ...fixed, ...Object.fromEntries(wanted.map(({ name }) => [name, undefined])) });
  return { blank, wanted };
}

/** Evaluate fields in order; after an asynchronous field the remaining ones wait. */
function evaluateFields(
  red: RED,
  node: RunningNode,
  values: Given,
  wanted: readonly TypedSource[],
  msg: Msg,
): Given | Promise<Given> {
  for (const [index, one] of wanted.entries()) {
    const value = evaluateField(red, node, one, msg);
    if (value instanceof Promise) {
      return value.then((arrived) => {
        values[one.name] = arrived;
        return evaluateFields(red, node, values, wanted.slice(index + 1), msg);
      });
    }
    values[one.name] = value;
  }
  return values;
}

/**
 * Return the same properties in an object that is cheap to copy. V8 turns an object built property by property into a
 * hash table, several times as large, and its copies as well; the result of JSON.parse stays compact.
 */
function cheapToCopy(values: Given): Given {
  const names = Object.keys(values);
  const made = JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, null])))) as Given;
  for (const name of names) made[name] = values[name];
  return made;
}

/**
 * Return the values of fields that need no message.
 * @throws LinktorError `validation`
 */
export function fixedValues<F extends Fields>(fields: F, stored: Stored): Values<F> {
  const prepared = new Map(Object.entries(fields).map(([name, field]) => [name, prepare(name, field, stored)]));
  const values: Record<string, unknown> = {};
  for (const { name, field, fixed, problem } of prepared.values()) {
    // Hidden fields are not used, for example an old key while a password is chosen.
    if (problem && isShown(field, prepared)) throw problem;
    values[name] = problem ? field.initial : fixed;
  }
  return cheapToCopy(values) as Values<F>;
}

function prepare(name: string, field: Field<unknown>, stored: Stored): FieldSource {
  const value = stored[name] ?? field.initial;
  const isEarlier = versionOf(stored) < 2;
  const variable = unsetVariable(value, field);
  if (variable !== undefined) return { name, field, isEarlier, problem: notSet(variable, name) };
  if (field.kind === 'typed') {
    return {
      name,
      field,
      isEarlier,
      source: { type: String(stored[`${name}Type`] ?? ABSENT_SOURCE), value: String(value) },
    };
  }
  try {
    return { name, field, isEarlier, fixed: field.convert(value, name) };
  } catch (error) {
    return { name, field, isEarlier, problem: error as LinktorError };
  }
}

/** Variables have been replaced already: only an unset one leaves its placeholder. */
function unsetVariable(value: unknown, field: Field<unknown>): string | undefined {
  if (typeof value !== 'string') return undefined;
  return takesVariables(field) ? variableIn(value) : /^\$\{([^\s{}]+)\}$/.exec(value.trim())?.[1];
}

function notSet(variable: string, name: string): LinktorError {
  return invalid(
    `The environment variable "${variable}" of the field "${name}" is not set.`,
    `Set ${variable} where Node-RED runs, or in the flow or group that holds this node, and deploy.`,
  );
}

/** @returns the error when a required confirmation is not ticked */
function missingConfirmation(shown: readonly FieldSource[]): LinktorError | undefined {
  const missing = shown.find(({ field, fixed }) => field.kind === 'flag' && field.required && fixed !== true);
  if (!missing) return undefined;
  const { name } = missing;
  return invalid(
    `This operation must be confirmed: "${name}" is not ticked.`,
    `Tick the field "${name}" of this node.`,
  );
}

function isShown({ row: { when } }: Field<unknown>, all: ReadonlyMap<string, FieldSource>): boolean {
  return when === undefined || conditionHolds(when, all);
}

function conditionHolds(when: When, all: ReadonlyMap<string, FieldSource>): boolean {
  return Object.entries(when).every(([name, options]) => options.includes(String(all.get(name)?.fixed)));
}

function evaluateField(red: RED, node: RunningNode, one: TypedSource, msg: Msg): unknown {
  const { name, field, source } = one;
  const value =
    source.value === '' ? messageProperty(red, msg, field.property ?? name) : evaluateSource(red, node, one, msg);
  return value instanceof Promise ? value.then((arrived) => convertValue(one, arrived)) : convertValue(one, value);
}

function convertValue({ name, field, source }: TypedSource, value: unknown): unknown {
  const empty = source.value === '';
  const nothing = value === undefined || value === null || value === '';
  if (nothing && !empty) throw invalid(`The field "${name}" (${source.type} ${source.value}) came to nothing.`);
  if (nothing && field.required) {
    const orGive = field.property ? ` or give msg.${field.property} to the node` : '';
    throw invalid(`"${name}" is missing.`, `Fill in the field "${name}"${orGive}.`);
  }
  const read = nothing ? undefined : field.convert(value, name);
  if (field.required && Array.isArray(read) && read.length === 0) {
    throw invalid(`"${name}" is empty.`, `Name at least one in the field "${name}".`);
  }
  return read;
}

function messageProperty(red: RED, msg: Msg, property: string): unknown {
  if (property === '') return undefined;
  if (/^\w+$/.test(property)) return msg[property];
  try {
    return red.util.getMessageProperty(msg, property);
  } catch {
    return undefined;
  }
}

/** Contexts may be asynchronous, but invalid expressions and invalid JSON throw synchronously. */
function evaluateSource(red: RED, node: RunningNode, { name, field, source, isEarlier }: TypedSource, msg: Msg) {
  if (source.type === 'msg') return messageProperty(red, msg, source.value);
  if (source.type === 'str') {
    if (!field.mustache) return source.value;
    return renderTemplate(source.value, name, msg, { isEarlier, isPath: field.mustache === 'path' });
  }
  const value = evaluateProperty(red, node, source, msg, `The field "${name}"`);
  if (field.mustache !== 'path' || source.type !== 'jsonata') return value;
  return value.then((path) => {
    refuseEmptyParts(path, name);
    return path;
  });
}

/**
 * @param what subject of the error message
 * @throws LinktorError `validation`
 */
export function evaluateProperty(
  red: RED,
  node: RunningNode,
  source: { value: string; type: string },
  msg: Msg,
  what: string,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      const reason =
        error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
      reject(invalid(`${what} cannot be evaluated: ${reason}`));
    };
    try {
      red.util.evaluateNodeProperty(source.value, source.type, node, msg, (error, value) =>
        error ? fail(error) : resolve(value),
      );
    } catch (error) {
      fail(error);
    }
  });
}
