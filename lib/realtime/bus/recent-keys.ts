import { KEY_LIFE_MS, MAX_EVENT_KEYS } from '../bounds';

/** Initial number of places for keys, and of bytes for their ids; both grow on demand. */
const INITIAL_CAPACITY = 1024;
const INITIAL_ID_BYTES = 32 * 1024;

/**
 * Recently seen keys: at most `limit` of them, none older than `lifeMs` milliseconds.
 *
 * Every event is looked up here, so the keys are in a ring, oldest first, with a hash table as index. With 100,000
 * short-lived keys, a Map would take three times as long and twice the memory. The ids are bytes, not strings: a string
 * for every event would survive several garbage collections and then be garbage where collection is rare.
 */
export class RecentKeys {
  readonly #limit: number;
  readonly #lifeMs: number;
  /** random, so that a stranger cannot choose keys that all collide */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  #ring: Ring = newRing(INITIAL_CAPACITY);
  readonly #ids = new IdBytes();
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
    const { kinds, starts, lengths, times, capacity } = this.#ring;
    return Array.from({ length: this.#size }, (_, index): [string, number] => {
      const place = (this.#oldest + index) % capacity;
      const id = this.#ids.read(starts[place] as number, lengths[place] as number);
      return [`${String.fromCharCode(kinds[place] as number)}:${id}`, times[place] as number];
    });
  }

  /** Import keys that were exported earlier; keys seen since then stay. */
  import(earlier: readonly (readonly [string, number])[]): void {
    const own = this.export();
    this.#ring = newRing(INITIAL_CAPACITY);
    this.#ids.clear();
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
    const start = this.#makeRoom(id);
    const length = this.#ids.write(id);
    this.#put(kind.charCodeAt(0), start, length, hash, now);
    return true;
  }

  /** @returns the place of the id that is written next */
  #makeRoom(id: string): number {
    if (this.#ids.hasRoom(id)) return this.#ids.end;
    const { starts, lengths, capacity } = this.#ring;
    this.#ids.grow(id);
    for (let index = 0, start = 0; index < this.#size; index++) {
      const place = (this.#oldest + index) % capacity;
      starts[place] = start;
      start += bytesOf(lengths[place] as number);
    }
    return this.#ids.end;
  }

  #put(kind: number, start: number, length: number, hash: number, time: number): void {
    const { kinds, starts, lengths, hashes, times, table, capacity } = this.#ring;
    const place = (this.#oldest + this.#size) % capacity;
    kinds[place] = kind;
    starts[place] = start;
    lengths[place] = length;
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
    const { kinds, starts, lengths, table } = this.#ring;
    const mask = table.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = (table[2 * slot + 1] as number) - 1;
      if (place < 0) return place;
      if (table[2 * slot] !== hash || kinds[place] !== kind) continue;
      if (this.#ids.isAt(starts[place] as number, lengths[place] as number, id)) return place;
    }
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    while (this.#size > 0 && now - (this.#ring.times[this.#oldest] as number) >= this.#lifeMs) this.#drop();
  }

  /** Drop the oldest key. Keys that collided with it move up in the table, since a search ends at an empty slot. */
  #drop(): void {
    const { lengths, hashes, table, capacity } = this.#ring;
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
    this.#ids.drop(lengths[this.#oldest] as number);
    this.#oldest = (this.#oldest + 1) % capacity;
    this.#size--;
  }

  #grow(): void {
    const { kinds, starts, lengths, hashes, times, capacity } = this.#ring;
    const [from, size] = [this.#oldest, this.#size];
    this.#ring = newRing(Math.min(this.#limit, capacity * 2));
    this.#oldest = 0;
    this.#size = 0;
    for (let index = from; index < from + size; index++) {
      const place = index % capacity;
      this.#put(
        kinds[place] as number,
        starts[place] as number,
        lengths[place] as number,
        hashes[place] as number,
        times[place] as number,
      );
    }
  }
}

