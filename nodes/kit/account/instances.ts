import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { TlsSettings } from '../../../lib/client/index';
import { invalid, LinktorError, toLinktorError } from '../../../lib/errors';
import {
  type Entry,
  type Ledger,
  moveRecords,
  type Namespace,
  SharedLedger,
  storageProblemOf,
} from '../../../lib/ledger/index';
import type { OutboxJob } from '../../../lib/outbox/index';
import type { SocketState } from '../../../lib/realtime/index';
import {
  type ClaimState,
  checkAddress,
  type LaneReader,
  type Lanes,
  type Member,
  SharedPace,
  SharedStore,
  type StoreFacts,
  type StoreState,
} from '../../../lib/shared/index';
import { fenced } from '../fence';
import { Alone } from './alone';
import { ForgottenPeople } from './forgotten';
import { isTiedToDisk } from './job-files';
import { noteSeveral } from './moved';
import { recordsOf } from './seen-records';
import { describe, standingOf } from './standing';

/** webhooks remembered while this instance works alone */
const MAX_TAKEN = 10_000;
/** milliseconds after the last change of the triggers until it is told to the others */
const DEPLOYED_MS = 1000;
/** milliseconds between checks for work of other instances, while this one leads and while it does not */
const LOOK_MS = 2000;
const FOLLOW_MS = 10_000;

export interface InstancesSettings {
  /** id of the config node: the same in all instances, because they share their flows */
  id: string;
  baseUrl: string;
  redisUrl: string;
  storePassword: string;
  tls?: TlsSettings;
  keyPrefix: string;
  instanceName: string;
  /** who has the events: the leader, or all instances a part of them */
  listening: 'one' | 'all';
  /** what an instance does while the store is away */
  ifDown: 'wait' | 'alone';
  keepDays: number;
  /** what the account signs in with */
  credential: string;
  /** the ledger of this instance alone */
  local(): Ledger;
  log: { info(text: string): void; warn(text: string): void };
}

/** All instances and what waits for them, as shown in the sidebar. Times are milliseconds of the store's clock. */
export interface InstancesOverview {
  /** name of this instance */
  self: string;
  store: StoreState;
  leader?: { name: string; since: number };
  instances: (Member & { isSelf: boolean; leads: boolean; lanes: number; waiting: number })[];
  /** jobs that wait in the store */
  outbox: number;
}

/** The instances of one account: their shared state and leadership. Nothing is opened before first use. */
export class Instances {
  readonly ledger: SharedLedger;
  /** one rate for the calls of all instances */
  readonly pace = new SharedPace(async () => (await this.open()).connection);
  readonly name: string;
  readonly alone: Alone;
  readonly forgotten: ForgottenPeople;
  /** webhooks that this instance has taken alone */
  readonly #taken = new Set<string>();
  readonly #settings: InstancesSettings;
  /** ids of the nodes that events are to reach; several nodes of subflows share one */
  readonly #triggers: string[] = [];
  #deploying: NodeJS.Timeout | undefined;
  #isDraining = false;
  #isOutdated = false;
  readonly #listeners = new Set<() => void>();
  #opening: Promise<SharedStore> | undefined;
  #store: SharedStore | undefined;
  #since = Date.now();
  #shown = '';
  /** what this instance kept as a single one lies in the store */
  #hasMoved = false;
  #moving: Promise<void> | undefined;
  #isClosed = false;

