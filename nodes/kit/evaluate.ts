import { invalid, type LinktorError, messageOf } from '../../lib/errors';
import { contextAnswer } from '../../lib/ledger/index';
import { ABSENT_SOURCE, type Field, type Fields, type Values } from './fields';
import { versionOf } from './migrations';
import { evaluateRows, placeholderRows } from './placeholder-rows';
import type { Msg, RED, RunningNode, Stored } from './red';
import { refuseEmptyParts, renderTemplate } from './template';
import { checkVariables, notSet, takesVariables, variableIn } from './variables';

/** A typed field of one node; it is evaluated for every message. */
interface TypedSource {
  name: string;
  field: Field<unknown>;
  source: { type: string; value: string };
  /** stored by package 0.1.0 */
  isEarlier: boolean;
  /** how its text is written */
  markup: string | undefined;
}

export interface Evaluate {
  /** synchronous for nearly every message; a promise only when a source is asynchronous */
  (msg: Msg): Given | Promise<Given>;
  /** only the fields for entries of a list, without the fields for the list itself */
  each(msg: Msg): Given | Promise<Given>;
}

type Given = Record<string, unknown>;

/** What all nodes of one type share: their fields, and the values of absent properties. */
export interface FieldPlan<F extends Fields = Fields> {
  readonly fields: F;
  readonly entries: readonly PlannedField[];
  /** the values of a node that stores nothing; typed fields are undefined */
  readonly blank: Readonly<Given>;
}

/** A definition with the plan of its fields. */
export type Planned<D extends { fields: Fields }> = D & { readonly plan: FieldPlan<D['fields']> };

interface PlannedField {
  name: string;
  field: Field<unknown>;
  isTyped: boolean;
  when: readonly [name: string, options: readonly string[]][];
  /** only for fields of the entries of a list */
  each: readonly [name: string, options: readonly string[]][] | undefined;
}

/** Prepare the fields of a node type, once for all of its nodes. */
export function planFields<F extends Fields>(fields: F): FieldPlan<F> {
  const entries = Object.entries(fields).map(([name, field]) => {
    const { when = {}, each } = field.row;
    const isTyped = field.kind === 'typed';
    return { name, field, isTyped, when: Object.entries(when), each: each && Object.entries(each) };
  });
  const initial = ({ name, field, isTyped }: PlannedField) =>
    isTyped ? undefined : field.convert(field.initial, name);
  return { fields, entries, blank: cheapToCopy(Object.fromEntries(entries.map((one) => [one.name, initial(one)]))) };
}

/**
 * Prepare the evaluation of a node's fields. An absent stored property takes its default, so that flows of older
 * versions keep working. A filled field without a value is an error, never a fall-back.
 */
export function evaluator(red: RED, node: RunningNode, plan: FieldPlan, stored: Stored): Evaluate {
  const { problem, values } = readStored(plan, stored);
  const evaluate = (ofEntries: boolean) => {
    // Created with the first message: in a large flow most nodes are idle.
    let wanted: TypedSource[] | undefined;
    return (msg: Msg) => {
      if (problem) throw problem;
      wanted ??= typedSources(plan, stored, values, ofEntries ? 'entries' : 'all');
      return evaluateFields(red, node, { ...values }, wanted, msg);
    };
  };
  return Object.assign(evaluate(false), { each: evaluate(true) });
}

/** As {@link evaluator}, but once, at the start of a node and without a message. */
export function evaluateOnce(red: RED, node: RunningNode, plan: FieldPlan, stored: Stored): Given | Promise<Given> {
  const { problem, values } = readStored(plan, stored);
  if (problem) throw problem;
  const wanted = typedSources(plan, stored, values, 'filled');
  return evaluateFields(red, node, values, wanted, {});
}

/**
 * Return the values of fields that need no message.
 * @throws LinktorError `validation`
 */
export function fixedValues<F extends Fields>(plan: FieldPlan<F>, stored: Stored): Values<F> {
  const { problem, values, problems } = readStored(plan, stored);
  if (problem) throw problem;
  // Hidden fields are not used, for example an old key while a password is chosen.
  for (const { name, field } of plan.entries) if (problems?.has(name)) values[name] = field.initial;
  return values as Values<F>;
}

interface Read {
  /** of a field that the dialog shows */
  problem: LinktorError | undefined;
  /** the values that need no message */
  values: Given;
  /** the problems of all fields, by name; undefined without any */
  problems: ReadonlyMap<string, LinktorError> | undefined;
}

function readStored({ entries, blank }: FieldPlan, stored: Stored): Read {
  const values = { ...blank };
  const isEarlier = versionOf(stored) < 2;
  let problems: Map<string, LinktorError> | undefined;
  for (const { name, field, isTyped } of entries) {
    const value = stored[name];
    // Most properties of most nodes have the value of an absent one, which has been converted.
    if (value === undefined || value === null || (value === field.initial && !isTyped)) continue;
    try {
      const variable = unsetVariable(value, field, isEarlier);
      if (variable !== undefined) throw notSet(variable, name);
      if (!isTyped) values[name] = field.convert(value, name);
    } catch (thrown) {
      values[name] = undefined;
      problems ??= new Map();
      problems.set(name, thrown as LinktorError);
    }
  }
  return { problem: shownProblem(entries, values, problems), values, problems };
}

