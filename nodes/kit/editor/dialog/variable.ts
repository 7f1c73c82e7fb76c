import type { FieldMeta } from '../meta';
import { holdVariable, isVariable, WHOLE } from './held-variable';
import type { EditorNode } from './host';
import { input, labelOf, metaFor, rowOf } from './values';

/**
 * @returns whether a field may come from a variable: a figure; a choice, unless ports or the dialog depend on it; boxes
 * and ticks where the variable was written by hand, so that the dialog keeps it
 */
function mayVary({ type }: EditorNode, name: string, { kind }: FieldMeta): boolean {
  if (kind === 'number') return true;
  if (kind === 'checks' || kind === 'flag') return isVariable(String(input(type, name).val()));
  const { outputWhen = {}, inputWhen = {}, rowOutputs } = metaFor(type);
  const shaping = [inputWhen, ...Object.values(outputWhen)].flatMap((when) => Object.keys(when ?? {}));
  const fixed = ['operation', 'outputs', 'kind', rowOutputs?.field ?? '', ...shaping];
  return kind === 'choice' && !fixed.includes(name);
}

/** Add a button that takes a field from an environment variable, stored as `${NAME}`. */
export function prepareVariable(node: EditorNode, name: string, field: FieldMeta): void {
  if (!mayVary(node, name, field)) return;
  const element = input(node.type, name);
  const words = node._('linktor.variable', { field: labelOf(node, name) });
  const line = $('<input type="text" class="linktor-variable" placeholder="NAME" autocomplete="off">');
  const button = $('<button type="button" class="red-ui-button red-ui-button-small linktor-env">');
  button.attr({ title: words, 'aria-label': words }).append($('<i class="fa fa-usd" aria-hidden="true">'));
  line.attr('aria-label', words);
  const given = WHOLE.exec(String(element.val() ?? ''))?.[1];
  const fixed = () => (field.kind === 'choice' ? field.options?.[0] : node._def.defaults[name]?.value);
  const read = () => (field.kind === 'flag' ? element.prop('checked') : element.val());
  let before = given === undefined ? read() : fixed();
  const show = (isOn: boolean) => {
    button.attr('aria-pressed', String(isOn));
    line.toggle(isOn);
    (field.kind === 'checks' ? rowOf(element).find('.linktor-checks') : element).toggle(!isOn);
    rowOf(element).find('.linktor-unit').toggle(!isOn);
  };
  const hold = () => {
    const variable = String(line.val()).trim();
    if (variable === '') release();
    else {
      holdVariable(element, `\${${variable}}`);
      element.trigger('change');
    }
  };
  const release = () => {
    if (field.kind !== 'number' && field.kind !== 'flag') element.find('.linktor-held').remove();
    if (field.kind === 'checks') element.prop('multiple', true);
    if (field.kind === 'number') element.attr('type', 'number');
    if (field.kind === 'flag') element.attr('type', 'checkbox').prop('checked', before === true);
    else element.val(before as string);
    element.trigger('change');
  };
  button.on('click', () => {
    const isOn = button.attr('aria-pressed') !== 'true';
    if (isOn) before = read();
    show(isOn);
    if (isOn) hold();
    else release();
    (isOn ? line : element).trigger('focus');
  });
  line.val(given ?? '').on('input', hold);
  element.after(line);
  rowOf(element).append(button);
  show(given !== undefined);
}
