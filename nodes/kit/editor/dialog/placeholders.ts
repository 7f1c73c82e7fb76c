import type { Answer, Item, Part, TemplatePlace } from '../../admin/types';
import type { EditorNode } from './host';
import { keyFor, listUrl } from './pick';
import { nameTypedInput } from './spoken';
import type { Source } from './table';
import { current, input, labelOf, metaFor, rowOf } from './values';

/** A line as it is stored. */
interface Row {
  placeholder: string;
  value: string;
  valueType: string;
}

/** What is known of the placeholders of the chosen template, or the catalogue key of the reason for not knowing. */
type Known = { places: readonly TemplatePlace[] } | { why: string };

/** pause after a change before the template is looked up, milliseconds */
const LOOK_UP_DELAY_MS = 200;
const SOURCES = ['str', 'msg', 'num', 'json', 'flow', 'global', 'env', 'jsonata'];

/**
 * Add a table with a line for each placeholder of the chosen template. The placeholders come from the pick list of the
 * template; where there is none, lines are added by hand.
 * @param template name of the field with the template
 */
export function preparePlaceholders(node: EditorNode, name: string, template: string, source: Source): void {
  new Placeholders(node, name, template, source);
}

class Placeholders {
  readonly #node: EditorNode;
  readonly #name: string;
  readonly #template: string;
  readonly #source: Source;
  readonly #holder: JQuery;
  readonly #found = new Map<string, Item[]>();
  #known: Known = { why: 'linktor.list.loading' };
  /** the JSON on display, to recognise changes made here */
  #shown: string | undefined;
  #timer: number | undefined;

