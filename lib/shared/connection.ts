import type { ConnectionOptions } from 'node:tls';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { fence } from '../async/fence';
import { LinktorError, messageOf } from '../errors';
import { readAddress, type StoreAddress } from './address';

/** Time in milliseconds after which a store that does not answer counts as down. */
const COMMAND_TIMEOUT_MS = 3000;
/** The driver's text for a command that had no answer in time. */
const TIMED_OUT = 'Command timed out';
const CONNECT_TIMEOUT_MS = 3000;
/** Begins of what a store says that is there and does not do what it is asked; also from within a script. */
const REFUSED = /^(?:READONLY|NOPERM|OOM|MISCONF|NOREPLICAS) |can't run this command/;
/** Fails where the store cannot be written: a replica, a full store, a user with too few rights. */
const TRY = "redis.call('SET', KEYS[1] .. ':try', 1, 'PX', 1000) return redis.call('TIME')";
/** Wait after a refused subscription, in milliseconds. */
const SUBSCRIBE_AGAIN_MS = 5000;
/** Longest wait between two connection attempts: a store that has recovered is used soon. */
const MAX_RETRY_MS = 1000;

export interface StoreSettings {
  /** see {@link readAddress} */
  url: string;
  /** overrides the password in the address */
  password?: string;
  tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'>;
  /** prefix of every key */
  prefix: string;
}

export type StoreState = 'connecting' | 'ready' | 'down';

type Argument = string | number;
type Driver = Pick<typeof import('ioredis'), 'Redis' | 'Cluster'>;

/** A key to be set. */
export interface Setting {
  key: string;
  value: string;
  lifeMs: number;
  /** only where it is absent */
  isNew?: boolean;
}

/** Properties of the store, as reported by itself. */
export interface StoreFacts {
  version: string;
  /** eviction policy when its memory is full; only noeviction loses nothing */
  policy: string;
  /** the store persists its data to disk */
  isKept: boolean;
  /** round-trip time in milliseconds */
  latency: number;
  /** milliseconds by which its clock is ahead of ours */
  ahead: number;
}

/**
 * The store shared by all instances: Redis 6.2 or newer, or Valkey. What takes several steps is a script, which runs atomically.
 * All keys share a prefix in braces, so that a cluster keeps them in one slot. Commands fail at once while the store is
 * unreachable: nothing is queued for a caller that no longer waits.
 */
export class StoreConnection {
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;
  readonly #defined = new Set<string>();
  readonly #listeners = new Set<(state: StoreState) => void>();
  /** the connections that hear what is published */
  readonly #hearing = new Set<Redis | Cluster>();
  #state: StoreState = 'connecting';
  #lastFailure = 'no connection';

  /** Start to connect, and keep reconnecting until closed. @throws LinktorError `validation` for an invalid address */
  static async open(settings: StoreSettings): Promise<StoreConnection> {
    const address = readAddress(settings.url);
    // Only the default export of a CommonJS module is available in every bundle format.
    const { default: ioredis } = (await import('ioredis')) as unknown as { default: Driver };
    return new StoreConnection(make(ioredis, address, settings), settings.prefix);
  }

