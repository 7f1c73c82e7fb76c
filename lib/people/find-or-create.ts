import { setTimeout as pause } from 'node:timers/promises';
import { LinktorError } from '../errors';

/** milliseconds: a server that was cut off may still be at work, so a look that shows nothing is made once more */
const again = 1000;

interface FindOrCreateResult<T> {
  it: T;
  /** unclear: there was none, then our own answer got lost, and now there is one */
  origin: 'found' | 'made' | 'unclear';
}

/**
 * What is there, or what is made. Somebody else may have been faster, or our own answer may be lost: look again.
 * @throws what `make` has thrown, when the look shows nothing
 */
export async function findOrCreate<T>(
  find: () => Promise<T | undefined>,
  make: () => Promise<T>,
): Promise<FindOrCreateResult<T>> {
  const found = await find();
  if (found) return { it: found, origin: 'found' };
  try {
    return { it: await make(), origin: 'made' };
  } catch (error) {
    const isUnclear = error instanceof LinktorError && error.cause.ambiguous;
    if (!isUnclear && !(error instanceof LinktorError && error.code === 'conflict')) throw error;
    const made = await look(find, isUnclear);
    if (made) return { it: made, origin: isUnclear ? 'unclear' : 'found' };
    throw error;
  }
}

/** What cannot be looked at stays as unknown as it was: the caller hears of the write itself. */
async function look<T>(find: () => Promise<T | undefined>, twice: boolean): Promise<T | undefined> {
  try {
    const first = await find();
    if (first || !twice) return first;
    await pause(again);
    return await find();
  } catch {
    return undefined;
  }
}
