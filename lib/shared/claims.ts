import type { StoreConnection } from './connection';

/** A claim whose owner has not said that it is done lasts so long: after that somebody else may take it up. */
const WORKING_MS = 30_000;
/** what has been done is remembered so long */
const REMEMBERED_MS = 24 * 3_600_000;

/** key, owner, milliseconds @returns free, working, done */
const CLAIM = `
local key = KEYS[1] .. ':claim:' .. ARGV[1]
local found = redis.call('GET', key)
if not found then
  redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
  return 'free'
end
return found == '' and 'done' or 'working'
`;

/** key, owner, milliseconds */
const DONE = `
local key = KEYS[1] .. ':claim:' .. ARGV[1]
if redis.call('GET', key) == ARGV[2] then redis.call('SET', key, '', 'PX', ARGV[3]) end
return 1
`;

/** free: it is ours now; working: another one has it; done: it needs nobody any more */
export type ClaimState = 'free' | 'working' | 'done';

/** Of many instances that get the same thing exactly one takes it; when that one dies over it, another one may. */
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

  /** What was claimed has been handed on. @throws LinktorError `storage` */
  async done(key: string): Promise<void> {
    await this.#connection.run('linktorDone', DONE, key, this.#owner, REMEMBERED_MS);
  }
}
