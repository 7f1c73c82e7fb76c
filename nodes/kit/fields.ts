import { invalid } from '../../lib/errors';
import { isObject } from '../../lib/model';
import { readList } from '../../lib/text/lists';
import { cleanId, trimPasted } from '../../lib/text/normalise';
import { inRange, readFlag, readSecret, type SecretKind } from './convert';

export { as } from './convert';

/** Sources of a typed field, named as in Node-RED's TypedInput. */
export type SourceType = 'msg' | 'flow' | 'global' | 'str' | 'num' | 'bool' | 'json' | 'env' | 'jsonata';

/** Show a row only while all named fields have one of the listed values. */
export type When = Record<string, readonly string[]>;

/** Resources that the server can list for a pick list. */
export type Listable =
  | 'agents'
  | 'bots'
  | 'channels'
  | 'contacts'
  | 'conversations'
  | 'flows'
  | 'knowledgeBases'
  | 'messageTemplates'
  | 'models'
  | 'providers'
  | 'tags'
  | 'templates'
  | 'users';

export interface Row {
  /** Font Awesome icon in front of the label */
  icon?: string;
  when?: When;
  /** collapsed at the end of the dialog, below "More settings" */
  advanced?: boolean;
  /** collapsed below a heading of its own: `<type>.section.<name>` in the catalogue */
  section?: string;
  /** value in a new node, where it differs from the meaning of an absent property */
  startValue?: unknown;
  /** its placeholder is a text of the catalogue; a typed field without a property has one anyway */
  hint?: boolean;
  /** text that the node sends to people: its label shows the beginning */
  isSaid?: boolean;
  /** check boxes: none ticked means none; everywhere else it means all */
  noneMeansNone?: boolean;
  /** typed: while choices have these values, the field is evaluated for each entry of a list, with `valuesOf` */
  each?: When;
}

/** A column of a table; a name alone is a text column. Its label is `linktor.column.<name>`. */
export interface Column {
  readonly name: string;
  readonly kind?: 'text' | 'area' | 'number' | 'time' | 'flag' | 'choice';
  /** choice: the first one is the default of a new row; labels: `linktor.column.<name>Options.<option>` */
  readonly options?: readonly string[];
  /** share of the width, relative to the other columns; 1 by default */
  readonly share?: number;
}

/**
 * One property of a node: its stored form, its row in the dialog and its value for `run`. A row whose `when` does not
 * hold is hidden. A typed field is then not evaluated: its value is undefined, so `run` reads it only where its choice
 * has been made.
 */
export interface Field<T> {
  readonly kind:
    | 'text'
    | 'path'
    | 'number'
    | 'flag'
    | 'choice'
    | 'checks'
    | 'typed'
    | 'table'
    | 'secret'
    | 'account'
    | 'accounts'
    | 'out'
    | 'config';
  /** meaning of an absent property in a stored node; never changed, because flows of every version rely on it */
  readonly initial: unknown;
  readonly row: Row;
  readonly required?: boolean;
  /** typed: message property for an empty field */
  readonly property?: string;
  /** typed: allowed sources; a stored node without a source takes the first one */
  readonly types?: readonly SourceType[];
  /** typed: source in a new node; by default the first of the types */
  readonly start?: SourceType;
  /** typed: resource of the pick list */
  readonly pick?: Listable;
  /** typed: the pick list adds to a list of texts */
  readonly several?: boolean;
  /** typed: further fields that a picked item fills in, by what it tells */
  readonly fills?: Record<string, string>;
  /** typed: the field with the template whose placeholders are the lines of this one's table */
  readonly placeholdersOf?: string;
  /** typed: `{{ }}` in a text from the dialog is replaced by message properties */
  /** `path`: each value becomes one encoded path segment */
  readonly mustache?: boolean | 'path';
  /** typed: the choice that says how the text is written; values in `{{ }}` then stay what they are */
  readonly markup?: string;
  /** typed: a text from the dialog may have several lines */
  readonly area?: boolean;
  /** typed: columns of an editable list, as an alternative to JSON; table: its columns */
  readonly columns?: readonly (string | Column)[];
  /** choice, checks */
  readonly options?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  /** secret: the dialog may show it */
  readonly visible?: boolean;
  /** secret: of any value, so the dialog can generate one */
  readonly generate?: boolean;
  /** text: required format of a filled field */
  readonly format?: Format;
  /** text: it is a regular expression while the choices have these values */
  readonly regexWhen?: When;
  /** text: an expression */
  readonly isCode?: boolean;
  /** text: for the author alone. Nothing depends on it, so a `${NAME}` in it may stay as it is */
  readonly isLabel?: boolean;
  /** config: the type of the other config node */
  readonly config?: string;
  /** convert the stored or evaluated value for `run` @throws LinktorError `validation` */
  readonly convert: (value: unknown, name: string) => T;
}

