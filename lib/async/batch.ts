import { type LinktorError, toLinktorError } from '../errors';

/** Outcome of one item. A failure is reported like a result and stops no other item. */
export type Outcome<R> = R | LinktorError;

/**
 * Process many items, a limited number at a time. Work starts, and outcomes are reported, in the order of the items.
 * @param items an asynchronous source is read no faster than its items are processed
 * @param width number of items in progress at a time
 * @param onOutcome awaited before the next outcome is reported
 * @throws errors of `items` and `onOutcome`, never those of `work`
 */
export async function batch<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
  onOutcome: (outcome: Outcome<R>, item: T) => void | Promise<void>,
): Promise<void> {
  const running: { item: T; outcome: Promise<Outcome<R>> }[] = [];
  const report = async () => {
    const { item, outcome } = running.shift() as (typeof running)[number];
    await onOutcome(await outcome, item);
  };
  for await (const item of items) {
    if (running.length >= width) await report();
    running.push({ item, outcome: work(item).catch((thrown: unknown) => toLinktorError(thrown)) });
  }
  while (running.length > 0) await report();
}
