import { invalid, LinktorError, messageOf } from '../errors';
import { tooLarge } from './failures';
import { MAX_RECORD_BYTES, type PutOptions } from './ledger';
import type { Row } from './shelf';

/**
 * @returns a record in its stored form
 * @throws LinktorError `validation` for values that JSON cannot represent, `rate_limit` when too large
 */
export function rowOf(value: unknown, { due, tags = [] }: PutOptions): Row {
  requireDue(due);
  const text = asJson(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_RECORD_BYTES) throw tooLarge(bytes);
  return { text, bytes, due, tags, writtenAt: Date.now() };
}

/** @throws LinktorError `validation` */
export function requireDue(due: number | undefined): void {
  if (due !== undefined && !Number.isFinite(due)) throw invalid('The due time of a record must be a number.');
}

function asJson(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text === 'string') return text;
  } catch (error) {
    throw new LinktorError('validation', 'This value cannot be kept: it is no plain data.', {
      details: { reason: messageOf(error) },
    });
  }
  throw invalid('This value cannot be kept: it is no plain data.');
}
