import { createHash, randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { assignLanes } from './assign';
import type { StoreConnection } from './connection';

/** interval of the heartbeat, in milliseconds */
const BEAT_MS = 1000;
/** an instance that has not been heard of for this long is gone, in milliseconds; its lanes go to the others */
const GONE_MS = 6000;
/** safety margin: an instance stops this many milliseconds before the others count it as gone */
const MARGIN_MS = 2000;
/** sets of triggers are remembered for this long after the last instance with them has left, in milliseconds */
const DEPLOY_MS = 7 * 24 * 3_600_000;

/**
 * Report this instance and learn of the others. The set of triggers that was seen first most recently is the newest
 * deploy. Arguments: id, facts as JSON, milliseconds until gone, digest of the triggers, milliseconds to remember them,
 * lanes wanted and lanes given up, as JSON. @returns the live members, oldest first, and the owner of each lane
 */
const BEAT = `
local base, id = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members, heard, joined, owners = base .. ':members', base .. ':heard', base .. ':joined', base .. ':owners'
redis.call('HSET', members, id, ARGV[2])
redis.call('ZADD', heard, now, id)
redis.call('ZADD', joined, 'NX', now, id)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', heard, '-inf', now - ARGV[3])) do
  redis.call('HDEL', members, gone)
  redis.call('ZREM', heard, gone)
  redis.call('ZREM', joined, gone)
end
local deploys = base .. ':deploys'
redis.call('ZADD', deploys, 'NX', now, ARGV[4])
redis.call('PEXPIRE', deploys, ARGV[5])
for _, lane in ipairs(cjson.decode(ARGV[7])) do
  if redis.call('HGET', owners, lane) == id then redis.call('HDEL', owners, lane) end
end
for _, lane in ipairs(cjson.decode(ARGV[6])) do
  local owner = redis.call('HGET', owners, lane)
  if not owner or not redis.call('ZSCORE', heard, owner) then redis.call('HSET', owners, lane, id) end
end
local found = {}
for _, one in ipairs(redis.call('ZRANGE', joined, 0, -1)) do
  local facts = redis.call('HGET', members, one)
  local digest = cjson.decode(facts).deploy
  local since = redis.call('ZSCORE', joined, one)
  found[#found + 1] = {one, facts, since, redis.call('ZSCORE', deploys, digest) or '0'}
end
return {found, redis.call('HGETALL', owners)}
`;

/** Arguments: id. */
const LEAVE = `
local base, id = KEYS[1], ARGV[1]
redis.call('HDEL', base .. ':members', id)
redis.call('ZREM', base .. ':heard', id)
redis.call('ZREM', base .. ':joined', id)
local owners = redis.call('HGETALL', base .. ':owners')
for i = 1, #owners, 2 do
  if owners[i + 1] == id then redis.call('HDEL', base .. ':owners', owners[i]) end
end
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
  /** lacks triggers of the newest deploy */
  isOutdated: boolean;
  /** numbers of its lanes */
  lanes: readonly number[];
}

export interface MembersSettings {
  connection: StoreConnection;
  /** display name of this instance */
  name: string;
  /** number of lanes that are shared out; 0 without any */
  lanes: number;
  /** the members or the lanes of this instance have changed; its errors are ignored */
  onChange(): void;
  timing?: { beatMs: number; goneMs: number; marginMs: number };
}

/**
 * The live instances, and which of them owns which lane. Lanes move when an instance joins or leaves: the former owner
 * gives one up when it has finished there, and only then the next one has it. An instance that the store has not heard
 * of for a while owns nothing, even if it only stood still.
 */
export class Members {
  /** distinguishes two runs of the same instance */
  readonly id = randomUUID();
  readonly #settings: MembersSettings;
  readonly #timing: NonNullable<MembersSettings['timing']>;
  readonly #finished = new Set<number>();
  readonly #owned = new Set<number>();
  #triggers: readonly string[] = [];
  #isDraining = false;
  #members: readonly Member[] = [];
  #wanted = new Set<number>();
  #heardUntil = 0;
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

  /** The others count this instance as live at this very moment. */
  get isHeard(): boolean {
    return performance.now() < this.#heardUntil;
  }

  /** This instance may work on the lane at this very moment. */
  owns(lane: number): boolean {
    return this.isHeard && this.#owned.has(lane);
  }

  /** The lane is to be finished and given up. */
  isLeaving(lane: number): boolean {
    return this.#owned.has(lane) && !this.#wanted.has(lane);
  }

  /** This instance has finished a lane that it is leaving. */
  giveUp(lane: number): void {
    if (!this.isLeaving(lane)) return;
    this.#owned.delete(lane);
    this.#finished.add(lane);
    this.beat();
  }

  /** @param ids of the triggers deployed here */
  deployed(ids: readonly string[]): void {
    this.#triggers = [...ids].sort();
    this.beat();
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
        if (!this.#isClosed) this.#timer = setTimeout(() => this.beat(), this.#timing.beatMs);
      });
    this.#beating = work;
  }

  /** Leave at once: the others take over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#beating;
    this.#heardUntil = 0;
    await this.#settings.connection.run('linktorLeave', LEAVE, this.id).catch(() => undefined);
  }

  async #report(): Promise<void> {
    if (this.#isClosed) return;
    const { connection, name } = this.#settings;
    const { goneMs, marginMs } = this.#timing;
    const deploy = createHash('sha256').update(this.#triggers.join()).digest('hex').slice(0, 16);
    const facts = JSON.stringify({ name, deploy, triggers: this.#triggers, isDraining: this.#isDraining });
    const given = [...this.#finished];
    // Measured before the request, since the store starts to count later.
    const began = performance.now();
    try {
      const wanted = JSON.stringify([...this.#wanted]);
      const args = [this.id, facts, goneMs, deploy, DEPLOY_MS, wanted, JSON.stringify(given)];
      this.#learn((await connection.run('linktorBeat', BEAT, ...args)) as [string[][], string[]]);
      for (const lane of given) this.#finished.delete(lane);
      this.#heardUntil = began + goneMs - marginMs;
    } catch {
      // isHeard ends by itself.
    }
    this.#announce();
  }

  #learn([found, owners]: [string[][], string[]]): void {
    const owned = new Map<string, number[]>();
    for (let index = 0; index < owners.length; index += 2) {
      const owner = owners[index + 1] as string;
      owned.set(owner, [...(owned.get(owner) ?? []), Number(owners[index])]);
    }
    const read = found.map(([id = '', facts = '{}', since, deployed]) => {
      const { name, triggers, isDraining } = JSON.parse(facts) as Facts;
      return { id, name, triggers: new Set(triggers), isDraining, since: Number(since), deployed: Number(deployed) };
    });
    const newest = read.reduce<(typeof read)[number] | undefined>(
      (one, other) => (one && one.deployed >= other.deployed ? one : other),
      undefined,
    );
    this.#members = read.map(({ id, name, since, isDraining, triggers }) => ({
      ...{ id, name, since, isDraining },
      isOutdated: [...(newest?.triggers ?? [])].some((trigger) => !triggers.has(trigger)),
      lanes: (owned.get(id) ?? []).sort((one, other) => one - other),
    }));
    const able = this.#members.filter(({ isDraining, isOutdated }) => !isDraining && !isOutdated).map(({ id }) => id);
    const assigned = assignLanes(able, this.#settings.lanes);
    this.#wanted = new Set(assigned.flatMap((owner, lane) => (owner === this.id ? [lane] : [])));
    this.#owned.clear();
    for (const lane of owned.get(this.id) ?? []) if (!this.#finished.has(lane)) this.#owned.add(lane);
  }

  #announce(): void {
    const shown = JSON.stringify([this.#members, [...this.#wanted], this.isHeard]);
    if (shown === this.#shown || this.#isClosed) return;
    this.#shown = shown;
    // Lanes that have become free are taken with the next heartbeat, which need not wait.
    if ([...this.#wanted].some((lane) => !this.#owned.has(lane))) setImmediate(() => !this.#isClosed && this.beat());
    this.#settings.onChange();
  }
}

interface Facts {
  name: string;
  deploy: string;
  triggers: string[];
  isDraining: boolean;
}
