// npm run reference: regenerates docs/nodes.md from the nodes and their English texts.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { palette } from '../nodes';
import type { Definition } from '../nodes/kit/define';
import type { Field } from '../nodes/kit/fields';
import { wholeHelp } from './help';

const root = fileURLToPath(new URL('..', import.meta.url));
export const referenceFile = path.join(root, 'docs', 'nodes.md');

interface Words {
  label?: string;
  field?: Record<string, string>;
  option?: Record<string, Record<string, string>>;
  output?: Record<string, string>;
}

const catalogue: Record<string, Words> = JSON.parse(
  readFileSync(path.join(root, 'locales', 'en-US', 'linktor.json'), 'utf8'),
);
const help = wholeHelp(root, 'en-US');

const intro = `# The nodes, field by field

Written by \`npm run reference\` from the nodes themselves. What a node does, which message properties it takes and gives, and an
example stand in its help: select the node and open the help sidebar (the book).

**Field** is the stored name, for flows that are written by hand or by a program. A field *from* several sources also stores the
source, as \`<field>Type\`. **Empty** names the message property that an empty field takes. *When* says which choice shows the
field. With nothing but the account and the operation set, a node works from the message alone.
`;

/** @returns the whole of docs/nodes.md */
export function reference(): string {
  return [intro, ...palette.map(section)].join('\n');
}

function section(definition: Definition): string {
  const { type, fields } = definition;
  const words = catalogue[type] ?? {};
  const [, page = ''] = help.split(`data-help-name="${type}">`);
  const about = /<p>(.*?)<\/p>/.exec(page)?.[1] ?? '';
  const rows = Object.entries(fields)
    .filter(([name]) => name !== 'config' && name !== 'name')
    .map(([name, field]) => row(name, field, words));
  const outputs = 'outputs' in definition ? definition.outputs.map((one) => words.output?.[one] ?? one) : [];
  return [
    `## ${words.label ?? type}`,
    '',
    `\`${type}\`. ${about}${outputs.length > 1 ? ` Outputs: ${outputs.join(', ')}.` : ''}`,
    '',
    ...properties(page, 'Inputs', 'Takes'),
    ...properties(page, 'Outputs', 'Gives'),
    '| Field | In the dialog | Values | Empty |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** @returns the message properties that the help lists under a heading */
function properties(page: string, heading: string, word: string): string[] {
  const [, part = ''] = (page.split('</script>')[0] ?? '').split(`<h3>${heading}</h3>`);
  const names = [...(part.split('<h3>')[0] ?? '').matchAll(/<dt[^>]*>(\w+)/g)]
    .filter(([, name]) => name !== 'msg')
    .map(([, name]) => `\`msg.${name}\``);
  return names.length > 0 ? [`${word} ${[...new Set(names)].join(', ')}.`, ''] : [];
}

function row(name: string, field: Field<unknown>, words: Words): string {
  const label = words.field?.[name] ?? catalogue.linktor?.field?.[name] ?? '';
  const when = Object.entries(field.row.when ?? {}).map(([choice, values]) => `${choice}: ${values.join(', ')}`);
  const shown = when.length > 0 ? `${label} *(when ${when.join('; ')})*` : label;
  return `| \`${name}\` | ${shown} | ${valuesOf(field)} | ${field.property ? `\`msg.${field.property}\`` : ''} |`;
}

function valuesOf({ kind, options, types, columns, min, max, unit, initial }: Field<unknown>): string {
  const range = [min, max].some((end) => end !== undefined) ? ` ${min ?? ''} to ${max ?? ''}` : '';
  switch (kind) {
    case 'choice':
      return `one of ${options?.map((one) => `\`${one}\``).join(', ')}`;
    case 'checks':
      return `a list of ${options?.map((one) => `\`${one}\``).join(', ')}`;
    case 'number':
      return `number${range}${unit ? ` ${unit}` : ''}, ${String(initial)} at first`;
    case 'typed':
    case 'out':
      return `from ${types?.join(', ')}${range && `;${range}`}`;
    case 'flag':
      return `true or false, ${String(initial)} at first`;
    case 'secret':
      return 'credential';
    case 'config':
      return 'id of a config node';
    case 'accounts':
      return 'a list of ids of Linktor account nodes';
    case 'account':
      return 'id of a Linktor account node';
    case 'table':
      return `rows of ${columns?.map((one) => `\`${typeof one === 'string' ? one : one.name}\``).join(', ')}, as JSON`;
    case 'text':
    case 'path':
      return `text${initial === '' ? '' : `, \`${String(initial)}\` at first`}`;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(referenceFile, reference());
