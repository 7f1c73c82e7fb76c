import type { LinktorError } from '../errors';
import type { StoreConnection } from './connection';
import { ACCEPTED, ASSIGN, DEPLOYED, DONE, HAND_IN, INTAKE, NOTE, PUBLISH, RELEASE, SEEN, TAKE } from './lane-scripts';

/** Number of lanes; more instances than lanes take no part. */
export const LANES = 16;
/** Maximum events of a lane, and bytes of all: what waits lies in the memory of the store. */
const MAX_LANE_EVENTS = 2000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Keys of events that have been put into a lane: their number, and how long they are kept in milliseconds. */
const MAX_SEEN_KEYS = 100_000;
const SEEN_MS = 24 * 3_600_000;
/** Keys read per request. */
const PAGE_KEYS = 5000;
/** A set of triggers that no instance has had for so long is new when it comes again, in milliseconds. */
const DEPLOY_MS = 600_000;
/** Keys noted per request. */
const NOTED_KEYS = 1000;
/** Events published at once, and their UTF-16 units. */
const MAX_PUBLISHED = 100;
const MAX_PUBLISHED_UNITS = 1024 * 1024;
/** Events read at once of a lane, and of what other instances have handed in. */
const BATCH = 16;

/** new: now in its lane; known: it was before; full: it is in none */
export type Published = 'new' | 'known' | 'full';

/** A waiting event, with its number in the store. */
export interface LaneEntry {
  number: string;
  text: string;
}

/** A lane, as the store knows it: ids of members, or '' for none. */
export interface LaneState {
  owner: string;
  /** the member that the lane goes to, once its owner has released it */
  wanted: string;
  waiting: number;
}

/** What wakes an instance: a lane, changed owners, or an event for the leader. */
export type Woken = number | 'assign' | 'intake';

/** Events that leave together. */
interface PublishBatch {
  args: (string | number)[];
  count: number;
  /** of the events */
  units: number;
  answers: Promise<Published[]>;
  send(): void;
}

/** Events of all instances in the store, in one of a fixed number of lanes each: those of a conversation in one. */
export class Lanes {
  readonly #connection: StoreConnection;
  #batch: PublishBatch | undefined;

  constructor(connection: StoreConnection) {
    this.#connection = connection;
  }

  /**
   * Put an event into the lane of its conversation, unless one of its keys is known. Those of one turn of the event loop
   * leave together, in their order.
   * @param mayOverflow it is put there even when the lane is full
   * @throws LinktorError `storage`; it may be in its lane nevertheless
   */
  publish(place: string, keys: readonly string[], text: string, mayOverflow = false): Promise<Published> {
    this.#batch ??= this.#newBatch();
    const batch = this.#batch;
    const most = mayOverflow ? 0 : MAX_LANE_EVENTS;
    batch.args.push(laneOf(place), text, most, keys.length, ...keys);
    batch.units += text.length;
    const index = batch.count++;
    if (batch.count >= MAX_PUBLISHED || batch.units >= MAX_PUBLISHED_UNITS) batch.send();
    return batch.answers.then((answers) => answers[index] as Published);
  }

  #newBatch(): PublishBatch {
    let send = () => {};
    const answers = new Promise<Published[]>((resolve) => {
      send = () => {
        if (this.#batch !== batch) return;
        this.#batch = undefined;
        const fixed = [MAX_WAITING_BYTES, SEEN_MS, MAX_SEEN_KEYS];
        resolve(this.#run('Publish', PUBLISH, ...fixed, ...batch.args) as Promise<Published[]>);
      };
    });
    const batch: PublishBatch = { args: [], count: 0, units: 0, answers, send };
    queueMicrotask(send);
    return batch;
  }

  /** Remember events that have been delivered otherwise. @throws LinktorError `storage` */
  async note(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += NOTED_KEYS)
      await this.#run('Note', NOTE, MAX_SEEN_KEYS, ...keys.slice(from, from + NOTED_KEYS));
  }

