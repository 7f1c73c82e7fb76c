import type { EditorNode } from './host';

/** The typed input, as passed to the handler of an expand button. */
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
    // Invalid JSON is shown unchanged.
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

/** The JSON source of the editor, except that it may be left empty in favour of the message. */
export const jsonSource = {
  value: 'json',
  label: 'JSON',
  icon,
  expand,
  validate: (text: string) => text === '' || isJson(text),
};

/** The source for a table below, with its JSON behind a button. */
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
