import type { Definition } from '../define';

/** fields that say the same in every node */
const shared = new Set([
  'config',
  'name',
  'result',
  'errorOutput',
  'outputs',
  'operation',
  'paging',
  'page',
  'limit',
  'confirm',
]);

/** The catalogue keys that a definition needs, in every language. */
export function keysOf(definition: Definition): string[] {
  const { type } = definition;
  const keys = [`${type}.label`];
  for (const [name, field] of Object.entries(definition.fields)) {
    keys.push(labelKey(type, name));
    for (const option of field.options ?? []) keys.push(optionKey(type, name, option));
    for (const column of field.columns ?? []) keys.push(`linktor.column.${column}`);
    if (field.property === '') keys.push(placeholderKey(type, name));
    if (field.unit) keys.push(`linktor.unit.${field.unit}`);
  }
  if (definition.role === 'config') return keys;
  const { outputs, single } = definition;
  for (const output of single === undefined ? outputs : [single, ...outputs]) keys.push(`${type}.output.${output}`);
  return keys;
}

export function labelKey(type: string, name: string): string {
  return shared.has(name) ? `linktor.field.${name}` : `${type}.field.${name}`;
}

export function optionKey(type: string, name: string, option: string): string {
  return name === 'paging' ? `linktor.paging.${option}` : `${type}.option.${name}.${option}`;
}

export function placeholderKey(type: string, name: string): string {
  return `${shared.has(name) ? 'linktor' : type}.placeholder.${name}`;
}
