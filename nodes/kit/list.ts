import { pages } from '../../lib/client';
import type { Page } from '../../lib/model';
import type { ActionContext, Outcome } from './define';
import { as, choice, dynNumber, figure, typed, type When } from './fields';

/** The rows of an operation that lists something. @param when the operations that list */
export function listing(when: When) {
  return {
    paging: choice(['one', 'all', 'each'], { icon: 'files-o', when }),
    page: typed('', {
      types: dynNumber,
      convert: as.number(1),
      icon: 'file-o',
      advanced: true,
      when: { ...when, paging: ['one'] },
    }),
    limit: figure(100, { min: 1, max: 100_000, icon: 'arrows-v', when }),
  };
}

interface Wanted {
  paging: string;
  page?: number;
  limit: number;
}

type Fetch<T> = (slice: { limit?: number; page?: number; cursor?: string }) => Promise<Page<T>>;

/**
 * A list as the user wants it: one page of at most `limit` items, all up to `limit`, or one message for each up to
 * `limit`, with `msg.parts` for the core join and batch nodes. A long list is read page by page, no faster than the
 * flow takes it, and shows how far it is.
 * @param fetch gets the slice to ask the server for
 */
export async function listed<T>(
  { emit, progress }: Pick<ActionContext<unknown>, 'emit' | 'progress'>,
  { paging, page: number = 1, limit }: Wanted,
  fetch: Fetch<T>,
): Promise<Outcome | undefined> {
  if (paging === 'one') {
    const page = await fetch({ limit, page: number });
    return found(page.items, { ...page, page: page.page ?? number });
  }
  const all: T[] = [];
  const id = crypto.randomUUID();
  let index = 0;
  const part = (item: T, count?: number): Outcome => ({
    result: item,
    also: { parts: { id, index: index++, type: 'array', len: 1, ...(count !== undefined && { count }) } },
  });
  // One is kept back: the last of them says how many there are.
  let last: { item: T } | undefined;
  let facts: Page<unknown> = { items: [], hasNext: false };
  for await (const page of pages(fetch, Math.min(limit, 100))) {
    const count = paging === 'all' ? all.length : index + (last ? 1 : 0);
    const room = limit - count;
    const items = page.items.slice(0, room);
    const isFull = items.length === room;
    const truncated = page.truncated === true || (isFull && (page.hasNext || page.items.length > room));
    facts = {
      ...facts,
      total: page.total ?? facts.total,
      hasNext: isFull && truncated,
      truncated: truncated || undefined,
      items: [],
    };
    if (paging === 'all') all.push(...items);
    else {
      for (const item of items) {
        if (last) await emit(part(last.item));
        last = { item };
      }
    }
    progress(count + items.length);
    if (isFull) break;
  }
  if (paging === 'all') return found(all, facts);
  return last && { ...part(last.item, index + 1), ...(facts.truncated && { status: 'truncated' as const }) };
}

function found(items: unknown[], { total, page, pageSize, hasNext, truncated, nextCursor }: Page<unknown>): Outcome {
  const facts = { page, pageSize: pageSize ?? items.length, total, hasNext, nextCursor, truncated };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { result: items, also: { page: known }, ...(truncated && { status: 'truncated' as const }) };
}
