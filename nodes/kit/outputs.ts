import type { When } from './fields';

/** Outputs that follow from what the user has filled in: one for each line of a table, before all others. */
export interface RowOutputs {
  /** the table */
  field: string;
  /** its column that names the output */
  column: string;
}

/** As much of a definition as says which outputs a node has. */
export interface OutputRules {
  outputs: readonly string[];
  rowOutputs?: RowOutputs;
  /** outputs that are there only while choices have one of these values */
  outputWhen?: Readonly<Record<string, When>>;
}

/** One output: named by the catalogue, or by the user in a line of a table. */
export type Output = { name: string; row?: undefined } | { name: string; row: number };

/**
 * The outputs of one node, without the error output.
 * @param stored what a field says, as it is stored
 */
export function outputsOf(rules: OutputRules, stored: (field: string) => unknown): Output[] {
  const { outputs, rowOutputs, outputWhen = {} } = rules;
  const rows = rowOutputs ? rowsIn(stored(rowOutputs.field)) : [];
  const named = rows.map((row, index) => ({ name: String(row[rowOutputs?.column ?? ''] ?? ''), row: index }));
  const holds = (when: When = {}) =>
    Object.entries(when).every(([field, values]) => values.includes(String(stored(field))));
  return [...named, ...outputs.filter((name) => holds(outputWhen[name])).map((name) => ({ name }))];
}

function rowsIn(value: unknown): Record<string, unknown>[] {
  try {
    const rows: unknown = typeof value === 'string' && value !== '' ? JSON.parse(value) : value;
    return Array.isArray(rows) ? rows.map((row) => (typeof row === 'object' && row !== null ? row : {})) : [];
  } catch {
    return [];
  }
}
