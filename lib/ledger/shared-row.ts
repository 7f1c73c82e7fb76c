import { MAX_RECORD_BYTES, type PutOptions } from './ledger';
import { requireDue } from './row';
import type { Row } from './shelf';
import { MAX_BYTES_PER_UNIT, unitsOf } from './units';

/** A larger value is measured exactly. */
const MAX_ESTIMATED_UNITS = Math.floor(MAX_RECORD_BYTES / MAX_BYTES_PER_UNIT);

/**
 * A record of a store in memory whose value nobody changes. Its JSON, which takes most of the time of a write, is made
 * only for a reader that wants a copy.
 */
export class SharedRow implements Row {
  readonly value: unknown;
  readonly bytes: number;
  readonly due?: number | undefined;
  readonly tags: readonly string[];
  readonly writtenAt = Date.now();

  /** @returns undefined for a value that is large, or that JSON may not represent @throws LinktorError `validation` */
  static of(value: unknown, { due, tags = [] }: PutOptions): SharedRow | undefined {
    requireDue(due);
    const units = unitsOf(value, MAX_ESTIMATED_UNITS);
    return units > MAX_ESTIMATED_UNITS ? undefined : new SharedRow(value, units, due, tags);
  }

  private constructor(value: unknown, bytes: number, due: number | undefined, tags: readonly string[]) {
    this.value = value;
    this.bytes = bytes;
    this.due = due;
    this.tags = tags;
  }

  get text(): string {
    return JSON.stringify(this.value);
  }
}
