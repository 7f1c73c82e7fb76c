import type { EditorNode } from './host';
import { rowOf } from './values';

/** A table for those who do not write JSON; the JSON above it stays what is stored. */
export function prepareTable(node: EditorNode, element: JQuery, columns: readonly string[]): void {
  const holder = rowOf(element).find('.linktor-table');
  const list = holder.find('ol');
  let filling = false;
  const write = () => {
    if (filling) return;
    const rows: object[] = [];
    list.editableList('items').each((_, item) => {
      const row: Record<string, string> = {};
      for (const column of columns) {
        const value = String($(item).find(`[data-column="${column}"]`).val() ?? '').trim();
        if (value !== '') row[column] = value;
      }
      if (Object.keys(row).length > 0) rows.push(row);
    });
    filling = true;
    element.typedInput('value', rows.length > 0 ? JSON.stringify(rows) : '');
    filling = false;
  };
  list.editableList({
    addItem(container: JQuery, _index: number, row: Record<string, unknown>) {
      const line = $('<div class="linktor-columns">').appendTo(container);
      for (const column of columns) {
        const words = node._(`linktor.column.${column}`);
        $('<input type="text">')
          .attr({ 'data-column': column, placeholder: words, title: words, 'aria-label': words })
          .val(String(row[column] ?? ''))
          .on('input', write)
          .appendTo(line);
      }
    },
    removeItem: write,
    sortItems: write,
    sortable: true,
    removable: true,
    height: 'auto',
  });
  const read = () => {
    const asTable = element.typedInput('type') === 'json';
    holder.toggle(asTable);
    if (filling || !asTable) return;
    filling = true;
    list.editableList('empty');
    for (const row of rowsOf(String(element.typedInput('value') ?? ''))) list.editableList('addItem', row);
    filling = false;
  };
  element.on('change', read);
  read();
}

function rowsOf(json: string): object[] {
  try {
    const rows: unknown = JSON.parse(json);
    return Array.isArray(rows)
      ? rows.map((row) => (typeof row === 'object' && row !== null ? row : { title: row }))
      : [];
  } catch {
    return [];
  }
}
