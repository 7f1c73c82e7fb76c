import type { Definition, Templates, Trigger } from '../define';
import { dyn, type Field, type Row } from '../fields';
import type { OutputRules } from '../outputs';

type Told = Pick<
  Field<unknown>,
  | 'kind'
  | 'required'
  | 'property'
  | 'area'
  | 'pick'
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

/** What the browser has to know about a field. What it is in a new node stands in Node-RED's own `defaults`. */
export interface FieldMeta extends Omit<Told, 'row'> {
  /** without it those that most fields have */
  types?: Field<unknown>['types'];
  icon?: string;
  when?: Field<unknown>['row']['when'];
  /** the words of the node itself: its label shows their beginning */
  isSaid?: boolean;
  /** where it is folded away; `more` for those that few people touch */
  section?: string;
  /** what an absent property means, where a new node has something else */
  absent?: unknown;
}

export interface NodeMeta extends Partial<OutputRules> {
  fields: Record<string, FieldMeta>;
  isConfig?: boolean;
  /** it says where a server is, and can be tried */
  isAccount?: boolean;
  /** the name of a single output for all of them */
  single?: string;
  /** the choice that gives the node an input */
  inputWhen?: Record<string, readonly string[]>;
  templates?: Templates;
  /** the fields that its label names */
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

/** Some triggers get an input by a choice of theirs. */
function inputWhenOf({ fields }: Trigger): NodeMeta['inputWhen'] {
  const [decisive] = Object.entries(fields).find(([, { options }]) => options?.includes('input')) ?? [];
  return decisive === undefined ? undefined : { [decisive]: ['input'] };
}

export function sourcesOf({ types = dyn }: FieldMeta): readonly string[] {
  return types;
}

/** @returns where a row is folded away, if it is */
export function sectionOf({ section, advanced }: Row): string | undefined {
  return section ?? (advanced ? 'more' : undefined);
}

function fieldMeta(field: Field<unknown>): FieldMeta {
  const { kind, property, pick, columns, options, min, max, unit, format, regexWhen } = field;
  const { icon, when } = field.row;
  const absent = field.row.startValue === undefined ? undefined : field.initial;
  const types = field.types === dyn ? undefined : field.types;
  const area = field.area || undefined;
  const [required, visible, generate] = [
    field.required || undefined,
    field.visible || undefined,
    field.generate || undefined,
  ];
  return {
    ...{
      kind,
      types,
      property,
      area,
      pick,
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
    ...{ icon, when, absent, section: sectionOf(field.row), isSaid: field.row.isSaid },
  };
}
