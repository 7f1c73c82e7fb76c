// Words of which the schemas are made.
import Ajv, { type ValidateFunction } from 'ajv';

export type Schema = Record<string, unknown>;

export const text: Schema = { type: 'string' };
export const number: Schema = { type: 'number' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const flag: Schema = { type: 'boolean' };
export const map: Schema = { type: 'object' };
export const time: Schema = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' };
export const oneOf = (...words: string[]): Schema => ({ enum: words });
export const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object: names that end in `?` may be absent, never null. Other fields may be there too. */
export function object(fields: Record<string, Schema>): Schema {
  const names = Object.keys(fields);
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace('?', ''), schema])),
  };
}

export const stamped = { id: text, tenantId: text, createdAt: time, updatedAt: time };
export const channelType = oneOf('whatsapp', 'telegram', 'facebook', 'instagram', 'webchat', 'sms', 'email', 'rcs');
export const activation = oneOf('active', 'inactive', 'draft');

/** A page of records with the fields of both paging styles. */
export function page(items: Schema): Schema {
  const pagination = {
    total: count,
    limit: count,
    offset: count,
    page: count,
    totalPages: count,
    hasMore: flag,
    'nextCursor?': text,
    'prevCursor?': text,
  };
  return object({ data: list(items), pagination: object(pagination) });
}

const compiled = new Map<Schema, ValidateFunction>();
const ajv = new Ajv({ allErrors: true });

/** What of a body does not fit its schema; empty when all of it does. */
export function misfits(schema: Schema, body: unknown): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message: reason, params }) =>
    [instancePath || '/', reason, JSON.stringify(params)].join(' '),
  );
}
