import { groupKey, groupOf, groupsOf, optionKey } from '../keys';
import type { FieldMeta } from '../meta';
import type { EditorNode } from './host';
import { input, labelOf, rowOf, stored } from './values';

/** Show checkboxes instead of the multiple select that holds the value. */
export function prepareChecks(node: EditorNode, name: string, { options = [], noneMeansNone }: FieldMeta): void {
  const select = input(node.type, name);
  const row = rowOf(select);
  const holder = row.find('.linktor-checks');
  holder.attr({ role: 'group', 'aria-label': labelOf(node, name) });
  const given = stored(node, name);
  const chosen = new Set(Array.isArray(given) ? given.map(String) : []);
  const none = $('<small class="linktor-note" role="status">');
  const places = new Map(groupsOf(options).map((group) => [group, placeOf(node, name, group).appendTo(holder)]));
  const say = (count: number) => none.text(count === 0 && !noneMeansNone ? node._('linktor.noneTicked') : '');
  for (const option of options) {
    const box = $('<input type="checkbox">').prop('checked', chosen.has(option)).attr('data-option', option);
    box.on('change', () => {
      const ticked = holder.find('input:checked').map((_, one) => String($(one).attr('data-option')));
      select.val(ticked.get()).trigger('change');
      say(ticked.length);
    });
    $('<label>')
      .append(box, document.createTextNode(node._(optionKey(node.type, name, option))))
      .appendTo(places.get(groupOf(option)) ?? holder);
  }
  select.val([...chosen]);
  say(chosen.size);
  row.append(none.addClass('linktor-below'));
}

/** Create a group of checkboxes below its heading. */
function placeOf(node: EditorNode, name: string, group: string): JQuery {
  const words = node._(groupKey(node.type, name, group));
  const heading = $('<div class="linktor-group-name" aria-hidden="true">').text(words);
  return $('<div class="linktor-group" role="group">').attr('aria-label', words).append(heading);
}
