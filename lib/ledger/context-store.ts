import { LinktorError, messageOf } from '../errors';
import { contextAnswer } from './context-answer';
import { storageError } from './failures';
import { type Namespace, namespaces } from './ledger';
import type { Row } from './shelf';
import type { Store, Write } from './store';

/** A Node-RED context, bound to one of its stores. */
export interface ContextAccess {
  get(key: string, done: (error: Error | undefined | null, value?: unknown) => void): void;
  set(key: string, value: unknown, done: (error?: Error | null) => void): void;
  keys(done: (error: Error | undefined | null, keys?: unknown) => void): void;
}

/** Context keys are paths; a key of these characters needs no quotes. */
const PREFIX = 'linktor_';

/** Records in a persistent context store. Each has a key of its own, so that asynchronous stores work as well. */
export function contextStore(context: ContextAccess): Store {
  return {
    engine: 'context',
    durability: 'restart',
    async *load() {
      const keys = await answered((done) => context.keys(done));
      for (const contextKey of Array.isArray(keys) ? keys : []) {
        const place = placeOf(contextKey);
        if (!place) continue;
        const row = rowOf(await answered((done) => context.get(contextKey, done)));
        if (row) yield { ...place, row };
      }
    },
    async write(writes) {
      // One after the other: the last write of a record must win.
      for (const { namespace, key, row } of writes) {
        await answered((done) => context.set(contextKeyOf(namespace, key), row, done));
      }
    },
    close() {},
  };
}

function contextKeyOf(namespace: Namespace, key: string): string {
  return `${PREFIX}${namespace}_${Buffer.from(key).toString('hex')}`;
}

function placeOf(contextKey: unknown): Pick<Write, 'namespace' | 'key'> | undefined {
  const [, namespace, key] = /^linktor_([a-z]+)_([0-9a-f]*)$/.exec(String(contextKey)) ?? [];
  if (namespace === undefined || key === undefined || !Object.hasOwn(namespaces, namespace)) return undefined;
  return { namespace: namespace as Namespace, key: Buffer.from(key, 'hex').toString() };
}

/** Validate a stored value: other versions of this package, and other writers, may have stored it. */
function rowOf(value: unknown): Row | undefined {
  const { text, due, tags, writtenAt } = (value ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string' || typeof writtenAt !== 'number' || !isJson(text)) return undefined;
  return {
    text,
    bytes: Buffer.byteLength(text),
    due: typeof due === 'number' ? due : undefined,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    writtenAt,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @throws LinktorError `storage` */
async function answered<T>(
  ask: (done: (error: Error | undefined | null, value?: T) => void) => void,
): Promise<T | undefined> {
  try {
    return await contextAnswer(ask);
  } catch (error) {
    throw error instanceof LinktorError ? error : storageError('unwritable', messageOf(error));
  }
}
