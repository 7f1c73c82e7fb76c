// Working with Node-RED's dialogs: by hand where a hand is what is tested, else by the widgets' own interfaces.
import type { Locator, Page } from 'playwright-core';
import { palette } from '../../nodes';
import type { Fields } from '../../nodes/kit/fields';

/** What we use of the editor's own interface, inside the page. */
interface EditorNode {
  id: string;
  type: string;
  valid?: boolean;
  validationErrors?: string[];
  changed?: boolean;
  _def: { label(this: EditorNode): string };
  [property: string]: unknown;
}
interface Editor {
  editor: { edit(node: EditorNode): void; editConfig(name: string, type: string, id: string): void };
  nodes: {
    node(id: string): EditorNode | null;
    filterNodes(filter: object): EditorNode[];
    eachConfig(each: (node: EditorNode) => unknown): void;
    createExportableNodeSet(nodes: EditorNode[]): object[];
    import(nodes: object[], options: object): { nodes: EditorNode[] };
    remove(id: string): void;
    add(node: EditorNode): void;
  };
  view: { createNode(type: string, x: number, y: number): { node: EditorNode } };
  actions: { invoke(action: string): void };
}

// biome-ignore lint/suspicious/noExplicitAny: jQuery with Node-RED's widgets, inside the page
type Query = (selector: string) => any;
declare const RED: Editor;
declare const $: Query;

const configs = new Set(palette.filter(({ role }) => role === 'config').map(({ type }) => type));
const isConfig = (type: string) => configs.has(type);
const prefixOf = (type: string) => (isConfig(type) ? 'node-config-input-' : 'node-input-');

/** The dialog of one node. */
export class Dialog {
  readonly page: Page;
  readonly type: string;
  readonly id: string;

  private constructor(page: Page, type: string, id: string) {
    this.page = page;
    this.type = type;
    this.id = id;
  }

  static async open(page: Page, type: string, id: string): Promise<Dialog> {
    await page.evaluate(
      ([type, id, config]) => {
        const node = RED.nodes.node(id);
        if (!node) throw new Error(`${id} is not there`);
        if (config) RED.editor.editConfig('', type, id);
        else RED.editor.edit(node);
      },
      [type, id, isConfig(type)] as const,
    );
    const dialog = new Dialog(page, type, id);
    await dialog.ok.waitFor();
    await dialog.row('name').waitFor();
    return dialog;
  }

  get ok(): Locator {
    return this.page.locator(isConfig(this.type) ? '#node-config-dialog-ok' : '#node-dialog-ok');
  }

  /** The row of a field. */
  row(field: string): Locator {
    return this.page.locator(`.red-ui-tray-body [data-field="${field}"]`).last();
  }

  input(field: string): Locator {
    return this.page.locator(`#${prefixOf(this.type)}${field}`);
  }

  /** The visible line of a typed field. */
  line(field: string): Locator {
    return this.row(field).locator('input.red-ui-typedInput-input');
  }

  /** Shows what is folded away. */
  async unfold(): Promise<void> {
    const fold = this.page.locator('.linktor-fold[aria-expanded="false"]:visible');
    while ((await fold.count()) > 0) await fold.first().click();
  }

  /** @returns whether a field is marked as wrong */
  isWrong(field: string): Promise<boolean> {
    return this.input(field).evaluate((element) => element.classList.contains('input-error'));
  }

  /** The visible text area of a typed field. */
  area(field: string): Locator {
    return this.row(field).locator('.linktor-area textarea');
  }

  /** A cell of a table. */
  cell(field: string, line: number, column: string): Locator {
    return this.row(field).locator('.linktor-columns').nth(line).locator(`[data-column="${column}"]`);
  }

