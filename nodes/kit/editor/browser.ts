import type { FieldMeta, NodeMeta } from './render';

/** The parts of Node-RED's editor that we use. */
interface EditorNode {
  id: string;
  type: string;
  name?: string;
  inputs?: number;
  outputs?: number;
  _(key: string, values?: Record<string, unknown>): string;
  [property: string]: unknown;
}
interface Options {
  label?: string;
}
type Verdict = boolean | string;

declare const RED: {
  validators: { typedInput(options: object): (this: EditorNode, value: unknown, options?: Options) => Verdict };
  settings: { httpNodeRoot?: string };
  clipboard: { copyText(text: string, near: JQuery): void };
};

interface Item {
  value: string;
  label: string;
}

const definitions = new Map<string, NodeMeta>();

const style = `
.linktor-row { display: flex; align-items: flex-start; gap: 6px; }
.linktor-row > label:first-child { flex: 0 0 130px; width: 130px; margin: 0; padding-top: 7px; line-height: 1.3; }
.linktor-row > label.linktor-wide { flex: 1; width: auto; margin: 0; padding: 0; line-height: 1.4; }
.linktor-row > input[type=text], .linktor-row > input[type=password], .linktor-row > select { flex: 1; width: auto; min-width: 0; }
.linktor-row > .red-ui-typedInput-container { flex: 1; width: auto !important; min-width: 0; }
.linktor-row > .linktor-number { flex: 0 0 110px; width: 110px; }
.linktor-row > .linktor-unit { padding-top: 7px; }
.linktor-row input[type=checkbox] { flex: none; width: auto !important; vertical-align: baseline; }
.linktor-row > .linktor-flag { margin: 3px 0 0; }
.linktor-row > div:not([class]), .linktor-row > .linktor-part { flex: 1; min-width: 0; }
.linktor-checks { flex: 1; display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 2px 10px; padding-top: 7px; }
.linktor-checks label { width: auto; margin: 0; line-height: 1.5; }
.linktor-checks input[type=checkbox] { margin: 0 5px 0 0; }
.linktor-row > select[multiple] { display: none; }
.linktor-row-list { flex-wrap: wrap; }
.linktor-list { flex: 0 0 calc(100% - 136px); min-width: 0; margin: 4px 0 0 136px; }
.linktor-list .linktor-columns { display: flex; gap: 6px; }
.linktor-list .linktor-columns input { flex: 1; width: auto; min-width: 0; }
.linktor-part > input[type=text] { width: 100%; }
.linktor-address { margin-top: 4px; overflow-wrap: anywhere; }
.linktor-tested { margin-top: 8px; }
.linktor-tested .fa-check { color: var(--red-ui-text-color-success, #4f8f00); }
.linktor-tested .fa-warning { color: var(--red-ui-text-color-error, #ad1625); }
`;
$('<style>').text(style).appendTo('head');

const prefixOf = (type: string) => (type === 'linktor-config' ? 'node-config-input-' : 'node-input-');
const input = (type: string, name: string) => $(`#${prefixOf(type)}${name}`);

function define(type: string, meta: NodeMeta): void {
  definitions.set(type, meta);
}

