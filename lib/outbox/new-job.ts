import type { PutOptions } from '../ledger';
import type { OutboxJob } from './job';

/** Content and origin of a new job. */
export type NewJob = Pick<OutboxJob, 'nodeId' | 'lane' | 'work' | 'carried' | 'dropped' | 'sameAs'>;

/** Ids that are unique among all instances and sort in the order of the calls, even if the clock is set back. */
export class JobIds {
  #lastStamp = 0;

  /** @param now milliseconds of a clock that all instances share */
  next(now: number): string {
    this.#lastStamp = Math.max(Math.trunc(now) * 1000, this.#lastStamp + 1);
    const stamp = this.#lastStamp.toString(36).padStart(11, '0');
    return `${stamp}${Math.random().toString(36).slice(2, 8).padEnd(6, '0')}`;
  }

  /** @param id of an earlier process; later ids sort behind it */
  continueAfter(id: string): void {
    this.#lastStamp = Math.max(this.#lastStamp, Number.parseInt(id.slice(0, 11), 36) || 0);
  }
}

/** @returns how a job is written: it is found by the caller's key */
export function tagsOf({ sameAs }: Pick<OutboxJob, 'sameAs'>): { tags?: string[] } {
  return sameAs === undefined ? {} : { tags: [sameAs] };
}

/** @param now see {@link JobIds.next} */
export function newJob(given: NewJob, id: string, now: number): OutboxJob {
  return { ...given, id, queued: now, state: 'queued', attempts: 0, sent: [] };
}

/** @returns how a new job is written: not at all while one with the caller's key waits, and a numbered one once */
export function optionsOf(job: OutboxJob): PutOptions {
  const { origin } = job;
  return { onDisk: true, unlessTagged: true, ...tagsOf(job), ...(origin && { once: origin }) };
}
