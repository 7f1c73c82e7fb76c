import { emptyIn, emptyKey, placeholderKey } from '../keys';
import { type FieldMeta, sourcesOf } from '../meta';
import { areaSource, prepareArea } from './area';
import type { EditorNode } from './host';
import { jsonSource, tableSource } from './json';
import { PickList } from './pick';
import { preparePlaceholders } from './placeholders';
import { nameTypedInput } from './spoken';
import { prepareTable } from './table';
import { current, idOf, input, labelOf, rowOf } from './values';

/** Prepare a field for a value from the message, a context or an expression, or a fixed value. */
export function prepareTyped(node: EditorNode, name: string, field: FieldMeta): void {
  const { type } = node;
  const { property = '', columns, pick, placeholdersOf, area } = field;
  const element = input(type, name);
  const given = String(element.val() ?? '');
  const row = rowOf(element);
  const list = pick ? new PickList(node, element, field) : undefined;
  const text = list?.source ?? (area ? areaSource(node) : 'str');
  const json = columns || placeholdersOf !== undefined ? tableSource(node) : jsonSource;
  const types = sourcesOf(field).map((one) => (one === 'str' ? text : one === 'json' ? json : one));
  const elsewhere = emptyIn(field.when);
  element.typedInput({ default: sourcesOf(field)[0], types: types as never, typeField: `#${idOf(type, name)}Type` });
  const container = element.next('.red-ui-typedInput-container');
  const label = labelOf(node, name);
  const line = nameTypedInput(node, container, label);
  const lines = area ? prepareArea(node, name, given) : $();
  const hint = () => {
    const operation = current(node, 'operation');
    const words = elsewhere.includes(operation) ? emptyKey(type, operation) : placeholderKey(type, name);
    const isMessage = element.typedInput('type') === 'msg';
    const told = property === '' ? (isMessage ? '' : node._(words)) : isMessage ? property : `msg.${property}`;
    line.add(lines).attr('placeholder', told);
  };
  element.on('change', hint);
  if (elsewhere.length > 0) input(type, 'operation').on('change', hint);
  hint();
  list?.attach(line);
  row
    .find('label')
    .first()
    .on('click', () => container.find('input:visible, textarea:visible').first().trigger('focus'));
  if (!columns && placeholdersOf === undefined) return;
  const source = {
    read: () => (element.typedInput('type') === 'json' ? String(element.typedInput('value') ?? '') : undefined),
    write: (json: string) => element.typedInput('value', json),
    onChange: (changed: () => void) => element.on('change', changed),
  };
  if (columns) prepareTable(node, name, columns, source);
  else if (placeholdersOf !== undefined) preparePlaceholders(node, name, placeholdersOf, source);
}
