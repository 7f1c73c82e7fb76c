import { outputsOf } from '../../outputs';
import type { EditorNode } from './host';
import { linesOf } from './table';
import { current, input, metaFor, rowOf, stored } from './values';

/** @returns names of the outputs as the dialog says now, the error output with them */
export function outputsNow(node: EditorNode): string[] {
  return names(node, (name) => current(node, name));
}

/** Wires follow the lines of the table that they belong to: says to Node-RED where each output has gone. */
export function moveOutputs(node: EditorNode): void {
  const { rowOutputs } = metaFor(node.type);
  const before = names(node, (name) => stored(node, name));
  const now = outputsNow(node);
  const lines = linesOf(rowOf(input(node.type, rowOutputs?.field ?? '')).find('.linktor-table'));
  const moved: Record<string, number> = {};
  for (const index of before.keys()) moved[index] = -1;
  for (const [index, name] of now.entries()) {
    const origin = index < lines.length ? lines[index] : before.lastIndexOf(name);
    moved[origin === undefined || origin < 0 ? `new${index}` : origin] = index;
  }
  input(node.type, 'outputs').val(JSON.stringify(moved));
}

function names(node: EditorNode, read: (name: string) => unknown): string[] {
  const { outputs = [], ...rules } = metaFor(node.type);
  const all = outputsOf({ outputs, ...rules }, read).map(({ name, row }) => (row === undefined ? `.${name}` : name));
  return String(read('errorOutput')) === 'true' ? [...all, '.error'] : all;
}
