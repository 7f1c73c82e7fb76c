import { fence } from '../async/fence';
import type { StoreConnection } from './connection';

/** share of the limit that is used: others use the same limit, and clocks differ a little */
const USED_SHARE = 0.9;
/** share of the limit that may leave at once after a rest; both shares together are the limit */
const BURST_SHARE = 0.1;
/** length of a window until it has been observed, in milliseconds */
const WINDOW_MS = 60_000;
/** ends of one window as stated by different answers are at most so many milliseconds apart */
const SAME_WINDOW_MS = 1500;
/** what is known of the limit is forgotten after so many milliseconds without a call */
const FORGET_MS = 3_600_000;
/** a store that takes longer counts as absent: a call is not held up for it, in milliseconds */
const PATIENCE_MS = 500;
/** then calls leave without it for so many milliseconds */
const WITHOUT_MS = 5000;

/**
 * The next slot of the tenant (generic cell rate algorithm), in the store's time. Arguments: limit or '', milliseconds
 * until the window ends or '', milliseconds for which the server refuses or '', longest wait, usual window, used share,
 * burst share, tolerance, milliseconds to remember. @returns milliseconds to wait; beyond the longest wait no slot is
 * taken
 */
const SLOT = `
local key = KEYS[1] .. ':rate'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function known(field) return tonumber(redis.call('HGET', key, field) or nil) end
if ARGV[1] ~= '' then redis.call('HSET', key, 'limit', ARGV[1]) end
if ARGV[2] ~= '' then
  local ends, before, window = now + ARGV[2], known('ends'), known('window')
  if before and ends - before > tonumber(ARGV[8]) then
    local gap = ends - before
    local old = window or tonumber(ARGV[5])
    if not window or gap < window then
      redis.call('HSET', key, 'window', string.format('%d', gap))
      local next = known('next')
      if next and next > now then redis.call('HSET', key, 'next', string.format('%.3f', now + (next - now) * gap / old)) end
    end
  end
  if not before or ends > before then redis.call('HSET', key, 'ends', string.format('%d', ends)) end
end
local refused = known('refused') or 0
if ARGV[3] ~= '' and now + ARGV[3] > refused then
  refused = now + ARGV[3]
  redis.call('HSET', key, 'refused', string.format('%d', refused))
end
redis.call('PEXPIRE', key, ARGV[9])
if ARGV[4] == '' then return 0 end
local limit = known('limit')
if not limit or limit <= 0 then return string.format('%d', math.max(0, refused - now)) end
local interval = (known('window') or tonumber(ARGV[5])) / (limit * ARGV[6])
local burst = math.max(0, limit * ARGV[7] - 1) * interval
local next = math.max(known('next') or 0, now)
if refused > now then next = math.max(next, refused + burst) end
local at = math.max(now, next - burst)
if at - now > tonumber(ARGV[4]) then return string.format('%d', at - now) end
redis.call('HSET', key, 'next', string.format('%.3f', next + interval))
return string.format('%d', at - now)
`;

/** What an answer says about the limit. */
export interface LimitFacts {
  /** calls in a window */
  limit?: number;
  /** milliseconds until the window ends */
  endsIn?: number;
  /** the server refuses further calls for so many milliseconds */
  refusedFor?: number;
}

/**
 * One rate for all instances: calls are spaced in the store's time, so that all of them together stay within the limit
 * of the tenant. Before a server has stated a limit, and without the store, nothing is held back.
 */
export class SharedPace {
  readonly #connection: () => Promise<StoreConnection>;
  #facts: LimitFacts & { at: number } = { at: 0 };
  #withoutUntil = 0;

  constructor(connection: () => Promise<StoreConnection>) {
    this.#connection = connection;
  }

  /**
   * @param longestMs no slot is taken when the wait would be longer
   * @returns milliseconds to wait before the call
   */
  async take(longestMs: number): Promise<number> {
    if (Date.now() < this.#withoutUntil) return 0;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<number>((resolve) => {
      timer = setTimeout(
        fence(() => {
          this.#withoutUntil = Date.now() + WITHOUT_MS;
          resolve(0);
        }),
        PATIENCE_MS,
      );
    });
    const wait = await Promise.race([this.#ask(Math.max(0, Math.round(longestMs))).catch(() => 0), patience]);
    clearTimeout(timer);
    return wait;
  }

  /** Learn from an answer. The others are told with the next call; a refusal at once. */
  note(facts: LimitFacts): void {
    this.#facts = { ...facts, at: Date.now() };
    if (facts.refusedFor !== undefined) void this.#ask('').catch(() => undefined);
  }

  async #ask(longest: number | ''): Promise<number> {
    const { limit = '', endsIn, refusedFor = '', at } = this.#facts;
    this.#facts = { at: 0 };
    const left = endsIn === undefined ? -1 : Math.round(endsIn - (Date.now() - at));
    const connection = await this.#connection();
    const given = [limit, left > 0 ? left : '', refusedFor, longest];
    const fixed = [WINDOW_MS, USED_SHARE, BURST_SHARE, SAME_WINDOW_MS, FORGET_MS];
    return Number(await connection.run('linktorSlot', SLOT, ...given, ...fixed));
  }
}