  /** Puts something into the clipboard and into an element, as somebody does who has copied it elsewhere. */
  async paste(into: Locator, text: string): Promise<void> {
    await into.focus();
    await into.evaluate((element, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', text);
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  }

  /** What to fill a field with: a typed one takes a text, where it takes its values from first. */
  sourced(field: string, value: string, fields: Fields): Values {
    const source = fields[field]?.types?.[0];
    return source ? { [field]: value, [`${field}Type`]: source } : { [field]: value };
  }

  /** Chooses where a typed field takes its value from, in its menu. */
  async take(field: string, from: string): Promise<void> {
    await this.row(field).locator('.red-ui-typedInput-type-select').click();
    await this.page.locator('.red-ui-typedInput-options:visible').getByText(from, { exact: true }).click();
  }

  async save(): Promise<void> {
    await this.ok.click();
    await this.ok.waitFor({ state: 'detached' });
    await this.page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }

  async cancel(): Promise<void> {
    await this.page.locator(isConfig(this.type) ? '#node-config-dialog-cancel' : '#node-dialog-cancel').click();
    await this.page.locator('.red-ui-tray').waitFor({ state: 'detached' });
  }

  /** Makes one choice after the other. @returns the fields whose rows are shown then */
  choices(field: string, options: readonly string[]): Promise<[option: string, shown: string[]][]> {
    return this.page.evaluate(
      ([id, options]) =>
        options.map((option): [string, string[]] => {
          $(`#${id}`).val(option).trigger('change');
          const rows = Array.from(document.querySelectorAll('.red-ui-tray-body [data-field]'));
          return [
            option,
            rows.filter((row) => row.checkVisibility()).map((row) => row.getAttribute('data-field') ?? ''),
          ];
        }),
      [`${prefixOf(this.type)}${field}`, options] as const,
    );
  }

  /** Puts these values into the fields. */
  async fill(values: Values, fields: Fields): Promise<void> {
    const kinds = Object.fromEntries(Object.entries(fields).map(([name, { kind }]) => [name, kind]));
    await this.page.evaluate(
      ([prefix, values, kinds]) => {
        for (const [name, value] of Object.entries(values)) {
          const element = $(`#${prefix}${name}`);
          const kind = kinds[name];
          if (kind === 'flag') element.prop('checked', value).trigger('change');
          else if (kind === 'checks') {
            const boxes = element.closest('.form-row').find('.linktor-checks input');
            boxes.each((_: number, box: unknown) => {
              const one = $(box as string);
              one.prop('checked', (value as string[]).includes(one.attr('data-option'))).trigger('change');
            });
            if (boxes.length === 0) element.val(value);
          } else if ((kind === 'typed' || kind === 'out') && element.data('nodered-typedInput')) {
            element.typedInput('type', values[`${name}Type`]);
            element.typedInput('value', value);
          } else if (kind === 'typed' || kind === 'out') {
            // A row that is not shown is no more than what holds its values.
            $(`#${prefix}${name}Type`).val(values[`${name}Type`]);
            element.val(value).trigger('change');
          } else if (kind) element.val(value).trigger('change');
        }
      },
      [prefixOf(this.type), values, kinds] as const,
    );
  }

  /** What the fields say now. */
  read(fields: Fields): Promise<Values> {
    const kinds = Object.fromEntries(Object.entries(fields).map(([name, { kind }]) => [name, kind]));
    return this.page.evaluate(
      ([prefix, kinds]) => {
        const values: Record<string, unknown> = {};
        for (const [name, kind] of Object.entries(kinds)) {
          if (kind === 'account' || kind === 'accounts' || kind === 'config' || kind === 'secret') continue;
          const element = $(`#${prefix}${name}`);
          if (kind === 'flag') values[name] = element.prop('checked');
          else if (kind === 'checks') values[name] = element.val();
          else if (kind === 'typed' || kind === 'out') {
            values[name] = element.val();
            values[`${name}Type`] = $(`#${prefix}${name}Type`).val();
          } else values[name] = String(element.val());
        }
        return values;
      },
      [prefixOf(this.type), kinds] as const,
    );
  }
}

export type Values = Record<string, unknown>;

/** What the editor holds of a node. */
export function nodeOf(page: Page, id: string): Promise<{ valid: boolean; problems: string[]; values: Values }> {
  return page.evaluate((id) => {
    const node = RED.nodes.node(id);
    if (!node) throw new Error(`${id} is not there`);
    const values = Object.fromEntries(
      Object.entries(node).filter(([, value]) => value === null || typeof value !== 'object' || Array.isArray(value)),
    );
    const problems = (node.validationErrors ?? []).map(String);
    return JSON.parse(JSON.stringify({ valid: node.valid !== false, problems, values }));
  }, id);
}

/** Other values than those a new node has. */
export function others(fields: Fields): Values {
  const values: Values = {};
  for (const [name, field] of Object.entries(fields)) {
    if (['account', 'accounts', 'config', 'secret'].includes(field.kind)) continue;
    if (field.kind === 'flag') values[name] = !field.initial;
    else if (field.kind === 'choice') values[name] = String(field.options?.at(-1));
    else if (field.kind === 'checks')
      values[name] = field.options?.filter((one) => !(field.initial as string[]).includes(one));
    else if (field.kind === 'path') values[name] = 'linktor/hooks/one';
    else if (field.kind === 'number') values[name] = String((field.min ?? 0) + 1);
    else if (field.kind === 'typed' || field.kind === 'out') {
      const type = field.types?.find((one) => one in examples) ?? '';
      values[name] = examples[type];
      values[`${name}Type`] = type;
    } else values[name] = field.format ? addresses[field.format] : `${name} & "more"`;
  }
  return values;
}

/** A valid address of each form. */
const addresses = {
  url: 'https://linktor.example/base',
  socketUrl: 'wss://linktor.example/base',
  natsUrl: 'nats://linktor.example:4222',
  storeUrl: 'redis://store.example:6379',
};

/** A valid value of each source, the most telling first. */
const examples: Record<string, string> = {
  json: '[{"title":"Yes","id":"y"}]',
  num: '1',
  str: 'some {{text}}',
  flow: 'kept.value',
  jsonata: '1 + 1',
};

/** @returns the milliseconds that our part of opening the last dialog took */
export async function prepareTime(page: Page, type: string): Promise<number> {
  const measured = await page.evaluate(() => {
    const [measure] = performance.getEntriesByName('linktor:prepare') as PerformanceMeasure[];
    return { type: measure?.detail, duration: measure?.duration ?? Number.NaN };
  });
  if (measured.type !== type) throw new Error(`${type} was not measured, but ${measured.type}`);
  return measured.duration;
}

/** What the canvas calls a node. */
export function labelOf(page: Page, id: string): Promise<string> {
  return page.evaluate((id) => {
    const node = RED.nodes.node(id);
    if (!node) throw new Error(`${id} is not there`);
    return node._def.label.call(node);
  }, id);
}

/** Changes what the editor holds of a node, as an import would. */
export async function setProperties(page: Page, id: string, values: Values): Promise<void> {
  await page.evaluate(([id, values]) => void Object.assign(RED.nodes.node(id) ?? {}, values), [id, values] as const);
}

/** Puts a new node on the canvas, as the palette does. @returns its id */
export function newNode(page: Page, type: string): Promise<string> {
  return page.evaluate((type) => {
    const { node } = RED.view.createNode(type, 400, 40);
    RED.nodes.add(node);
    return node.id;
  }, type);
}

export function removeNode(page: Page, id: string): Promise<void> {
  return page.evaluate((id) => RED.nodes.remove(id), id);
}

/** Exports a node as the clipboard does, and imports it again. @returns the copy, which is gone from the flow again */
export function copyOf(page: Page, id: string): Promise<Values> {
  return page.evaluate((id) => {
    const node = RED.nodes.node(id);
    if (!node) throw new Error(`${id} is not there`);
    const exported = JSON.parse(JSON.stringify(RED.nodes.createExportableNodeSet([node])));
    const { nodes } = RED.nodes.import(exported, { generateIds: true });
    const [copy] = nodes;
    if (!copy) throw new Error(`${id} was not imported`);
    const values = JSON.parse(
      JSON.stringify(Object.fromEntries(Object.keys(exported[0]).map((key) => [key, copy[key]]))),
    );
    RED.nodes.remove(copy.id);
    return values;
  }, id);
}

/** @returns the ids of the nodes that the editor counts as users of a config node */
export function usersOf(page: Page, id: string): Promise<string[]> {
  return page.evaluate((id) => ((RED.nodes.node(id)?.users ?? []) as EditorNode[]).map((one) => one.id), id);
}

/**
 * Exports a node with its config nodes, and imports it with new ids, into an editor that has no such config nodes; the
 * copies are gone from the flow again.
 * @returns what was exported, and the copies with the number of their users
 */
export function exportOf(page: Page, id: string): Promise<{ exported: Values[]; imported: Values[] }> {
  return page.evaluate(async (id) => {
    const node = RED.nodes.node(id);
    if (!node) throw new Error(`${id} is not there`);
    const exported = JSON.parse(JSON.stringify(RED.nodes.createExportableNodeSet([node])));
    // The editor takes a config node that it has already.
    const foreign = JSON.parse(
      exported.reduce(
        (text: string, one: Values) => text.replaceAll(JSON.stringify(one.id), JSON.stringify(`${one.id}-elsewhere`)),
        JSON.stringify(exported),
      ),
    );
    const { nodes } = RED.nodes.import(foreign, { generateIds: true });
    // Users are counted after the import.
    await Promise.resolve();
    const imported = nodes.map(({ id, type, name, accounts, users }) => ({
      ...{ id, type, name, accounts },
      users: Array.isArray(users) ? users.length : 0,
    }));
    for (const copy of [...nodes].reverse()) RED.nodes.remove(copy.id);
    return { exported, imported };
  }, id);
}
