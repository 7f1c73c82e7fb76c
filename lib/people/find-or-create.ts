import { lookAgain } from '../async/look-again';
import { LinktorError } from '../errors';

interface FindOrCreateResult<T> {
  entity: T;
  /** unclear: there was none, then the answer to our own write got lost, and now there is one */
  origin: 'found' | 'created' | 'unclear';
}

/**
 * Find an entity, or create it. Another writer may be faster (a conflict), or the answer to our own write may get lost:
 * both are settled by looking again.
 * @throws the error of `create`, when the second look-up finds nothing
 */
export async function findOrCreate<T>(
  find: () => Promise<T | undefined>,
  create: () => Promise<T>,
): Promise<FindOrCreateResult<T>> {
  const found = await find();
  if (found) return { entity: found, origin: 'found' };
  try {
    return { entity: await create(), origin: 'created' };
  } catch (error) {
    const isUnclear = error instanceof LinktorError && error.cause.ambiguous;
    if (!isUnclear && !(error instanceof LinktorError && error.code === 'conflict')) throw error;
    const entity = await lookAgain(find, isUnclear);
    if (entity) return { entity, origin: isUnclear ? 'unclear' : 'found' };
    throw error;
  }
}
