import type { Slice } from '../contract';
import { isObject, type Page } from '../model';

const DEFAULT_PAGE_SIZE = 100;
/** Maximum pages of a list: a server that always states another one ends here, marked `truncated`. */
const MAX_PAGES = 10_000;
/** Maximum pages with less than a tenth of the requested items: such a server invents pages on request. */
const MAX_THIN_PAGES = 1000;
const THIN = 0.1;

/**
 * Yield all items of a list, page by page.
 * @param fetch fetches a slice
 * @param limit page size
 * @returns true at the end when the server may have more items
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
 * Yield all pages of a list, in any paging style. Duplicates, which occur when the list shifts between requests, are
 * removed. Ends at the last page, an empty page, or a page without new items; also when a cursor repeats, when there
 * are more items than the stated total, or after too many nearly empty pages, so that no server can keep the client
 * in a loop. Such an end is marked `truncated`, because the server may have more items.
 * @param fetch fetches a slice
 * @param limit page size, default 100
 * @param start first slice, by default the first page
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

/** Without a stated end, a list may continue after a full page: of the requested size, or of a round number. */
function mayGoOn({ items, total }: Page<unknown>, { limit = DEFAULT_PAGE_SIZE }: Slice, count: number): boolean {
  if (total !== undefined) return count < total;
  // More items than requested mean that the server has no paging and has returned all.
  return items.length === limit || (items.length < limit && items.length % 10 === 0);
}

/** A server may return fewer items than requested: then its own page size determines the next page. */
function nextSlice(page: Page<unknown>, { page: number = 1 }: Slice, limit: number): Slice {
  if (page.nextCursor !== undefined) return { limit, cursor: page.nextCursor };
  const own = page.pageSize ?? (page.endUnsaid ? page.items.length : limit);
  // A size that is neither requested nor given is no size of a page.
  const size = own <= Math.max(limit, page.items.length) ? own : limit;
  return { limit: size, page: number + 1 };
}

/** Rows and keys seen so far. */
class Seen {
  readonly #ids = new Set<string>();
  readonly #prints = new Set<string>();
  readonly #cursors = new Set<string>();
  #thinPages = 0;
  count = 0;

  /** @param asked number of requested items @returns true when further requests would be futile */
  isEndless({ items, nextCursor, total }: Page<unknown>, asked: number): boolean {
    if (items.length < asked * THIN) this.#thinPages++;
    const isRound = nextCursor !== undefined && this.#cursors.has(nextCursor);
    if (nextCursor !== undefined) this.#cursors.add(nextCursor);
    // On some servers the total is the number of items on the page.
    const isBeyond = total !== undefined && total > items.length && this.count > total;
    return isRound || isBeyond || this.#thinPages >= MAX_THIN_PAGES;
  }

  /** @returns true for a page that equals an earlier one */
  isRepeated({ items, fingerprint }: Page<unknown>): boolean {
    const print = fingerprint ?? fingerprintOf(items);
    if (this.#prints.has(print)) return true;
    this.#prints.add(print);
    const ids = items.map(idOf);
    return ids.length > 0 && ids.every((id) => id !== undefined && this.#ids.has(id));
  }

  /** Remove entities of earlier pages. A duplicate within one page is intended by the server, and stays. */
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

/** The ids of the first and the last item; items without ids are compared as a whole. */
function fingerprintOf(items: readonly unknown[]): string {
  const ids = [idOf(items[0]), idOf(items.at(-1))];
  return JSON.stringify(ids.includes(undefined) ? items : [items.length, ...ids]);
}
