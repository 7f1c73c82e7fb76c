import { invalid, type LinktorError } from '../../lib/errors';
import type { Field, Fields } from './fields';
import type { RED, RunningNode, Stored } from './red';

const INSIDE = /\$\{([^\s{}]+)\}/g;

/**
 * Return whether `${NAME}` may be inside of a field's text. Elsewhere it is the whole value: of a figure, a choice, a
 * credential, and in patterns and expressions, which have a use of their own for these characters.
 * @param isEarlier stored by 0.1.0, whose texts keep theirs
 */
export function takesVariables({ kind, format, regexWhen, isCode }: Field<unknown>, isEarlier: boolean): boolean {
  if (kind === 'path' || format !== undefined) return true;
  return kind === 'text' && !isEarlier && regexWhen === undefined && !isCode;
}

/** @throws LinktorError `validation` that names the first variable of an `env` source that is not set */
export function checkVariables(red: RED, node: RunningNode, source: string, field: string): void {
  const names = variableIn(source) === undefined ? [source] : [...source.matchAll(INSIDE)].map(([, name = '']) => name);
  const missing = names.find((name) => !isSet(red.util.getSetting(node, name.trim())));
  if (missing !== undefined) throw notSet(missing, field);
}

export function notSet(variable: string, field: string): LinktorError {
  return invalid(
    `The environment variable "${variable}" of the field "${field}" is not set.`,
    `Set ${variable} where Node-RED runs, or in the flow or group that holds this node, and deploy.`,
  );
}

const isSet = (value: unknown) => value !== undefined && value !== null && value !== '';

/** @returns the name of the first variable in a text, or undefined */
export function variableIn(text: string): string | undefined {
  return new RegExp(INSIDE.source).exec(text)?.[1];
}

/** @param isEarlier stored by 0.1.0 @returns the names of the fields that may contain variables */
export function variableFields(fields: Fields, isEarlier: boolean): string[] {
  return Object.keys(fields).filter((name) => takesVariables(fields[name] as Field<unknown>, isEarlier));
}

/**
 * Replace variables inside texts, in the scope of the node. Node-RED itself replaces a variable that is
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
      return isSet(set) ? String(set) : written;
    });
  }
  return filled;
}
