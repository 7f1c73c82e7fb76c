import type { Entry } from '../../../lib/ledger/index';

/** keys of one record of the ledger */
const RECORD_KEYS = 500;

/** @returns the keys in the form of the ledger's records */
export function recordsOf(seen: readonly (readonly [key: string, at: number])[]): Entry[] {
  const records: Entry[] = [];
  for (let from = 0; from < seen.length; from += RECORD_KEYS) {
    const part = seen.slice(from, from + RECORD_KEYS);
    const keys = part.map(([key]) => key);
    records.push({
      ...{ namespace: 'seen', key: `e:lanes:${from}`, value: { number: from, keys } },
      ...{ tags: [], writtenAt: part.at(-1)?.[1] ?? 0 },
    });
  }
  return records;
}
