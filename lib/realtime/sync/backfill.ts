import type { Message } from '../../model';
import { each, isLasting, timeOf } from '../time';
import type { Rest } from './conversation-sync';

/** What was fetched of one conversation to fill a gap in it. */
export interface Missed {
  conversationId: string;
  /** where the gap begins, milliseconds of the server's clock */
  since: number;
  /** oldest first */
  messages: Message[];
  /** from before the gap, oldest first: only what has become of them may be new */
  older: Message[];
  /** there were more than the server shows */
  truncated: boolean;
  /** nobody heard it live */
  unheard: boolean;
}

export interface CatchupSettings {
  rest: Rest;
  /** when the server knows of the subscriptions made so far */
  settled(): Promise<void>;
  /** what was missed will be known then; the conversation's live events wait for it */
  onMissed(conversationId: string, since: number, missed: Promise<Missed>): void;
  /** milliseconds that we go on asking a server that cannot answer; 0, the default, not at all */
  persistence?: number;
}

interface Job {
  id: string;
  since: number;
  unheard: boolean;
  missed: Promise<Missed>;
  resolve(missed: Missed): void;
  reject(error: unknown): void;
}

const page = 100;
/** from before a gap: so many messages are looked at for what has become of them */
const olderOnes = 25;
/** conversations that are asked at the same time */
const atOnce = 4;
/** milliseconds before the first repetition, and between two at most */
const [soon, late] = [200, 2000];

/** Fetches what was said in conversations while nobody could hear it, a few of them at a time. */
export class Backfill {
  readonly #settings: CatchupSettings;
  /** not begun yet, by conversation */
  readonly #queue = new Map<string, Job>();
  /** how far a conversation has been fetched, in milliseconds of the server's clock */
  readonly #reached = new Map<string, number>();
  readonly #sleepers = new Map<NodeJS.Timeout, () => void>();
  #working = 0;
  #closed = false;

  constructor(settings: CatchupSettings) {
    this.#settings = settings;
  }

  /**
   * @param since milliseconds of the server's clock
   * @returns when it has been fetched @throws LinktorError when it cannot be
   */
  async fetch(id: string, since: number, unheard: boolean): Promise<void> {
    const queued = this.#queue.get(id);
    if (queued) queued.unheard ||= unheard;
    await (queued ?? this.#add(id, Math.max(since, this.reached(id)), unheard)).missed;
  }

  /** Up to then (milliseconds of the server's clock) a conversation has been fetched; 0 when it has not been. */
  reached(id: string): number {
    return this.#reached.get(id) ?? 0;
  }

  /** What was said before then is of no interest any more. @param time milliseconds of the server's clock */
  passed(time: number): void {
    for (const [id, reached] of this.#reached) if (reached <= time) this.#reached.delete(id);
  }

  close(): void {
    this.#closed = true;
    for (const [timer, wake] of this.#sleepers) {
      clearTimeout(timer);
      wake();
    }
  }

  #add(id: string, since: number, unheard: boolean): Job {
    const job = { id, since, unheard } as Job;
    job.missed = new Promise((resolve, reject) => {
      job.resolve = resolve;
      job.reject = reject;
    });
    this.#queue.set(id, job);
    this.#settings.onMissed(id, since, job.missed);
    if (this.#working < atOnce) void this.#work();
    return job;
  }

  async #work(): Promise<void> {
    this.#working++;
    for (let [job] = this.#queue.values(); job; [job] = this.#queue.values()) {
      this.#queue.delete(job.id);
      await this.#fetch(job).then(job.resolve, job.reject);
    }
    this.#working--;
  }

  async #fetch(job: Job): Promise<Missed> {
    const { id, since } = job;
    // The fetch begins when the subscription stands, so that no message falls between the two.
    await this.#settings.settled();
    const began = Date.now();
    for (let wait = soon; ; wait = Math.min(late, wait * 2)) {
      try {
        const found = await this.#missed(id, since);
        this.#reached.set(id, Math.max(since, this.reached(id), timeOf(found.messages.at(-1)?.createdAt)));
        return { ...found, conversationId: id, since, unheard: job.unheard };
      } catch (error) {
        const waited = Date.now() - began + wait;
        if (this.#closed || isLasting(error) || waited > (this.#settings.persistence ?? 0)) throw error;
      }
      await this.#sleep(wait);
    }
  }

  async #missed(id: string, since: number): Promise<Pick<Missed, 'messages' | 'older' | 'truncated'>> {
    const messages: Message[] = [];
    const older: Message[] = [];
    const list = this.#settings.rest.conversations.eachMessage(id, { limit: page });
    const truncated = await each(list, (message) => {
      if (timeOf(message.createdAt) >= since) messages.push(message);
      else older.push(message);
      // No page is asked for only because of what is older.
      const read = messages.length + older.length;
      return older.length === 0 || (older.length < olderOnes && read % page > 0);
    });
    return { messages: messages.reverse(), older: older.reverse(), truncated: truncated && older.length === 0 };
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#sleepers.delete(timer);
        resolve();
      }, milliseconds);
      this.#sleepers.set(timer, resolve);
    });
  }
}
