import { backoff } from '../async/backoff';
import { detach } from '../async/fence';
import { sleep } from '../async/sleep';
import { type LinktorError, toLinktorError } from '../errors';
import type { Ledger } from '../ledger';
import { fullError, goneError, isPassing, partError, tooOldError, unclearError } from './failures';
import type { JobFollower, JobListener, JobOutcome, JobProcessor, OutboxJob } from './job';
import { Lanes } from './lanes';
import { JobListeners, plain } from './listeners';
import { JobIds, type NewJob, newJob, optionsOf, tagsOf } from './new-job';

/** lanes in progress at a time; the client has no more slots */
const WIDTH = 50;
/** first wait after a failure, in milliseconds, and number of its doublings: a recovered server is used again soon */
const RETRY_MS = 1000;
const MAX_DOUBLED = 4;
/** interval between checks for jobs of other instances, in milliseconds */
const LOOK_MS = 500;
/** wait before the ledger is read again after a failure, in milliseconds */
const RELOAD_MS = 10_000;
/** time that a deploy waits for running requests, in milliseconds; the next start resolves the others */
const GRACE_MS = 2000;

export interface OutboxSettings {
  ledger: Ledger;
  processor: JobProcessor;
  maxPending: number;
  /** milliseconds */
  maxAgeMs: number;
  /** @returns milliseconds of a clock that all instances share; by default the own one */
  now?(): number;
  /** the number of waiting jobs has changed */
  onChange(): void;
  /** hears which jobs wait, those of an earlier process included */
  follower?: JobFollower;
  /** a failure for which no node is registered */
  onProblem(error: LinktorError, job?: OutboxJob): void;
}

/**
 * Stores messages before they are reported as accepted, and retries them until they are sent, refused or too old,
 * across restarts. Where the server does not honour the key, delivery is at most once: a message that may have been
 * sent is looked up, and never repeated in doubt.
 */
export class Outbox {
  readonly #settings: OutboxSettings;
  readonly #lanes: Lanes;
  readonly #listeners: JobListeners;
  readonly #ids = new JobIds();
  readonly #stopping = new AbortController();
  readonly #requests = new AbortController();
  readonly #watching = new Set<Promise<void>>();
  /** number of waiting jobs by node */
  readonly #waiting = new Map<string, number>();
  /** stored jobs, by id */
  readonly #known = new Map<string, { nodeId: string; isQueued: boolean }>();
  #loaded: Promise<void> | undefined;
  /** how far a shared ledger has been read */
  #place = '';
  #reading: Promise<void> | undefined;
  #readingNext: Promise<void> | undefined;
  /** jobs that have ended since the present reading began */
  readonly #endedMeanwhile = new Set<string>();
  #isReady = false;

  constructor(settings: OutboxSettings) {
    this.#settings = settings;
    this.#lanes = new Lanes(WIDTH, (id) => this.#run(id));
    this.#listeners = new JobListeners((job) => this.#forget(job), settings.onProblem);
  }

  /** @returns the number of unsent jobs of one node, or of all */
  pending(nodeId?: string): number {
    return nodeId === undefined ? this.#known.size : (this.#waiting.get(nodeId) ?? 0);
  }

  /** Register a node for the outcomes of its jobs. @returns the function that removes it */
  register(nodeId: string, listener: JobListener): () => void {
    return this.#listeners.register(nodeId, listener);
  }

