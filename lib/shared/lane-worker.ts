import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { fence } from '../async/fence';
import { LANES, type LaneEntry, type LaneState, type Lanes } from './lanes';
import type { Members } from './members';

/** interval at which the lanes are assigned, and looked into, in milliseconds */
const LOOK_MS = 1000;
/** a turn of the event loop that takes longer is not the last one of a flow, in milliseconds */
const BUSY_MS = 1;
/** turns of the event loop that a flow gets before the next event */
const MAX_TURNS = 10;

/** Delivers the events of lanes. */
export interface LaneReader {
  /** @returns the function that delivers the event at once; called, if at all, in the turn of the event */
  prepare(text: string): Promise<() => void>;
  /** @returns a promise while nothing may be delivered */
  held(): Promise<void> | undefined;
  /** lanes come from another instance; none of their events is prepared before */
  onGained(): Promise<void>;
  /** an event has been handed to the leader */
  onHandedIn(): void;
  /** the store is away, or does not do what it should */
  onProblem(error: unknown): void;
  /** the own lanes, or what waits in any, have changed */
  onChange(): void;
  /** this instance has not all triggers of the newest deploy, or has them again */
  onOutdated(isOutdated: boolean): void;
}

interface Lane {
  number: number;
  isOwned: boolean;
  /** counts its losses: what was read before one may have been delivered elsewhere */
  losses: number;
  /** it goes to another instance after the present event */
  isLeaving: boolean;
  isRunning: boolean;
  /** an event has come since it was looked into */
  isWoken: boolean;
  entries: LaneEntry[];
  /** numbers of delivered events, until the store knows */
  delivered: Set<string>;
}

/**
 * Takes the events of the lanes of this instance. A lane has one event at a time, and an instance delivers one at a
 * time: its flow has its turn before the next. An instance that the store has not heard of for a while delivers nothing.
 */
