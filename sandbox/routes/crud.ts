import { touch } from '../state';
import type { Shelf } from '../state/collection';
import { Form } from '../wire/form';
import { type Listing, list } from '../wire/paging';
import { type Call, created, gone, ok, type Router } from '../wire/router';

/** What differs between resources that are listed, read, created, changed and deleted in the same way. */
export interface Crud<T extends { id: string; updatedAt: string }> {
  path: string;
  shelf: Shelf<T>;
  listing: Listing<T>;
  /** Reads a new record; its parts are checked here. */
  create: (form: Form) => T;
  /** Tells others about a record that has just been added. */
  added?: (item: T) => void;
  /** Changes the fields that the form has. */
  update: (item: T, form: Form) => void;
  /** Clears up what belongs to a record that is about to go. */
  remove?: (item: T) => void;
}

/** The five usual routes of a resource; updates are PATCH. Returns how to find the record that a call names. */
export function crudRoutes<T extends { id: string; updatedAt: string }>(
  router: Router,
  crud: Crud<T>,
): (call: Call) => T {
  const { path, shelf, listing } = crud;
  const need = ({ params }: Call): T => shelf.need(params.id ?? '');
  router
    .on('GET', path, ({ query }) => list(shelf.all(), query, listing))
    .on('POST', path, ({ body }) => {
      const item = shelf.add(crud.create(new Form(body)));
      crud.added?.(item);
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
      shelf.remove(item.id);
      return gone();
    });
  return need;
}

/** `POST :id/duplicate`: a copy with a new id, as a draft. */
export function duplicateRoute<T extends { id: string; name: string; updatedAt: string; createdAt: string }>(
  router: Router,
  { path, shelf, listing }: Crud<T>,
  fresh: Partial<T>,
): void {
  router.on('POST', `${path}/:id/duplicate`, ({ params, body }) => {
    const original = shelf.need(params.id ?? '');
    const name = new Form(body).text('name') ?? `${original.name} (copy)`;
    const at = new Date().toISOString();
    const copy = { ...structuredClone(original), ...fresh, id: shelf.newId(), name, createdAt: at, updatedAt: at };
    return created(listing.view(shelf.add(copy)));
  });
}

/**
 * Linking records to one record by their ids: POST adds, DELETE with a body removes.
 *
 * @param part last segment of the path
 * @param key field of the body and of the record
 * @param check throws for an id that cannot be linked
 */
export function linkRoutes<K extends string, T extends { id: string; updatedAt: string } & Record<K, string[]>>(
  router: Router,
  { path, shelf, listing }: Crud<T>,
  part: string,
  key: K,
  check: (ids: string[]) => void,
): void {
  const on = (method: string, next: (old: string[], named: string[]) => string[]): void => {
    router.on(method, `${path}/:id/${part}`, ({ params, body }) => {
      const item: T & Record<K, string[]> = shelf.need(params.id ?? '');
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
