import type { When } from './fields';

/** Outputs from user input: one for each row of a table, before all others. */
export interface RowOutputs {
  /** the table */
  field: string;
  /** its column that names the output */
  column: string;
  /** its column that identifies a row independent of its name */
  key?: string;
  /** present only while choices have one of these values */
  when?: When;
  /** the output that they replace */
  instead?: string;
}

/** The part of a definition that determines the outputs of a node. */
export interface OutputRules {
  outputs: readonly string[];
  rowOutputs?: RowOutputs;
  /** outputs present only while choices have one of these values */
  outputWhen?: Readonly<Record<string, When>>;
}

/** One output: named by the catalogue, or by the user in a row of a table. */
export type Output = { name: string; row?: undefined } | { name: string; row: number; key: string };

/**
 * Return the outputs of one node, without the error output.
 * @param stored returns the stored value of a field
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

/** @returns one output for each row filled in the dialog; the rows of a table from a message are unknown */
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
