import { templateKey } from '../keys';
import type { EditorNode } from './host';
import { idOf, input, metaFor } from './values';

/** Add a menu of templates; the chosen template fills in its fields. */
export function prepareTemplates(node: EditorNode): void {
  const { templates = {} } = metaFor(node.type);
  const menu = input(node.type, 'name').closest('form').find('.linktor-template');
  menu.attr('aria-label', node._('linktor.template.title'));
  menu.append($('<option value="">').text(node._('linktor.template.none')));
  for (const name of Object.keys(templates)) {
    menu.append(
      $('<option>')
        .val(name)
        .text(node._(templateKey(node.type, name, 'label'))),
    );
  }
  menu.on('change', () => {
    const name = String(menu.val());
    for (const [field, value] of Object.entries(templates[name] ?? {})) fill(node, field, spoken(node, name, value));
    menu.val('');
  });
}

function fill(node: EditorNode, name: string, value: unknown): void {
  const element = input(node.type, name);
  const isText = typeof value === 'string';
  const text = isText ? value : JSON.stringify(value);
  if (metaFor(node.type).fields[name]?.kind !== 'typed') {
    element.val(text).trigger('change');
    return;
  }
  const source = isText ? 'str' : 'json';
  if (element.next('.red-ui-typedInput-container').length > 0) {
    element.typedInput('type', source);
    element.typedInput('value', text);
    return;
  }
  // The row has not been shown yet, and will be prepared from these values.
  $(`#${idOf(node.type, name)}Type`).val(source);
  element.val(text);
}

/** Replace catalogue keys by their texts. */
function spoken(node: EditorNode, template: string, value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith('@') ? node._(templateKey(node.type, template, value.slice(1))) : value;
  }
  if (Array.isArray(value)) return value.map((one) => spoken(node, template, one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, spoken(node, template, one)]));
}
