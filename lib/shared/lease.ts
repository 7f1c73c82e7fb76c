import { performance } from 'node:perf_hooks';
import type { StoreConnection } from './connection';

/** how long a lease lasts without being renewed */
const LEASE_MS = 15_000;
const RENEW_MS = 5000;
/** others look so often whether it is free */
const LOOK_MS = 1000;
/** the holder lets go so long before its lease ends: what it does takes its time as well */
const MARGIN_MS = 2000;

/** Take it when it is free or one's own. name, milliseconds @returns holder, fencing number, since */
const TAKE = `
local key = KEYS[1] .. ':lease'
local holder = redis.call('HGET', key, 'holder')
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

/** Compare and let go. */
const RELEASE = `
local key = KEYS[1] .. ':lease'
if redis.call('HGET', key, 'holder') == ARGV[1] then return redis.call('DEL', key) end
return 0
`;

/** Who leads, as this instance knows it. */
export interface Leadership {
  /** this instance leads; never true of two at the same time */
  isOurs: boolean;
  /** the name of the one that leads; undefined while nobody knows */
  name?: string;
  /** since when, milliseconds of the store's clock */
  since?: number;
}

export interface LeaseSettings {
  connection: StoreConnection;
  /** of this instance, to be shown */
  name: string;
  /** told of every change; what it throws is lost */
  onChange(leadership: Leadership): void;
  timing?: { leaseMs: number; renewMs: number; lookMs: number; marginMs: number };
}

/**
 * Says which of several instances leads. A holder that cannot renew its lease knows so before anybody else can take it;
 * and whoever asks {@link isHeld} is told the truth even when the process has stood still since.
 */
export class Lease {
  readonly #settings: LeaseSettings;
  readonly #timing: NonNullable<LeaseSettings['timing']>;
  /** tells two lives of one instance apart */
  readonly #id: string;
  #heldUntil = 0;
  #shown: Leadership = { isOurs: false };
  #timer: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(settings: LeaseSettings) {
    this.#settings = settings;
    this.#id = `${settings.name} ${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
    this.#timing = settings.timing ?? { leaseMs: LEASE_MS, renewMs: RENEW_MS, lookMs: LOOK_MS, marginMs: MARGIN_MS };
    this.#look();
  }

  get leadership(): Leadership {
    return this.#shown;
  }

  /** We lead, this very moment. */
  get isHeld(): boolean {
    return this.#shown.isOurs && performance.now() < this.#heldUntil;
  }

  /** A clean stop: another one takes over at once. */
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
      // One that could not renew tries again soon.
      const isSafe = this.#heldUntil - performance.now() > this.#timing.leaseMs - this.#timing.marginMs - renewMs;
      this.#timer = setTimeout(() => this.#look(), this.#shown.isOurs && isSafe ? renewMs : lookMs);
    });
  }

  async #take(): Promise<void> {
    const { connection, name } = this.#settings;
    const { leaseMs, marginMs } = this.#timing;
    // Counted from before the question: the store counts from a later moment.
    const began = performance.now();
    let answer: string[];
    try {
      answer = (await connection.run('linktorTake', TAKE, this.#id, leaseMs, name)) as string[];
    } catch {
      if (!this.isHeld) this.#show({ isOurs: false });
      return;
    }
    const [holder, , since, holderName] = answer;
    const isOurs = holder === this.#id;
    this.#heldUntil = isOurs ? began + leaseMs - marginMs : 0;
    clearTimeout(this.#expiry);
    if (isOurs) this.#expiry = setTimeout(() => this.#expire(), this.#heldUntil - performance.now());
    if (!this.#isClosed) this.#show({ isOurs, name: holderName, since: Number(since) });
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
