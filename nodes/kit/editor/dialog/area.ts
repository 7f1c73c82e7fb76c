import type { EditorNode } from './host';
import { input, labelOf, rowOf } from './values';

/** Frequent placeholders, by the catalogue key of their names. */
const offered: Record<string, string> = {
  'linktor.insert.contactName': 'contact.name',
  'linktor.insert.contactPhone': 'contact.phone',
  'linktor.insert.contactEmail': 'contact.email',
  'linktor.insert.payload': 'payload',
  'linktor.insert.choice': 'choice.title',
  'linktor.insert.channelType': 'channelType',
  'linktor.insert.conversationId': 'conversationId',
};

/** The source of the typed input that is edited in the text area below, which keeps line breaks. */
export function areaSource(node: EditorNode): object {
  const icon = 'red/images/typedInput/az.svg';
  return { value: 'str', label: node._('linktor.text'), icon, inputType: 'hidden' };
}

/**
 * Add a text area, with a menu of placeholders, in place of the single line of the typed input.
 * @param given the stored text, with its line breaks
 * @returns the text area
 */
export function prepareArea(node: EditorNode, name: string, given: string): JQuery {
  const element = input(node.type, name);
  const container = element.next('.red-ui-typedInput-container').addClass('linktor-area');
  const row = rowOf(element);
  const area = $<HTMLTextAreaElement>('<textarea rows="2">').attr('aria-label', labelOf(node, name));
  container.find('.red-ui-typedInput-input-wrap').append(area);
  const insert = row.find('.linktor-insert');
  const grow = () => {
    const [lines] = area.get();
    if (!lines) return;
    lines.style.height = 'auto';
    if (lines.scrollHeight > 0) lines.style.height = `${Math.min(lines.scrollHeight + 2, MAX_HEIGHT_PX)}px`;
  };
  const isText = () => element.typedInput('type') === 'str';
  const show = () => {
    area.toggle(isText());
    insert.toggle(isText());
    if (!isText()) return;
    const value = String(element.typedInput('value') ?? '');
    const shown = String(area.val());
    // Other sources drop line breaks: restore the text if it differs only in these.
    if (value !== shown && value === shown.replace(/\n/g, '')) element.typedInput('value', shown);
    else if (value !== shown) area.val(value);
    grow();
  };
  area.on('input', () => element.typedInput('value', String(area.val())));
  if (isText()) element.typedInput('value', given);
  element.on('change', show);
  prepareInsert(node, insert.find('select'), area);
  show();
  return area;
}

/** height above which a text scrolls, pixels */
const MAX_HEIGHT_PX = 320;

function prepareInsert(node: EditorNode, menu: JQuery, area: JQuery<HTMLTextAreaElement>): void {
  const words = node._('linktor.insert.title');
  menu.append($('<option value="">').text(words));
  for (const [key, path] of Object.entries(offered)) {
    menu.append(
      $('<option>')
        .val(path)
        .text(`${node._(key)}: {{${path}}}`),
    );
  }
  menu.on('change', () => {
    const [lines] = area.get();
    const path = String(menu.val());
    menu.val('');
    if (!lines || path === '') return;
    lines.focus();
    lines.setRangeText(`{{${path}}}`, lines.selectionStart, lines.selectionEnd, 'end');
    area.trigger('input');
  });
}