/** Source of a typed field when the stored node has none. */
export const ABSENT_SOURCE: SourceType = 'msg';

/** @returns the value of a field in a new node */
export function newNodeValue({ initial, row }: Field<unknown>): unknown {
  return row.startValue ?? initial;
}

export type Fields = Record<string, Field<unknown>>;
export type Values<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/**
 * url: http or https; socketUrl: also ws or wss; natsUrl: nats or tls; storeUrl: redis or rediss; several with commas
 */
type Format = 'url' | 'socketUrl' | 'natsUrl' | 'storeUrl';

type Options = Row & { required?: boolean };

const identity = (value: unknown) => value;

/** A plain text, fixed at deploy time; `${ENV}` is replaced in it. */
export function text(
  initial = '',
  {
    required,
    format,
    regexWhen,
    isCode,
    isLabel,
    ...row
  }: Options & { format?: Format; regexWhen?: When; isCode?: boolean; isLabel?: boolean } = {},
): Field<string> {
  // Patterns keep their inner characters; addresses lose invisible ones.
  const clean = format === undefined ? trimPasted : cleanId;
  return {
    kind: 'text',
    initial,
    row,
    required,
    format,
    regexWhen,
    isCode,
    isLabel,
    convert: (value) => clean(String(value ?? '')),
  };
}

/** A path below httpNodeRoot; the dialog shows the whole address. Empty: `/linktor/<node id>`. */
export function path(row: Row = {}): Field<string> {
  return { kind: 'path', initial: '', row, convert: (value) => cleanId(String(value ?? '')) };
}

/** A number, fixed at deploy time. */
export function number(
  initial: number,
  { min, max, unit, ...row }: Options & { min?: number; max?: number; unit?: string } = {},
): Field<number> {
  const convert = (value: unknown, name: string) => inRange(value === '' ? initial : value, name, min, max);
  return { kind: 'number', initial, row, min, max, unit, convert };
}

export function flag(initial = false, row: Row = {}): Field<boolean> {
  return { kind: 'flag', initial, row, convert: readFlag };
}

/** A checkbox that a destructive operation requires. */
export function confirmation(row: Row): Field<boolean> {
  return { ...flag(false, { icon: 'exclamation-triangle', ...row }), required: true };
}

/** One of several; the first is the default. */
export function choice<const O extends readonly string[]>(options: O, row: Row = {}): Field<O[number]> {
  return {
    kind: 'choice',
    initial: options[0],
    row,
    options,
    convert: (value, name) => {
      if (options.includes(String(value))) return String(value);
      throw invalid(`The field "${name}" has no choice "${String(value)}".`, `Choose one of ${options.join(', ')}.`);
    },
  };
}

/**
 * Any of several; stored as an array. A text, also one in the array, comes from an environment variable, with commas
 * between.
 */
export function checks<const O extends readonly string[]>(
  options: O,
  initial: readonly O[number][],
  row: Row = {},
): Field<readonly O[number][]> {
  return {
    kind: 'checks',
    initial,
    row,
    options,
    convert: (value, name) => {
      if (Array.isArray(value)) return readList(value.map(String), name);
      if (typeof value !== 'string') return [];
      const given = readList(value, name);
      const unknown = given.find((one) => !options.includes(one));
      if (unknown === undefined) return given;
      throw invalid(`The field "${name}" has no choice "${unknown}".`, `Choose of ${options.join(', ')}.`);
    },
  };
}

interface Range {
  min: number;
  max: number;
}

interface Typed<T> extends Options {
  types?: readonly SourceType[];
  start?: SourceType;
  pick?: Listable;
  fills?: Record<string, string>;
  placeholdersOf?: string;
  columns?: readonly (string | Column)[];
  mustache?: boolean | 'path';
  markup?: string;
  area?: boolean;
  convert?: (value: unknown, name: string) => T;
}

/**
 * A value from the message, the contexts, the environment, an expression, or typed in.
 * @param property message property for an empty field
 */
