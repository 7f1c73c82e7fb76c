import type { Slice } from '../contract';
import { isObject, type Page } from '../model';

const DEFAULT_PAGE_SIZE = 100;
/** No list has more pages: a server that always states another one ends here, marked `truncated`. */
const MAX_PAGES = 10_000;
/** Nor so many of which each brings less than a tenth of what was asked for: such a server makes them up as we ask. */
const MAX_THIN_PAGES = 1000;
const THIN = 0.1;

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
 * between two requests, is left out. Ends at the last page, at an empty one, and at one that brings nothing new; also where
 * a cursor comes again, more items have come than the server says there are, or too many pages bring next to nothing: a
 * server must not keep us asking for ever. That end is marked `truncated`, because there may be more than the server shows.
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
    const isEndless = hasNext && seen.isEndless(page, limit);
    yield { ...page, items: fresh, hasNext: hasNext && !isEndless, ...(isEndless && { truncated: true }) };
    if (!hasNext || isEndless) return;
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
  readonly #cursors = new Set<string>();
  #thinPages = 0;
  count = 0;

  /** @param asked how many items were asked for @returns true when going on would lead nowhere */
  isEndless({ items, nextCursor, total }: Page<unknown>, asked: number): boolean {
    if (items.length < asked * THIN) this.#thinPages++;
    const isRound = nextCursor !== undefined && this.#cursors.has(nextCursor);
    if (nextCursor !== undefined) this.#cursors.add(nextCursor);
    // Some say with each page how many items this one has.
    const isBeyond = total !== undefined && total > items.length && this.count > total;
    return isRound || isBeyond || this.#thinPages >= MAX_THIN_PAGES;
  }

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
