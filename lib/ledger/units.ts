/** Of a UTF-16 unit in JSON: a control character becomes `\u0000`. */
export const MAX_BYTES_PER_UNIT = 6;
/** units of the punctuation around a value, and of a number */
const PUNCTUATION_UNITS = 4;
const NUMBER_UNITS = 24;

/**
 * Estimate the size of plain data without writing its JSON.
 * @param limit no more is counted
 * @returns an upper bound of the UTF-16 units of its JSON, before escaping; more than the limit for other data
 */
export function unitsOf(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + PUNCTUATION_UNITS;
  if (typeof value === 'number') return Number.isFinite(value) ? NUMBER_UNITS : Number.POSITIVE_INFINITY;
  if (typeof value === 'boolean' || value === null) return NUMBER_UNITS;
  if (typeof value !== 'object') return value === undefined ? 0 : Number.POSITIVE_INFINITY;
  let units = PUNCTUATION_UNITS;
  if (Array.isArray(value)) {
    for (const item of value) {
      // JSON writes a missing item as null.
      units += unitsOf(item ?? null, limit - units);
      if (units > limit) return units;
    }
    return units;
  }
  for (const key in value) {
    units += key.length + PUNCTUATION_UNITS + unitsOf((value as Record<string, unknown>)[key], limit - units);
    if (units > limit) return units;
  }
  return units;
}
