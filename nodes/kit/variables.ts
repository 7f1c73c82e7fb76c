import type { Field, Fields } from './fields';
import type { RED, RunningNode, Stored } from './red';

const INSIDE = /\$\{([^\s{}]+)\}/g;

/** Only addresses and paths may contain `${NAME}`; other texts belong to the author. */
export function takesVariables({ kind, format }: Pick<Field<unknown>, 'kind' | 'format'>): boolean {
  return kind === 'path' || format !== undefined;
}

/** @returns the name of the first variable in a text, or undefined */
export function variableIn(text: string): string | undefined {
  return new RegExp(INSIDE.source).exec(text)?.[1];
}

/**
 * Replace variables inside addresses and paths, in the scope of the node. Node-RED itself replaces a variable that is
 * the whole value. An unset variable stays, and is named when the field is read.
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
