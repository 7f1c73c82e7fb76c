import type { Slice } from '../contract';
import { isObject, type Page } from '../model';

const DEFAULT_PAGE_SIZE = 100;
/** No list has more pages: a server that always states another one ends here, marked `truncated`. */
const MAX_PAGES = 10_000;

/**
 * All items of a list, page by page. At the end it returns true when there were more than the server shows.
 * @param fetch gets the slice to ask for
 * @param limit the size of a page
 */
export async function* items<T>(fetch: (slice: Slice) => Promise<Page<T>>, limit?: number): AsyncGenerator<T> {
  let truncated = false;
  for await (const page of pages(fetch, limit)) {
    yield* page.items;
    truncated = page.truncated === true;
  }
  return truncated;
}

/**
 * All pages of a list, whatever paging style the server has. An entity that comes again, because the list has moved
 * between two requests, is left out. Ends at the last page, at an empty one, and at one that brings nothing new: a server
 * that ignores paging must not keep us asking for ever. That end is an empty page marked `truncated`, because there may
 * be more than the server shows.
 * @param fetch gets the slice to ask for
 * @param limit the size of a page, default 100
 * @param start where to begin: the first page by default
 * @throws any error of `fetch`; earlier pages have been yielded by then
 */
export async function* pages<T>(
  fetch: (slice: Slice) => Promise<Page<T>>,
  limit = DEFAULT_PAGE_SIZE,
  start: Pick<Slice, 'page' | 'cursor'> = {},
): AsyncGenerator<Page<T>> {
  const seen = new Seen();
  let slice: Slice = { limit, page: 1, ...start };
  for (let count = 1; ; count++) {
    const page = await fetch(slice);
    // Duplicates are left out of `items`, so the page states its own size.
    const isEmpty = page.items.length === 0 && page.fingerprint === undefined;
    const isRepeated = !isEmpty && seen.isRepeated(page);
    if (isRepeated || count > MAX_PAGES) {
      yield { ...page, items: [], hasNext: false, truncated: true };
      return;
    }
    const fresh = seen.withoutRepeated(page.items);
    const hasNext = !isEmpty && (page.hasNext || (page.endUnsaid === true && mayGoOn(page, slice, seen.count)));
    yield { ...page, items: fresh, hasNext };
    if (!hasNext) return;
    slice = nextSlice(page, slice, limit);
  }
}

/** A list that does not say where it ends may go on after a page that is full, by our measure or by a round number. */
function mayGoOn({ items, total }: Page<unknown>, { limit = DEFAULT_PAGE_SIZE }: Slice, count: number): boolean {
  if (total !== undefined) return count < total;
  // More than were asked for: the server does not page, and has given all.
  return items.length === limit || (items.length < limit && items.length % 10 === 0);
}

/** A server may give fewer than we asked for: its own page size is the one that the next page starts from. */
function nextSlice(page: Page<unknown>, { page: number = 1 }: Slice, limit: number): Slice {
  if (page.nextCursor !== undefined) return { limit, cursor: page.nextCursor };
  const size = page.pageSize ?? (page.endUnsaid ? page.items.length : limit);
  return { limit: size, page: number + 1 };
}

/** Rows and keys seen so far. */
class Seen {
  readonly #ids = new Set<string>();
  readonly #prints = new Set<string>();
  count = 0;

  /** @returns true for a page that has come before, as a whole */
  isRepeated({ items, fingerprint }: Page<unknown>): boolean {
    const print = fingerprint ?? fingerprintOf(items);
    if (this.#prints.has(print)) return true;
    this.#prints.add(print);
    const ids = items.map(idOf);
    return ids.length > 0 && ids.every((id) => id !== undefined && this.#ids.has(id));
  }

  /** An entity that comes again on the same page is the server's own doing, and stays. */
  withoutRepeated<T>(items: readonly T[]): T[] {
    const fresh = items.filter((item) => {
      const id = idOf(item);
      return id === undefined || !this.#ids.has(id);
    });
    for (const item of items) {
      const id = idOf(item);
      if (id !== undefined) this.#ids.add(id);
    }
    this.count += fresh.length;
    return fresh;
  }
}

function idOf(item: unknown): string | undefined {
  const id = isObject(item) ? item.id : undefined;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** By the ids of the first and the last; items without ids are compared as a whole. */
function fingerprintOf(items: readonly unknown[]): string {
  const ids = [idOf(items[0]), idOf(items.at(-1))];
  return JSON.stringify(ids.includes(undefined) ? items : [items.length, ...ids]);
}
