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

/** @returns the names of the fields that may contain variables */
export function variableFields(fields: Fields): string[] {
  return Object.keys(fields).filter((name) => takesVariables(fields[name] as Field<unknown>));
}

/**
 * Replace variables inside addresses and paths, in the scope of the node. Node-RED itself replaces a variable that is
 * the whole value. An unset variable stays, and is named when the field is read.
 * @param names of {@link variableFields}
 * @returns `stored` itself when there is nothing to replace
 */
export function withVariables(red: RED, node: RunningNode, names: readonly string[], stored: Stored): Stored {
  let filled = stored;
  for (const name of names) {
    const value = stored[name];
    if (typeof value !== 'string' || variableIn(value) === undefined) continue;
    if (filled === stored) filled = { ...stored };
    filled[name] = value.replace(INSIDE, (written, variable: string) => {
      const set = red.util.getSetting(node, variable);
      return set === undefined || set === null || set === '' ? written : String(set);
    });
  }
  return filled;
}
