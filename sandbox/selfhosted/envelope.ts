import { type Answer, ok } from '../wire/router';
import { panic } from './refusal';

/** `{success, data}`: the envelope of most single records. */
export const wrap = (data: unknown): Answer => ok({ success: true, data });

/** The same envelope with status 201. */
export const wrapCreated = (data: unknown): Answer => ({ status: 201, body: { success: true, data } });

/** `{success, data: {message}}`: the answer of actions without a record. */
export const wrapMessage = (message: string): Answer => wrap({ message });

/** Most empty lists are `null`. */
export function nullIfEmpty<T>(items: T[]): T[] | null {
  return items.length === 0 ? null : items;
}

/**
 * A list of the newest records, regardless of the requested page. Its counts are useless for paging.
 *
 * @param size maximum number of records
 * @param total number of records before any filter
 */
export function newestPage(items: unknown[] | null, size: number, total: number): Answer {
  const meta = { page: 1, page_size: size, total_pages: 0, total_items: total, has_next: false, has_previous: false };
  return ok({ success: true, data: items, meta });
}

/** A list with real pages and `meta`: `page` and `page_size`, at most 100. */
export function pageWithMeta<T>(items: T[], query: URLSearchParams, view: (item: T) => unknown): Answer {
  const size = Math.min(100, readPositive(query, 'page_size') ?? 20);
  const page = readPositive(query, 'page') ?? 1;
  const pages = Math.ceil(items.length / size);
  const part = items.slice((page - 1) * size, page * size).map(view);
  return ok({
    success: true,
    data: nullIfEmpty(part),
    meta: {
      page,
      page_size: size,
      total_pages: pages,
      total_items: items.length,
      has_next: page < pages,
      has_previous: page > 1,
    },
  });
}

/** A bare list `{data, pagination}`. `page_size=0` crashes the handler. */
export function pageWithPagination<T>(items: T[], query: URLSearchParams, view: (item: T) => unknown): Answer {
  if (query.get('page_size') === '0') throw panic();
  const size = Math.min(100, readPositive(query, 'page_size') ?? 20);
  const page = readPositive(query, 'page') ?? 1;
  const part = items.slice((page - 1) * size, page * size).map(view);
  const pagination = { total: items.length, page, page_size: size, pages: Math.ceil(items.length / size) };
  return ok({ data: nullIfEmpty(part), pagination });
}

/** A positive integer of the query; anything else counts as absent. */
function readPositive(query: URLSearchParams, key: string): number | undefined {
  const value = Number(query.get(key) ?? '');
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
