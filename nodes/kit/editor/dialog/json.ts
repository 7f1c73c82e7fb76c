import type { EditorNode } from './host';

/** The part of a typed input that an expand button is called with. */
interface TypedInput {
  value(): string;
  value(text: string): void;
}

const icon = 'red/images/typedInput/json.svg';

function expand(this: TypedInput): void {
  let text = this.value();
  try {
    text = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // What is not JSON yet is shown as it is.
  }
  RED.editor.editJSON({ value: text, requireValid: true, complete: (whole) => this.value(compact(whole)) });
}

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** JSON as the editor has it, but left empty where the message may say it. */
export const jsonSource = {
  value: 'json',
  label: 'JSON',
  icon,
  expand,
  validate: (text: string) => text === '' || isJson(text),
};

/** A table that stands below, and its JSON behind a button. */
export function tableSource(node: EditorNode): object {
  return { value: 'json', label: node._('linktor.here'), icon: 'fa fa-table', hasValue: false, expand };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
