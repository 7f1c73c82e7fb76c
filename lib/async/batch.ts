import { LinktorError } from '../errors';

/** A failure is told like a result: who fails stops nobody. */
export type Outcome<R> = R | LinktorError;

/**
 * Work on many things, some at a time. Each is begun in its order, and what became of it is told in the same order.
 * @param items an asynchronous one is read no faster than the work goes on
 * @param width how many at a time
 * @param tell is waited for
 */
export async function batch<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
  tell: (outcome: Outcome<R>, item: T) => void | Promise<void>,
): Promise<void> {
  const running: { item: T; outcome: Promise<Outcome<R>> }[] = [];
  const settle = async () => {
    const { item, outcome } = running.shift() as (typeof running)[number];
    await tell(await outcome, item);
  };
  for await (const item of items) {
    if (running.length >= width) await settle();
    running.push({ item, outcome: work(item).catch(problem) });
  }
  while (running.length > 0) await settle();
}

/** @returns anything thrown as the one error that can be told */
function problem(thrown: unknown): LinktorError {
  return thrown instanceof LinktorError ? thrown : new LinktorError('unexpected', String(thrown));
}
