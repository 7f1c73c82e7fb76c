import { randomUUID } from 'node:crypto';
import { fence } from '../async/fence';
import { type LinktorError, toLinktorError } from '../errors';
import { type Ledger, storageProblemOf } from '../ledger';
import { fullError } from './failures';
import type { OutboxJob } from './job';
import { JobIds, type NewJob, newJob, optionsOf } from './new-job';

/** interval between attempts while jobs cannot be handed over though the store answers, in milliseconds */
const RETRY_MS = 1000;

export interface HeldJobsSettings {
  /** the ledger of all instances */
  shared: Ledger;
  /** the ledger of this instance alone; undefined where it would not outlive a crash */
  local(): Ledger | undefined;
  /** called before held jobs are handed over; those that it deletes are not */
  prepare?(): Promise<void>;
  /** called when jobs have been handed over: some may have been deleted meanwhile where they came from */
  confirm?(handed: readonly OutboxJob[]): Promise<void>;
  maxPending: number;
  /** @returns milliseconds of a clock that all instances share; by default the own one */
  now?(): number;
  /** the number of held jobs has changed */
  onChange(): void;
  onProblem(error: LinktorError): void;
}

/**
 * New jobs of one of several instances. While the store is unreachable they wait on this instance's own disk, and then
 * follow in their order. A job whose storing has no known outcome is stored again under its number, which the store
 * takes only once.
 */
export class HeldJobs {
  readonly #settings: HeldJobsSettings;
  readonly #ids = new JobIds();
  /** the store knows how far it has got with each writer */
  readonly #writer = randomUUID();
  readonly #underway = new Set<Promise<unknown>>();
  #number = 0;
  /** number of held jobs by node */
  readonly #counts = new Map<string, number>();
  /** held jobs: id and node */
  readonly #known = new Map<string, string>();
  #isHolding = false;
  #draining: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(settings: HeldJobsSettings) {
    this.#settings = settings;
  }

  /** @returns the number of jobs on the disk of this instance, of one node or of all */
  pending(nodeId?: string): number {
    return nodeId === undefined ? this.#known.size : (this.#counts.get(nodeId) ?? 0);
  }

  /** Continue with what an earlier process has left. */
  start(): void {
    this.#isHolding = this.#settings.local() !== undefined;
    this.drain();
  }

  /**
   * @param put stores the job in the shared ledger
   * @throws LinktorError `storage` when it can be stored nowhere, `rate_limit` when too many wait
   */
  async store(given: NewJob, put: (job: OutboxJob) => Promise<void>): Promise<void> {
    const origin = { writer: this.#writer, number: ++this.#number };
    const now = this.#settings.now?.() ?? Date.now();
    const job = { ...newJob(given, this.#ids.next(now), now), origin };
    if (!this.#isHolding) {
      try {
        await this.#track(put(job));
        return;
      } catch (error) {
        if (storageProblemOf(error) !== 'unreachable' || !this.#settings.local()) throw error;
      }
    }
    await this.#hold(job);
  }

  /** The store may be back: hand the jobs over. Never throws. */
  drain(): void {
    if (!this.#isHolding || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#draining ??= this.#handOver()
      .catch((thrown: unknown) => {
        const error = toLinktorError(thrown);
        // The next change of the store is the next attempt.
        if (storageProblemOf(error) !== 'unreachable' && error.code !== 'rate_limit') this.#settings.onProblem(error);
        if (this.#isClosed) return;
        this.#timer = setTimeout(
          fence(() => this.drain()),
          RETRY_MS,
        );
        this.#timer.unref();
      })
      .finally(() => {
        this.#draining = undefined;
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.allSettled([this.#draining, ...this.#underway]);
  }

  async #hold(job: OutboxJob): Promise<void> {
    const local = this.#settings.local() as Ledger;
    // From here on every job waits, so that none overtakes this one.
    this.#isHolding = true;
    if (this.pending() >= this.#settings.maxPending) throw fullError(this.#settings.maxPending);
    this.#note(job, 1);
    try {
      await this.#track(local.put('held', job.id, job, { onDisk: true }));
    } catch (error) {
      this.#note(job, -1);
      throw error;
    }
  }

  async #handOver(): Promise<void> {
    const { shared } = this.#settings;
    const local = this.#settings.local();
    for (;;) {
      // A job that was on its way to the store may have to come back, and before those after it.
      while (this.#underway.size > 0) await Promise.allSettled(this.#underway);
      if (local && (await local.count('held')) > 0) await this.#settings.prepare?.();
      const held = local ? await local.list<OutboxJob>('held') : [];
      this.#compare(held.map(({ value }) => value));
      if (held.length === 0 && this.#underway.size > 0) continue;
      if (held.length === 0) {
        this.#isHolding = false;
        return;
      }
      held.sort((one, other) => (one.key < other.key ? -1 : 1));
      const handed: OutboxJob[] = [];
      for (const { key, value: job } of held) {
        if (this.#isClosed) break;
        await shared.put('outbox', key, job, optionsOf(job));
        handed.push(job);
        await local?.delete('held', key);
        this.#note(job, -1);
      }
      await this.#settings.confirm?.(handed);
      if (this.#isClosed) return;
    }
  }

  /** Count the jobs that an earlier process has left, and those that somebody has deleted no more. */
  #compare(held: readonly OutboxJob[]): void {
    for (const job of held) if (!this.#known.has(job.id)) this.#note(job, 1);
    // One that is being written is not on the list yet.
    if (this.#underway.size > 0) return;
    const ids = new Set(held.map(({ id }) => id));
    for (const [id, nodeId] of this.#known) if (!ids.has(id)) this.#note({ id, nodeId }, -1);
  }

  #note({ id, nodeId }: Pick<OutboxJob, 'id' | 'nodeId'>, difference: 1 | -1): void {
    if (difference === 1) this.#known.set(id, nodeId);
    else this.#known.delete(id);
    const count = this.pending(nodeId) + difference;
    if (count > 0) this.#counts.set(nodeId, count);
    else this.#counts.delete(nodeId);
    this.#settings.onChange();
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underway.add(work);
    try {
      return await work;
    } finally {
      this.#underway.delete(work);
    }
  }
}