  private constructor(redis: Redis | Cluster, prefix: string) {
    this.#redis = redis;
    this.#prefix = `{${prefix}}`;
    redis.on(
      'ready',
      fence(() => this.#show('ready')),
    );
    redis.on(
      'close',
      fence(() => this.#show('down')),
    );
    // Commands report the failure to their callers.
    redis.on('error', (error: Error) => {
      this.#lastFailure = error.message;
    });
  }

  get state(): StoreState {
    return this.#state;
  }

  /** @returns the function that removes the listener */
  onState(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the store is ready. @throws LinktorError `storage` after three seconds */
  ready(): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        fence(() => end(() => reject(unreachable(this.#lastFailure)))),
        CONNECT_TIMEOUT_MS,
      );
      const forget = this.onState((state) => {
        if (state === 'ready') end(resolve);
      });
      const end = (settle: () => void) => {
        clearTimeout(timer);
        forget();
        settle();
      };
    });
  }

  /**
   * @param script Lua; KEYS[1] is the prefix of all keys, ARGV the arguments
   * @throws LinktorError `storage` when the store is unreachable; the script may still have run
   */
  async run(name: string, script: string, ...args: Argument[]): Promise<unknown> {
    if (!this.#defined.has(name)) {
      this.#redis.defineCommand(name, { numberOfKeys: 1, lua: script });
      this.#defined.add(name);
    }
    const call = (this.#redis as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>)[name];
    return this.#answer(call?.call(this.#redis, this.#prefix, ...args));
  }

  /** Set keys in one request. @returns of each whether it was set @throws LinktorError `storage`; some may be set */
  async set(settings: readonly Setting[]): Promise<boolean[]> {
    const [first = [], ...more] = settings.map(({ key, value, lifeMs, isNew }) => {
      return [`${this.#prefix}:${key}`, value, 'PX', lifeMs, ...(isNew ? ['NX'] : [])];
    });
    // A pipeline costs more than a command.
    if (more.length === 0) return [(await this.#answer(this.#redis.call('set', first))) !== null];
    const pipeline = this.#redis.pipeline([first, ...more].map((args) => ['set', ...args]));
    const answers = (await this.#answer(pipeline.exec())) ?? [];
    const [failed] = answers.find(([error]) => error) ?? [];
    if (failed) await this.#answer(Promise.reject(failed));
    return answers.map(([, answer]) => answer !== null);
  }

  /** @returns null without a value @throws LinktorError `storage` */
  get(key: string): Promise<string | null> {
    return this.#answer(this.#redis.get(`${this.#prefix}:${key}`));
  }

  /** @throws LinktorError `storage` */
  async #answer<T>(answer: Promise<T> | undefined): Promise<T> {
    try {
      return (await answer) as T;
    } catch (error) {
      if (messageOf(error) === TIMED_OUT) this.#abandon();
      throw unreachable(messageOf(error));
    }
  }

  /**
   * Hear what scripts publish at `<prefix>:<name>`, by a connection of its own. What is published while that is down is
   * not heard.
   * @param onRefused called once with a LinktorError `authorization` while the store refuses the subscription, which is
   * tried again
   * @returns the function that ends it
   */
  hear(name: string, listener: (text: string) => void, onRefused: (error: LinktorError) => void): () => void {
    const redis = this.#redis.duplicate();
    const channel = `${this.#prefix}:${name}`;
    let isRefused = false;
    let timer: NodeJS.Timeout | undefined;
    const subscribe = fence(async () => {
      clearTimeout(timer);
      try {
        await redis.subscribe(channel);
        isRefused = false;
      } catch (error) {
        // A connection that is lost subscribes when it is back.
        if (redis.status !== 'ready') return;
        if (!isRefused) onRefused(refusedSubscription(this.#prefix, messageOf(error)));
        isRefused = true;
        timer = setTimeout(subscribe, SUBSCRIBE_AGAIN_MS);
        timer.unref();
      }
    });
    this.#hearing.add(redis);
    redis.on('ready', subscribe);
    redis.on(
      'message',
      fence((_channel: string, text: string) => listener(text)),
    );
    redis.on('error', () => {});
    return () => {
      clearTimeout(timer);
      this.#hearing.delete(redis);
      redis.disconnect();
    };
  }

  /** A store that does not answer looks connected. Count it as down until a new connection is ready. */
  #abandon(): void {
    if (this.#state !== 'ready') return;
    this.#show('down');
    this.#redis.disconnect(true);
    for (const redis of this.#hearing) redis.disconnect(true);
  }

  /** @throws LinktorError `storage` */
  async facts(): Promise<StoreFacts> {
    try {
      const began = Date.now();
      const [seconds, micros] = (await this.run('linktorTry', TRY)) as [string, string];
      const latency = Date.now() - began;
      const info = await this.#redis.info();
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'unknown';
      return {
        version: /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1] ?? '?',
        policy,
        isKept: /aof_enabled:1/.test(info) || /rdb_saves:[1-9]/.test(info),
        latency,
        ahead: Number(seconds) * 1000 + Number(micros) / 1000 - began - latency / 2,
      };
    } catch (error) {
      throw error instanceof LinktorError ? error : unreachable(messageOf(error));
    }
  }

  close(): void {
    this.#listeners.clear();
    this.#redis.disconnect();
    for (const redis of this.#hearing) redis.disconnect();
  }

  #show(state: StoreState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

function make(ioredis: Driver, address: StoreAddress, { password, tls }: StoreSettings): Redis | Cluster {
  const retryStrategy = (attempt: number) => Math.min(MAX_RETRY_MS, attempt * 100);
  const secret = password || address.password;
  const options: RedisOptions = {
    ...{ db: address.db, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy },
    ...{ commandTimeout: COMMAND_TIMEOUT_MS, connectTimeout: CONNECT_TIMEOUT_MS, connectionName: 'linktor' },
    ...(address.username !== undefined && { username: address.username }),
    ...(secret !== undefined && { password: secret }),
    ...((address.isSecure || tls) && { tls: { ...tls } }),
  };
  if (address.kind === 'server') return new ioredis.Redis({ ...options, host: address.host, port: address.port });
  if (address.kind === 'sentinel') {
    const { sentinels, master: name } = address;
    return new ioredis.Redis({ ...options, sentinels, name, sentinelRetryStrategy: retryStrategy });
  }
  const { db: _none, ...redisOptions } = options;
  const clusterRetryStrategy = retryStrategy;
  return new ioredis.Cluster(address.nodes, { redisOptions, clusterRetryStrategy, enableOfflineQueue: false });
}

function refusedSubscription(prefix: string, reason: string): LinktorError {
  return new LinktorError('authorization', `The store refuses to say what other instances publish: ${reason}`, {
    hint: `Allow its user the command SUBSCRIBE and the channels ${prefix}:*. Until then each look takes up to a second.`,
    retryable: true,
  });
}

/** @param reason the driver's text, which contains no password */
export function unreachable(reason: string): LinktorError {
  if (REFUSED.test(reason)) {
    const [said] = reason.split(' script: ');
    return new LinktorError('storage', `The store that all instances share refuses a command: ${said}`, {
      hint: 'It needs a store that may be written and has room, and a user that may run all commands on its keys.',
      details: { problem: 'unreachable', reason },
      retryable: true,
    });
  }
  return new LinktorError('storage', 'The store that all instances share cannot be reached.', {
    hint: 'See that it runs, and that its address, password and TLS settings in the Linktor account are right.',
    details: { problem: 'unreachable', reason },
    retryable: true,
  });
}
