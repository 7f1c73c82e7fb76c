import { invalid } from '../wire/problem';
import type { Collection } from './collection';

/** @throws a 400 problem naming `field` for an unknown id */
export function requireAllKnown<T extends { id: string }>(
  collection: Collection<T>,
  field: string,
  ids: string[] | undefined,
): void {
  for (const id of ids ?? []) {
    if (!collection.get(id)) throw invalid(field, `has no ${collection.noun.toLowerCase()} ${id}`);
  }
}

export function requireKnown<T extends { id: string }>(
  collection: Collection<T>,
  field: string,
  id: string | undefined,
): string | undefined {
  if (id !== undefined && !collection.get(id)) throw invalid(field, `is not a ${collection.noun.toLowerCase()}`);
  return id;
}
