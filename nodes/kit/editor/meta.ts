import type { Definition, Templates, Trigger } from '../define';
import { dyn, dynJson, dynNumber, type Field, type Row, type SourceType } from '../fields';
import type { OutputRules } from '../outputs';

type Told = Pick<
  Field<unknown>,
  | 'kind'
  | 'required'
  | 'property'
  | 'area'
  | 'pick'
  | 'several'
  | 'fills'
  | 'placeholdersOf'
  | 'columns'
  | 'options'
  | 'min'
  | 'max'
  | 'unit'
  | 'format'
  | 'regexWhen'
  | 'visible'
  | 'generate'
  | 'row'
>;

/** The properties of a field for the browser. Values for new nodes are in Node-RED's own `defaults`. */
export interface FieldMeta extends Omit<Told, 'row'> {
  /** name of common sources, or the sources themselves; if absent, those that most fields have */
  types?: string | Field<unknown>['types'];
  icon?: string;
  when?: Field<unknown>['row']['when'];
  /** the text that the node sends: its label shows the beginning */
  isSaid?: boolean;
  noneMeansNone?: boolean;
  hint?: boolean;
  /** its collapsed section; `more` for rarely used fields */
  section?: string;
  /** meaning of an absent property, if it differs from the value in a new node */
  absent?: unknown;
}

export interface NodeMeta extends Partial<OutputRules> {
  fields: Record<string, FieldMeta>;
  isConfig?: boolean;
  /** it has the address of a server, and a connection test */
  isAccount?: boolean;
  /** name of the output if all are combined into one */
  single?: string;
  /** the choice with which the node has an input */
  inputWhen?: Record<string, readonly string[]>;
  templates?: Templates;
  /** the fields shown in its label */
  label?: readonly string[];
}

const usuallyNamed = ['operation', 'kind'];

export function metaOf(definition: Definition): NodeMeta {
  const fields = Object.fromEntries(
    Object.entries(definition.fields).map(([name, field]) => [name, fieldMeta(field)] as const),
  );
  if (definition.role === 'config') {
    return { fields, isConfig: true, isAccount: definition.provide === undefined || undefined };
  }
  const {
    outputs,
    rowOutputs,
    outputWhen,
    single,
    templates,
    label = usuallyNamed.filter((name) => name in fields).slice(0, 1),
  } = definition;
  const inputWhen = definition.role === 'trigger' ? inputWhenOf(definition) : undefined;
  const named = label.length > 0 ? label : undefined;
  return { fields, outputs, rowOutputs, outputWhen, single, templates, label: named, inputWhen };
}

/** @returns the choice that gives a trigger an input, if it has one */
function inputWhenOf({ fields }: Trigger): NodeMeta['inputWhen'] {
  const [decisive] = Object.entries(fields).find(([, { options }]) => options?.includes('input')) ?? [];
  return decisive === undefined ? undefined : { [decisive]: ['input'] };
}

/** Sources that many fields have. Each field names them, which keeps the download small. */
const commonSources: Readonly<Record<string, readonly SourceType[]>> = {
  text: dyn,
  json: dynJson,
  number: dynNumber,
  place: ['msg', 'flow', 'global'],
};

export function sourcesOf({ types = 'text' }: FieldMeta): readonly string[] {
  return typeof types === 'string' ? (commonSources[types] ?? []) : types;
}

function typesMeta({ types }: Field<unknown>): FieldMeta['types'] {
  const name = Object.keys(commonSources).find((one) => String(commonSources[one]) === String(types));
  return name === 'text' ? undefined : (name ?? types);
}

/** @returns the collapsed section of a row, if any */
export function sectionOf({ section, advanced }: Row): string | undefined {
  return section ?? (advanced ? 'more' : undefined);
}

function fieldMeta(field: Field<unknown>): FieldMeta {
  const { kind, property, pick, fills, placeholdersOf, columns, options, min, max, unit, format, regexWhen } = field;
  const { icon, when, noneMeansNone, hint } = field.row;
  const absent = field.row.startValue === undefined ? undefined : field.initial;
  const types = typesMeta(field);
  const area = field.area || undefined;
  const [several, required, visible, generate] = [
    field.several || undefined,
    field.required || undefined,
    field.visible || undefined,
    field.generate || undefined,
  ];
  return {
    ...{
      noneMeansNone,
      kind,
      types,
      property,
      area,
      pick,
      several,
      fills,
      placeholdersOf,
      columns,
      options,
      required,
      min,
      max,
      unit,
      format,
      regexWhen,
      visible,
      generate,
    },
    ...{ hint, icon, when, absent, section: sectionOf(field.row), isSaid: field.row.isSaid },
  };
}