  constructor(node: EditorNode, name: string, template: string, source: Source) {
    this.#node = node;
    this.#name = name;
    this.#template = template;
    this.#source = source;
    this.#holder = rowOf(input(node.type, name)).find('.linktor-placeholders');
    const later = () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#lookUp(), LOOK_UP_DELAY_MS);
    };
    for (const field of [template, this.#languageField, 'config'])
      if (field !== undefined) input(node.type, field).on('change', later);
    source.onChange(() => {
      if (source.read() !== this.#shown) this.#draw();
    });
    this.#draw();
    this.#lookUp();
  }

  get #languageField(): string | undefined {
    return metaFor(this.#node.type).fields[this.#template]?.fills?.language;
  }

  #lookUp(): void {
    // The dialog has been closed in the meantime.
    if (!this.#holder[0]?.isConnected) return;
    const name = current(this.#node, this.#template).trim();
    const config = current(this.#node, 'config').replace(/^_ADD_$/, '');
    if (current(this.#node, `${this.#template}Type`) !== 'str' || name === '')
      return this.#learn({ why: 'linktor.places.atRunTime' });
    if (config === '') return this.#learn({ why: 'linktor.list.noConfig' });
    const key = `${config} ${name}`;
    const known = this.#found.get(key);
    if (known) return this.#take(known);
    this.#learn({ why: 'linktor.list.loading' });
    const { pick } = metaFor(this.#node.type).fields[this.#template] ?? {};
    const isStill = () => current(this.#node, this.#template).trim() === name;
    $.getJSON(listUrl(config, pick), { search: name })
      .done((answer: Answer<Part>) => {
        if (!isStill()) return;
        if (!answer.ok) return this.#learn({ why: `linktor.list.${keyFor(answer.code)}` });
        const items = answer.items.filter(({ value }) => value === name);
        this.#found.set(key, items);
        this.#take(items);
      })
      .fail(({ status }) => isStill() && this.#learn({ why: `linktor.list.${keyFor(status)}` }));
  }

  /** @param items the templates of this name, in their languages */
  #take(items: readonly Item[]): void {
    const language = this.#languageField === undefined ? '' : current(this.#node, this.#languageField).trim();
    const item = items.find(({ facts }) => language === '' || facts?.language === language);
    if (!item) this.#learn({ why: 'linktor.places.notFound' });
    else this.#learn(item.placeholders ? { places: item.placeholders } : { why: 'linktor.places.notTold' });
  }

  #learn(known: Known): void {
    this.#known = known;
    this.#draw();
  }

  #draw(): void {
    const json = this.#source.read();
    this.#shown = json;
    this.#holder.toggle(json !== undefined);
    if (json === undefined || !this.#holder[0]?.isConnected) return;
    const list = this.#holder.children('div').empty();
    const rows = rowsOf(json);
    if (!rows) return this.#say([this.#node._('linktor.table.json')]);
    const places = 'places' in this.#known ? this.#known.places : undefined;
    for (const place of places ?? []) list.append(this.#line(place.id, rows.get(place.id), place));
    const others = [...rows].filter(([id]) => !places?.some((place) => place.id === id));
    for (const [id, row] of others) list.append(this.#line(id, row));
    if (!places) list.append(this.#adder());
    this.#say(this.#notes(places, rows));
  }

  /** Why there are no lines, or how they differ from what is stored. */
  #notes(places: readonly TemplatePlace[] | undefined, rows: ReadonlyMap<string, Row>): string[] {
    const say = (key: string, names: readonly string[] = []) => this.#node._(key, { names: names.join(', ') });
    if (!places) return [say((this.#known as { why: string }).why)];
    if (places.length === 0 && rows.size === 0) return [say('linktor.places.none')];
    if (rows.size === 0) return [];
    const fresh = places.filter(({ id, optional }) => !optional && !rows.has(id)).map(({ name }) => name);
    const gone = [...rows.keys()].filter((id) => !places.some((place) => place.id === id));
    return [
      ...(fresh.length > 0 ? [say('linktor.places.fresh', fresh)] : []),
      ...(gone.length > 0 ? [say('linktor.places.gone', gone)] : []),
    ];
  }

  #say(notes: readonly string[]): void {
    this.#holder.children('.linktor-note').text(notes.join(' '));
  }

  /** @param place of the chosen template; a line without one can be removed */
  #line(id: string, row: Row | undefined, place?: TemplatePlace): JQuery {
    const name = place?.name ?? id;
    const label = `${labelOf(this.#node, this.#name)}: ${name}`;
    const line = $('<div class="linktor-place">').attr('data-placeholder', id);
    const about = $('<span class="linktor-place-name">').append($('<code>').text(name));
    if (place?.preview) about.append($('<small>').text(place.preview));
    if (!place && 'places' in this.#known) line.addClass('linktor-gone');
    const value = $('<input type="text">');
    line.append(about, value);
    value.val(row?.value ?? '').typedInput({ default: row?.valueType ?? 'str', types: SOURCES as never });
    value.typedInput('type', row?.valueType ?? 'str');
    nameTypedInput(this.#node, value.next('.red-ui-typedInput-container'), label);
    line.data('row', () => ({
      placeholder: line.attr('data-placeholder'),
      value: String(value.typedInput('value') ?? ''),
      valueType: String(value.typedInput('type')),
      optional: place?.optional === true,
    }));
    value.on('change', () => this.#write());
    if (!place) line.append(this.#remover(line, label));
    return line;
  }

  #remover(line: JQuery, label: string): JQuery {
    const words = this.#node._('linktor.table.remove', { field: label });
    const icon = $('<i class="fa fa-remove" aria-hidden="true">');
    const button = $('<button type="button" class="red-ui-button red-ui-button-small">').attr('aria-label', words);
    return button.append(icon).on('click', () => {
      line.remove();
      this.#write();
      this.#draw();
    });
  }

  /** Adds the next placeholder, or one of the name given. */
  #adder(): JQuery {
    const words = this.#node._('linktor.places.add');
    const name = $('<input type="text" class="linktor-place-new">').attr({ placeholder: words, 'aria-label': words });
    const add = () => {
      const given = String(name.val()).trim();
      const numbers = this.#rows.map(({ placeholder }) => Number(/^body\.(\d+)$/.exec(placeholder)?.[1] ?? 0));
      const id = given === '' ? `body.${Math.max(0, ...numbers) + 1}` : this.#idOf(given);
      if (this.#rows.some(({ placeholder }) => placeholder === id)) return;
      line.before(this.#line(id, undefined));
      name.val('');
    };
    name.on('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      add();
    });
    const button = $('<button type="button" class="red-ui-button red-ui-button-small linktor-add">')
      .append(
        '<i class="fa fa-plus" aria-hidden="true"></i> ',
        document.createTextNode(this.#node._('linktor.table.add')),
      )
      .on('click', add);
    const line = $('<div class="linktor-place">').append(name, button);
    return line;
  }

  /** A number or a name alone is a placeholder of the text of a message. */
  #idOf(given: string): string {
    const bare = given.replace(/^\{\{\s*|\s*\}\}$/g, '');
    const isMessage = metaFor(this.#node.type).fields[this.#template]?.pick === 'messageTemplates';
    return isMessage && !bare.includes('.') ? `body.${bare}` : bare;
  }

  get #rows(): (Row & { optional: boolean })[] {
    return this.#holder
      .find('[data-placeholder]')
      .toArray()
      .map((line) => ($(line).data('row') as () => Row & { optional: boolean })());
  }

  /** Required placeholders are stored without a value, too: so it is known later which ones are new. */
  #write(): void {
    const rows = this.#rows;
    const kept = rows.some(({ value }) => value !== '')
      ? rows.filter(({ value, optional }) => value !== '' || !optional)
      : [];
    const stored = kept.map(({ placeholder, value, valueType }) => ({ placeholder, value, valueType }));
    this.#shown = stored.length > 0 ? JSON.stringify(stored) : '';
    this.#source.write(this.#shown);
    const places = 'places' in this.#known ? this.#known.places : undefined;
    this.#say(this.#notes(places, new Map(stored.map((row) => [row.placeholder, row]))));
  }
}

/** @returns the stored lines by placeholder; plain values are those of the text, in order; undefined for anything else */
function rowsOf(json: string): Map<string, Row> | undefined {
  if (json.trim() === '') return new Map();
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(given)) return undefined;
  const rows = given.map((one: unknown, index): Row | undefined => {
    if (typeof one !== 'object') return { placeholder: `body.${index + 1}`, value: String(one), valueType: 'str' };
    const { placeholder, value = '', valueType = 'str' } = (one ?? {}) as Partial<Row>;
    return typeof placeholder === 'string' ? { placeholder, value: String(value), valueType } : undefined;
  });
  return rows.every((row) => row !== undefined) ? new Map(rows.map((row) => [row.placeholder, row])) : undefined;
}
