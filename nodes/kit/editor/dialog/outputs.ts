import { type Output, outputsOf } from '../../outputs';
import type { EditorNode } from './host';
import { linesOf } from './table';
import { current, input, metaFor, rowOf, stored } from './values';

/** @returns the outputs for the current values of the dialog, including the error output */
export function outputsNow(node: EditorNode): Output[] {
  return outputs(node, (name) => current(node, name));
}

/** Give Node-RED the new position of each output, so that wires follow their lines of the table. */
export function moveOutputs(node: EditorNode): void {
  const { rowOutputs } = metaFor(node.type);
  const before = outputs(node, (name) => stored(node, name));
  const now = outputs(node, (name) => current(node, name));
  const lines = linesOf(rowOf(input(node.type, rowOutputs?.field ?? '')).find('.linktor-table'));
  const moved: Record<string, number> = {};
  for (const index of before.keys()) moved[index] = -1;
  for (const [index, output] of now.entries()) {
    const line = output.row === undefined ? undefined : lines[output.row];
    const origin = before.findIndex(({ name, row }) =>
      output.row === undefined ? row === undefined && name === output.name : row !== undefined && row === line,
    );
    moved[origin < 0 ? `new${index}` : origin] = index;
  }
  input(node.type, 'outputs').val(JSON.stringify(moved));
}

function outputs(node: EditorNode, read: (name: string) => unknown): Output[] {
  const { outputs: named = [], ...rules } = metaFor(node.type);
  const all = outputsOf({ outputs: named, ...rules }, read);
  return String(read('errorOutput')) === 'true' ? [...all, { name: 'error' }] : all;
}
