import { STORED_VERSION } from '../migrations';
import { countAccountUsers, prepareAccounts, saveAccounts } from './dialog/accounts';
import { check } from './dialog/check';
import { prepareChecks } from './dialog/checks';
import { prepareConnection } from './dialog/connection';
import type { EditorNode } from './dialog/host';
import { label, labelStyle, outputLabels, paletteLabel } from './dialog/label';
import { onadd, shareOnlyAccount } from './dialog/only-account';
import { moveOutputs, outputsNow } from './dialog/outputs';
import { preparePath } from './dialog/path';
import { Rows } from './dialog/rows';
import { prepareSecret } from './dialog/secret';
import { translateFigures } from './dialog/status-words';
import { style } from './dialog/style';
import { prepareTable } from './dialog/table';
import { prepareTemplates } from './dialog/template';
import { prepareTyped } from './dialog/typed';
import { begin, complete, current, definitions, input, metaFor } from './dialog/values';
import { prepareVariable } from './dialog/variable';
import { formOf } from './form';
import type { FieldMeta, NodeMeta } from './meta';

$('<style>').text(style).appendTo('head');

/** Register the fields of a type, and derive its form from them. */
function define(type: string, meta: NodeMeta): void {
  definitions.set(type, meta);
  $(`script[data-template-name="${type}"]`).text(formOf(type, meta));
}

/** Turn the plain rows into a dialog. */
function oneditprepare(this: EditorNode): void {
  const began = performance.now();
  begin(this);
  complete(this);
  new Rows(this, (name, field) => prepareField(this, name, field));
  if (metaFor(this.type).isAccount) prepareConnection(this);
  if (metaFor(this.type).templates) prepareTemplates(this);
  const form = input(this.type, 'name').closest('form');
  form.find('.linktor-examples').on('click', (event) => {
    event.preventDefault();
    RED.actions.invoke('core:show-examples-import-dialog');
  });
  performance.clearMeasures('linktor:prepare');
  performance.measure('linktor:prepare', { start: began, detail: this.type });
}

function prepareField(node: EditorNode, name: string, field: FieldMeta): void {
  if (field.kind === 'typed' || field.kind === 'out') prepareTyped(node, name, field);
  else if (field.kind === 'path') preparePath(node, name);
  else if (field.generate) prepareSecret(node, name);
  else if (field.kind === 'accounts') prepareAccounts(node, name);
  else if (field.kind === 'checks') prepareChecks(node, name, field);
  else if (field.kind === 'table') prepareRows(node, name, field);
  else if (field.kind === 'number')
    input(node.type, name).attr({ min: field.min ?? '', max: field.max ?? '', step: 'any' });
  prepareVariable(node, name, field);
}

function prepareRows(node: EditorNode, name: string, { columns = [] }: FieldMeta): void {
  const element = input(node.type, name);
  prepareTable(node, name, columns, {
    read: () => String(element.val() ?? ''),
    write: (json) => void element.val(json).trigger('change'),
    onChange: (changed) => void element.on('change', changed),
  });
}

/** Adapt the ports to the settings, and store the node in the format of this version. */
function oneditsave(this: EditorNode): void {
  this.version = STORED_VERSION;
  saveAccounts(this);
  const { inputWhen, fields, rowOutputs } = metaFor(this.type);
  if (rowOutputs) moveOutputs(this);
  else if (fields.errorOutput) this.outputs = outputsNow(this).length;
  if (inputWhen) {
    const takes = Object.entries(inputWhen).every(([name, options]) => options.includes(current(this, name)));
    this.inputs = takes ? 1 : 0;
  }
}

Object.assign(window, {
  linktor: { define, check, label, labelStyle, paletteLabel, outputLabels, oneditprepare, oneditsave, onadd },
});
shareOnlyAccount();
countAccountUsers();
translateFigures();
