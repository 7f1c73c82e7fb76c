import { type Answer, ok } from '../wire/router';
import { crash } from './refusal';

/** `{success, data}`, around most single records. */
export const wrapped = (data: unknown): Answer => ok({ success: true, data });

/** The same for a new record. */
export const added = (data: unknown): Answer => ({ status: 201, body: { success: true, data } });

/** `{success, data: {message}}`, where nothing but words come back. */
export const said = (message: string): Answer => wrapped({ message });

/** An empty list is null in most places. */
export function orNull<T>(items: T[]): T[] | null {
  return items.length === 0 ? null : items;
}

/**
 * A list that always is the newest few, whatever page was asked for; its counts do not help with paging either.
 *
 * @param size how many it has at most
 * @param total how many there are before any filter
 */
export function newest(items: unknown[] | null, size: number, total: number): Answer {
  const meta = { page: 1, page_size: size, total_pages: 0, total_items: total, has_next: false, has_previous: false };
  return ok({ success: true, data: items, meta });
}

/** A list with real pages and `meta`: `page` and `page_size`, 100 at most. */
export function paged<T>(items: T[], query: URLSearchParams, view: (item: T) => unknown): Answer {
  const size = Math.min(100, whole(query, 'page_size') ?? 20);
  const page = whole(query, 'page') ?? 1;
  const pages = Math.ceil(items.length / size);
  const part = items.slice((page - 1) * size, page * size).map(view);
  return ok({
    success: true,
    data: orNull(part),
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

/** A bare list `{data, pagination}`. A page of no size crashes the handler. */
export function bareList<T>(items: T[], query: URLSearchParams, view: (item: T) => unknown): Answer {
  if (query.get('page_size') === '0') throw crash();
  const size = Math.min(100, whole(query, 'page_size') ?? 20);
  const page = whole(query, 'page') ?? 1;
  const part = items.slice((page - 1) * size, page * size).map(view);
  const pagination = { total: items.length, page, page_size: size, pages: Math.ceil(items.length / size) };
  return ok({ data: orNull(part), pagination });
}

/** A number of the query; what makes no sense counts as not given. */
function whole(query: URLSearchParams, key: string): number | undefined {
  const value = Number(query.get(key) ?? '');
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
