import { performance } from 'node:perf_hooks';
import { fence } from '../async/fence';
import type { StoreConnection } from './connection';

/** lifetime of a lease without renewal, in milliseconds */
const LEASE_MS = 15_000;
const RENEW_MS = 5000;
/** other instances check at this interval whether the lease is free, in milliseconds */
const LOOK_MS = 1000;
/** after handing over, this instance does not lead for so many milliseconds */
const REST_MS = 15_000;
/**
 * after the store was away, others leave the lease to its last holder for so many milliseconds: it alone knows what it
 * has delivered without being able to note it
 */
const YIELD_MS = 1500;
/** safety margin: the holder gives up this many milliseconds before its lease ends, as its own actions take time */
const MARGIN_MS = 2000;

/**
 * Take the lease when it is free or already ours; with 'no', only look and give up ours. Arguments: holder,
 * milliseconds, name, yes or no. @returns holder, fencing number, since, name; nothing while there is no holder
 */
const TAKE = `
local key = KEYS[1] .. ':lease'
local holder = redis.call('HGET', key, 'holder')
if ARGV[4] == 'no' and holder == ARGV[1] then
  redis.call('DEL', key)
  holder = false
end
if ARGV[4] == 'no' and not holder then return {} end
if not holder then
  local now = redis.call('TIME')
  local number = redis.call('INCR', KEYS[1] .. ':fence')
  redis.call('HSET', key, 'holder', ARGV[1], 'number', number, 'name', ARGV[3])
  redis.call('HSET', key, 'since', now[1] .. string.format('%03d', math.floor(now[2] / 1000)))
elseif holder ~= ARGV[1] then
  return {holder, redis.call('HGET', key, 'number'), redis.call('HGET', key, 'since'), redis.call('HGET', key, 'name')}
end
redis.call('PEXPIRE', key, ARGV[2])
return {ARGV[1], redis.call('HGET', key, 'number'), redis.call('HGET', key, 'since'), ARGV[3]}
`;

/** Release the lease if it is ours. */
const RELEASE = `
local key = KEYS[1] .. ':lease'
if redis.call('HGET', key, 'holder') == ARGV[1] then return redis.call('DEL', key) end
return 0
`;

/** The current leader, as known to this instance. */
export interface Leadership {
  /** this instance leads; never true of two instances at the same time */
  isOurs: boolean;
  /** name of the leader; undefined while unknown */
  name?: string;
  /** start of the leadership, in milliseconds of the store's clock */
  since?: number;
}

export interface LeaseSettings {
  connection: StoreConnection;
  /** display name of this instance */
  name: string;
  /** called on every change; its errors are ignored */
  onChange(leadership: Leadership): void;
  timing?: { leaseMs: number; renewMs: number; lookMs: number; marginMs: number; yieldMs: number };
}

/**
 * Elects one leader among several instances. A holder that cannot renew its lease gives up before another instance can
 * take it. {@link isHeld} is correct even after the process was suspended.
 */
export class Lease {
  readonly #settings: LeaseSettings;
  readonly #timing: NonNullable<LeaseSettings['timing']>;
  /** distinguishes two runs of the same instance */
  readonly #id: string;
  #heldUntil = 0;
  #shown: Leadership = { isOurs: false };
  #timer: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  /** this instance does not lead until then, by its own clock */
  #restsUntil = 0;
  /** undefined until the store has answered once */
  #isAway: boolean | undefined;
  /** this instance was the last holder, as far as it knows */
  #ledLast = false;
  /** the lease is left to its last holder until then, by the own clock */
  #yieldsUntil = 0;
  #isClosed = false;

  constructor(settings: LeaseSettings) {
    this.#settings = settings;
    this.#id = `${settings.name} ${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
    this.#timing = settings.timing ?? {
      ...{ leaseMs: LEASE_MS, renewMs: RENEW_MS, lookMs: LOOK_MS },
      ...{ marginMs: MARGIN_MS, yieldMs: YIELD_MS },
    };
    this.#look();
  }

  get leadership(): Leadership {
    return this.#shown;
  }

  /** This instance leads at this very moment. */
  get isHeld(): boolean {
    return this.#shown.isOurs && performance.now() < this.#heldUntil;
  }

  /** Let another instance lead; this one does not for 15 seconds. */
  async handOver(): Promise<void> {
    if (this.#shown.isOurs) await this.rest(REST_MS);
  }

  /** Do not lead for a while. @param ms 0 ends it @throws LinktorError `storage` */
  async rest(ms: number): Promise<void> {
    this.#restsUntil = performance.now() + ms;
    if (ms === 0) return;
    this.#heldUntil = 0;
    this.#ledLast = false;
    if (this.#shown.isOurs) this.#show({ isOurs: false });
    await this.#looking;
    await this.#settings.connection.run('linktorRelease', RELEASE, this.#id);
  }

  /** Release the lease, so that another instance takes over at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#expiry);
    await this.#looking;
    const { connection } = this.#settings;
    if (this.#heldUntil > 0) await connection.run('linktorRelease', RELEASE, this.#id).catch(() => undefined);
    this.#heldUntil = 0;
  }

  #look(): void {
    this.#looking = this.#take().then(() => {
      if (this.#isClosed) return;
      const { renewMs, lookMs } = this.#timing;
      // After a failed renewal the next attempt follows soon.
      const isSafe = this.#heldUntil - performance.now() > this.#timing.leaseMs - this.#timing.marginMs - renewMs;
      this.#timer = setTimeout(
        fence(() => this.#look()),
        this.#shown.isOurs && isSafe ? renewMs : lookMs,
      );
    });
  }

  async #take(): Promise<void> {
    const { connection, name } = this.#settings;
    const { leaseMs, marginMs, yieldMs } = this.#timing;
    // Measured before the request, since the store starts to count later.
    const began = performance.now();
    let answer: string[];
    try {
      const yields = !this.#ledLast && (this.#isAway || began < this.#yieldsUntil);
      const may = yields || began < this.#restsUntil ? 'no' : 'yes';
      answer = (await connection.run('linktorTake', TAKE, this.#id, leaseMs, name, may)) as string[];
    } catch {
      if (this.#isAway === false) this.#isAway = true;
      if (!this.isHeld) this.#show({ isOurs: false });
      return;
    }
    if (this.#isAway) this.#yieldsUntil = performance.now() + yieldMs;
    this.#isAway = false;
    const [holder, , since, holderName] = answer;
    // A rest may have begun while the store was asked.
    const isOurs = holder === this.#id && began >= this.#restsUntil;
    if (holder !== undefined) this.#ledLast = isOurs;
    this.#heldUntil = isOurs ? began + leaseMs - marginMs : 0;
    clearTimeout(this.#expiry);
    if (isOurs)
      this.#expiry = setTimeout(
        fence(() => this.#expire()),
        this.#heldUntil - performance.now(),
      );
    if (!this.#isClosed) this.#show({ isOurs, ...(holderName && { name: holderName, since: Number(since) }) });
  }

  #expire(): void {
    if (!this.#isClosed && !this.isHeld) this.#show({ isOurs: false });
  }

  #show(leadership: Leadership): void {
    const { isOurs, name, since } = this.#shown;
    const isSame = isOurs === leadership.isOurs && name === leadership.name && since === leadership.since;
    this.#shown = leadership;
    if (!isSame) this.#settings.onChange(leadership);
  }
}
