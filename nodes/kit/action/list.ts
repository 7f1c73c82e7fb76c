import { type ListPlace, pages } from '../../../lib/client/index';
import { LinktorError, toLinktorError } from '../../../lib/errors';
import type { Page } from '../../../lib/model';
import type { ActionContext, Outcome } from '../define';
import { as, choice, dynNumber, flag, number, typed, type When } from '../fields';
import type { Msg } from '../red';

const MAX_PAGE_SIZE = 100;

/** Return the fields of a list operation. @param when the operations that list */
export function listFields(when: When) {
  return {
    paging: choice(['one', 'all', 'each'], { icon: 'files-o', when }),
    page: typed('', {
      types: dynNumber,
      convert: as.number(1),
      icon: 'file-o',
      advanced: true,
      when: { ...when, paging: ['one'] },
    }),
    limit: number(100, { min: 1, max: 100_000, icon: 'arrows-v', when }),
    sayEmpty: flag(false, { icon: 'circle-o', startValue: true, advanced: true, when: { ...when, paging: ['each'] } }),
  };
}

interface ListOptions {
  paging: string;
  page?: number;
  limit: number;
  /** each: emit a message for an empty list */
  sayEmpty?: boolean;
  /** page size and start, where the call itself specifies them */
  place?: ListPlace;
}

type Fetch<T> = (slice: { limit?: number; page?: number; cursor?: string }) => Promise<Page<T>>;

/**
 * Run a list operation: one page of at most `limit` items, all up to `limit`, or one message for each up to `limit`,
 * with `msg.parts` for the core join and batch nodes. A long list is read page by page, no faster than the flow takes
 * it, and its progress is shown.
 * @param fetch requests the given slice from the server
 */
export async function runList<T>(
  { emit, progress, msg }: Pick<ActionContext<unknown>, 'emit' | 'progress' | 'msg'>,
  { paging, page: chosen, limit, sayEmpty = false, place = {} }: ListOptions,
  fetch: Fetch<T>,
): Promise<Outcome | undefined> {
  if (paging === 'one') {
    const { size = limit, cursor } = place;
    const number = chosen ?? place.page ?? 1;
    const page = await fetch({ limit: size, page: number, ...(chosen === undefined && cursor && { cursor }) });
    // A full page may be incomplete when the server does not mark the end of the list.
    const isCut = page.items.length > limit || (page.endUnsaid === true && page.items.length === size);
    return listOutcome(page.items.slice(0, limit), {
      ...page,
      page: page.page ?? number,
      ...(isCut && { truncated: true }),
    });
  }
  const all: T[] = [];
  const parts = new Parts<T>(emit, msg);
  let facts: Page<unknown> = { items: [], hasNext: false };
  const { size = Math.min(limit, MAX_PAGE_SIZE), ...start } = place;
  const source = pages(fetch, size, start);
  for (;;) {
    const step = await source.next().catch(async (error: unknown) => {
      // Earlier items have been read, and may have been sent.
      const kept = parts.last();
      // Not any more when the node closes.
      if (kept) await emit(kept).catch(() => undefined);
      throw halfRead(error, paging === 'all' ? all : undefined, parts.count);
    });
    if (step.done) break;
    const page = step.value;
    const count = paging === 'all' ? all.length : parts.count;
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
    else for (const item of items) await parts.add(item);
    progress(count + items.length);
    if (isFull) break;
  }
  if (paging === 'all') return listOutcome(all, facts);
  const last = parts.last();
  if (last) return { ...last, ...(facts.truncated && { status: 'truncated' as const }) };
  return sayEmpty ? { result: [], properties: { complete: true, parts: msg.parts } } : undefined;
}

/** @returns the error with the number of rows read; rows not yet sent are in its details */
function halfRead(error: unknown, rows: readonly unknown[] | undefined, sent: number): LinktorError {
  const { code, message, cause } = toLinktorError(error);
  const count = rows?.length ?? sent;
  if (count === 0) return new LinktorError(code, message, cause);
  const reason = cause.details === undefined ? {} : { reason: cause.details };
  return new LinktorError(code, `The list broke off after ${count} rows: ${message}`, {
    ...cause,
    details: { ...reason, count, ...(rows && { rows }) },
  });
}

/**
 * Sends a separate message for each part of a result, with `msg.parts` for the core join and batch nodes. One part is
 * always held back: the last one carries the count.
 */
export class Parts<T> {
  readonly #emit: ActionContext<unknown>['emit'];
  /** parts of the input message, which may itself be a part */
  readonly #outer: unknown;
  readonly #id = crypto.randomUUID();
  #sent = 0;
  #kept: { item: T } | undefined;

  /** @param msg its own parts are nested in the new ones, as in the core nodes */
  constructor(emit: ActionContext<unknown>['emit'], { parts }: Readonly<Msg>) {
    this.#emit = emit;
    this.#outer = parts;
  }

  get count(): number {
    return this.#sent + (this.#kept ? 1 : 0);
  }

  async add(item: T): Promise<void> {
    const before = this.#kept;
    this.#kept = { item };
    if (before) await this.#emit(this.#part(before.item));
  }

  /** @returns the part that was held back, to be sent last */
  last(): Outcome | undefined {
    const { count } = this;
    const kept = this.#kept;
    this.#kept = undefined;
    return kept && this.#part(kept.item, count);
  }

  #part(item: T, count?: number): Outcome {
    const parts = {
      ...(this.#outer !== undefined && { parts: this.#outer }),
      id: this.#id,
      index: this.#sent++,
      type: 'array',
      len: 1,
      ...(count !== undefined && { count }),
    };
    return { result: item, properties: { parts } };
  }
}

function listOutcome(
  items: unknown[],
  { total, page, pageSize, hasNext, truncated, nextCursor }: Page<unknown>,
): Outcome {
  const facts = { page, pageSize: pageSize ?? items.length, total, hasNext, nextCursor, truncated };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { result: items, properties: { page: known }, ...(truncated && { status: 'truncated' as const }) };
}
