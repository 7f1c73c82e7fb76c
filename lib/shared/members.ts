import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { fence } from '../async/fence';
import type { StoreConnection } from './connection';

/** interval of the heartbeat, in milliseconds */
const BEAT_MS = 1000;
/** an instance that has not been heard of for this long is gone, in milliseconds */
const GONE_MS = 6000;
/** heartbeats of all that are missing when the store was away */
const SILENT_BEATS = 3;
/** a smaller difference of two clocks is none, in milliseconds: an answer takes time */
const NO_DIFFERENCE_MS = 2000;
/** safety margin: an instance counts itself as gone so many milliseconds before the others do */
const MARGIN_MS = 1500;

/**
 * Report this instance and learn of the others. After a time in which none was heard it was the store that was away, and
 * they get their time anew. Arguments: id, facts as JSON, milliseconds until gone, milliseconds until none was heard.
 * @returns milliseconds of the store's clock, and the live members, oldest first
 */
const BEAT = `
local base, id = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members, heard, joined = base .. ':members', base .. ':heard', base .. ':joined'
local newest = redis.call('ZRANGE', heard, -1, -1, 'WITHSCORES')
if newest[2] and now - newest[2] > tonumber(ARGV[4]) then
  for _, one in ipairs(redis.call('ZRANGE', heard, 0, -1)) do redis.call('ZADD', heard, now, one) end
end
redis.call('HSET', members, id, ARGV[2])
redis.call('ZADD', heard, now, id)
redis.call('ZADD', joined, 'NX', now, id)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', heard, '-inf', now - ARGV[3])) do
  redis.call('HDEL', members, gone)
  redis.call('ZREM', heard, gone)
  redis.call('ZREM', joined, gone)
end
local found = {}
for _, one in ipairs(redis.call('ZRANGE', joined, 0, -1)) do
  found[#found + 1] = {one, redis.call('HGET', members, one), redis.call('ZSCORE', joined, one)}
end
return {now, found}
`;

/** Arguments: id. */
const LEAVE = `
local base, id = KEYS[1], ARGV[1]
redis.call('HDEL', base .. ':members', id)
redis.call('ZREM', base .. ':heard', id)
redis.call('ZREM', base .. ':joined', id)
return 1
`;

/** One instance, as the store knows it. */
export interface Member {
  id: string;
  name: string;
  /** joined at, milliseconds of the store's clock */
  since: number;
  /** takes no work any more */
  isDraining: boolean;
  /** takes a part of the events */
  shares: boolean;
}

export interface MembersSettings {
  connection: StoreConnection;
  /** display name of this instance */
  name: string;
  /** the members have changed; its errors are ignored */
  onChange(): void;
  timing?: { beatMs: number; goneMs: number; marginMs: number };
}

/** The live instances: each reports itself to the store, and is gone when the store has not heard of it for a while. */
export class Members {
  /** distinguishes two runs of the same instance */
  readonly id = randomUUID();
  readonly #settings: MembersSettings;
  readonly #timing: NonNullable<MembersSettings['timing']>;
  /** milliseconds by which the store's clock is ahead of ours, as of the last heartbeat; undefined before the first */
  ahead: number | undefined;
  #isDraining = false;
  #shares = false;
  /** digest of the triggers; '' without any */
  #triggers = '';
  #aliveUntil = 0;
  /** number of times at which the others have counted this instance as gone, or may have */
  lapses = 0;
  #members: readonly Member[] = [];
  #shown = '';
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #isClosed = false;

  constructor(settings: MembersSettings) {
    this.#settings = settings;
    this.#timing = settings.timing ?? { beatMs: BEAT_MS, goneMs: GONE_MS, marginMs: MARGIN_MS };
    this.beat();
  }

  /** the live instances, oldest first, as of the last heartbeat */
  get all(): readonly Member[] {
    return this.#members;
  }

  /** The others count this instance as present, at this very moment. */
  get isAlive(): boolean {
    return performance.now() < this.#aliveUntil;
  }

  /**
   * @param shares take a part of the events
   * @param triggers digest of the triggers; '' without any
   * @returns a promise that resolves when the store knows, or the next heartbeat is to say so
   */
  async share(shares: boolean, triggers = ''): Promise<void> {
    this.#shares = shares;
    this.#triggers = triggers;
    this.beat();
    await this.#beating;
  }

  /** @param isDraining take no work any more */
  drain(isDraining: boolean): void {
    this.#isDraining = isDraining;
    this.beat();
  }

  /** Report now. Failures are left to the next heartbeat. */
  beat(): void {
    clearTimeout(this.#timer);
    const before = this.#beating;
    const work = (before ?? Promise.resolve())
      .then(() => this.#report())
      .catch(() => undefined)
      .then(() => {
        if (this.#beating !== work) return;
        this.#beating = undefined;
        if (!this.#isClosed)
          this.#timer = setTimeout(
            fence(() => this.beat()),
            this.#timing.beatMs,
          );
      });
    this.#beating = work;
  }

  /** Leave at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#beating;
    await this.#settings.connection.run('linktorLeave', LEAVE, this.id).catch(() => undefined);
  }

  async #report(): Promise<void> {
    if (this.#isClosed) return;
    const { connection, name, onChange } = this.#settings;
    const { goneMs, marginMs, beatMs } = this.#timing;
    const silenceMs = beatMs * SILENT_BEATS;
    const [shares, triggers, isDraining] = [this.#shares, this.#triggers, this.#isDraining];
    const facts = JSON.stringify({ name, isDraining, shares, triggers });
    // Measured before the request, since the store starts to count later.
    const began = performance.now();
    const [time, found] = (await connection.run('linktorBeat', BEAT, this.id, facts, goneMs, silenceMs)) as [
      time: number,
      found: string[][],
    ];
    // It was that time when the store was asked, or when its answer came, or in between.
    const ahead = time - Date.now() + (performance.now() - began) / 2;
    this.ahead = Math.abs(ahead) < NO_DIFFERENCE_MS ? 0 : ahead;
    if (!this.isAlive) this.lapses++;
    this.#aliveUntil = began + goneMs - marginMs;
    this.#members = found.map(([id = '', known = '{}', since]) => {
      const { name, isDraining, shares = false } = JSON.parse(known) as Omit<Member, 'id' | 'since'>;
      return { id, name, isDraining, shares, since: Number(since) };
    });
    const shown = JSON.stringify(this.#members);
    if (shown === this.#shown || this.#isClosed) return;
    this.#shown = shown;
    onChange();
  }
}