/** @returns the first problem of a field that the dialog shows: a bad value, or a confirmation that is not ticked */
function shownProblem(
  entries: FieldPlan['entries'],
  values: Given,
  problems: ReadonlyMap<string, LinktorError> | undefined,
): LinktorError | undefined {
  const bad = problems && entries.find(({ name, when }) => problems.has(name) && conditionHolds(when, values));
  if (bad) return problems.get(bad.name);
  for (const { name, field, when } of entries) {
    if (field.kind !== 'flag' || !field.required || values[name] === true || !conditionHolds(when, values)) continue;
    return invalid(
      `This operation must be confirmed: "${name}" is not ticked.`,
      `Tick the field "${name}" of this node.`,
    );
  }
  return undefined;
}

/**
 * @param which `all`: without the fields for entries of a list; `filled`: nor empty ones, which have no value without a
 * message
 */
function typedSources(
  { entries }: FieldPlan,
  stored: Stored,
  values: Given,
  which: 'all' | 'filled' | 'entries',
): TypedSource[] {
  const isEarlier = versionOf(stored) < 2;
  const sources: TypedSource[] = [];
  for (const { name, field, isTyped, when, each } of entries) {
    if (!isTyped || !conditionHolds(when, values)) continue;
    if ((which === 'entries') !== (each !== undefined && conditionHolds(each, values))) continue;
    const value = String(stored[name] ?? field.initial);
    if (which === 'filled' && value === '' && !field.required) continue;
    const type = String(stored[`${name}Type`] ?? ABSENT_SOURCE);
    const markup = field.markup === undefined ? undefined : String(values[field.markup]);
    sources.push({ name, field, isEarlier, markup, source: { type, value } });
  }
  return sources;
}

/** Evaluate fields in order; after an asynchronous field the remaining ones wait. */
function evaluateFields(
  red: RED,
  node: RunningNode,
  values: Given,
  wanted: readonly TypedSource[],
  msg: Msg,
): Given | Promise<Given> {
  for (let index = 0; index < wanted.length; index++) {
    const one = wanted[index] as TypedSource;
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

/** Variables have been replaced already, in lists as well: only an unset one leaves its placeholder. */
function unsetVariable(value: unknown, field: Field<unknown>, isEarlier: boolean): string | undefined {
  if (Array.isArray(value)) {
    for (const one of value) {
      const variable = unsetVariable(one, field, isEarlier);
      if (variable !== undefined) return variable;
    }
    return undefined;
  }
  if (typeof value !== 'string' || field.isLabel) return undefined;
  return takesVariables(field, isEarlier) ? variableIn(value) : /^\$\{([^\s{}]+)\}$/.exec(value.trim())?.[1];
}

function conditionHolds(when: PlannedField['when'], values: Given): boolean {
  for (const [name, options] of when) if (!options.includes(String(values[name]))) return false;
  return true;
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
  if (nothing && !empty) {
    throw invalid(
      `The field "${name}" (${source.type} ${source.value}) came to nothing.`,
      `See in a debug node what there is when the message gets here, or empty the field${field.property ? `: it then takes msg.${field.property}` : ''}.`,
    );
  }
  if (nothing && field.required) {
    const orGive = field.property ? ` or give msg.${field.property} to the node` : '';
    throw invalid(`"${name}" is missing.`, `Fill in the field "${name}"${orGive}.`);
  }
  const read = nothing ? undefined : field.convert(withoutHoles(value), name);
  if (field.required && Array.isArray(read) && read.length === 0) {
    throw invalid(`"${name}" is empty.`, `Name at least one in the field "${name}".`);
  }
  return read;
}

/** Most methods of an array pass over its holes, so that nobody would look at them. */
function withoutHoles(value: unknown): unknown {
  return Array.isArray(value) && value.includes(undefined) ? Array.from(value) : value;
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

/** A line of a table of placeholders: its text may hold message properties. */
const LINE = { mustache: true } as const;

/** Contexts may be asynchronous, but invalid expressions and invalid JSON throw synchronously. */
function evaluateSource(
  red: RED,
  node: RunningNode,
  one: Omit<TypedSource, 'field'> & { field: Pick<Field<unknown>, 'mustache' | 'placeholdersOf'> },
  msg: Msg,
): unknown {
  const { name, field, source, isEarlier, markup } = one;
  if (source.type === 'msg') return messageProperty(red, msg, source.value);
  if (source.type === 'str') {
    if (!field.mustache) return source.value;
    return renderTemplate(source.value, name, msg, { isEarlier, markup, isPath: field.mustache === 'path' });
  }
  if (source.type === 'env') checkVariables(red, node, source.value, name);
  if (source.type === 'json' && field.placeholdersOf !== undefined) {
    const rows = placeholderRows(source.value);
    const line = { ...one, field: LINE };
    if (rows)
      return evaluateRows(rows, (source, id) =>
        evaluateSource(red, node, { ...line, name: `${name}, ${id}`, source }, msg),
      );
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
export async function evaluateProperty(
  red: RED,
  node: RunningNode,
  { value, type }: { value: string; type: string },
  msg: Msg,
  what: string,
): Promise<unknown> {
  try {
    return await contextAnswer((done) => red.util.evaluateNodeProperty(value, type, node, msg, done));
  } catch (error) {
    const reason = messageOf(error);
    throw invalid(`${what} cannot be evaluated: ${reason}`);
  }
}
