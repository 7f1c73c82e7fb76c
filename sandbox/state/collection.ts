import { randomUUID } from 'node:crypto';
import { notFound } from '../wire/problem';

/** The records of one kind, in the order in which they were added. */
export class Collection<T extends { id: string }> {
  readonly #items = new Map<string, T>();
  /** Makes the id of a new record. */
  newId: () => string;
  readonly noun: string;

  /**
   * @param noun display name of one record, for errors
   * @param prefix prefix of new ids
   */
  constructor(noun: string, prefix: string) {
    this.noun = noun;
    this.newId = () => newId(prefix);
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: T): T {
    this.#items.set(item.id, item);
    return item;
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  /** The record, or a 404 problem. */
  need(id: string): T {
    const item = this.#items.get(id);
    if (!item) throw notFound(this.noun);
    return item;
  }

  remove(id: string): void {
    this.#items.delete(id);
  }

  all(): T[] {
    return [...this.#items.values()];
  }

  filter(test: (item: T) => boolean): T[] {
    const found: T[] = [];
    for (const item of this.#items.values()) if (test(item)) found.push(item);
    return found;
  }

  find(test: (item: T) => boolean): T | undefined {
    for (const item of this.#items.values()) if (test(item)) return item;
    return undefined;
  }

  clear(): void {
    this.#items.clear();
  }
}

/** An opaque id whose prefix names its kind. */
export function newId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
}
