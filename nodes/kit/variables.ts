import type { Field, Fields } from './fields';
import type { RED, RunningNode, Stored } from './red';

const INSIDE = /\$\{([^\s{}]+)\}/g;

/** `${NAME}` may stand inside of addresses and paths: what else is written in a text is the author's own. */
export function takesVariables({ kind, format }: Pick<Field<unknown>, 'kind' | 'format'>): boolean {
  return kind === 'path' || format !== undefined;
}

/** @returns the name of the first variable in a text, if it has one */
export function variableIn(text: string): string | undefined {
  return new RegExp(INSIDE.source).exec(text)?.[1];
}

/**
 * Fill in the variables inside of addresses and paths, as they are where the node is; what stands alone Node-RED fills in
 * itself. A variable that is not set stays, and is named when the field is read.
 */
export function withVariables(red: RED, node: RunningNode, fields: Fields, stored: Stored): Stored {
  const filled: Stored = { ...stored };
  for (const [name, field] of Object.entries(fields)) {
    const value = stored[name];
    if (typeof value !== 'string' || !takesVariables(field) || variableIn(value) === undefined) continue;
    filled[name] = value.replace(INSIDE, (written, variable: string) => {
      const set = red.util.getSetting(node, variable);
      return set === undefined || set === null || set === '' ? written : String(set);
    });
  }
  return filled;
}
