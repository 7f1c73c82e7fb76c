import type { FieldMeta } from '../meta';
import { holdVariable, WHOLE } from './held-variable';
import type { EditorNode } from './host';
import { input, labelOf, metaFor, rowOf } from './values';

/** @returns whether a figure or a choice may come from a variable: not where ports or the dialog depend on it */
function mayVary({ type }: EditorNode, name: string, { kind }: FieldMeta): boolean {
  if (kind === 'number') return true;
  const { outputWhen = {}, inputWhen = {}, rowOutputs } = metaFor(type);
  const shaping = [inputWhen, ...Object.values(outputWhen)].flatMap((when) => Object.keys(when ?? {}));
  const fixed = ['operation', 'outputs', 'kind', rowOutputs?.field ?? '', ...shaping];
  return kind === 'choice' && !fixed.includes(name);
}

/** Add a button that takes a figure or a choice from an environment variable, stored as `${NAME}`. */
export function prepareVariable(node: EditorNode, name: string, field: FieldMeta): void {
  if (!mayVary(node, name, field)) return;
  const element = input(node.type, name);
  const words = node._('linktor.variable', { field: labelOf(node, name) });
  const line = $('<input type="text" class="linktor-variable" placeholder="NAME" autocomplete="off">');
  const button = $('<button type="button" class="red-ui-button red-ui-button-small linktor-env">');
  button.attr({ title: words, 'aria-label': words }).append($('<i class="fa fa-usd" aria-hidden="true">'));
  line.attr('aria-label', words);
  const given = WHOLE.exec(String(element.val() ?? ''))?.[1];
  const fixed = () => (field.kind === 'number' ? node._def.defaults[name]?.value : field.options?.[0]);
  let before = given === undefined ? String(element.val() ?? '') : String(fixed() ?? '');
  const show = (isOn: boolean) => {
    button.attr('aria-pressed', String(isOn));
    line.toggle(isOn);
    element.toggle(!isOn);
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
    element.find('.linktor-held').remove();
    if (field.kind === 'number') element.attr('type', 'number');
    element.val(before).trigger('change');
  };
  button.on('click', () => {
    const isOn = button.attr('aria-pressed') !== 'true';
    if (isOn) before = String(element.val() ?? '');
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
