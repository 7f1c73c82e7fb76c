import type { Column } from '../../fields';
import { columnKey, columnOptionKey } from '../keys';
import type { EditorNode } from './host';

/** One field in a line of a table. */
export interface Cell {
  readonly name: string;
  readonly root: JQuery;
  /** @returns the value, or undefined while the cell is empty */
  get(): unknown;
  /** @returns true once the user has entered a value; the first option of a choice does not count */
  isFilled(): boolean;
  set(text: string): void;
  focus(): void;
}

/** @param given the stored value */
export function cellFor(
  node: EditorNode,
  { name, kind = 'text', options = [], share = 1 }: Column,
  given: unknown,
): Cell {
  const words = node._(columnKey(name));
  const said = { 'data-column': name, title: words, 'aria-label': words };
  if (kind === 'flag') {
    const box = $('<input type="checkbox">')
      .attr(said)
      .prop('checked', given === true);
    const root = $('<label class="linktor-cell">').append(box, document.createTextNode(` ${words}`));
    const set = (text: string) => box.prop('checked', /^(true|1|x|yes)$/i.test(text));
    return {
      name,
      root,
      get: () => box.prop('checked') || undefined,
      isFilled: () => box.prop('checked') === true,
      set,
      focus: () => box.trigger('focus'),
    };
  }
  const root = elementOf(kind).attr(said).css('flex-grow', share);
  if (kind === 'choice') {
    for (const option of options)
      $('<option>')
        .val(option)
        .text(node._(columnOptionKey(name, option)))
        .appendTo(root);
  } else root.attr('placeholder', words);
  root.val(kind === 'choice' ? String(given ?? options[0] ?? '') : String(given ?? ''));
  const get = () => {
    const text = String(root.val() ?? '').trim();
    if (text === '') return undefined;
    return kind === 'number' && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return {
    name,
    root,
    get,
    isFilled: () => (kind === 'choice' ? get() !== options[0] : get() !== undefined),
    set: (text) => root.val(text),
    focus: () => root.trigger('focus'),
  };
}

function elementOf(kind: NonNullable<Column['kind']>): JQuery {
  if (kind === 'choice') return $('<select>');
  if (kind === 'area') return $('<textarea rows="1">');
  return $('<input>').attr({ type: kind, step: kind === 'number' ? 'any' : null });
}
