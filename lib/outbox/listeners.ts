import { fence } from '../async/fence';
import { LinktorError, toLinktorError } from '../errors';
import type { JobListener, JobOutcome, OutboxJob } from './job';

/** A node that has not returned by then counts as removed. */
const MAX_ABSENCE_MS = 60_000;

/** Notifies nodes of the outcomes of their jobs, and holds outcomes while a deploy replaces the nodes. */
export class JobListeners {
  readonly #listeners = new Map<string, JobListener>();
  readonly #held = new Map<string, { job: OutboxJob; outcome: JobOutcome }[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #forget: (job: OutboxJob) => Promise<boolean>;
  readonly #onProblem: (error: LinktorError, job?: OutboxJob) => void;
  #isClosed = false;

  /**
   * @param forget deletes an ended job from the ledger; false when somebody else has
   * @param onProblem receives failures for which no node is registered
   */
  constructor(forget: (job: OutboxJob) => Promise<boolean>, onProblem: (error: LinktorError, job?: OutboxJob) => void) {
    this.#forget = forget;
    this.#onProblem = onProblem;
  }

  has(nodeId: string): boolean {
    return this.#listeners.has(nodeId);
  }

  register(nodeId: string, listener: JobListener): () => void {
    if (this.#isClosed) return () => {};
    this.#listeners.set(nodeId, listener);
    this.#release(nodeId);
    return () => {
      if (this.#listeners.get(nodeId) === listener) this.#listeners.delete(nodeId);
    };
  }

  /** Notify the node of an outcome stored in the ledger, now or when the node registers. */
  hold(job: OutboxJob, outcome: JobOutcome): void {
    if (this.#isClosed) return;
    if (this.has(job.nodeId)) return this.#forgetAndNotify(job, outcome);
    const held = this.#held.get(job.nodeId) ?? [];
    this.#held.set(job.nodeId, [...held, { job, outcome }]);
    if (held.length > 0) return;
    const timer = setTimeout(
      fence(() => {
        this.#timers.delete(timer);
        this.#release(job.nodeId);
      }),
      MAX_ABSENCE_MS,
    );
    timer.unref();
    this.#timers.add(timer);
  }

  /** Notify the node. The job is no longer in the ledger, so this is its only notification. */
  notify(job: OutboxJob, outcome: JobOutcome): void {
    const listener = this.#listeners.get(job.nodeId);
    if (!listener) {
      if ('error' in outcome) this.#onProblem(errorOf(outcome), job);
      return;
    }
    if ('error' in outcome) return listener.failed(job, errorOf(outcome));
    Promise.resolve(listener.sent(job, outcome.result)).catch((error: unknown) =>
      listener.failed(job, toLinktorError(error)),
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#held.clear();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #release(nodeId: string): void {
    const held = this.#held.get(nodeId) ?? [];
    this.#held.delete(nodeId);
    for (const { job, outcome } of held) this.#forgetAndNotify(job, outcome);
  }

  #forgetAndNotify(job: OutboxJob, outcome: JobOutcome): void {
    this.#forget(job).then(
      (isOurs) => isOurs && this.notify(job, outcome),
      (error: unknown) => this.#onProblem(toLinktorError(error)),
    );
  }
}

/** @returns an error as plain data, for storage */
export function plain({ code, message, cause }: LinktorError): JobOutcome {
  return { error: { code, message, cause: { ...cause } } };
}

function errorOf({ error }: Extract<JobOutcome, { error: unknown }>): LinktorError {
  return new LinktorError(error.code, error.message, error.cause);
}
