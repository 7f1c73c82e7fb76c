import { touch } from '../state';
import type { Collection } from '../state/collection';
import { Form } from '../wire/form';
import { type Listing, list } from '../wire/paging';
import { type Call, created, noContent, ok, type Router } from '../wire/router';

/** The parts that differ between resources with the usual five routes. */
export interface Crud<T extends { id: string; updatedAt: string }> {
  path: string;
  collection: Collection<T>;
  listing: Listing<T>;
  /** Reads a new record; its parts are checked here. */
  create: (form: Form) => T;
  /** Called after a record was added. */
  onAdded?: (item: T) => void;
  /** Changes the fields that the form has. */
  update: (item: T, form: Form) => void;
  /** Removes dependent records before a record is removed. */
  remove?: (item: T) => void;
}

/** Adds list, create, read, update (PATCH) and delete. Returns a function that finds the record of a call. */
export function crudRoutes<T extends { id: string; updatedAt: string }>(
  router: Router,
  crud: Crud<T>,
): (call: Call) => T {
  const { path, collection, listing } = crud;
  const need = ({ params }: Call): T => collection.need(params.id ?? '');
  router
    .on('GET', path, ({ query }) => list(collection.all(), query, listing))
    .on('POST', path, ({ body }) => {
      const item = collection.add(crud.create(new Form(body)));
      crud.onAdded?.(item);
      return created(listing.view(item));
    })
    .on('GET', `${path}/:id`, (call) => ok(listing.view(need(call))))
    .on('PATCH', `${path}/:id`, (call) => {
      const item = need(call);
      crud.update(item, new Form(call.body));
      touch(item);
      return ok(listing.view(item));
    })
    .on('DELETE', `${path}/:id`, (call) => {
      const item = need(call);
      crud.remove?.(item);
      collection.remove(item.id);
      return noContent();
    });
  return need;
}

/** `POST :id/duplicate`: a copy with a new id, as a draft. */
export function duplicateRoute<T extends { id: string; name: string; updatedAt: string; createdAt: string }>(
  router: Router,
  { path, collection, listing }: Crud<T>,
  fresh: Partial<T>,
): void {
  router.on('POST', `${path}/:id/duplicate`, ({ params, body }) => {
    const original = collection.need(params.id ?? '');
    const name = new Form(body).text('name') ?? `${original.name} (copy)`;
    const at = new Date().toISOString();
    const copy = { ...structuredClone(original), ...fresh, id: collection.newId(), name, createdAt: at, updatedAt: at };
    return created(listing.view(collection.add(copy)));
  });
}

/**
 * Adds routes that link records by id: POST adds, DELETE with a body removes.
 *
 * @param part last segment of the path
 * @param key field of the body and of the record
 * @param check throws for an id that cannot be linked
 */
export function linkRoutes<K extends string, T extends { id: string; updatedAt: string } & Record<K, string[]>>(
  router: Router,
  { path, collection, listing }: Crud<T>,
  part: string,
  key: K,
  check: (ids: string[]) => void,
): void {
  const on = (method: string, next: (old: string[], named: string[]) => string[]): void => {
    router.on(method, `${path}/:id/${part}`, ({ params, body }) => {
      const item: T & Record<K, string[]> = collection.need(params.id ?? '');
      const named = new Form(body).needTexts(key);
      if (method === 'POST') check(named);
      Object.assign(item, { [key]: next(item[key], named) });
      touch(item);
      return ok(listing.view(item));
    });
  };
  on('POST', (old, named) => [...new Set([...old, ...named])]);
  on('DELETE', (old, named) => old.filter((id) => !named.includes(id)));
}
