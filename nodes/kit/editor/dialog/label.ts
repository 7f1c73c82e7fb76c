import { outputsOf } from '../../outputs';
import { optionKey, outputKey } from '../keys';
import type { EditorNode } from './host';
import { nameOf } from './names';
import { isShown, metaFor, stored, textOf } from './values';

const MAX_LABEL_LENGTH = 30;

export function paletteLabel(this: EditorNode): string {
  return this._(`${this.type}.label`);
}

/** The label of a node: its name, or else a description of its operation. */
export function label(this: EditorNode): string {
  const { isConfig, isAccount, label: named = [] } = metaFor(this.type);
  if (this.name) return this.name;
  const usual = this._(`${this.type}.label`);
  if (isConfig && !isAccount) return usual;
  if (isConfig) return shortened(textOf(this.baseUrl).replace(/^\w+:\/\//, '')) || usual;
  const said = textLabel(this);
  if (said !== '') return said;
  const parts = named.map((name) => part(this, name)).filter((one) => one !== '');
  return parts.length > 0 ? `${usual}: ${parts.join(' ')}` : usual;
}

export function labelStyle(this: EditorNode): string {
  return this.name ? 'node_label_italic' : '';
}

/** The error output comes after the outputs of the definition. */
export function outputLabels(this: EditorNode, index: number): string {
  const { outputs = [], single, ...rules } = metaFor(this.type);
  if (single !== undefined && this.outputs === 1) return this._(outputKey(this.type, single));
  const output = outputsOf({ outputs, ...rules }, (name) => stored(this, name))[index];
  if (output?.row !== undefined) return output.name || String(output.row + 1);
  return this._(output === undefined ? 'linktor.output.error' : outputKey(this.type, output.name));
}

/** The text of a node distinguishes it from other nodes of its type. */
function textLabel(node: EditorNode): string {
  const { fields } = metaFor(node.type);
  const shown = Object.entries(fields).filter(([, field]) => field.isSaid && isShown(node, field));
  const texts = shown
    .filter(([name]) => stored(node, `${name}Type`) === 'str')
    .map(([name]) => textOf(stored(node, name)));
  return shortened(texts.join(' ').replace(/\s+/g, ' ').trim());
}

/** Describe a field: a choice translated, a fixed value as entered; a value from the message is omitted. */
function part(node: EditorNode, name: string): string {
  const field = metaFor(node.type).fields[name];
  if (!field || !isShown(node, field)) return '';
  const value = textOf(stored(node, name)).trim();
  if (field.kind === 'choice') return field.options?.includes(value) ? node._(optionKey(node.type, name, value)) : '';
  if (field.kind === 'typed') {
    const type = stored(node, `${name}Type`);
    if (type !== 'str' && type !== 'num') return '';
    return shortened(field.pick ? nameOf(textOf(node.config), value) || value : value);
  }
  return field.kind === 'text' || field.kind === 'path' || field.kind === 'number' ? shortened(value) : '';
}

function shortened(text: string): string {
  const letters = [...text];
  return letters.length > MAX_LABEL_LENGTH ? `${letters.slice(0, MAX_LABEL_LENGTH).join('')}…` : text;
}
