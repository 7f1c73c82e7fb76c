import type { When } from './fields';

/** Outputs that follow from what the user has filled in: one for each line of a table, before all others. */
export interface RowOutputs {
  /** the table */
  field: string;
  /** its column that names the output */
  column: string;
  /** its column that tells one line from another, whatever they are called */
  key?: string;
  /** they are there only while choices have one of these values */
  when?: When;
  /** the output whose place they take */
  instead?: string;
}

/** As much of a definition as says which outputs a node has. */
export interface OutputRules {
  outputs: readonly string[];
  rowOutputs?: RowOutputs;
  /** outputs that are there only while choices have one of these values */
  outputWhen?: Readonly<Record<string, When>>;
}

/** One output: named by the catalogue, or by the user in a line of a table. */
export type Output = { name: string; row?: undefined } | { name: string; row: number; key: string };

/**
 * The outputs of one node, without the error output.
 * @param stored what a field says, as it is stored
 */
export function outputsOf(rules: OutputRules, stored: (field: string) => unknown): Output[] {
  const { outputs, rowOutputs, outputWhen = {} } = rules;
  const holds = (when: When = {}) =>
    Object.entries(when).every(([field, values]) => values.includes(String(stored(field))));
  const rows = rowOutputs && holds(rowOutputs.when) ? rowsOf(rowOutputs, stored) : [];
  const replaced = rows.length > 0 ? rowOutputs?.instead : undefined;
  const others = outputs.filter((name) => name !== replaced && holds(outputWhen[name]));
  return [...rows, ...others.map((name) => ({ name }))];
}

/** @returns one for each line that is filled in in the dialog; a table from the message has none that are known */
function rowsOf({ field, column, key = column }: RowOutputs, stored: (field: string) => unknown): Output[] {
  const source = String(stored(`${field}Type`) ?? '');
  if (source !== '' && source !== 'json') return [];
  return rowsIn(stored(field)).map((row, index) => {
    const cells = typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : { [column]: row };
    const name = String(cells[column] ?? '');
    return { name, row: index, key: String(cells[key] ?? name) };
  });
}

function rowsIn(value: unknown): unknown[] {
  try {
    const rows: unknown = typeof value === 'string' && value !== '' ? JSON.parse(value) : value;
    return Array.isArray(rows) ? rows : [];
  } catch {
    return [];
  }
}
