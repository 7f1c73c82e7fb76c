import { lookAgain } from '../async/look-again';
import { LinktorError } from '../errors';

interface FindOrCreateResult<T> {
  entity: T;
  /** unclear: none existed, the answer to our own write was lost, and now one exists */
  origin: 'found' | 'created' | 'unclear';
}

/**
 * Find an entity, or create it. If another writer is faster (a conflict), or the answer to our own write is lost, the
 * entity is searched again.
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
