import { groupsOf, hasHint, labelKey, optionKey, placeholderKey, sectionKey } from './keys';
import type { FieldMeta, NodeMeta } from './meta';

const repository = 'https://github.com/linktor/node-red-linktor';

const icons: Record<string, string> = {
  config: 'plug',
  name: 'tag',
  result: 'sign-out',
  errorOutput: 'warning',
};

/**
 * Build the form of a node for Node-RED: plain rows with catalogue keys in place of texts. This runs in the browser, so
 * the form adds nothing to the download.
 */
export function formOf(type: string, meta: NodeMeta): string {
  const { fields, isConfig = false, isAccount = false, rowOutputs, templates } = meta;
  const prefix = isConfig ? 'node-config-input-' : 'node-input-';
  const all = Object.entries(fields);
  const rowsOf = (wanted?: string) =>
    all
      .filter(([, { section }]) => section === wanted)
      .map(([name, field]) => ({ kind: field.kind, html: row(type, prefix, name, field) }));
  const rows = rowsOf();
  // Node-RED reads the new positions of the outputs from this field.
  if (rowOutputs) rows.push({ kind: 'text', html: '<input type="hidden" id="node-input-outputs">' });
  // Below the account, above the fields that a template fills in.
  if (templates) rows.splice(1, 0, { kind: 'choice', html: templateRow });
  if (isAccount) {
    // Below the credentials that it tests, above the rarely used settings.
    const last = rows.map(({ kind }) => kind === 'secret').lastIndexOf(true);
    rows.splice(last + 1, 0, { kind: 'text', html: testRow });
  }
  const folded = sectionsOf(all.map(([, field]) => field)).map((section) =>
    fold(
      type,
      section,
      rowsOf(section)
        .map((one) => one.html)
        .join(''),
    ),
  );
  return [...rows.map((one) => one.html), ...folded, links].join('');
}

/** @returns the sections in the order of their first rows, with `more` last */
function sectionsOf(fields: readonly FieldMeta[]): string[] {
  const named = new Set(fields.flatMap(({ section }) => section ?? []));
  return [...named].sort((one, other) => Number(one === 'more') - Number(other === 'more'));
}

function row(type: string, prefix: string, name: string, field: FieldMeta): string {
  const id = `${prefix}${name}`;
  const words = `data-i18n="${labelKey(type, name)}"`;
  const icon = `<i class="fa fa-fw fa-${field.icon ?? icons[name] ?? 'circle-o'}"></i>`;
  const label = `<label for="${id}">${icon} <span ${words}></span></label>`;
  const wrap = (inner: string) => `<div class="form-row linktor-row" data-field="${name}">${inner}</div>`;
  const unit = field.unit ? ` <span class="linktor-unit" data-i18n="linktor.unit.${field.unit}"></span>` : '';
  const hint = hasHint(field) ? ` data-i18n="[placeholder]${placeholderKey(type, name)}"` : '';
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
    case 'checks': {
      const place = groupsOf(field.options).length > 0 ? ' linktor-below linktor-groups' : '';
      return wrap(
        `${label}<select id="${id}" class="linktor-many" multiple>${options}</select><div class="linktor-checks${place}"></div>`,
      );
    }
    case 'accounts':
      // No element with the id of the field: Node-RED would store its value.
      return wrap(`<label>${icon} <span ${words}></span></label><div class="linktor-checks"></div>${below}`);
    case 'number':
      return wrap(`${label}<input type="number" id="${id}" class="linktor-number">${unit}`);
    case 'typed':
    case 'out': {
      const below = field.columns ? tableRow : field.placeholdersOf ? placeholderRow : field.area ? areaRow : '';
      // A text area keeps line breaks, which a text input would lose.
      const value = field.area
        ? `<textarea id="${id}" class="linktor-raw"></textarea>`
        : `<input type="text" id="${id}">`;
      return wrap(`${label}${value}<input type="hidden" id="${id}Type">${unit}${below}`);
    }
    case 'table':
      return wrap(`${label}<input type="hidden" id="${id}">${tableRow}`);
    case 'path':
      return wrap(`${label}<div class="linktor-part"><input type="text" id="${id}">${address}</div>`);
    case 'secret': {
      const make = field.generate ? `${button('linktor-generate', 'key', 'linktor.webhook.generate')}${outcome}` : '';
      const shown = field.visible ? 'text' : 'password';
      return wrap(`${label}<input type="${shown}" id="${id}" autocomplete="new-password"${hint}>${make}`);
    }
    case 'text':
    case 'account':
    case 'config':
      return wrap(`${label}<input type="text" id="${id}"${hint}>`);
  }
}

const templateRow = [
  '<div class="form-row linktor-row"><label><i class="fa fa-fw fa-magic"></i> ',
  '<span data-i18n="linktor.template.title"></span></label>',
  '<select class="linktor-template"></select></div>',
].join('');

function fold(type: string, section: string, rows: string): string {
  const id = `linktor-${section}-${type}`;
  const words = `<i class="fa fa-fw fa-caret-right"></i> <span data-i18n="${sectionKey(type, section)}"></span>`;
  const named = ` data-section="${section}" aria-expanded="false" aria-controls="${id}"`;
  const press = `<button type="button" class="linktor-fold"${named}>${words}</button>`;
  return `<div class="form-row linktor-row">${press}</div><div id="${id}" class="linktor-more">${rows}</div>`;
}

const below = '<p class="linktor-below linktor-note"></p>';

const tableRow = '<div class="linktor-below linktor-table"><ol></ol><p class="linktor-note" hidden></p></div>';

/** The placeholders of a template, each with its value. */
const placeholderRow =
  '<div class="linktor-below linktor-placeholders"><p class="linktor-note" role="status"></p><div></div></div>';

/** The menu of placeholders for a text. */
const areaRow =
  '<div class="linktor-below linktor-insert"><span class="linktor-note" data-i18n="linktor.insert.hint"></span><select data-i18n="[aria-label]linktor.insert.title"></select></div>';

const button = (name: string, icon: string, key: string) =>
  `<button type="button" class="red-ui-button ${name}"><i class="fa fa-${icon}"></i> <span data-i18n="${key}"></span></button>`;

const outcome = '<div class="linktor-below linktor-tested linktor-outcome" role="status"></div>';

/** The full address of a path, with a copy button. */
const address = [
  '<div class="linktor-address"><code></code> <button type="button" class="red-ui-button red-ui-button-small linktor-copy"',
  ' data-i18n="[title]linktor.copy"><i class="fa fa-clipboard"></i></button></div>',
  button('linktor-register', 'link', 'linktor.webhook.register'),
  '<div class="linktor-tested linktor-registered" role="status"></div>',
].join('');

/** Links to documentation and examples, at the end of every dialog. */
const links = [
  '<p class="linktor-links">',
  `<a target="_blank" rel="noopener" href="${repository}#readme" data-i18n="linktor.links.docs"></a>`,
  '<a href="#" class="linktor-examples" data-i18n="linktor.links.examples"></a>',
  `<a target="_blank" rel="noopener" href="${repository}/issues" data-i18n="linktor.links.report"></a>`,
  '</p>',
].join(' ');

const testRow = [
  '<div class="form-row linktor-row"><label></label><div class="linktor-part">',
  '<p class="linktor-note linktor-no-key" data-i18n="linktor.account.noKey"></p>',
  '<div class="linktor-twin" role="status"></div>',
  `${button('linktor-test', 'heartbeat', 'linktor.test.button')} `,
  button('linktor-diagnose', 'clipboard', 'linktor.test.copy'),
  '<div class="linktor-tested linktor-outcome" role="status"></div></div></div>',
].join('');
