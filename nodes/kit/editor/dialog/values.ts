import { ABSENT_SOURCE } from '../../fields';
import { migrated } from '../../migrations';
import { labelKey } from '../keys';
import type { FieldMeta, NodeMeta } from '../meta';
import type { EditorNode } from './host';

/** What there is to know about our types; each says it itself while the editor loads. */
export const definitions = new Map<string, NodeMeta>();

export function metaFor(type: string): NodeMeta {
  return definitions.get(type) ?? { fields: {} };
}

export const idOf = (type: string, name: string) =>
  `${metaFor(type).isConfig ? 'node-config-input-' : 'node-input-'}${name}`;

/** The element of a field in the dialog of a type. */
export const input = (type: string, name: string) => $(`#${idOf(type, name)}`);

/** @returns what the label of a field says; the form itself is translated after its rows are prepared */
export const labelOf = (node: EditorNode, name: string) => node._(labelKey(node.type, name));

export const rowOf = (element: JQuery) => element.closest('.form-row');

/** Say whose dialog this is: values that are being edited count before those that are stored. */
export function begin({ type, id }: EditorNode): void {
  input(type, 'name').closest('form').data('linktor', id);
}

/**
 * A node of an earlier version, or one written by hand, is shown as this version understands it. That is what the dialog
 * stores when somebody changes the node; opening it changes nothing.
 */
export function complete(node: EditorNode): void {
  const { fields } = metaFor(node.type);
  const names = Object.keys(node._def.defaults);
  const understood = migrated(node.type, { ...node });
  for (const name of names.filter((one) => one !== 'version')) {
    const { kind } = fields[name] ?? {};
    // The editor itself chooses in lists of config nodes, and says there that none is chosen.
    if (kind === 'account' || kind === 'config') continue;
    const shown = understood[name] ?? stored(node, name);
    if (shown === undefined || shown === node[name]) continue;
    const element = input(node.type, name);
    if (element.is(':checkbox')) element.prop('checked', shown === true);
    else element.val(Array.isArray(shown) ? shown.map(String) : String(shown));
  }
}

/** @returns what a field says: in the dialog while it is open, else in the node */
export function current(node: EditorNode, name: string): string {
  const element = input(node.type, name);
  if (element.length === 0 || element.closest('form').data('linktor') !== node.id) return textOf(stored(node, name));
  return element.is(':checkbox') ? String(element.prop('checked')) : textOf(element.val());
}

/**
 * @returns what a node has stored, or what it means that it has not: 0.1.0 stored less than this version. A typed field
 * that does not say where its value comes from keeps what that has always meant.
 */
export function stored(node: EditorNode, name: string): unknown {
  const { absent } = metaFor(node.type).fields[name] ?? {};
  return node[name] ?? usualSource(node, name) ?? absent ?? node._def.defaults[name]?.value;
}

function usualSource({ type }: EditorNode, name: string): string | undefined {
  const { kind } = metaFor(type).fields[name.replace(/Type$/, '')] ?? {};
  return name.endsWith('Type') && (kind === 'typed' || kind === 'out') ? ABSENT_SOURCE : undefined;
}

/** A row whose `when` does not hold is not shown. */
export function isShown(node: EditorNode, { when = {} }: FieldMeta): boolean {
  return Object.entries(when).every(([name, options]) => options.includes(current(node, name)));
}

/** What a field amounts to when it was left alone, and what it amounts to now; for those that are folded away. */
export function isUntouched(node: EditorNode, name: string, { kind, visible }: FieldMeta): boolean {
  if (kind === 'secret') return !node.credentials?.[visible ? name : `has_${name}`];
  const same = (one: unknown, other: unknown) => textOf(one) === textOf(other);
  return same(stored(node, name), node._def.defaults[name]?.value);
}

export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
