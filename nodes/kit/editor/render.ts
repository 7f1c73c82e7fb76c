import type { Action, Definition, Trigger } from '../define';
import type { Field } from '../fields';

/** Everything that the browser has to know about a field. */
export interface FieldMeta {
  kind: Field<unknown>['kind'];
  initial: unknown;
  types?: readonly string[];
  property?: string;
  pick?: string;
  columns?: readonly string[];
  options?: readonly string[];
  when?: Record<string, readonly string[]>;
  required?: boolean;
  min?: number;
  max?: number;
  format?: string;
}

export interface NodeMeta {
  fields: Record<string, FieldMeta>;
  /** how many outputs there are without the error output */
  outputs: number;
  /** the choice that gives the node an input */
  inputWhen?: Record<string, readonly string[]>;
}

const colour = '#3fb8af';
/** fields that say the same in every node */
const outside = new Set([
  'config',
  'name',
  'result',
  'errorOutput',
  'outputs',
  'operation',
  'paging',
  'page',
  'limit',
  'confirm',
]);

/** @returns the Node-RED HTML of the whole palette: the shared script once, then each node's definition and form */
export function render(palette: readonly Definition[], browser: string): string {
  const script = (text: string) => `<script type="text/javascript">\n${text}\n</script>`;
  return `${[script(browser.trim()), ...palette.flatMap((one) => [script(registration(one)), template(one)])].join('\n')}\n`;
}

/** The catalogue keys that a definition needs, in every language. */
export function keysOf(definition: Definition): string[] {
  const { type } = definition;
  const keys = [`${type}.label`];
  for (const [name, field] of Object.entries(definition.fields)) {
    keys.push(labelKey(type, name));
    for (const option of field.options ?? []) keys.push(optionKey(type, name, option));
    for (const column of field.columns ?? []) keys.push(`linktor.column.${column}`);
    if (field.property === '') keys.push(placeholderKey(type, name));
    if (field.unit) keys.push(`linktor.unit.${field.unit}`);
  }
  if (definition.role !== 'config') for (const output of definition.outputs) keys.push(`${type}.output.${output}`);
  return keys;
}

function labelKey(type: string, name: string): string {
  return outside.has(name) ? `linktor.field.${name}` : `${type}.field.${name}`;
}

function optionKey(type: string, name: string, option: string): string {
  if (name === 'paging') return `linktor.paging.${option}`;
  return `${type}.option.${name}.${option}`;
}

function placeholderKey(type: string, name: string): string {
  return `${type}.placeholder.${name}`;
}

/** The literal `registerType` that the Flow Library finds by reading the HTML. */
function registration(definition: Definition): string {
  const { type, fields } = definition;
  const lines = Object.entries(fields).flatMap(([name, field]) => defaults(name, field));
  if (definition.role === 'action') lines.push(`outputs: { value: ${definition.outputs.length} }`);
  if (definition.role === 'trigger' && takesInput(definition)) lines.push('inputs: { value: 0 }');
  const secrets = Object.entries(fields)
    .filter(([, { kind }]) => kind === 'secret')
    .map(([name, { visible }]) => `${name}: { type: "${visible ? 'text' : 'password'}" }`);
  const body = [
    `category: ${definition.role === 'config' ? '"config"' : '"Linktor"'}`,
    `color: "${colour}"`,
    `defaults: {\n    ${lines.join(',\n    ')}\n  }`,
    ...(secrets.length > 0 ? [`credentials: { ${secrets.join(', ')} }`] : []),
    ...(definition.role === 'config' ? [] : ports(definition)),
    `icon: "${type}.svg"`,
    `paletteLabel: function () { return this._("${type}.label"); }`,
    `label: function () { return linktor.label(this, "${type}"); }`,
    'labelStyle: function () { return this.name ? "node_label_italic" : ""; }',
    `oneditprepare: function () { linktor.prepare(this, "${type}"); }`,
    `oneditsave: function () { linktor.save(this, "${type}"); }`,
    `oneditcancel: function () { linktor.cancel(this, "${type}"); }`,
  ];
  return [
    `linktor.define("${type}", ${JSON.stringify(metaOf(definition))});`,
    `RED.nodes.registerType("${type}", {\n  ${body.join(',\n  ')}\n});`,
  ].join('\n');
}

function ports({ type, inputs, outputs }: Action | Trigger): string[] {
  const labels = outputs.map((output) => `"${type}.output.${output}"`).join(', ');
  return [
    `inputs: ${inputs}`,
    `outputs: ${inputs === 0 ? 1 : outputs.length}`,
    `outputLabels: function (index) { return this._([${labels}][index] || "linktor.output.error"); }`,
  ];
}

function takesInput(definition: Trigger): boolean {
  return Object.values(definition.fields).some(({ options }) => options?.includes('input'));
}

