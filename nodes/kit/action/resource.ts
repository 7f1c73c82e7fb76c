import type { Page } from '../../../lib/model';
import type { ActionContext, Outcome } from '../define';
import { as, confirmation, type Listable, typed } from '../fields';
import { listFields, runList } from './list';

type Slice = { limit?: number; page?: number; cursor?: string };

/** The resource methods for the five standard operations. */
interface CrudResource<Filter> {
  list(filter: Filter & Slice): Promise<Page<unknown>>;
  get(id: string): Promise<unknown>;
  create(input: Record<string, unknown>): Promise<unknown>;
  update(id: string, changes: Record<string, unknown>): Promise<unknown>;
  remove(id: string): Promise<void>;
}

interface CrudRequest<Filter> {
  operation: string;
  id: string;
  /** filter of a list */
  filter: Filter;
  paging: string;
  page?: number;
  limit: number;
  /** called only for write operations */
  body(): Record<string, unknown>;
}

/** An id from the message or the pick list. @param operations the operations that need it */
export function idField(property: string, pick: Listable, operations: readonly string[], icon: string) {
  return typed(property, { required: true, convert: as.id, pick, icon, when: { operation: operations } });
}

/** Fields of list and delete, and the search. */
export const crudFields = {
  search: typed('', { convert: as.id, icon: 'search', when: { operation: ['list'] } }),
  state: typed('', { convert: as.word, icon: 'flag-o', when: { operation: ['list'] } }),
  ...listFields({ operation: ['list'] }),
  confirm: confirmation({ when: { operation: ['delete'] } }),
};

/** Run list, get, create, update or delete. @returns undefined for another operation, or when everything was sent */
export async function runCrud<Filter>(
  context: Pick<ActionContext<unknown>, 'emit' | 'progress' | 'msg'>,
  resource: CrudResource<Filter>,
  { operation, id, filter, body, ...wanted }: CrudRequest<Filter>,
): Promise<Outcome | undefined> {
  switch (operation) {
    case 'list':
      return runList(context, wanted, (slice) => resource.list({ ...filter, ...slice }));
    case 'get':
      return { result: await resource.get(id) };
    case 'create':
      return { result: await resource.create(body()) };
    case 'update':
      return { result: await resource.update(id, body()) };
    case 'delete':
      await resource.remove(id);
      return { result: { id, deleted: true } };
    default:
      return undefined;
  }
}
