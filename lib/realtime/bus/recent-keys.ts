import { KEY_LIFE_MS, MAX_EVENT_KEYS } from '../bounds';

/** Initial number of places for keys; the ring grows on demand. */
const INITIAL_CAPACITY = 1024;

/**
 * Recently seen keys: at most `limit` of them, none older than `lifeMs` milliseconds.
 *
 * Every event is looked up here, so the keys are in a ring, oldest first, with a hash table as index. With 100,000
 * short-lived keys, a Map would take three times as long and twice the memory.
 */
export class RecentKeys {
  readonly #limit: number;
  readonly #lifeMs: number;
  /** random, so that a stranger cannot choose keys that all collide */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  #ring: Ring = newRing(INITIAL_CAPACITY);
  /** place of the oldest key, and number of keys */
  #oldest = 0;
  #size = 0;
  /** time of the last removal of expired keys, in milliseconds of the local clock */
  #sweptAt = 0;

  constructor({ limit = MAX_EVENT_KEYS, lifeMs = KEY_LIFE_MS } = {}) {
    this.#limit = limit;
    this.#lifeMs = lifeMs;
  }

  /** All keys, oldest first, as plain data. */
  export(): [key: string, seenAt: number][] {
    const { kinds, ids, times, capacity } = this.#ring;
    return Array.from({ length: this.#size }, (_, index): [string, number] => {
      const place = (this.#oldest + index) % capacity;
      return [`${String.fromCharCode(kinds[place] as number)}:${ids[place]}`, times[place] as number];
    });
  }

  /** Import keys that were exported earlier; keys seen since then stay. */
  import(earlier: readonly (readonly [string, number])[]): void {
    const own = this.export();
    this.#ring = newRing(INITIAL_CAPACITY);
    this.#oldest = 0;
    this.#size = 0;
    // Nothing expires here: one entry with a wrong time must not remove the ones before it.
    for (const [key, seenAt] of [...earlier, ...own]) this.#note(key.slice(0, 1), key.slice(2), seenAt);
  }

  /** @returns true when the key was seen recently enough */
  has(kind: string, id: string, now = Date.now()): boolean {
    const place = this.#find(kind.charCodeAt(0), id, this.#hash(kind, id));
    return place >= 0 && now - (this.#ring.times[place] as number) < this.#lifeMs;
  }

  /** @returns true when the key is new; it is stored from now on */
  add(kind: string, id: string, now = Date.now()): boolean {
    if (now !== this.#sweptAt) this.#sweep(now);
    return this.#note(kind, id, now);
  }

  #note(kind: string, id: string, now: number): boolean {
    const hash = this.#hash(kind, id);
    const place = this.#find(kind.charCodeAt(0), id, hash);
    if (place >= 0) {
      if (now - (this.#ring.times[place] as number) < this.#lifeMs) return false;
      // After the clock was set back, an expired key may follow younger ones: it is renewed in place.
      this.#ring.times[place] = now;
      return true;
    }
    if (this.#size === this.#limit) this.#drop();
    else if (this.#size === this.#ring.capacity) this.#grow();
    this.#put(kind.charCodeAt(0), id, hash, now);
    return true;
  }

  #put(kind: number, id: string, hash: number, time: number): void {
    const { kinds, ids, hashes, times, table, capacity } = this.#ring;
    const place = (this.#oldest + this.#size) % capacity;
    kinds[place] = kind;
    ids[place] = id;
    hashes[place] = hash;
    times[place] = time;
    const mask = table.length / 2 - 1;
    let slot = hash & mask;
    while (table[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    table[2 * slot] = hash;
    table[2 * slot + 1] = place + 1;
    this.#size++;
  }

  #hash(kind: string, id: string): number {
    let hash = this.#seed ^ kind.charCodeAt(0);
    for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
    return hash ^ (hash >>> 15);
  }

  /** @returns its place, or -1 */
  #find(kind: number, id: string, hash: number): number {
    const { kinds, ids, table } = this.#ring;
    const mask = table.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = (table[2 * slot + 1] as number) - 1;
      if (place < 0) return place;
      if (table[2 * slot] === hash && kinds[place] === kind && ids[place] === id) return place;
    }
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    while (this.#size > 0 && now - (this.#ring.times[this.#oldest] as number) >= this.#lifeMs) this.#drop();
  }

  /** Drop the oldest key. Keys that collided with it move up in the table, since a search ends at an empty slot. */
  #drop(): void {
    const { hashes, table, capacity } = this.#ring;
    const mask = table.length / 2 - 1;
    let free = (hashes[this.#oldest] as number) & mask;
    while (table[2 * free + 1] !== this.#oldest + 1) free = (free + 1) & mask;
    for (let slot = (free + 1) & mask; table[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const home = (table[2 * slot] as number) & mask;
      if (((slot - home) & mask) < ((slot - free) & mask)) continue;
      table[2 * free] = table[2 * slot] as number;
      table[2 * free + 1] = table[2 * slot + 1] as number;
      free = slot;
    }
    table[2 * free + 1] = 0;
    this.#oldest = (this.#oldest + 1) % capacity;
    this.#size--;
  }

  #grow(): void {
    const { kinds, ids, hashes, times, capacity } = this.#ring;
    const [from, size] = [this.#oldest, this.#size];
    this.#ring = newRing(Math.min(this.#limit, capacity * 2));
    this.#oldest = 0;
    this.#size = 0;
    for (let index = from; index < from + size; index++) {
      const place = index % capacity;
      this.#put(kinds[place] as number, ids[place] as string, hashes[place] as number, times[place] as number);
    }
  }
}

interface Ring {
  capacity: number;
  /** the kind letter of each key */
  kinds: Uint16Array;
  ids: string[];
  hashes: Int32Array;
  times: Float64Array;
  /**
   * By hash, at most half full: the hash of a key, and its place plus one; 0 is empty. They are adjacent, since a
   * processor cache miss costs more than everything else.
   */
  table: Int32Array;
}

function newRing(capacity: number): Ring {
  return {
    capacity,
    kinds: new Uint16Array(capacity),
    ids: Array<string>(capacity).fill(''),
    hashes: new Int32Array(capacity),
    times: new Float64Array(capacity),
    table: new Int32Array(2 * 2 ** Math.ceil(Math.log2(capacity * 2))),
  };
}
