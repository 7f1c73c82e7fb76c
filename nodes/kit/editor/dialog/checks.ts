import { groupKey, groupOf, groupsOf, optionKey } from '../keys';
import type { FieldMeta } from '../meta';
import { isVariable } from './held-variable';
import type { EditorNode } from './host';
import { input, labelOf, rowOf, stored, textOf, unlisted } from './values';

/**
 * Show checkboxes instead of the multiple select that holds the value: one for each option, and for each stored value
 * that is none. Below a variable there are those of a new node, for when it is taken back.
 */
export function prepareChecks(node: EditorNode, name: string, field: FieldMeta): void {
  const { options = [], noneMeansNone } = field;
  const select = input(node.type, name);
  const row = rowOf(select);
  const holder = row.find('.linktor-checks');
  holder.attr({ role: 'group', 'aria-label': labelOf(node, name) });
  const held = stored(node, name);
  const given = isVariable(textOf(held)) ? node._def.defaults[name]?.value : held;
  const others = unlisted(given, field);
  const chosen = new Set(Array.isArray(given) ? given.map(String) : []);
  const none = $('<small class="linktor-note" role="status">');
  const places = new Map(groupsOf(options).map((group) => [group, placeOf(node, name, group).appendTo(holder)]));
  const say = (count: number) => none.text(count === 0 && !noneMeansNone ? node._('linktor.noneTicked') : '');
  const wordsOf = (option: string) => (others.includes(option) ? option : node._(optionKey(node.type, name, option)));
  for (const option of [...options, ...others]) {
    const box = $('<input type="checkbox">').prop('checked', chosen.has(option)).attr('data-option', option);
    box.on('change', () => {
      const ticked = holder.find('input:checked').map((_, one) => String($(one).attr('data-option')));
      select.val(ticked.get()).trigger('change');
      say(ticked.length);
    });
    $('<label>')
      .append(box, document.createTextNode(wordsOf(option)))
      .appendTo(places.get(groupOf(option)) ?? holder);
  }
  if (given === held) select.val([...chosen]);
  say(chosen.size);
  row.append(none.addClass('linktor-below'));
}

/** Create a group of checkboxes below its heading. */
function placeOf(node: EditorNode, name: string, group: string): JQuery {
  const words = node._(groupKey(node.type, name, group));
  const heading = $('<div class="linktor-group-name" aria-hidden="true">').text(words);
  return $('<div class="linktor-group" role="group">').attr('aria-label', words).append(heading);
}
