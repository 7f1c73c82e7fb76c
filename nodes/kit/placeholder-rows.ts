import { isPlaceholderValue, type PlaceholderValue } from '../../lib/messages/placeholders';

/** A stored line of a table of placeholders: its value has a source of its own. */
interface PlaceholderRow extends PlaceholderValue {
  valueType?: unknown;
}

/** @returns the lines of a table of placeholders; undefined for other JSON */
export function placeholderRows(json: string): PlaceholderRow[] | undefined {
  try {
    const rows: unknown = JSON.parse(json);
    return Array.isArray(rows) && rows.length > 0 && rows.every(isPlaceholderValue) ? rows : undefined;
  } catch {
    return undefined;
  }
}

/** @param evaluate gets the value of one line */
export function evaluateRows(
  rows: readonly PlaceholderRow[],
  evaluate: (source: { type: string; value: string }, placeholder: string) => unknown,
): Promise<PlaceholderValue[]> {
  const evaluated = rows.map(async ({ placeholder, value, valueType }) => {
    const source = { type: String(valueType ?? 'str'), value: String(value ?? '') };
    return source.value === '' ? { placeholder } : { placeholder, value: await evaluate(source, placeholder) };
  });
  return Promise.all(evaluated);
}
