import type { Shelf } from '../state/collection';
import type { Form } from '../wire/form';
import { absent, internal, unreadable } from './refusal';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A text that is there and has something in it; blanks count. */
export function needed(form: Form, field: string): string {
  const text = form.text(field);
  if (!text) throw unreadable();
  return text;
}

/** A map of texts. Numbers, flags and anything deeper make the whole body unreadable. */
export function textMap(form: Form, field: string): Record<string, string> | undefined {
  const map = form.map(field);
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => {
      if (typeof value !== 'string') throw unreadable();
      return [key, value];
    }),
  );
}

/** A record whose service answers 404 for everything it does not find. */
export function find<T extends { id: string }>(shelf: Shelf<T>, id: string | undefined, code?: string): T {
  const item = shelf.get(id ?? '');
  if (!item) throw absent(shelf.noun, code);
  return item;
}

/** A record whose id goes to the database as it is, where anything but a UUID is an internal error. */
export function findStrictly<T extends { id: string }>(shelf: Shelf<T>, id: string | undefined, code?: string): T {
  const item = shelf.get(id ?? '');
  if (item) return item;
  throw UUID.test(id ?? '') ? absent(shelf.noun, code) : internal();
}
