import { fence } from '../async/fence';
import { KeyedMutex } from '../async/keyed-mutex';
import { invalid } from '../errors';
import type { Entry, Ledger, Soon } from '../ledger';
import { lostInJson } from '../model';
import { describe } from '../text';
import { partsOf, valueAt, withValueAt } from './path';

export const scopes = ['conversation', 'contact', 'channel', 'account'] as const;
export type Scope = (typeof scopes)[number];

/** Whose variable it is. */
export interface Owner {
  scope: Scope;
  /** of the conversation, contact or channel; '' for the account */
  id: string;
  /** the contact that a conversation belongs to, where it is known: it is forgotten with it */
  contactId?: string;
}

/** What lies in the ledger: one record for each first part of a key. */
interface Kept {
  owner: Pick<Owner, 'scope' | 'id'>;
  name: string;
  value: unknown;
  /** it is gone then, milliseconds of the clock */
  until: number;
}

export interface WriteOptions {
  /** milliseconds after this write */
  forMs: number;
  /** writes only where this says so of the old value */
  onlyIf?(old: unknown): Promise<boolean>;
}

/** What has become of a write. */
export interface Written {
  value: unknown;
  /** false: `onlyIf` was against it, and the value is as it was */
  isWritten: boolean;
}

const SWEEP_INTERVAL_MS = 3_600_000;

/** What flows remember of conversations, contacts and channels. Operations on one variable take turns. */
export class Variables {
  readonly #ledger: () => Ledger;
  readonly #turns = new KeyedMutex();
  #sweeper: NodeJS.Timeout | undefined;

  /** @param ledger opened when it is first used */
  constructor(ledger: () => Ledger) {
    this.#ledger = ledger;
  }

  /** @returns undefined where there is nothing @throws LinktorError `validation`, `storage` */
  async get(owner: Owner, key: string): Promise<unknown> {
    const [name, ...inner] = partsOf(key);
    const entry = await this.#ledger().get<Kept>('var', keyOf(owner, name));
    return valueAt(valid(entry)?.value.value, inner);
  }

  /** All variables of one owner, by name; at once where the ledger is this process's own and open. */
  all(owner: Pick<Owner, 'scope' | 'id'>): Soon<Record<string, unknown>> {
    const found = this.#ledger().find<Kept>('var', ownerTag(owner));
    return Array.isArray(found) ? byName(found) : found.then(byName);
  }

  /** @throws LinktorError `validation`, `rate_limit`, `storage` */
  set(owner: Owner, key: string, value: unknown, options: WriteOptions): Promise<Written> {
    return this.#change(owner, key, () => value, options);
  }

  /** Add to a number; where nothing is, from 0. */
  increment(owner: Owner, key: string, by: number, options: WriteOptions): Promise<Written> {
    const add = (old: unknown) => {
      if (old !== undefined && typeof old !== 'number') throw invalid(`"${key}" is ${describe(old)}, not a number.`);
      return (old ?? 0) + by;
    };
    return this.#change(owner, key, add, options);
  }

  /** Add to the end of a list. @param most entries; the oldest go */
  append(owner: Owner, key: string, value: unknown, most: number, options: WriteOptions): Promise<Written> {
    const add = (old: unknown) => {
      if (old !== undefined && !Array.isArray(old)) throw invalid(`"${key}" is ${describe(old)}, not a list.`);
      return [...(old ?? []), value].slice(-most);
    };
    return this.#change(owner, key, add, options);
  }

  delete(owner: Owner, key: string, options: WriteOptions): Promise<Written> {
    return this.#change(owner, key, () => undefined, options);
  }

  /** @returns how many variables are gone */
  async clear(owner: Pick<Owner, 'scope' | 'id'>): Promise<number> {
    const found = await this.#ledger().find<Kept>('var', ownerTag(owner));
    for (const { key } of found) await this.#turns.run(key, () => this.#ledger().delete('var', key));
    return found.length;
  }

