import type { StoreConnection } from './connection';

/** Lifetime of an unconfirmed claim, in milliseconds; afterwards another instance may claim the item. */
const WORKING_MS = 30_000;
/** Lifetime of a confirmed claim, in milliseconds. */
const REMEMBERED_MS = 24 * 3_600_000;

/** Arguments: key, owner, milliseconds. @returns free, working or done */
const CLAIM = `
local key = KEYS[1] .. ':claim:' .. ARGV[1]
local found = redis.call('GET', key)
if not found then
  redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
  return 'free'
end
return found == '' and 'done' or 'working'
`;

/** Arguments: key, owner, milliseconds. */
const DONE = `
local key = KEYS[1] .. ':claim:' .. ARGV[1]
if redis.call('GET', key) == ARGV[2] then redis.call('SET', key, '', 'PX', ARGV[3]) end
return 1
`;

/** free: now claimed by this instance; working: claimed by another instance; done: already processed */
export type ClaimState = 'free' | 'working' | 'done';

/** Exactly one of many instances claims an item; if it crashes, another instance may claim the item later. */
export class Claims {
  readonly #connection: StoreConnection;
  readonly #owner = `${process.pid} ${Math.random().toString(36).slice(2)}`;

  constructor(connection: StoreConnection) {
    this.#connection = connection;
  }

  /** @throws LinktorError `storage` */
  async claim(key: string): Promise<ClaimState> {
    return (await this.#connection.run('linktorClaim', CLAIM, key, this.#owner, WORKING_MS)) as ClaimState;
  }

  /** Confirm that the claimed item has been passed on. @throws LinktorError `storage` */
  async done(key: string): Promise<void> {
    await this.#connection.run('linktorDone', DONE, key, this.#owner, REMEMBERED_MS);
  }
}
