import type { Page, Unknowns } from '../../model';
import { ignoreAnswer, orRead, read, write } from '../calls';
import type { Decode } from '../envelope';
import type { Call, Changes, CrudCalls, Slice } from '../index';
import { object } from '../json';
import { decodeList } from '../paging';

/** The query of a list: only a cursor, or the parameters of all SDK paging styles; servers ignore unknown ones. */
export function listQuery<T extends Slice>({ cursor, limit, page, ...filter }: T): Record<string, unknown> {
  if (cursor !== undefined) return { ...filter, cursor, limit };
  const offset = page !== undefined && limit !== undefined ? (page - 1) * limit : undefined;
  return { ...filter, limit, page, offset };
}

/** @returns a call for a page of entities */
export function listOf<T>(
  path: readonly string[],
  decode: Decode<T>,
  what: string,
  query: Record<string, unknown>,
): Call<Page<T>> {
  return read(path, decodeList(decode, what), query);
}

/** A change of an entity whose answer may omit the entity. @param path of the entities */
export function changed<T>(path: readonly string[], id: string, decode: Decode<T>, call: Call<T>): Call<T> {
  return orRead(call, read([...path, id], decode), { id } as T);
}

/** The five usual operations; updates are PATCH throughout (contract 0.5). */
export function crud<T, Filter extends Slice>(
  path: readonly string[],
  decode: Decode<T>,
  what: string,
): CrudCalls<T, Filter> {
  return {
    list: (filter) => listOf(path, decode, what, listQuery(filter)),
    get: (id) => read([...path, id], decode),
    create: (input: Changes) => write('POST', path, decode, input),
    update: (id, changes: Changes) => changed(path, id, decode, write('PATCH', [...path, id], decode, changes)),
    remove: (id) => write('DELETE', [...path, id], ignoreAnswer),
  };
}

/** Named members of an entity: POST adds them, DELETE with a body removes them. */
export function memberCalls<T>(path: readonly string[], decode: Decode<T>, part: string, key: string) {
  return {
    add: (id: string, names: readonly string[]) =>
      changed(path, id, decode, write('POST', [...path, id, part], decode, { [key]: names })),
    remove: (id: string, names: readonly string[]) =>
      changed(path, id, decode, write('DELETE', [...path, id, part], decode, { [key]: names })),
  };
}

/** A copy of an entity, as a draft. @param path of the entities */
export function duplicateCall<T>(path: readonly string[], decode: Decode<T>) {
  return (id: string, name?: string): Call<T> => write('POST', [...path, id, 'duplicate'], decode, { name });
}

/** @returns a call for a list without pages. @param fields names of the field that may contain it */
export function wholeList(path: readonly string[], what: string, fields: readonly string[]): Call<Unknowns[]> {
  const decode = decodeList((item) => object(item) ?? {}, what, ['data', ...fields]);
  return read(path, (body) => decode(body).items);
}
