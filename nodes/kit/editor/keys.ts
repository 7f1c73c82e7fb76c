import type { Definition } from '../define';
import type { Column, When } from '../fields';
import { type FieldMeta, sectionOf } from './meta';

/** fields with the same label in every node */
const shared = new Set([
  'config',
  'name',
  'result',
  'errorOutput',
  'accounts',
  'outputs',
  'operation',
  'paging',
  'page',
  'limit',
  'sayEmpty',
  'confirm',
  'search',
  'state',
  'channels',
  'channel',
  'conversation',
  'contact',
  'model',
  'metadata',
  'description',
  'language',
  'provider',
  'period',
]);

/** fields with the same placeholder in every node */
const sharedHints = new Set(['page', 'channels']);

/** choices with the same options in every node */
const sharedOptions = new Set(['paging', 'period']);

/** @returns the catalogue keys that a definition needs in every language */
export function keysOf(definition: Definition): string[] {
  const { type } = definition;
  const keys = [`${type}.label`];
  for (const [name, field] of Object.entries(definition.fields)) {
    keys.push(labelKey(type, name));
    for (const option of field.options ?? []) keys.push(optionKey(type, name, option));
    for (const column of (field.columns ?? []).map(columnOf)) {
      keys.push(columnKey(column.name));
      for (const option of column.options ?? []) keys.push(columnOptionKey(column.name, option));
    }
    for (const group of field.kind === 'checks' ? groupsOf(field.options) : []) keys.push(groupKey(type, name, group));
    const section = sectionOf(field.row);
    if (section !== undefined) keys.push(sectionKey(type, section));
    if (hasHint({ property: field.property, hint: field.row.hint })) keys.push(placeholderKey(type, name));
    for (const operation of emptyIn(field.row.when)) keys.push(emptyKey(type, operation));
    if (field.unit) keys.push(`linktor.unit.${field.unit}`);
  }
  if (definition.role === 'config') return keys;
  const { outputs, single, templates = {} } = definition;
  for (const [name, template] of Object.entries(templates)) {
    for (const words of ['label', ...wordsIn(template)]) keys.push(templateKey(type, name, words));
  }
  for (const output of single === undefined ? outputs : [single, ...outputs]) keys.push(outputKey(type, output));
  return keys;
}

export function labelKey(type: string, name: string): string {
  return shared.has(name) ? `linktor.field.${name}` : `${type}.field.${name}`;
}

export function optionKey(type: string, name: string, option: string): string {
  return sharedOptions.has(name) ? `linktor.${name}.${option}` : `${type}.option.${name}.${option}`;
}

export function columnOf(column: string | Column): Column {
  return typeof column === 'string' ? { name: column } : column;
}

export function columnKey(name: string): string {
  return `linktor.column.${name}`;
}

export function columnOptionKey(name: string, option: string): string {
  return `linktor.columnOption.${name}.${option}`;
}

export function templateKey(type: string, template: string, words: string): string {
  return `${type}.template.${template}.${words}`;
}

/** @returns the names of the texts that a template takes from the catalogue */
function wordsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('@') ? [value.slice(1)] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsIn) : [];
}

export function sectionKey(type: string, section: string): string {
  return section === 'more' ? 'linktor.more' : `${type}.section.${section}`;
}

/** @returns the headings of checkboxes: the prefixes of names such as `conversation.created`, if all names have one */
export function groupsOf(options: readonly string[] = []): string[] {
  return options.every((option) => option.includes('.')) ? [...new Set(options.map(groupOf))] : [];
}

export function groupOf(option: string): string {
  return option.slice(0, option.indexOf('.'));
}

export function groupKey(type: string, name: string, group: string): string {
  return `${type}.group.${name}.${group}`;
}

export function placeholderKey(type: string, name: string): string {
  return `${sharedHints.has(name) ? 'linktor' : type}.placeholder.${name}`;
}

/** @returns whether the placeholder is a text, and not the name of a message property */
export function hasHint({ property, hint }: Pick<FieldMeta, 'property' | 'hint'>): boolean {
  return property === '' || hint === true;
}

/**
 * An empty field means no filter in `list`, no value in `create`, and no change in `update`.
 * @returns the operations of a shared field that need a placeholder of their own
 */
export function emptyIn({ operation = [] }: When = {}): string[] {
  return ['list', 'create', 'update'].filter((one) => operation.includes(one)).slice(0, -1);
}

export function emptyKey(type: string, operation: string): string {
  return `${operation === 'list' ? 'linktor' : type}.empty.${operation}`;
}

export function outputKey(type: string, output: string): string {
  return `${output === 'done' ? 'linktor' : type}.output.${output}`;
}