export class LaneWorker {
  readonly #store: Lanes;
  readonly #members: Members;
  readonly #reader: LaneReader;
  readonly #lanes: Lane[] = Array.from({ length: LANES }, (_, number) => ({
    ...{ number, isOwned: false, losses: 0, isLeaving: false, isRunning: false, isWoken: false },
    ...{ entries: [], delivered: new Set() },
  }));
  readonly #running = new Set<Promise<void>>();
  #states: readonly LaneState[] = [];
  /** the lanes are ours as long as the store has heard of us since they were assigned */
  #lapses = -1;
  #turn: Promise<void> = Promise.resolve();
  #assigning: Promise<void> | undefined;
  #isAssignedAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #endWaking = () => {};
  /** ids of the triggers of this instance, and the digest of those that the store knows */
  #triggers: readonly string[] = [];
  #published: string | undefined;
  #isOutdated = false;
  #isClosed = false;

  /** @param triggers see {@link deploy} */
  constructor(store: Lanes, members: Members, reader: LaneReader, triggers: Iterable<string>) {
    this.#store = store;
    this.#members = members;
    this.#reader = reader;
    this.#endWaking = store.onWake(
      (woken) => {
        if (woken === 'assign') this.assign();
        else if (woken === 'intake') reader.onHandedIn();
        else this.#wake(this.#lanes[woken]);
      },
      (error) => reader.onProblem(error),
    );
    this.deploy(triggers);
  }

  /** the lanes, as of the last look into the store */
  get states(): readonly LaneState[] {
    return this.#states;
  }

  /** @returns whether this instance has the lane, at this very moment */
  owns(lane: number): boolean {
    const { isOwned = false } = this.#lanes[lane] ?? {};
    return isOwned && !this.#isClosed && this.#members.isAlive && this.#members.lapses === this.#lapses;
  }

  /** Take part with these triggers; without any, only while nobody has any. */
  deploy(triggers: Iterable<string>): void {
    this.#triggers = [...new Set(triggers)].sort();
    this.assign();
  }

  /** Release the lanes; an event whose turn has come is still delivered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#endWaking();
    const leaving = this.#members.share(false);
    await this.#assigning;
    await Promise.all([leaving, ...this.#running]);
    const own = this.#lanes.filter(({ isOwned }) => isOwned).map(({ number }) => number);
    await this.#store.release(this.#members.id, own).catch(() => undefined);
  }

  /** Assign the lanes, once more if it is under way. */
  assign(): void {
    if (this.#isClosed) return;
    if (this.#assigning !== undefined) {
      this.#isAssignedAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#assigning = this.#look()
      .catch((error: unknown) => this.#reader.onProblem(error))
      .then(() => {
        this.#assigning = undefined;
        const again = this.#isAssignedAgain;
        this.#isAssignedAgain = false;
        if (again) this.assign();
        else if (!this.#isClosed)
          this.#timer = setTimeout(
            fence(() => this.assign()),
            LOOK_MS,
          );
      });
  }

  async #look(): Promise<void> {
    await this.#publish();
    const { id, lapses } = this.#members;
    const { lanes: states, isOutdated } = await this.#store.assign(id);
    if (isOutdated !== this.#isOutdated) {
      this.#isOutdated = isOutdated;
      this.#reader.onOutdated(isOutdated);
    }
    const isNews = JSON.stringify(states) !== JSON.stringify(this.#states);
    this.#states = states;
    const gained: Lane[] = [];
    for (const lane of this.#lanes) {
      const { owner, wanted } = states[lane.number] ?? {};
      if (owner === id && (!lane.isOwned || this.#lapses !== lapses)) gained.push(lane);
      if (owner !== id || this.#lapses !== lapses) lose(lane);
      lane.isLeaving = owner === id && wanted !== id;
    }
    if (gained.length > 0) await this.#reader.onGained();
    for (const lane of gained) lane.isOwned = true;
    this.#lapses = lapses;
    if (isNews || gained.length > 0) this.#reader.onChange();
    // What was published while it was not heard.
    this.#reader.onHandedIn();
    const idle = this.#lanes.filter(({ isOwned, isLeaving, isRunning }) => isOwned && isLeaving && !isRunning);
    await this.#release(idle);
    for (const lane of this.#lanes) if (states[lane.number]?.waiting) this.#wake(lane);
  }

  async #publish(): Promise<void> {
    const triggers = this.#triggers;
    const digest = triggers.length > 0 ? createHash('sha256').update(triggers.join('\n')).digest('hex') : '';
    if (digest === this.#published) return;
    if (digest !== '') await this.#store.deployed(digest, triggers);
    this.#published = digest;
    await this.#members.share(true, digest);
  }

  async #release(lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes) lose(lane);
    await this.#store.release(
      this.#members.id,
      lanes.map(({ number }) => number),
    );
  }

  #wake(lane: Lane | undefined): void {
    if (!lane) return;
    lane.isWoken = true;
    if (lane.isRunning || !lane.isOwned || lane.isLeaving || this.#isClosed) return;
    lane.isRunning = true;
    const work = this.#run(lane)
      .catch((error: unknown) => {
        this.#reader.onProblem(error);
        // The store is away, or the lane is not ours any more: it is looked into again.
        lane.entries = [];
      })
      .then(() => {
        lane.isRunning = false;
        this.#running.delete(work);
        if (!lane.isLeaving || !lane.isOwned || this.#isClosed) return undefined;
        return this.#release([lane]).catch(() => undefined);
      });
    this.#running.add(work);
  }

  async #run(lane: Lane): Promise<void> {
    while (this.owns(lane.number) && !lane.isLeaving) {
      const entry = lane.entries.shift();
      if (entry) {
        await this.#deliver(lane, entry);
        continue;
      }
      if (!lane.isWoken) return;
      lane.isWoken = false;
      const found = (await this.#store.take(this.#members.id, lane.number)) ?? [];
      // A lane that was not emptied has more.
      if (found.length > 0) lane.isWoken = true;
      lane.entries = found;
    }
  }

  async #deliver(lane: Lane, { number, text }: LaneEntry): Promise<void> {
    const done = () => {
      const noted = this.#store.done(this.#members.id, lane.number, number);
      return noted.then(() => void lane.delivered.delete(number));
    };
    // The store could not be told.
    if (lane.delivered.has(number)) return done();
    const { losses } = lane;
    const deliver = await this.#reader.prepare(text);
    await this.#inTurn(async () => {
      for (let held = this.#reader.held(); held; held = this.#reader.held()) await held;
      if (!this.owns(lane.number) || lane.losses !== losses) {
        lane.entries = [];
        return;
      }
      lane.delivered.add(number);
      // Node-RED passes messages on in the next phase of the event loop, where this is queued first.
      setImmediate(fence(done));
      deliver();
      await untilIdle();
    });
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function lose(lane: Lane): void {
  if (lane.isOwned) lane.losses++;
  lane.isOwned = false;
  lane.entries = [];
}

/** Let the flows run until they do nothing, or wait for something. */
async function untilIdle(): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const began = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() - began < BUSY_MS) return;
  }
}