export function typed<T = unknown>(property: string, options: Typed<T> & { required: true }): Field<T>;
export function typed<T = unknown>(property: string, options?: Typed<T>): Field<T | undefined>;
export function typed<T>(property: string, options: Typed<T> = {}): Field<T | undefined> {
  const { types = dyn, convert = identity as (value: unknown) => T, pick, ...rest } = options;
  const {
    start = startOf(types, pick),
    columns,
    mustache,
    markup,
    area = mustache === true,
    required,
    ...about
  } = rest;
  const { fills, placeholdersOf, ...row } = about;
  const several = pick === undefined ? undefined : (convert as unknown) === readList;
  // The dialog validates the same limits as the converter.
  const { min, max }: Partial<Range> = convert as Partial<Range>;
  const shown = { types, start, pick, several, fills, placeholdersOf, columns, mustache, markup, area, min, max };
  return { kind: 'typed', initial: '', row, required, property, ...shown, convert };
}

/**
 * A new node starts with a typed-in value; an empty field still takes the message property. Only ids that nearly
 * always come with the message, of conversations and contacts, start with `msg`.
 */
function startOf(types: readonly SourceType[], pick: Listable | undefined): SourceType | undefined {
  if (pick === 'conversations' || pick === 'contacts') return types[0];
  return types.find((one) => one !== 'msg') ?? types[0];
}

/**
 * A table from the dialog, stored as the JSON text of a list of objects. Empty rows are not stored. A checkbox column
 * gives true or is absent, a number column gives numbers, all others give texts.
 */
export function table(
  columns: readonly (string | Column)[],
  { required, ...row }: Options = {},
): Field<readonly Record<string, unknown>[]> {
  return {
    kind: 'table',
    initial: '',
    row,
    required,
    columns,
    convert: (value, name) => {
      if (value === '') return [];
      const rows = typeof value === 'string' ? parsed(value) : value;
      if (Array.isArray(rows) && rows.every(isObject)) return rows;
      throw invalid(`The field "${name}" is not a table.`, 'Open the node and fill in the table anew.');
    },
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export const dyn: readonly SourceType[] = ['msg', 'str', 'flow', 'global', 'env', 'jsonata'];
export const dynNumber: readonly SourceType[] = ['msg', 'num', 'flow', 'global', 'env', 'jsonata'];
export const dynJson: readonly SourceType[] = ['msg', 'json', 'flow', 'global', 'jsonata'];

/**
 * Stored with Node-RED's credentials, never in an exported flow.
 * @param visible the dialog may show it; other secrets never leave the server
 */
export function secret(
  kind: SecretKind,
  { visible, generate, ...row }: Row & { visible?: boolean; generate?: boolean } = {},
): Field<string> {
  return {
    kind: 'secret',
    initial: '',
    row,
    visible,
    generate,
    convert: (value, name) => readSecret(kind, String(value ?? ''), name),
  };
}

/** The Linktor config node of a node. */
export function account(): Field<string> {
  return { kind: 'account', initial: '', row: {}, required: true, convert: String };
}

/** Further accounts that a message may choose by name, with `msg.account`; their ids. */
export function accounts(row: Row = {}): Field<readonly string[]> {
  const convert = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return { kind: 'accounts', initial: [], row, convert };
}

/** Another kind of config node, such as Node-RED's own TLS settings. */
export function config(type: string, row: Row = {}): Field<string> {
  return { kind: 'config', initial: '', row, config: type, convert: String };
}

/** Target of a result; empty: the message property given here. */
export function out(property: string, row: Row = {}): Field<unknown> {
  return { kind: 'out', initial: '', row, property, types: ['msg', 'flow', 'global'], start: 'msg', convert: identity };
}

export { isObject };

/** @returns the fields that have a value */
export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}

/**
 * Return the body of a create or an update: the filled fields, or else the object in the message.
 * @param fields evaluated fields, undefined where empty
 * @throws LinktorError `validation` when there is neither
 */
export function bodyOf(fields: Record<string, unknown>, payload: unknown): Record<string, unknown> {
  const filled = defined(fields);
  if (Object.keys(filled).length > 0) return filled;
  if (isObject(payload) && Object.keys(payload).length > 0) return payload;
  throw invalid(
    'There is nothing to write.',
    `Fill in one of the fields ${Object.keys(fields).join(', ')}, or give an object in msg.payload.`,
  );
}