function label(node: EditorNode, type: string): string {
  if (node.name) return node.name;
  if (type !== 'linktor-config') return node._(`${type}.label`);
  return String(node.baseUrl ?? '').replace(/^https?:\/\//, '') || node._(`${type}.label`);
}

/** Make a dialog out of the plain rows. */
function prepare(node: EditorNode, type: string): void {
  const { fields } = definitions.get(type) as NodeMeta;
  for (const [name, field] of Object.entries(fields)) {
    // A flow of an older version, or one written by hand, need not have every property.
    if (field.kind === 'choice' && node[name] === undefined) input(type, name).val(String(field.initial));
    if (field.kind === 'number' && node[name] === undefined) input(type, name).val(Number(field.initial));
    if (field.kind === 'flag' && node[name] === undefined) input(type, name).prop('checked', field.initial === true);
    if (field.kind === 'typed' || field.kind === 'out') prepareTyped(node, type, name, field);
    else if (field.kind === 'path') preparePath(node, type, name);
    else if (field.kind === 'checks') prepareChecks(node, type, name, field);
    else if (field.kind === 'number')
      input(type, name).attr({ min: field.min ?? '', max: field.max ?? '', step: 'any' });
  }
  showRows(type, fields);
  if (type === 'linktor-config') prepareTest(node, type);
}

function prepareTyped(node: EditorNode, type: string, name: string, field: FieldMeta): void {
  const element = input(type, name);
  const types = (field.types ?? []).map((one) =>
    one === 'str' && field.pick ? pickType(node, type, field.pick) : one,
  );
  const [first] = field.types ?? ['msg'];
  // biome-ignore lint/suspicious/noExplicitAny: a jQuery widget of Node-RED's own
  const widget = element as any;
  const written = element.attr('placeholder');
  widget.typedInput({ default: first, types, typeField: `#${prefixOf(type)}${name}Type` });
  const visible = element.next('.red-ui-typedInput-container').find('input.red-ui-typedInput-input');
  const hint = () => {
    const { property = '' } = field;
    const ofMessage = widget.typedInput('type') === 'msg' ? property : `msg.${property}`;
    visible.attr('placeholder', property === '' ? (written ?? '') : ofMessage);
  };
  element.on('change', hint);
  hint();
  if (field.columns) prepareList(node, element, field.columns);
}

/** The whole address, as a sender needs it. */
function preparePath(node: EditorNode, type: string, name: string): void {
  const element = input(type, name);
  const usual = `/linktor/${node.id}`;
  element.attr('placeholder', usual);
  const shown = element.closest('.form-row').find('.linktor-address code');
  const show = () => {
    const path = String(element.val() ?? '').trim() || usual;
    const root = RED.settings.httpNodeRoot ?? '/';
    shown.text(`${location.origin}${`/${root}/${path}`.replace(/\/{2,}/g, '/')}`);
  };
  element.on('input change', show);
  show();
  element
    .closest('.form-row')
    .find('.linktor-copy')
    .on('click', () => RED.clipboard.copyText(shown.text(), shown));
  const outcome = $('.linktor-registered');
  $('.linktor-register').on('click', () => {
    const config = String(input(type, 'config').val() ?? '');
    const wanted = { url: shown.text(), events: String(input(type, 'events').val() ?? ''), node: node.id };
    ask(node, `linktor/${encodeURIComponent(config)}/webhook`, wanted, outcome, ({ outcome: what }) =>
      node._(`linktor.webhook.${what}`),
    );
  });
}

/** A typed text with suggestions from the server; anything else may be typed as well. */
function pickType(node: EditorNode, type: string, what: string): object {
  const found = new Map<string, Item[]>();
  return {
    value: 'str',
    label: node._('linktor.pick'),
    icon: 'fa fa-list-ul',
    autoComplete(value: string, done: (items: object[]) => void) {
      const config = String(input(type, 'config').val() ?? '');
      const search = value.trim();
      const key = `${config} ${search}`;
      const known = found.get(key);
      if (known) return done(known);
      if (config === '' || config === '_ADD_') return done([]);
      const url = `linktor/${encodeURIComponent(config)}/list/${what}`;
      $.getJSON(url, search === '' ? {} : { search })
        .done((answer: { ok: boolean; items?: Item[] }) => {
          const items = answer.ok ? (answer.items ?? []) : [];
          if (answer.ok) found.set(key, items);
          done(items);
        })
        .fail(() => done([]));
    },
  };
}

/** A table for those who do not write JSON; the JSON below it stays what is stored. */
function prepareList(node: EditorNode, element: JQuery, columns: readonly string[]): void {
  // biome-ignore lint/suspicious/noExplicitAny: a jQuery widget of Node-RED's own
  const widget = element as any;
  const holder = element.closest('.form-row').find('.linktor-list');
  // biome-ignore lint/suspicious/noExplicitAny: a jQuery widget of Node-RED's own
  const list = holder.find('ol') as any;
  let filling = false;
  const write = () => {
    if (filling) return;
    const rows: object[] = [];
    list.editableList('items').each((_: number, item: HTMLElement) => {
      const row: Record<string, string> = {};
      for (const column of columns) {
        const value = String($(item).find(`[data-column="${column}"]`).val() ?? '').trim();
        if (value !== '') row[column] = value;
      }
      if (Object.keys(row).length > 0) rows.push(row);
    });
    filling = true;
    widget.typedInput('value', rows.length > 0 ? JSON.stringify(rows) : '');
    filling = false;
  };
  list.editableList({
    addItem(container: JQuery, _index: number, row: Record<string, unknown>) {
      const line = $('<div class="linktor-columns">').appendTo(container);
      for (const column of columns) {
        $('<input type="text">')
          .attr({ 'data-column': column, placeholder: node._(`linktor.column.${column}`) })
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
    const asTable = widget.typedInput('type') === 'json';
    holder.toggle(asTable);
    if (filling || !asTable) return;
    filling = true;
    list.editableList('empty');
    for (const row of rowsOf(String(widget.typedInput('value') ?? ''))) list.editableList('addItem', row);
    filling = false;
  };
  element.on('change', read);
  read();
}

function rowsOf(json: string): object[] {
  try {
    const rows: unknown = JSON.parse(json);
    return Array.isArray(rows) ? rows.map((row) => (typeof row === 'object' ? row : { title: row })) : [];
  } catch {
    return [];
  }
}

/** Boxes to tick stand in for the clumsy multiple select that holds the value. */
function prepareChecks(node: EditorNode, type: string, name: string, field: FieldMeta): void {
  const select = input(type, name);
  const holder = select.closest('.form-row').find('.linktor-checks');
  const chosen = new Set((node[name] ?? field.initial) as string[]);
  for (const option of field.options ?? []) {
    const words = node._(`${type}.option.${name}.${option}`);
    const box = $('<input type="checkbox">').prop('checked', chosen.has(option)).attr('data-option', option);
    box.on('change', () => {
      const ticked = holder.find('input:checked').map((_, one) => String($(one).attr('data-option')));
      select.val(ticked.get());
    });
    $('<label>').append(box, document.createTextNode(words)).appendTo(holder);
  }
  select.val([...chosen]);
}

/** Only the rows that matter for the present choices are shown. */
function showRows(type: string, fields: Record<string, FieldMeta>): void {
  const shows = (field: FieldMeta) =>
    Object.entries(field.when ?? {}).every(([name, options]) => options.includes(current(type, name)));
  const refresh = () => {
    for (const [name, field] of Object.entries(fields)) {
      if (field.when) input(type, name).closest('.form-row').toggle(shows(field));
    }
  };
  const decisive = new Set(Object.values(fields).flatMap((field) => Object.keys(field.when ?? {})));
  for (const name of decisive) input(type, name).on('change', refresh);
  refresh();
}

function current(type: string, name: string): string {
  const element = input(type, name);
  return element.is(':checkbox') ? String(element.prop('checked')) : String(element.val());
}

/** The number of ports follows the settings. */
function save(node: EditorNode, type: string): void {
  const { outputs, inputWhen, fields } = definitions.get(type) as NodeMeta;
  if (fields.errorOutput) node.outputs = outputs + (input(type, 'errorOutput').prop('checked') ? 1 : 0);
  if (inputWhen) {
    node.inputs = Object.entries(inputWhen).every(([name, options]) => options.includes(current(type, name))) ? 1 : 0;
  }
}

function cancel(_node: EditorNode, type: string): void {
  if (type === 'linktor-config') $('.linktor-outcome').empty();
}

/** @returns true, or what is wrong in the user's language */
function check(node: EditorNode, name: string, value: unknown): Verdict {
  const field = definitions.get(node.type)?.fields[name];
  // What is wrong is told at the node as well, far from the field: it has to be named.
  const block = name === 'name' || name === 'result' ? 'linktor' : node.type;
  const options = { label: node._(`${block}.field.${name}`) };
  if (!field || !isShown(node, field)) return true;
  const text = value === undefined || value === null ? '' : String(value);
  if (text.startsWith('${') && text.endsWith('}')) return true;
  if (field.kind === 'typed' || field.kind === 'out') {
    return RED.validators.typedInput({ type: `${name}Type`, allowBlank: true }).call(node, value, options);
  }
  if (text.trim() === '') return field.required ? say(node, 'required', options) : true;
  if (field.kind === 'number' && !inRange(Number(text), field)) return say(node, 'number', options, field);
  if (field.format === 'url' && !/^(https?|wss?):\/\/[^\s?#]+$/i.test(text.trim())) return say(node, 'url', options);
  if (field.kind === 'path' && !/^\/?[\w\-./~%@]+$/.test(text.trim())) return say(node, 'path', options);
  if (name === 'textValue' && node.textRule === 'regex' && !isRegex(text)) return say(node, 'regex', options);
  return true;
}

function isShown(node: EditorNode, field: FieldMeta): boolean {
  return Object.entries(field.when ?? {}).every(([name, options]) => options.includes(String(node[name])));
}

function inRange(figure: number, { min, max }: FieldMeta): boolean {
  return Number.isFinite(figure) && (min === undefined || figure >= min) && (max === undefined || figure <= max);
}

function isRegex(source: string): boolean {
  try {
    new RegExp(source, 'iu');
    return true;
  } catch {
    return false;
  }
}

function say(node: EditorNode, what: string, options?: Options, values: { min?: number; max?: number } = {}): string {
  const words = node._(`linktor.invalid.${what}`, { min: values.min ?? '', max: values.max ?? '' });
  return options?.label ? `${options.label}: ${words}` : words;
}

/** Try the settings as they stand in the dialog. */
function prepareTest(node: EditorNode, type: string): void {
  const outcome = $('.linktor-outcome');
  $('.linktor-test').on('click', () => {
    const names = ['baseUrl', 'signIn', 'apiKey', 'accessToken', 'email', 'password', 'tls', 'proxy'];
    const settings = Object.fromEntries(names.map((name) => [name, String(input(type, name).val() ?? '')]));
    ask(node, `linktor/${encodeURIComponent(node.id)}/test`, settings, outcome, ({ user, tenant, latency }) =>
      node._('linktor.test.ok', { user: user ?? '', tenant: tenant ?? '', latency: latency ?? '' }),
    );
  });
}

/** Ask our own routes, and say what came of it. */
function ask(node: EditorNode, url: string, body: object, outcome: JQuery, words: (answer: Tested) => string): void {
  outcome.text(node._('linktor.test.running'));
  $.ajax({ url, method: 'POST', contentType: 'application/json', data: JSON.stringify(body) })
    .done((answer: Tested) => {
      const said = answer.ok ? words(answer) : [answer.message, answer.hint].filter(Boolean).join(' ');
      outcome
        .empty()
        .append(
          $('<i class="fa">').addClass(answer.ok ? 'fa-check' : 'fa-warning'),
          document.createTextNode(` ${said}`),
        );
    })
    .fail((request) => outcome.text(node._(request.status === 401 ? 'linktor.test.forbidden' : 'linktor.test.failed')));
}

interface Tested {
  ok: boolean;
  user?: string;
  tenant?: string;
  latency?: number;
  outcome?: string;
  message?: string;
  hint?: string;
}

Object.assign(window, { linktor: { define, label, prepare, save, cancel, check } });
