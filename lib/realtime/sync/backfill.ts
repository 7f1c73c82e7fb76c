import { detach } from '../../async/fence';
import { sleep } from '../../async/sleep';
import type { Message } from '../../model';
import { MAX_BACKFILLED_MESSAGES } from '../bounds';
import type { Backfilled } from '../events/synthesize';
import { isPermanent, LIST_PAGE_SIZE, type SyncRest, walk } from '../rest';
import type { ServerTime } from '../server-time';
import type { Socket } from '../socket/connection';
import { timeOf } from '../time';
import type { GapReporter } from './gap-reporter';

export interface BackfillParts {
  rest: SyncRest;
  gaps: Pick<GapReporter, 'backfill'>;
  socket: Pick<Socket, 'settled'>;
  serverTime: ServerTime;
}

interface Job {
  id: string;
  since: number;
  wasUnsubscribed: boolean;
  done: Promise<Backfilled>;
  resolve(found: Backfilled): void;
  reject(error: unknown): void;
}

/** Messages from before a gap whose statuses are checked. */
const OLDER_MESSAGES = 25;
const MAX_CONCURRENT_FETCHES = 4;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 2000;

/** Fetches the messages of conversations with a possible gap, a few conversations at a time. */
export class Backfill {
  readonly #parts: BackfillParts;
  readonly #persistenceMs: number;
  /** jobs not started yet, by conversation */
  readonly #queue = new Map<string, Job>();
  /** time up to which each conversation was fetched, in milliseconds of the server's clock */
  readonly #fetchedUpTo = new Map<string, number>();
  readonly #closing = new AbortController();
  #workers = 0;

  /** @param persistenceMs milliseconds during which an unreachable server is retried */
  constructor(parts: BackfillParts, persistenceMs: number) {
    this.#parts = parts;
    this.#persistenceMs = persistenceMs;
  }

  /**
   * @param since start of the gap, in milliseconds of the server's clock
   * @returns a promise that resolves when the messages are fetched @throws LinktorError when they cannot be
   */
  async fetch(id: string, since: number, wasUnsubscribed: boolean): Promise<void> {
    const queued = this.#queue.get(id);
    if (queued) queued.wasUnsubscribed ||= wasUnsubscribed;
    await (queued ?? this.#add(id, Math.max(since, this.fetchedUpTo(id)), wasUnsubscribed)).done;
  }

  /** @returns the time up to which a conversation has been fetched, milliseconds of the server's clock; 0 for never */
  fetchedUpTo(id: string): number {
    return this.#fetchedUpTo.get(id) ?? 0;
  }

  /** Gaps start no earlier than this time from now on. @param time milliseconds of the server's clock */
  forgetUpTo(time: number): void {
    for (const [id, fetched] of this.#fetchedUpTo) if (fetched <= time) this.#fetchedUpTo.delete(id);
  }

  close(): void {
    this.#closing.abort();
  }

  #add(id: string, since: number, wasUnsubscribed: boolean): Job {
    const job = { id, since, wasUnsubscribed } as Job;
    job.done = new Promise((resolve, reject) => {
      job.resolve = resolve;
      job.reject = reject;
    });
    this.#queue.set(id, job);
    this.#parts.gaps.backfill(id, since, job.done);
    if (this.#workers < MAX_CONCURRENT_FETCHES) detach(this.#work());
    return job;
  }

  async #work(): Promise<void> {
    this.#workers++;
    for (let [job] = this.#queue.values(); job; [job] = this.#queue.values()) {
      this.#queue.delete(job.id);
      await this.#fetch(job).then(job.resolve, job.reject);
    }
    this.#workers--;
  }

  async #fetch(job: Job): Promise<Backfilled> {
    const { id, since } = job;
    const { signal } = this.#closing;
    // Fetch after the subscription is active, so that no message is lost in between.
    await this.#parts.socket.settled();
    const began = Date.now();
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)) {
      try {
        const found = await this.#read(id, since);
        const newest = this.#parts.serverTime.clamp(timeOf(found.messages.at(-1)?.createdAt));
        this.#fetchedUpTo.set(id, Math.max(since, this.fetchedUpTo(id), newest));
        return { ...found, conversationId: id, since, wasUnsubscribed: job.wasUnsubscribed };
      } catch (error) {
        const willHaveWaitedMs = Date.now() - began + waitMs;
        if (signal.aborted || isPermanent(error) || willHaveWaitedMs > this.#persistenceMs) throw error;
      }
      await sleep(waitMs, signal);
    }
  }

  async #read(id: string, since: number): Promise<Pick<Backfilled, 'messages' | 'older' | 'truncated'>> {
    const messages: Message[] = [];
    const older: Message[] = [];
    const list = this.#parts.rest.conversations.eachMessage(id, { limit: LIST_PAGE_SIZE });
    const truncated = await walk(list, (message) => {
      if (timeOf(message.createdAt) >= since) messages.push(message);
      else older.push(message);
      // No further page is fetched for older messages only.
      const read = messages.length + older.length;
      if (messages.length >= MAX_BACKFILLED_MESSAGES) return false;
      return older.length === 0 || (older.length < OLDER_MESSAGES && read % LIST_PAGE_SIZE > 0);
    });
    const isCut = messages.length >= MAX_BACKFILLED_MESSAGES;
    return {
      messages: messages.reverse(),
      older: older.reverse(),
      truncated: isCut || (truncated && older.length === 0),
    };
  }
}
