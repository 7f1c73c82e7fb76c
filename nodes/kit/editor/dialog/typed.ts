import { emptyIn, emptyKey, placeholderKey } from '../keys';
import { type FieldMeta, sourcesOf } from '../meta';
import type { EditorNode } from './host';
import { PickList } from './pick';
import { prepareTable } from './table';
import { current, idOf, input, rowOf } from './values';

/** A value from the message, the contexts, an expression, or typed in. */
export function prepareTyped(node: EditorNode, name: string, field: FieldMeta): void {
  const { type } = node;
  const { property = '', columns, pick } = field;
  const element = input(type, name);
  const row = rowOf(element);
  const list = pick ? new PickList(node, element, pick) : undefined;
  const types = sourcesOf(field).map((one) => (one === 'str' && list ? list.source : one));
  const elsewhere = emptyIn(field.when);
  element.typedInput({ default: sourcesOf(field)[0], types: types as never, typeField: `#${idOf(type, name)}Type` });
  const line = element.next('.red-ui-typedInput-container').find('input.red-ui-typedInput-input');
  // Our label is for the element that the widget hides.
  line.attr('aria-label', row.find('label').first().text().trim());
  const hint = () => {
    const operation = current(node, 'operation');
    const words = elsewhere.includes(operation) ? emptyKey(type, operation) : placeholderKey(type, name);
    const ofMessage = element.typedInput('type') === 'msg' ? property : `msg.${property}`;
    line.attr('placeholder', property === '' ? node._(words) : ofMessage);
  };
  element.on('change', hint);
  if (elsewhere.length > 0) input(type, 'operation').on('change', hint);
  hint();
  list?.attach(line);
  if (columns) prepareTable(node, element, columns);
}