  /** Several contacts have become one: what it does not know itself it gets from the others. */
  async join(contactId: string, others: readonly string[]): Promise<void> {
    for (const id of others) {
      const other: Owner = { scope: 'contact', id };
      const owner: Owner = { scope: 'contact', id: contactId };
      for (const entry of await this.#ledger().find<Kept>('var', ownerTag(other))) {
        const { name, value, until } = entry.value;
        const forMs = until - Date.now();
        if (forMs > 0) {
          await this.#change(owner, name, (old) => (old === undefined ? value : old), { forMs });
        }
        await this.#ledger().delete('var', entry.key);
      }
    }
  }

  stop(): void {
    clearInterval(this.#sweeper);
  }

  /** @param make gets the value at this key as it is now; undefined takes it away */
  #change(owner: Owner, key: string, make: (old: unknown) => unknown, options: WriteOptions): Promise<Written> {
    const [name, ...inner] = partsOf(key);
    const record = keyOf(owner, name);
    this.#sweepNowAndThen();
    return this.#turns.run(record, async () => {
      for (;;) {
        const before = await this.#ledger().get<Kept>('var', record);
        const whole = valid(before)?.value.value;
        const old = valueAt(whole, inner);
        if (options.onlyIf && !(await options.onlyIf(old))) return { value: old, isWritten: false };
        const value = make(old);
        requireJson(value, key);
        const changed = withValueAt(whole, inner, value);
        if (await this.#write(owner, name, before, changed, options)) return { value, isWritten: true };
      }
    });
  }

  /** @returns false when another process has changed it meanwhile */
  async #write(
    owner: Owner,
    name: string,
    before: Entry<Kept> | undefined,
    value: unknown,
    { forMs }: WriteOptions,
  ): Promise<boolean> {
    const { scope, id } = owner;
    const until = Date.now() + forMs;
    const kept: Kept = { owner: { scope, id }, name, value, until };
    const written = JSON.stringify(before?.value);
    let isSame = true;
    await this.#ledger().update<Kept>('var', keyOf(owner, name), (now) => {
      isSame = JSON.stringify(now) === written;
      if (!isSame) return now && { value: now, due: now.until, tags: tagsOf(owner) };
      return value === undefined ? undefined : { value: kept, due: until, tags: tagsOf(owner) };
    });
    return isSame;
  }

  #sweepNowAndThen(): void {
    this.#sweeper ??= setInterval(
      fence(() => this.#sweep()),
      SWEEP_INTERVAL_MS,
    ).unref();
  }

  /** What is over is not given any more; here it also goes from the disk. */
  async #sweep(): Promise<void> {
    for (const { namespace, key } of await this.#ledger().due(Date.now())) {
      if (namespace === 'var') await this.#ledger().delete('var', key);
    }
  }
}

function byName(entries: readonly Entry<Kept>[]): Record<string, unknown> {
  return Object.fromEntries(entries.flatMap((entry) => (valid(entry) ? [[entry.value.name, entry.value.value]] : [])));
}

function valid(entry: Entry<Kept> | undefined): Entry<Kept> | undefined {
  return entry && entry.value.until > Date.now() ? entry : undefined;
}

function keyOf({ scope, id }: Pick<Owner, 'scope' | 'id'>, name: string): string {
  return JSON.stringify([scope, id, name]);
}

const ownerTag = ({ scope, id }: Pick<Owner, 'scope' | 'id'>) => `v:${scope}:${id}`;

/** What finds it when a person is forgotten. */
function tagsOf({ scope, id, contactId = scope === 'contact' ? id : undefined }: Owner): string[] {
  return [
    ownerTag({ scope, id }),
    ...(scope === 'conversation' ? [`c:${id}`] : []),
    ...(contactId === undefined ? [] : [`p:${contactId}`]),
  ];
}

/** @throws LinktorError `validation` for a value that would be another one when it is read again */
function requireJson(value: unknown, key: string): void {
  const lost = (what: string) =>
    invalid(`"${key}" cannot keep a value ${what}.`, 'Give plain data, or make a text of it.');
  if (typeof value === 'function' || typeof value === 'symbol') throw lost(`that is ${describe(value)}`);
  try {
    JSON.stringify(value, function (this: Record<string, unknown>, name, written) {
      const what = lostInJson(this[name], written);
      if (what !== undefined) throw lost(what.startsWith('of') ? what : `that is ${what}`);
      return written;
    });
  } catch (error) {
    // A circle or a BigInt is the ledger's to refuse.
    if (!(error instanceof TypeError)) throw error;
  }
}
