import { ABSENT_SOURCE } from '../../fields';
import { migrated } from '../../migrations';
import { labelKey } from '../keys';
import type { FieldMeta, NodeMeta } from '../meta';
import { addOption, holdVariable, isVariable } from './held-variable';
import type { EditorNode } from './host';

/** The definitions of all types; each type registers its own while the editor loads. */
export const definitions = new Map<string, NodeMeta>();

export function metaFor(type: string): NodeMeta {
  return definitions.get(type) ?? { fields: {} };
}

export const idOf = (type: string, name: string) =>
  `${metaFor(type).isConfig ? 'node-config-input-' : 'node-input-'}${name}`;

/** The element of a field in the dialog of a type. */
export const input = (type: string, name: string) => $(`#${idOf(type, name)}`);

/** @returns the label text of a field; the form itself is translated after its rows are prepared */
export const labelOf = (node: EditorNode, name: string) => node._(labelKey(node.type, name));

export const rowOf = (element: JQuery) => element.closest('.form-row');

/** Mark the form with the id of its node, so that edited values take precedence over stored ones. */
export function begin({ type, id }: EditorNode): void {
  input(type, 'name').closest('form').data('linktor', id);
}

/**
 * Show a node of an earlier version, or one written by hand, in the format of this version. The dialog stores this
 * format when the user changes the node; opening the dialog changes nothing.
 */
export function complete(node: EditorNode): void {
  const { fields } = metaFor(node.type);
  const names = Object.keys(node._def.defaults);
  const understood = migrated(node.type, { ...node });
  for (const name of names.filter((one) => one !== 'version')) {
    const { kind } = fields[name] ?? {};
    // The editor fills in lists of config nodes itself, including a missing selection.
    if (kind === 'account' || kind === 'accounts' || kind === 'config') continue;
    const shown = understood[name] ?? stored(node, name);
    const element = input(node.type, name);
    if (kind !== undefined && HELD.includes(kind) && isVariable(textOf(shown))) {
      holdVariable(element, textOf(shown));
      continue;
    }
    const others = kind === 'checks' ? unlisted(shown, fields[name]) : [];
    for (const one of others) addOption(element, one);
    if (shown === undefined || (shown === node[name] && others.length === 0)) continue;
    if (element.is(':checkbox')) element.prop('checked', shown === true);
    else element.val(Array.isArray(shown) ? shown.map(String) : String(shown));
  }
}

/** Kinds whose elements cannot hold a text. */
const HELD: readonly string[] = ['number', 'choice', 'flag', 'checks'];

/** @returns the stored values of a list of boxes that it has no box for, such as variables written by hand */
export function unlisted(stored: unknown, { options = [] }: Partial<FieldMeta> = {}): string[] {
  return Array.isArray(stored) ? stored.map(String).filter((one) => !options.includes(one)) : [];
}

/** @returns the value of a field: from the dialog while it is open, else from the node */
export function current(node: EditorNode, name: string): string {
  const element = input(node.type, name);
  if (element.length === 0 || element.closest('form').data('linktor') !== node.id) return textOf(stored(node, name));
  return element.is(':checkbox') ? String(element.prop('checked')) : textOf(element.val());
}

/**
 * @returns the stored value, or the meaning of an absent one: 0.1.0 stored less than this version. A typed field
 * without a source keeps its original default source.
 */
export function stored(node: EditorNode, name: string): unknown {
  const { absent } = metaFor(node.type).fields[name] ?? {};
  return node[name] ?? usualSource(node, name) ?? absent ?? node._def.defaults[name]?.value;
}

function usualSource({ type }: EditorNode, name: string): string | undefined {
  const { kind } = metaFor(type).fields[name.replace(/Type$/, '')] ?? {};
  return name.endsWith('Type') && (kind === 'typed' || kind === 'out') ? ABSENT_SOURCE : undefined;
}

/** @returns whether the `when` of a row holds; that of a variable may */
export function isShown(node: EditorNode, { when = {} }: FieldMeta): boolean {
  return Object.entries(when).every(([name, options]) => {
    const value = current(node, name);
    return options.includes(value) || isVariable(value);
  });
}

/** @returns whether a field in a collapsed section still has its default value */
export function isUntouched(node: EditorNode, name: string, { kind, visible }: FieldMeta): boolean {
  if (kind === 'secret') return !node.credentials?.[visible ? name : `has_${name}`];
  const same = (one: unknown, other: unknown) => textOf(one) === textOf(other);
  return same(stored(node, name), node._def.defaults[name]?.value);
}

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
