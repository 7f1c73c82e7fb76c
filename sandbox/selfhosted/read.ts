import type { Collection } from '../state/collection';
import type { Form } from '../wire/form';
import { internalError, invalidBody, notFound } from './refusal';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A non-empty text; blanks count as text. */
export function requireText(form: Form, field: string): string {
  const text = form.text(field);
  if (!text) throw invalidBody();
  return text;
}

/** A map of strings. Numbers, booleans and nested values make the whole body invalid. */
export function readTextMap(form: Form, field: string): Record<string, string> | undefined {
  const map = form.map(field);
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => {
      if (typeof value !== 'string') throw invalidBody();
      return [key, value];
    }),
  );
}

/** Finds a record of a service that answers 404 for any unknown id. */
export function findRecord<T extends { id: string }>(
  collection: Collection<T>,
  id: string | undefined,
  code?: string,
): T {
  const item = collection.get(id ?? '');
  if (!item) throw notFound(collection.noun, code);
  return item;
}

/** Finds a record of a service that passes the id to the database, where a non-UUID id is an internal error. */
export function findByUuid<T extends { id: string }>(
  collection: Collection<T>,
  id: string | undefined,
  code?: string,
): T {
  const item = collection.get(id ?? '');
  if (item) return item;
  throw UUID.test(id ?? '') ? notFound(collection.noun, code) : internalError();
}
