import type { Answer, Item, Part, Refusal } from '../../admin/types';
import type { FieldMeta } from '../meta';
import { inWords } from './ask';
import type { EditorNode } from './host';
import { keepNames, nameOf } from './names';
import { input, rowOf } from './values';

interface Found extends Part {
  /** catalogue key of the problem, and the message of the server */
  problem?: { key: string; message?: string };
}

/** pause in typing after which the search starts, milliseconds */
const SEARCH_DELAY_MS = 200;

/**
 * A text input with suggestions from the server: searched while the user types, loaded in parts, and cached while the
 * dialog is open. Any other text is accepted as well.
 */
export class PickList {
  /** the source of the typed input */
  readonly source: object;
  readonly #node: EditorNode;
  readonly #element: JQuery;
  readonly #field: FieldMeta;
  readonly #found = new Map<string, Found>();
  readonly #panel = $('<div class="linktor-below linktor-pick">').hide();
  readonly #list = $('<ul role="listbox">');
  readonly #notice = $('<p role="status">');
  readonly #picked = $('<p class="linktor-below linktor-picked">').hide();
  #line: JQuery = $();
  #search = '';
  #timer: number | undefined;

  /** @param field with the resource to pick from */
  constructor(node: EditorNode, element: JQuery, field: FieldMeta) {
    this.#node = node;
    this.#element = element;
    this.#field = field;
    this.#list.attr({ id: `${element.attr('id')}-list`, 'aria-label': node._('linktor.pick') });
    const expand = Object.assign(() => this.#toggle(), { icon: 'fa-search' });
    this.source = { value: 'str', label: node._('linktor.pick'), icon: 'fa fa-list-ul', expand };
  }

  /** @param line the visible part of the typed input */
  attach(line: JQuery): void {
    this.#line = line;
    this.#panel.append(this.#list, this.#notice);
    const row = rowOf(this.#element).append(this.#picked, this.#panel);
    const id = this.#list.attr('id') ?? '';
    line.attr({
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-controls': id,
      'aria-expanded': 'false',
      autocomplete: 'off',
    });
    line.on('input', () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#isOurs && this.#open(this.#typed), SEARCH_DELAY_MS);
    });
    line.on('keydown', (event) => this.#onKey(event));
    row.on('focusout', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && row[0]?.contains(relatedTarget))) this.#close();
    });
    // A click in the list does not take the focus from the line.
    this.#panel.on('mousedown', (event) => event.preventDefault());
    this.#list.on('click', 'li', ({ currentTarget }) => this.#take($(currentTarget)));
    const refresh = () => {
      if (!this.#isOurs) this.#close();
      this.#tellName();
    };
    this.#element.on('change', refresh);
    input(this.#node.type, 'config').on('change', () => {
      this.#close();
      this.#tellName();
    });
    refresh();
  }

  get #isOurs(): boolean {
    return this.#element.typedInput('type') === 'str';
  }

  get #isOpen(): boolean {
    return this.#line.attr('aria-expanded') === 'true';
  }

  get #config(): string {
    const id = String(input(this.#node.type, 'config').val() ?? '');
    return id === '_ADD_' ? '' : id;
  }

  /** The text to search: in a list, what comes after the last comma. */
  get #typed(): string {
    const text = String(this.#line.val());
    return (this.#field.several ? (text.split(',').at(-1) ?? '') : text).trim();
  }

  #toggle(): void {
    this.#line.trigger('focus');
    if (this.#isOpen) this.#close();
    else this.#open('');
  }

  #open(search: string): void {
    // The dialog has been closed in the meantime.
    if (!this.#line[0]?.isConnected) return;
    this.#search = search;
    this.#line.attr('aria-expanded', 'true');
    this.#panel.show();
    const config = this.#config;
    const found = this.#found.get(keyOf(config, search));
    if (found) this.#show(found);
    else if (config === '') this.#show({ items: [], problem: { key: 'noConfig' } });
    else this.#load(config, search);
  }

  #close(): void {
    window.clearTimeout(this.#timer);
    this.#line.attr('aria-expanded', 'false').removeAttr('aria-activedescendant');
    this.#panel.hide();
  }

  /** @param before the loaded parts, when more are requested */
  #load(config: string, search: string, before?: Found): void {
    this.#notice.text(this.#node._('linktor.list.loading'));
    if (!before) this.#list.empty();
    const settle = (found: Found) => {
      // Failures are not cached.
      if (!found.problem) this.#found.set(keyOf(config, search), found);
      keepNames(
        config,
        found.items.map(({ value, label }) => [value, label]),
      );
      if (this.#isOpen && this.#search === search && this.#config === config) this.#show(found, before?.items.length);
    };
    const items = before?.items ?? [];
    $.getJSON(listUrl(config, this.#field.pick), {
      ...(search === '' ? {} : { search }),
      ...before?.next,
    })
      .done((answer: Answer<Part>) => {
        if (answer.ok) settle({ items: [...items, ...answer.items], next: answer.next });
        else settle({ items, next: before?.next, problem: problemOf(answer) });
      })
      .fail(({ status }) => settle({ items, next: before?.next, problem: { key: keyFor(status) } }));
  }

  /** @param active index of the first new item, when more items were loaded */
  #show({ items, next, problem }: Found, active?: number): void {
    this.#list.empty();
    const id = this.#list.attr('id');
    for (const [index, item] of items.entries()) {
      const { value, label, detail } = item;
      const line = $(`<li role="option" id="${id}-${index}">`).attr('data-value', value).data('item', item).text(label);
      if (detail) line.append($('<small>').text(detail));
      this.#list.append(line);
    }
    if (next) {
      const more = $(`<li role="option" id="${id}-next" class="linktor-next">`);
      this.#list.append(more.text(this.#node._('linktor.list.more')));
    }
    const nothing = items.length === 0 && !next ? { key: 'none', message: undefined } : undefined;
    const said = problem ?? nothing;
    this.#notice.text(
      said
        ? [this.#node._(`linktor.list.${said.key}`), inWords(this.#node, said.message)].filter(Boolean).join(' ')
        : '',
    );
    if (active !== undefined) this.#activate(this.#list.children().eq(active));
  }

  #activate(line: JQuery): void {
    this.#list.children().attr('aria-selected', 'false');
    line.attr('aria-selected', 'true')[0]?.scrollIntoView({ block: 'nearest' });
    this.#line.attr('aria-activedescendant', line.attr('id') ?? '');
  }

  #take(line: JQuery): void {
    if (line.hasClass('linktor-next')) {
      return this.#load(this.#config, this.#search, this.#found.get(keyOf(this.#config, this.#search)));
    }
    const { value, facts = {} } = line.data('item') as Item;
    // First, so that a table of the template's placeholders knows its language.
    for (const [fact, name] of Object.entries(this.#field.fills ?? {}))
      if (facts[fact] !== undefined) input(this.#node.type, name).val(facts[fact]).trigger('change');
    this.#element.typedInput('value', this.#field.several ? this.#added(value) : value);
    this.#close();
    this.#tellName();
  }

  /** @returns the list with this entry in the place of what was typed last */
  #added(value: string): string {
    const text = String(this.#element.typedInput('value') ?? '');
    const entries = text.split(',').map((one) => one.trim());
    const isSearched = this.#search !== '' && entries.at(-1) === this.#search;
    const kept = entries.slice(0, isSearched ? -1 : undefined).filter((one) => one !== '' && one !== value);
    return [...kept, value].join(', ');
  }

  #onKey(event: JQuery.TriggeredEvent): void {
    if (!this.#isOurs) return;
    const lines = this.#list.children();
    const active = lines.filter('[aria-selected=true]');
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      if (!this.#isOpen) this.#open('');
      else if (lines.length > 0) {
        const place = active.length > 0 ? lines.index(active) + step : step > 0 ? 0 : -1;
        this.#activate(lines.eq(place % lines.length));
      }
    } else if (event.key === 'Enter' && this.#isOpen && active.length > 0) this.#take(active);
    else if (event.key === 'Escape' && this.#isOpen) this.#close();
    else return;
    // The dialog must not handle this key as well.
    event.preventDefault();
    event.stopPropagation();
  }

  /** Show the name of the chosen id. */
  #tellName(): void {
    const text = this.#isOurs ? String(this.#element.typedInput('value')).trim() : '';
    const ids = (this.#field.several ? text.split(',') : [text]).map((one) => one.trim()).filter((one) => one !== '');
    const names = ids.map((id) => nameOf(this.#config, id));
    const isKnown = names.some((name, index) => name !== '' && name !== ids[index]);
    const words = isKnown ? names.map((name, index) => name || ids[index]).join(', ') : '';
    this.#picked.text(words).toggle(words !== '');
  }
}

/** @returns the address of a pick list */
export const listUrl = (config: string, what = '') => `linktor/${encodeURIComponent(config)}/list/${what}`;

const keyOf = (config: string, search: string) => `${config} ${search}`;

/** That there is no such list, says enough. */
function problemOf({ code, message }: Refusal): Found['problem'] {
  return { key: keyFor(code), ...(code !== 'not_supported' && { message }) };
}

/** @returns the catalogue key of a list problem, by the code of the route or the HTTP status of Node-RED */
export function keyFor(code: string | number | undefined): string {
  const keys: Record<string, string> = {
    401: 'forbidden',
    403: 'forbidden',
    not_deployed: 'notDeployed',
    authentication: 'notSignedIn',
    authorization: 'notAllowed',
    not_supported: 'missing',
    network: 'offline',
    timeout: 'offline',
    server: 'offline',
  };
  return keys[String(code)] ?? 'failed';
}