  /** @throws LinktorError `validation` for an invalid address */
  constructor(settings: InstancesSettings) {
    if (settings.redisUrl === '') {
      throw invalid('There is no address of the store.', 'Fill in the field "Store" of the account, group Delivery.');
    }
    checkAddress(settings.redisUrl);
    this.#settings = settings;
    this.name = settings.instanceName || hostname();
    const { keepDays, local, credential } = settings;
    this.ledger = new SharedLedger({ connect: async () => (await this.open()).connection, keepDays });
    this.forgotten = new ForgottenPeople({ own: local, shared: this.ledger, credential, ahead: () => this.ahead ?? 0 });
    this.alone = new Alone({
      ...{ isWanted: settings.ifDown === 'alone', local, shared: this.ledger, log: settings.log },
      onChange: () => this.changed(),
    });
    this.alone.onEnd(() => this.#noteTaken());
    this.alone.onEnd(() => this.forgotten.apply());
  }

  /** Join the instances. @throws LinktorError when the driver cannot be loaded */
  open(): Promise<SharedStore> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /**
   * true only while this instance holds the lease and reaches the store: without it nothing that is delivered can be
   * noted, and the next leader would deliver it again
   */
  get leads(): boolean {
    const { lease, connection } = this.#store ?? {};
    if (this.alone.keepsItself) return false;
    return this.#hasMoved && lease?.isHeld === true && connection?.state === 'ready';
  }

  /** This instance listens and sends: it leads, or works alone. */
  get works(): boolean {
    return this.leads || this.alone.isSo;
  }

  /** All instances have a part of the events. */
  get sharesAll(): boolean {
    return this.#settings.listening === 'all';
  }

  /** The lanes of the events. @throws LinktorError `storage` before the first look into the store */
  get lanes(): Lanes {
    if (!this.#store) throw notLeading();
    return this.#store.lanes;
  }

  /** Milliseconds by which the store's clock is ahead of ours; undefined while it is unknown. */
  get ahead(): number | undefined {
    return this.#store?.members.ahead;
  }

  /** The store answers. */
  get isStoreReady(): boolean {
    return this.#store?.connection.state === 'ready';
  }

  /** State shown while this instance does not lead. */
  get standing(): SocketState {
    return standingOf(this.#store, this.#since, this.sharesAll);
  }

  /** Add a listener for changes of leadership and of the store. @returns the function that removes it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param act called when this instance begins to lead or to work alone, at once if it does @returns the function that ends it */
  whenLeading(act: () => void): () => void {
    let isNotified = false;
    const look = () => {
      if (this.works && !isNotified) act();
      isNotified = this.works;
    };
    const end = this.onChange(look);
    look();
    return end;
  }

  /** @param act called periodically while this instance leads @returns the function that ends it */
  whileLeading(act: () => void): () => void {
    return every(LOOK_MS, () => this.leads && act());
  }

  /** @param act called periodically while another instance may lead @returns the function that ends it */
  whileFollowing(act: () => void): () => void {
    return every(FOLLOW_MS, () => !this.works && this.isStoreReady && act());
  }

  /** Claim an item for one of the instances that receive it. @throws LinktorError `storage` */
  async claim(key: string): Promise<ClaimState> {
    if (!this.alone.isSo) return (await this.open()).claims.claim(key);
    if (this.#taken.has(key)) return 'done';
    this.#taken.add(key);
    for (const oldest of this.#taken) if (this.#taken.size > MAX_TAKEN) this.#taken.delete(oldest);
    return 'free';
  }

  /** Mark a claimed item as passed on. @throws LinktorError `storage` */
  async done(key: string): Promise<void> {
    if (!this.alone.isSo) return (await this.open()).claims.done(key);
  }

  /** No other instance is to take what this one has taken alone. */
  async #noteTaken(): Promise<void> {
    const { claims } = await this.open();
    const taken = [...this.#taken];
    await Promise.all(taken.map((key) => claims.done(key)));
    for (const key of taken) this.#taken.delete(key);
  }

  /** @throws LinktorError `storage` */
  async facts(): Promise<StoreFacts> {
    const { connection } = await this.open();
    await connection.ready();
    return connection.facts();
  }

  /** @throws LinktorError `storage` */
  async overview(): Promise<InstancesOverview> {
    const { lease, members, connection, worker } = await this.open();
    const outbox = await this.ledger.count('outbox');
    const { name, since = 0, isOurs } = lease.leadership;
    return {
      self: this.name,
      store: connection.state,
      ...(name !== undefined && { leader: { name, since } }),
      instances: members.all.map((member) => {
        const isSelf = member.id === members.id;
        const own = worker?.states.filter(({ owner }) => owner === member.id) ?? [];
        const waiting = own.reduce((sum, lane) => sum + lane.waiting, 0);
        return {
          ...member,
          ...{ isSelf, leads: isSelf ? isOurs : !isOurs && member.name === name, lanes: own.length, waiting },
        };
      }),
      outbox,
    };
  }

  /** Let another instance lead. @throws LinktorError `storage` */
  async handOver(): Promise<void> {
    await (await this.open()).lease.handOver();
  }

  /** Take no work any more, or take it again. A deploy ends it. @throws LinktorError `storage` */
  async drain(isDraining: boolean): Promise<void> {
    (await this.open()).members.drain(isDraining);
    this.#isDraining = isDraining;
    await this.#rest();
  }

  /** @param isOutdated another instance has nodes that this one lacks */
  async outdate(isOutdated: boolean): Promise<void> {
    this.#isOutdated = isOutdated;
    await this.#rest();
  }

  async #rest(): Promise<void> {
    await (await this.open()).lease.rest(this.#isDraining || this.#isOutdated ? Number.POSITIVE_INFINITY : 0);
  }

  /** @param id a node that events are to reach, the same in all instances @returns the function that removes it */
  addTrigger(id: string): () => void {
    this.#triggers.push(id);
    this.#deployLater();
    let isThere = true;
    return () => {
      if (!isThere) return;
      isThere = false;
      this.#triggers.splice(this.#triggers.indexOf(id), 1);
      this.#deployLater();
    };
  }

  /** Take a part of the events, for the triggers that there are. */
  takePart(store: SharedStore, reader: LaneReader): void {
    store.takePart(reader, this.#triggers);
  }

  /** A deploy replaces nodes one by one. */
  #deployLater(): void {
    clearTimeout(this.#deploying);
    if (this.#isClosed || !this.sharesAll) return;
    const deploy = fenced(() => this.#store?.worker?.deploy(this.#triggers));
    this.#deploying = setTimeout(deploy, DEPLOYED_MS);
    this.#deploying.unref();
  }

  /** A ledger that only the leader may write. */
  get leadersLedger(): Ledger {
    const { ledger } = this;
    const held = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        if (!this.leads) throw notLeading();
        return act(...args);
      };
    };
    return {
      engine: ledger.engine,
      durability: ledger.durability,
      isShared: true,
      get: ledger.get.bind(ledger),
      list: async <T>(namespace: Namespace) => {
        const kept = await ledger.list<T>(namespace);
        // What went through lanes has been delivered, too.
        return namespace === 'seen' ? [...kept, ...(recordsOf(await this.lanes.seen()) as Entry<T>[])] : kept;
      },
      newer: ledger.newer.bind(ledger),
      find: ledger.find.bind(ledger),
      count: ledger.count.bind(ledger),
      due: ledger.due.bind(ledger),
      put: held(ledger.put.bind(ledger)),
      delete: held(ledger.delete.bind(ledger)),
      update: held(ledger.update.bind(ledger)) as Ledger['update'],
      scrub: ledger.scrub.bind(ledger),
      // The underlying ledger has another owner.
      close: async () => {},
    };
  }

  /** Leave the instances; another one may lead at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#deploying);
    this.alone.close();
    this.#listeners.clear();
    await this.#moving;
    await this.ledger.close();
    await this.#opening?.then(
      (store) => store.close(),
      () => undefined,
    );
  }

  async #open(): Promise<SharedStore> {
    const { redisUrl: url, storePassword: password, tls, log } = this.#settings;
    const prefix = prefixFor(this.#settings);
    const changed = () => this.changed();
    const onState = (state: StoreState) => {
      this.alone.store(state);
      changed();
    };
    const settings = { url, password, tls, prefix, name: this.name, onLeadership: changed, onState };
    const store = await SharedStore.open({ ...settings, onMembers: changed });
    this.#store = store;
    this.alone.store(store.connection.state);
    store.connection
      .ready()
      .then(() => store.connection.facts())
      .then(({ policy }) => {
        if (policy !== 'noeviction')
          log.warn(`the store gives records up when it is full (maxmemory-policy ${policy}); set noeviction`);
        // Else it is learned with the first person who is forgotten.
        this.forgotten.learn().catch(() => undefined);
      })
      .catch((error: unknown) => {
        if (!this.#isClosed) log.warn(`${toldOf(toLinktorError(error))} It is tried again.`);
      });
    return store;
  }

  /** Take along what this instance kept as a single one, before it leads for the first time. */
  async #moveIn(): Promise<void> {
    const { local, log } = this.#settings;
    try {
      const own = local();
      await this.forgotten.apply();
      const tied = (await own.list<OutboxJob>('outbox')).filter(({ value }) => isTiedToDisk(value)).length;
      const moved = await moveRecords(own, this.ledger);
      await noteSeveral(own);
      if (moved > 0) log.info(`${moved} records of this instance have been taken to the store`);
      if (tied > 0) log.warn(`${tied} of the waiting messages have files on this disk: ${LEAD_ON}`);
    } catch (error) {
      log.warn(`not all records of this instance could be taken to the store: ${toLinktorError(error).message}`);
      // The next lease is the next attempt.
      if (storageProblemOf(error) === 'unreachable') return;
    }
    this.#hasMoved = true;
  }

  /** Tell the listeners. */
  changed(): void {
    if (this.#isClosed) return;
    if (!this.#hasMoved && this.#store?.lease.isHeld) {
      this.#moving ??= this.#moveIn().finally(() => {
        this.#moving = undefined;
        if (this.#hasMoved) this.changed();
      });
    }
    const { standing, leads } = this;
    const shown = this.alone.isSo ? 'alone' : leads ? 'leads' : describe(standing);
    if (shown !== this.#shown) {
      this.#since = Date.now();
      if (shown !== 'alone') this.#settings.log.info(leads ? `${this.name} leads` : shown);
    }
    this.#shown = shown;
    // Called by the store and by timers, where exceptions are not caught.
    for (const listener of [...this.#listeners]) fenced(listener, ({ message }) => this.#settings.log.warn(message))();
  }
}

const LEAD_ON = 'let this instance lead until they have left';

/** Return the key prefix: by default one that is equal for all Node-REDs with the same flows. */
export function prefixFor({ keyPrefix, baseUrl, id }: Pick<InstancesSettings, 'keyPrefix' | 'baseUrl' | 'id'>): string {
  if (keyPrefix !== '') return keyPrefix;
  const place = URL.canParse(baseUrl) ? new URL(baseUrl).href.replace(/\/+$/, '') : baseUrl;
  return `linktor:${createHash('sha256').update(`${place}\n${id}`).digest('hex').slice(0, 16)}`;
}

/** @returns the message, with what the store has said itself */
function toldOf({ message, cause }: LinktorError): string {
  const { reason } = (cause.details ?? {}) as { reason?: unknown };
  return typeof reason === 'string' && !message.includes('refuses') ? `${message} (${reason})` : message;
}

function every(ms: number, act: () => unknown): () => void {
  const timer = setInterval(fenced(act), ms);
  timer.unref();
  return () => clearInterval(timer);
}

function notLeading(): LinktorError {
  return new LinktorError('storage', 'Another instance leads now.', { retryable: true });
}