interface Ring {
  capacity: number;
  /** the kind letter of each key */
  kinds: Uint16Array;
  /** the id of each key in {@link IdBytes}: where it starts, and its length */
  starts: Uint32Array;
  lengths: Int32Array;
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
    starts: new Uint32Array(capacity),
    lengths: new Int32Array(capacity),
    hashes: new Int32Array(capacity),
    times: new Float64Array(capacity),
    table: new Int32Array(2 * 2 ** Math.ceil(Math.log2(capacity * 2))),
  };
}

/**
 * The characters of the ids, oldest id first. A length is the number of characters; it is negative for an id that needs
 * two bytes for each.
 */
class IdBytes {
  /** a power of two long, so that places can be masked */
  #bytes = Buffer.alloc(INITIAL_ID_BYTES);
  /** place after the last id, and number of bytes in use */
  #end = 0;
  #used = 0;

  get end(): number {
    return this.#end;
  }

  clear(): void {
    this.#bytes = Buffer.alloc(INITIAL_ID_BYTES);
    this.#end = 0;
    this.#used = 0;
  }

  hasRoom(id: string): boolean {
    return this.#used + 2 * id.length <= this.#bytes.length;
  }

  /** Make room for an id. The oldest id now starts at 0, and the others follow without gaps. */
  grow(id: string): void {
    const { length } = this.#bytes;
    const grown = Buffer.alloc(2 ** Math.ceil(Math.log2(Math.max(2 * length, this.#used + 2 * id.length))));
    const from = (this.#end - this.#used) & (length - 1);
    const upToEnd = Math.min(this.#used, length - from);
    grown.set(this.#bytes.subarray(from, from + upToEnd));
    grown.set(this.#bytes.subarray(0, this.#used - upToEnd), upToEnd);
    this.#bytes = grown;
    this.#end = this.#used;
  }

  /** Append an id for which there is room. @returns its length */
  write(id: string): number {
    const bytes = this.#bytes;
    const mask = bytes.length - 1;
    for (let index = 0; index < id.length; index++) {
      const code = id.charCodeAt(index);
      if (code > 0xff) return this.#writeWide(id);
      bytes[(this.#end + index) & mask] = code;
    }
    this.#advance(id.length);
    return id.length;
  }

  #writeWide(id: string): number {
    const bytes = this.#bytes;
    const mask = bytes.length - 1;
    for (let index = 0; index < id.length; index++) {
      const code = id.charCodeAt(index);
      bytes[(this.#end + 2 * index) & mask] = code >> 8;
      bytes[(this.#end + 2 * index + 1) & mask] = code & 0xff;
    }
    this.#advance(2 * id.length);
    return -id.length;
  }

  #advance(bytes: number): void {
    this.#end = (this.#end + bytes) & (this.#bytes.length - 1);
    this.#used += bytes;
  }

  /** Drop the oldest id. */
  drop(length: number): void {
    this.#used -= bytesOf(length);
  }

  isAt(start: number, length: number, id: string): boolean {
    if (Math.abs(length) !== id.length) return false;
    for (let index = 0; index < id.length; index++) {
      if (this.#codeAt(start, length, index) !== id.charCodeAt(index)) return false;
    }
    return true;
  }

  read(start: number, length: number): string {
    if (length > 0 && start + length <= this.#bytes.length)
      return this.#bytes.toString('latin1', start, start + length);
    const codes = Array.from({ length: Math.abs(length) }, (_, index) => this.#codeAt(start, length, index));
    return String.fromCharCode(...codes);
  }

  #codeAt(start: number, length: number, index: number): number {
    const bytes = this.#bytes;
    const mask = bytes.length - 1;
    if (length > 0) return bytes[(start + index) & mask] as number;
    const place = start + 2 * index;
    return ((bytes[place & mask] as number) << 8) | (bytes[(place + 1) & mask] as number);
  }
}

function bytesOf(length: number): number {
  return length < 0 ? -2 * length : length;
}
