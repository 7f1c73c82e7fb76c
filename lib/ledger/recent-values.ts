import { SharedRow } from './shared-row';
import type { Row } from './shelf';

/** Limits of the values kept beside their JSON: records, and bytes of their JSON. */
const MAX_VALUES = 500;
const MAX_BYTES = 1024 * 1024;

/** The parsed values of records in use. Parsing a record for each of its readers costs most of the time of a question. */
export class RecentValues {
  readonly #values = new Map<Row, unknown>();
  #bytes = 0;

  /** @returns the value, which no reader changes */
  valueOf(row: Row): unknown {
    if (row instanceof SharedRow) return row.value;
    const known = this.#values.get(row);
    if (known !== undefined) return known;
    const value: unknown = JSON.parse(row.text);
    this.add(row, value);
    return value;
  }

  add(row: Row, value: unknown): void {
    if (row instanceof SharedRow) return;
    this.#values.set(row, value);
    this.#bytes += row.bytes;
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= MAX_VALUES && this.#bytes <= MAX_BYTES) return;
      this.drop(oldest);
    }
  }

  drop(row: Row): void {
    if (this.#values.delete(row)) this.#bytes -= row.bytes;
  }
}
