import type { Slice } from '../contract';
import type { Page } from '../model';

/**
 * All items of a list, page by page. At the end it returns true when there were more than the server shows.
 * @param fetch gets the slice to ask for
 * @param limit the size of a page
 */
export async function* items<T>(fetch: (slice: Slice) => Promise<Page<T>>, limit = 100): AsyncGenerator<T> {
  let truncated = false;
  for await (const page of pages(fetch, limit)) {
    yield* page.items;
    truncated = page.truncated === true;
  }
  return truncated;
}

/**
 * All pages of a list, whatever paging style the server has. Stops at the last page, and at a page that only repeats
 * the one before: a server that ignores paging must not keep us asking for ever. That end is an empty page marked
 * `truncated`, because there was more than the server shows.
 * @param fetch gets the slice to ask for
 * @param limit the size of a page
 */
export async function* pages<T>(fetch: (slice: Slice) => Promise<Page<T>>, limit = 100): AsyncGenerator<Page<T>> {
  let slice: Slice = { limit, page: 1 };
  let previous: string | undefined;
  for (;;) {
    const page = await fetch(slice);
    // Where items were left out on the way, the page has to say itself what it was.
    const print = page.fingerprint ?? fingerprint(page.items);
    const isEmpty = page.items.length === 0 && page.fingerprint === undefined;
    if (!isEmpty && print === previous) {
      yield { ...page, items: [], hasNext: false, truncated: true };
      return;
    }
    yield page;
    if (isEmpty || !page.hasNext) return;
    previous = print;
    // A server may give fewer than we asked for: its own page size is the one that the next page starts from.
    const size = page.pageSize ?? limit;
    slice =
      page.nextCursor !== undefined ? { limit, cursor: page.nextCursor } : { limit: size, page: (slice.page ?? 1) + 1 };
  }
}

function fingerprint(of: readonly unknown[]): string {
  const id = (item: unknown) => (item as { id?: unknown } | null)?.id;
  return JSON.stringify([of.length, id(of[0]), id(of.at(-1))]);
}
