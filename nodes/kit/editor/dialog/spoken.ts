import type { EditorNode } from './host';

/**
 * Name the parts of a typed input for those who do not see it: its row's label belongs to the element that it hides.
 * @returns its line of text
 */
export function nameTypedInput(node: EditorNode, container: JQuery, label: string): JQuery {
  container
    .find('.red-ui-typedInput-type-select, .red-ui-typedInput-option-trigger')
    .attr('aria-label', node._('linktor.source', { field: label }));
  container.find('.red-ui-typedInput-option-expand').attr('aria-label', node._('linktor.expand', { field: label }));
  return container.find('input.red-ui-typedInput-input').attr('aria-label', label);
}
