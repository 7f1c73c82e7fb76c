import { optionKey } from '../keys';
import type { FieldMeta } from '../meta';
import type { EditorNode } from './host';
import { input, rowOf, stored } from './values';

/** Boxes to tick stand in for the clumsy multiple select that holds the value. */
export function prepareChecks(node: EditorNode, name: string, { options = [] }: FieldMeta): void {
  const select = input(node.type, name);
  const row = rowOf(select);
  const holder = row.find('.linktor-checks');
  holder.attr({ role: 'group', 'aria-label': row.find('label').first().text().trim() });
  const given = stored(node, name);
  const chosen = new Set(Array.isArray(given) ? given.map(String) : []);
  for (const option of options) {
    const box = $('<input type="checkbox">').prop('checked', chosen.has(option)).attr('data-option', option);
    box.on('change', () => {
      const ticked = holder.find('input:checked').map((_, one) => String($(one).attr('data-option')));
      select.val(ticked.get()).trigger('change');
    });
    $('<label>')
      .append(box, document.createTextNode(node._(optionKey(node.type, name, option))))
      .appendTo(holder);
  }
  select.val([...chosen]);
}