  /** Resume the jobs of an earlier process. */
  start(): void {
    if (this.#settings.ledger.isShared) detach(this.#lookForOthers());
    this.#load().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      this.#settings.onProblem(toLinktorError(error));
      detach(
        sleep(RELOAD_MS, this.#stopping.signal).then(() => {
          if (!this.#stopping.signal.aborted) this.start();
        }),
      );
    });
  }

  /**
   * @returns the stored job, once it is on disk
   * @throws LinktorError `storage`; `rate_limit` when the outbox is full or the job too large
   */
  async add(given: NewJob): Promise<OutboxJob> {
    const now = this.#now;
    const job = newJob(given, this.#ids.next(now), now);
    await this.accept(job);
    return job;
  }

  /** As {@link add}, for a job that has its id already. One with the caller's key of another that waits is the same. */
  async accept(job: OutboxJob): Promise<void> {
    if (!this.#isReady) await this.#load();
    const { maxPending, ledger } = this.#settings;
    if (this.#known.size >= maxPending) throw fullError(maxPending);
    this.#count(job);
    let isInterleaved = job.origin === undefined;
    const onInterleaved = () => {
      isInterleaved = true;
    };
    try {
      await ledger.put('outbox', job.id, job, { ...optionsOf(job), onInterleaved });
    } catch (error) {
      this.#uncount(job.id);
      throw error;
    }
    // Other instances have stored jobs before this one. Without them it goes on nevertheless: it is stored.
    if (ledger.newer && (isInterleaved || this.#isReading)) await this.#readOn().catch(() => undefined);
    this.#queue(job);
  }

  get #now(): number {
    return this.#settings.now?.() ?? Date.now();
  }

  /** Jobs that were stored before are not in their lanes yet. */
  get #isReading(): boolean {
    return this.#reading !== undefined || this.#readingNext !== undefined;
  }

  /** Read what was stored before this call; calls meanwhile share the next reading. */
  #readOn(): Promise<void> {
    this.#readingNext ??= (this.#reading ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#readingNext = undefined;
        const reading: Promise<void> = this.#read().finally(() => {
          if (this.#reading === reading) this.#reading = undefined;
        });
        this.#reading = reading;
        return reading;
      });
    return this.#readingNext;
  }

  #queue(job: OutboxJob): void {
    const known = this.#known.get(job.id);
    if (!known || known.isQueued) return;
    known.isQueued = true;
    if (job.state === 'ended') this.#listeners.hold(job, job.outcome as JobOutcome);
    else if (job.state === 'watching') this.#watch(job);
    else this.#lanes.add(job.lane, job.id);
  }

  /** Give running requests a moment; the next start resumes the others. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#listeners.close();
    const timer = setTimeout(() => this.#requests.abort(), GRACE_MS);
    await Promise.all([this.#lanes.stop(), ...this.#watching]);
    clearTimeout(timer);
    this.#requests.abort();
  }

  #load(): Promise<void> {
    this.#loaded ??= this.#readOn().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /** Pick up jobs that other instances have added: only the leader sends. */
  async #lookForOthers(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(LOOK_MS, signal);
      try {
        if (!this.#isReady || signal.aborted) continue;
        if ((await this.#settings.ledger.count('outbox')) !== this.#known.size) await this.#readOn();
      } catch {
        // The store is unreachable: the next leader reads all jobs.
      }
    }
  }

  async #read(): Promise<void> {
    const { ledger } = this.#settings;
    const isFirst = this.#place === '';
    this.#endedMeanwhile.clear();
    const { entries, place = '' } = ledger.newer
      ? await ledger.newer<OutboxJob>('outbox', this.#place)
      : { entries: await ledger.list<OutboxJob>('outbox') };
    this.#place = place;
    // One that has been tried was written again; later ones are in the order of their storing.
    if (isFirst) entries.sort((one, other) => (one.key < other.key ? -1 : 1));
    if (isFirst) this.#ids.continueAfter(entries.at(-1)?.key ?? '');
    for (const { value: job } of entries) {
      if (this.#endedMeanwhile.has(job.id)) continue;
      if (!this.#known.has(job.id)) this.#count(job);
      this.#queue(job);
    }
    this.#isReady = true;
    if (isFirst) this.#settings.follower?.loaded();
  }

  /** Run one job until it ends or the outbox closes. Never rejects. */
  async #run(id: string): Promise<void> {
    const { signal } = this.#stopping;
    let last: LinktorError | undefined;
    for (let attempt = 1; !signal.aborted; attempt++) {
      let job: OutboxJob | undefined;
      try {
        job = (await this.#settings.ledger.get<OutboxJob>('outbox', id))?.value;
        // Another job with the caller's key has waited, or somebody has deleted this one.
        if (!job) return this.#uncount(id);
        if (this.#now - job.queued >= this.#settings.maxAgeMs) {
          await this.#end(job, plain(tooOldError(job, this.#settings.maxAgeMs, last)));
          return;
        }
        if (await this.#attempt(job)) return;
      } catch (thrown) {
        if (this.#requests.signal.aborted) return;
        last = toLinktorError(thrown);
      }
      const untilTooOld = (job?.queued ?? this.#now) + this.#settings.maxAgeMs - this.#now;
      const asked = (last?.cause.retryAfter ?? 0) * 1000;
      await sleep(
        Math.max(1, Math.min(untilTooOld, Math.max(asked, backoff(Math.min(attempt, MAX_DOUBLED), RETRY_MS)))),
        signal,
      );
    }
  }

  /** @returns whether the job has ended @throws LinktorError when a retry is needed */
  async #attempt(given: OutboxJob): Promise<boolean> {
    const { processor } = this.#settings;
    let job = given;
    if (job.state === 'leaving') {
      const found = await processor.find(job, this.#requests.signal);
      if (found) job = await this.#save({ ...job, state: 'queued', sent: [...job.sent, found] });
      else if (!processor.isIdempotent) return this.#end(job, plain(unclearError(job)));
    }
    try {
      const result = await processor.deliver(
        job,
        {
          leaving: async (conversationId) => {
            job = await this.#save({ ...job, state: 'leaving', conversationId });
          },
          taken: async (part, isLast) => {
            job = { ...job, state: 'queued', sent: [...job.sent, part] };
            // The last part ends the job, which is stored anyway.
            if (!isLast) await this.#save(job);
          },
        },
        this.#requests.signal,
      );
      if (!processor.isWatched(job)) return await this.#end(job, { result });
      this.#watch(await this.#save({ ...job, state: 'watching', result }));
      return true;
    } catch (thrown) {
      const error = toLinktorError(thrown);
      if (this.#requests.signal.aborted) throw error;
      const attempts = job.attempts + 1;
      // A part that may have been sent is looked up before anything else.
      if (error.cause.ambiguous) await this.#save({ ...job, attempts });
      else if (!isPassing(error)) return this.#end({ ...job, attempts }, plain(partError(job, error)));
      else await this.#save({ ...job, state: 'queued', attempts });
      throw error;
    }
  }

  /** Report the result once the message is delivered or read; the lane does not wait for it. */
  #watch(given: OutboxJob): void {
    const { processor } = this.#settings;
    const { signal } = this.#stopping;
    let job = given;
    const keep = async (result: Record<string, unknown>) => {
      job = await this.#save({ ...job, result });
    };
    const watch = async () => {
      const outcome: JobOutcome = await processor.watch(job, signal, keep).then(
        (result) => ({ result }),
        (thrown: unknown) => plain(toLinktorError(thrown)),
      );
      if (!signal.aborted) await this.#end(job, outcome);
    };
    const work: Promise<void> = watch()
      .catch((error: unknown) => this.#settings.onProblem(toLinktorError(error), job))
      .then(() => {
        this.#watching.delete(work);
      });
    this.#watching.add(work);
  }

  /**
   * Delete the job before notifying: a crash in between loses the notification, but never doubles it. Of a job that
   * somebody has deleted, nobody is notified.
   */
  async #end(job: OutboxJob, outcome: JobOutcome): Promise<true> {
    if (this.#listeners.has(job.nodeId)) {
      if (await this.#forget(job)) this.#listeners.notify(job, outcome);
    } else {
      const ended = await this.#save({ ...job, state: 'ended', outcome });
      this.#listeners.hold(ended, outcome);
    }
    return true;
  }

  /** @throws LinktorError `storage`, also when the job has been deleted: then it is not written again */
  async #save(job: OutboxJob): Promise<OutboxJob> {
    let isGone = false;
    const onMissing = () => {
      isGone = true;
    };
    // On disk before a request leaves: otherwise a power loss would send it twice.
    const onDisk = job.state === 'leaving';
    await this.#settings.ledger.put('outbox', job.id, job, { onDisk, onMissing, ...tagsOf(job) });
    if (isGone) throw goneError(job);
    return job;
  }

  /** @returns false when somebody else has deleted it */
  async #forget(job: OutboxJob): Promise<boolean> {
    const isOurs = await this.#settings.ledger.delete('outbox', job.id);
    this.#uncount(job.id);
    return isOurs;
  }

  #count(job: OutboxJob): void {
    const { id, nodeId } = job;
    this.#known.set(id, { nodeId, isQueued: false });
    this.#settings.follower?.waits(job);
    this.#waiting.set(nodeId, this.pending(nodeId) + 1);
    this.#settings.onChange();
  }

  #uncount(id: string): void {
    const { nodeId } = this.#known.get(id) ?? {};
    if (nodeId === undefined) return;
    this.#known.delete(id);
    if (this.#settings.ledger.newer) this.#endedMeanwhile.add(id);
    this.#settings.follower?.gone(id);
    const waiting = this.pending(nodeId) - 1;
    if (waiting > 0) this.#waiting.set(nodeId, waiting);
    else this.#waiting.delete(nodeId);
    this.#settings.onChange();
  }
}

/**
 * Store a job for the leader to send.
 * @throws LinktorError `storage`; `rate_limit` when the outbox is full
 */
export async function leaveTo(ledger: Ledger, job: OutboxJob, maxPending: number): Promise<void> {
  if ((await ledger.count('outbox')) >= maxPending) throw fullError(maxPending);
  await ledger.put('outbox', job.id, job, optionsOf(job));
}