function defaults(name: string, field: Field<unknown>): string[] {
  const check = `validate: function (value, opt) { return linktor.check(this, "${name}", value, opt); }`;
  const value = (initial: unknown, extra = '') => `${name}: { value: ${JSON.stringify(initial)}${extra} }`;
  switch (field.kind) {
    case 'secret':
      return [];
    case 'account':
      return [`${name}: { value: "", type: "linktor-config", required: true }`];
    case 'config':
      return [`${name}: { value: "", type: "${field.config}", required: false }`];
    case 'typed':
    case 'out':
      return [value('', `, ${check}`), `${name}Type: { value: "${field.types?.[0]}" }`];
    case 'text':
    case 'path':
    case 'number':
      return [value(field.initial, `, ${check}`)];
    case 'choice':
      // The editor keeps the number of outputs as a number.
      return [value(name === 'outputs' ? Number(field.initial) : field.initial)];
    default:
      return [value(field.initial)];
  }
}

function metaOf(definition: Definition): NodeMeta {
  const fields = Object.fromEntries(
    Object.entries(definition.fields).map(([name, field]): [string, FieldMeta] => {
      const { kind, initial, types, property, pick, columns, options, required, min, max, format } = field;
      return [
        name,
        { kind, initial, types, property, pick, columns, options, required, min, max, format, when: field.row.when },
      ];
    }),
  );
  if (definition.role === 'config') return { fields, outputs: 0 };
  const inputWhen = definition.role === 'trigger' && takesInput(definition) ? { conversations: ['input'] } : undefined;
  return { fields, outputs: definition.outputs.length, inputWhen };
}

function template(definition: Definition): string {
  const prefix = definition.role === 'config' ? 'node-config-input-' : 'node-input-';
  const rows = Object.entries(definition.fields).map(([name, field]) => row(definition.type, prefix, name, field));
  if (definition.role === 'config') {
    // Beside the credentials it tries, above the settings that few people touch.
    const secrets = Object.values(definition.fields).map((field) => field.kind === 'secret');
    rows.splice(secrets.lastIndexOf(true) + 1, 0, testRow());
  }
  return `<script type="text/html" data-template-name="${definition.type}">\n${rows.join('\n')}\n</script>`;
}

function row(type: string, prefix: string, name: string, field: Field<unknown>): string {
  const id = `${prefix}${name}`;
  const icon = field.row.icon ?? icons[name] ?? 'circle-o';
  const words = `data-i18n="${labelKey(type, name)}"`;
  const label = `<label for="${id}"><i class="fa fa-${icon}"></i> <span ${words}></span></label>`;
  const kind = field.columns ? ' linktor-row-list' : '';
  const wrap = (inner: string) => `<div class="form-row linktor-row${kind}" data-field="${name}">${inner}</div>`;
  const unit = field.unit ? ` <span class="linktor-unit" data-i18n="linktor.unit.${field.unit}"></span>` : '';
  const options = (field.options ?? [])
    .map((option) => `<option value="${option}" data-i18n="${optionKey(type, name, option)}"></option>`)
    .join('');
  switch (field.kind) {
    case 'flag':
      return wrap(
        `<label></label><input type="checkbox" id="${id}" class="linktor-flag"> <label for="${id}" class="linktor-wide" ${words}></label>`,
      );
    case 'choice':
      return wrap(`${label}<select id="${id}">${options}</select>`);
    case 'checks':
      return wrap(`${label}<select id="${id}" multiple>${options}</select><span class="linktor-checks"></span>`);
    case 'number':
      return wrap(`${label}<input type="number" id="${id}" class="linktor-number">${unit}`);
    case 'typed':
    case 'out': {
      const hint = field.property === '' ? ` data-i18n="[placeholder]${placeholderKey(type, name)}"` : '';
      const list = field.columns ? '<div class="linktor-list"><ol></ol></div>' : '';
      return wrap(`${label}<input type="text" id="${id}"${hint}><input type="hidden" id="${id}Type">${list}`);
    }
    case 'path':
      return wrap(`${label}<div class="linktor-part"><input type="text" id="${id}">${address}</div>`);
    case 'secret':
      return wrap(
        `${label}<input type="${field.visible ? 'text' : 'password'}" id="${id}" autocomplete="new-password">`,
      );
    default:
      return wrap(`${label}<input type="text" id="${id}">`);
  }
}

/** The whole address of a path, to be copied to where it is wanted. */
const address = [
  '<div class="linktor-address"><code></code> <button type="button" class="red-ui-button red-ui-button-small linktor-copy"',
  ' data-i18n="[title]linktor.copy"><i class="fa fa-clipboard"></i></button></div>',
  '<button type="button" class="red-ui-button linktor-register"><i class="fa fa-link"></i> <span data-i18n="linktor.webhook.register"></span></button>',
  '<div class="linktor-tested linktor-registered" role="status"></div>',
].join('');

const icons: Record<string, string> = {
  config: 'plug',
  name: 'tag',
  result: 'sign-out',
};

function testRow(): string {
  return [
    '<div class="form-row linktor-row"><label></label><div class="linktor-part">',
    '<button type="button" class="red-ui-button linktor-test"><i class="fa fa-heartbeat"></i> <span data-i18n="linktor.test.button"></span></button>',
    '<div class="linktor-tested linktor-outcome" role="status"></div></div></div>',
  ].join('');
}
