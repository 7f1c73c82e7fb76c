import type { Column } from '../../fields';
import { columnKey, columnOf } from '../keys';
import { type Cell, cellFor } from './cell';
import type { EditorNode } from './host';
import { pasted } from './paste';
import { input, labelOf, rowOf } from './values';

/** The storage of a table's JSON. */
export interface Source {
  /** @returns the JSON, or undefined while another source is selected */
  read(): string | undefined;
  write(json: string): void;
  onChange(changed: () => void): void;
}

type Row = Record<string, unknown>;

interface Line {
  /** index when the dialog was opened; undefined for a new line */
  origin?: number;
  row: Row;
  cells: Cell[];
}

/** @returns for each non-empty line its index when the dialog was opened */
export function linesOf(holder: JQuery): (number | undefined)[] {
  return (holder.data('table') as Table | undefined)?.origins ?? [];
}

/** Add a table as an editor for a field that is stored as JSON. */
export function prepareTable(
  node: EditorNode,
  name: string,
  columns: readonly (string | Column)[],
  source: Source,
): void {
  const holder = rowOf(input(node.type, name)).find('.linktor-table');
  new Table(node, holder, labelOf(node, name), columns.map(columnOf), source);
}

class Table {
  readonly #node: EditorNode;
  readonly #holder: JQuery;
  readonly #list: JQuery;
  readonly #label: string;
  readonly #columns: readonly Column[];
  readonly #source: Source;
  /** the JSON on display, to recognise changes made by the table itself */
  #known: string | undefined;
  #filling = false;

  constructor(node: EditorNode, holder: JQuery, label: string, columns: readonly Column[], source: Source) {
    this.#node = node;
    this.#holder = holder;
    this.#list = holder.find('ol');
    this.#label = label;
    this.#columns = columns;
    this.#source = source;
    holder.data('table', this);
    const changed = () => this.#write();
    this.#list.editableList({
      addItem: (container: JQuery, _index: number, given: Row) => this.#add(container, given),
      addButton: false,
      removeItem: changed,
      sortItems: changed,
      sortable: '.linktor-grip',
      removable: true,
      height: 'auto',
    });
    const add = $('<button type="button" class="red-ui-button red-ui-button-small linktor-add">')
      .append('<i class="fa fa-plus" aria-hidden="true"></i> ', document.createTextNode(node._('linktor.table.add')))
      .on('click', () => this.#focusLast());
    holder.append(add);
    source.onChange(() => this.#read());
    this.#read();
  }

  #read(): void {
    const json = this.#source.read();
    this.#holder.toggle(json !== undefined);
    if (json === undefined || json === this.#known) return;
    this.#known = json;
    const rows = rowsOf(json, this.#columns);
    this.#holder
      .find('.linktor-note')
      .text(rows ? '' : this.#node._('linktor.table.json'))
      .prop('hidden', !!rows);
    this.#list.closest('.red-ui-editableList').toggle(!!rows);
    this.#holder.find('.linktor-add').toggle(!!rows);
    this.#filling = true;
    this.#list.editableList('empty');
    for (const row of [...(rows ?? []), {}]) this.#list.editableList('addItem', row);
    for (const [index, { line }] of this.#lines.entries()) if (!isEmpty(line)) line.origin = index;
    this.#filling = false;
  }

  #add(container: JQuery, row: Row): void {
    const cells = this.#columns.map((column) => cellFor(this.#node, column, row[column.name]));
    container.data('line', { row, cells } satisfies Line);
    const line = $('<div class="linktor-columns">').attr({ role: 'group', 'aria-label': this.#label });
    line.append('<i class="linktor-grip fa fa-bars" aria-hidden="true"></i>', ...cells.map(({ root }) => root));
    container.append(line);
    for (const [index, { root }] of cells.entries()) {
      root.on('input change', () => this.#edited(container));
      root.on('paste', (event) => this.#paste(event.originalEvent as ClipboardEvent, container, index));
      root.on('keydown', (event) => {
        // Enter moves to the last line instead of closing the dialog.
        if (event.key !== 'Enter' || !$(event.target).is('input')) return;
        event.preventDefault();
        this.#focusLast();
      });
    }
    const words = this.#node._('linktor.table.remove', { field: this.#label });
    container
      .parent()
      .find('.red-ui-editableList-item-remove')
      .attr({ role: 'button', tabindex: 0, 'aria-label': words });
  }

  get #lines(): { container: JQuery; line: Line }[] {
    const items: JQuery[] = this.#list
      .editableList('items')
      .toArray()
      .map((item: HTMLElement) => $(item));
    return items.map((item) => {
      const container = item.find('.linktor-columns').parent();
      return { container, line: container.data('line') as Line };
    });
  }

  get origins(): (number | undefined)[] {
    return this.#lines.filter(({ line }) => !isEmpty(line)).map(({ line }) => line.origin);
  }

  /** Keep an empty line at the end. */
  #edited(container: JQuery): void {
    const last = this.#lines.at(-1);
    if (last && last.container[0] === container[0] && !isEmpty(last.line)) this.#list.editableList('addItem', {});
    this.#write();
  }

  #focusLast(): void {
    const last = this.#lines.at(-1);
    if (!last || !isEmpty(last.line)) this.#list.editableList('addItem', {});
    this.#lines.at(-1)?.line.cells[0]?.focus();
  }

  /** Convert lines pasted from a spreadsheet or a list into lines of the table. */
  #paste(event: ClipboardEvent, container: JQuery, first: number): void {
    const columns = this.#columns.slice(first);
    const names = columns.map(({ name }) => [name, this.#node._(columnKey(name))]);
    const rows = pasted(event.clipboardData?.getData('text/plain') ?? '', names);
    if (!rows) return;
    event.preventDefault();
    const begin = this.#lines.findIndex((one) => one.container[0] === container[0]);
    for (const [index, texts] of rows.entries()) {
      if (!this.#lines[begin + index]) this.#list.editableList('addItem', {});
      const cells = this.#lines[begin + index]?.line.cells ?? [];
      for (const [column, text] of texts.entries()) cells[first + column]?.set(text);
    }
    const last = this.#lines.at(-1);
    if (last) this.#edited(last.container);
  }

  #write(): void {
    if (this.#filling) return;
    const rows = this.#lines.filter(({ line }) => !isEmpty(line)).map(({ line }) => rowOfLine(line));
    this.#known = rows.length > 0 ? JSON.stringify(rows) : '';
    this.#source.write(this.#known);
  }
}

function isEmpty({ row, cells }: Line): boolean {
  const known = new Set(cells.map(({ name }) => name));
  return !cells.some((cell) => cell.isFilled()) && Object.keys(row).every((one) => known.has(one));
}

/** Properties without a column are kept. */
function rowOfLine({ row, cells }: Line): Row {
  const known = new Set(cells.map(({ name }) => name));
  const kept = Object.entries(row).filter(([name]) => !known.has(name));
  const said = cells.map((cell) => [cell.name, cell.get()] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...said, ...kept]);
}

/** @returns the lines, or undefined when a table cannot represent the JSON */
function rowsOf(json: string, [first, ...others]: readonly Column[]): Row[] | undefined {
  if (json.trim() === '') return [];
  try {
    const rows: unknown = JSON.parse(json);
    if (!Array.isArray(rows)) return undefined;
    const lines = rows.map((row) => (typeof row === 'object' ? row : { [first?.name ?? '']: row }));
    const isPlain = (row: Row | null) =>
      row !== null && [first, ...others].every((column) => typeof row[column?.name ?? ''] !== 'object');
    return lines.every(isPlain) ? lines : undefined;
  } catch {
    return undefined;
  }
}
