/** @returns the value below which `share` of the values lie; the values get sorted */
export function quantile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values];
  return { median: quantile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** Compare round by round, so that a disturbance of the machine affects both sides. */
export function pairs(a: readonly number[], b: readonly number[], how: (a: number, b: number) => number): Spread {
  return spread(a.map((one, round) => how(one, b[round] ?? Number.NaN)));
}

export function show({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`;
}

/** Format a table: the first column is left-aligned, the others are right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  return rows.map((row) => `  ${line(row).join('  ')}`).join('\n');
}

/** Format the result of one criterion. */
export function judge(met: boolean, what: string): string {
  return `  ${met ? 'pass' : 'FAIL'}: ${what}`;
}
