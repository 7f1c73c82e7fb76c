import { number, string } from '../contract/json';
import { parsePath } from './url';

/** The first position in a list, and the page size. */
export interface ListPlace {
  size?: number;
  page?: number;
  cursor?: string;
}

/** Query parameters for the page size. The user's own choice is kept. */
const SIZES = ['limit', 'page_size', 'pageSize', 'per_page', 'perPage'];
/** Query parameters for the position in a list. */
const CURSORS = ['cursor', 'page_token', 'pageToken', 'starting_after'];

/** @returns the paging in the query of a list @throws LinktorError `validation` for an invalid path */
export function placeIn(path: string, query?: Record<string, unknown>): ListPlace {
  const { query: asked = {} } = parsePath(path, query);
  const find = (names: readonly string[]) => names.flatMap((name) => asked[name]).find((one) => one !== undefined);
  const place = { size: whole(find(SIZES)), page: whole(find(['page'])), cursor: string(find(CURSORS)) };
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}

/** @returns the query of a page: a page size in the user's query overrides that of the paging */
export function pageQuery(own: Record<string, unknown>, paging: Record<string, unknown>): Record<string, unknown> {
  const isSized = SIZES.some((name) => own[name] !== undefined);
  if (!isSized) return { ...own, ...paging };
  return { ...own, ...Object.fromEntries(Object.entries(paging).filter(([name]) => !SIZES.includes(name))) };
}

function whole(value: unknown): number | undefined {
  const figure = number(value);
  return figure !== undefined && Number.isInteger(figure) && figure > 0 ? figure : undefined;
}
