import { invalid } from '../wire/problem';
import type { Shelf } from './collection';

/** @throws a 400 problem naming `field` when one of the ids is not on the shelf */
export function allKnown<T extends { id: string }>(shelf: Shelf<T>, field: string, ids: string[] | undefined): void {
  for (const id of ids ?? []) {
    if (!shelf.get(id)) throw invalid(field, `has no ${shelf.noun.toLowerCase()} ${id}`);
  }
}

export function known<T extends { id: string }>(
  shelf: Shelf<T>,
  field: string,
  id: string | undefined,
): string | undefined {
  if (id !== undefined && !shelf.get(id)) throw invalid(field, `is not a ${shelf.noun.toLowerCase()}`);
  return id;
}