  /** @returns the keys of events that have been put into lanes, with their times, oldest first @throws LinktorError `storage` */
  async seen(): Promise<[key: string, at: number][]> {
    const found: [string, number][] = [];
    for (;;) {
      const page = (await this.#run('Seen', SEEN, found.length, found.length + PAGE_KEYS - 1)) as string[];
      for (let index = 0; index < page.length; index += 2) found.push([String(page[index]), Number(page[index + 1])]);
      if (page.length < PAGE_KEYS * 2) return found;
    }
  }

  /** @returns the oldest events of a lane; undefined when it has another owner @throws LinktorError `storage` */
  async take(member: string, lane: number): Promise<LaneEntry[] | undefined> {
    const [found] = (await this.#run('Take', TAKE, member, BATCH, lane)) as string[][];
    return found?.slice(1).map(entryOf);
  }

  /** The oldest event of a lane has been delivered. @throws LinktorError `storage` */
  async done(member: string, lane: number, number: string): Promise<void> {
    await this.#run('Done', DONE, member, lane, number);
  }

  /** Hand an event to the leader. @returns false when there is no room @throws LinktorError `storage` */
  async handIn(text: string): Promise<boolean> {
    return (await this.#run('HandIn', HAND_IN, text, MAX_WAITING_BYTES)) === 1;
  }

  /** @returns the oldest events that have been handed in @throws LinktorError `storage` */
  async handedIn(): Promise<LaneEntry[]> {
    return ((await this.#run('Intake', INTAKE, BATCH)) as string[]).map(entryOf);
  }

  /** The oldest event that was handed in is in its lane. @throws LinktorError `storage` */
  async accepted(number: string): Promise<void> {
    await this.#run('Accepted', ACCEPTED, number);
  }

  /** Remember a set of triggers, at least one. @throws LinktorError `storage` */
  async deployed(digest: string, triggers: readonly string[]): Promise<void> {
    for (let from = 0; from < triggers.length; from += NOTED_KEYS)
      await this.#run('Deployed', DEPLOYED, digest, ...triggers.slice(from, from + NOTED_KEYS));
  }

  /**
   * Assign the lanes to the live instances that have all triggers of the newest deploy.
   * @returns isOutdated: the member has not @throws LinktorError `storage`
   */
  async assign(member: string): Promise<{ lanes: LaneState[]; isOutdated: boolean }> {
    const [rows, outdated] = (await this.#run('Assign', ASSIGN, LANES, member, DEPLOY_MS)) as [
      [string, string, number][],
      number,
    ];
    return {
      lanes: rows.map(([owner, wanted, waiting]) => ({ owner, wanted, waiting })),
      isOutdated: outdated === 1,
    };
  }

  /** @throws LinktorError `storage` */
  async release(member: string, lanes: readonly number[]): Promise<void> {
    if (lanes.length > 0) await this.#run('Release', RELEASE, member, ...lanes);
  }

  /** @param onRefused see the connection @returns the function that ends it */
  onWake(listener: (woken: Woken) => void, onRefused: (error: LinktorError) => void): () => void {
    const heard = (what: string) => listener(what === 'assign' || what === 'intake' ? what : Number(what));
    return this.#connection.hear('wake', heard, onRefused);
  }

  #run(name: string, script: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#connection.run(`linktorLane${name}`, script, ...args);
  }
}

/** @param place a conversation; events without one share a lane */
export function laneOf(place: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < place.length; index++) hash = Math.imul(hash ^ place.charCodeAt(index), 0x01000193);
  // The low bits of this hash depend on few characters.
  return ((hash >>> 16) ^ hash) & (LANES - 1);
}

function entryOf(entry: string): LaneEntry {
  const space = entry.indexOf(' ');
  return { number: entry.slice(0, space), text: entry.slice(space + 1) };
}
