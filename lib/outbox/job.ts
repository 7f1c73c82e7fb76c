import type { LinktorError } from '../errors';

/** A part of a message that the server has accepted. */
export interface SentPart {
  id: string;
  status?: string;
  /** ISO 8601 */
  createdAt?: string;
}

/** Outcome of a job. An error is plain data, since the next process may report it. */
export type JobOutcome =
  | { result: Record<string, unknown> }
  | { error: Pick<LinktorError, 'code' | 'message' | 'cause'> };

/** A message waiting to be sent, as stored in the ledger. */
export interface OutboxJob {
  /** sorts in the order of creation */
  readonly id: string;
  /** the node that is notified of its outcome */
  readonly nodeId: string;
  /** jobs of the same lane are sent one after the other, in order */
  readonly lane: string;
  /** wall-clock time in milliseconds, with several instances of a clock that all share */
  readonly queued: number;
  /**
   * queued: nothing is in progress. leaving: the next part may have been sent, and only the server knows. watching: all
   * parts were accepted, and the job waits for their delivery. ended: its node has not been notified yet
   */
  readonly state: 'queued' | 'leaving' | 'watching' | 'ended';
  /** digest of the caller's own key: a second job with it is the same job */
  readonly sameAs?: string;
  /** with several instances: the instance that has stored the job, and its number there */
  readonly origin?: { readonly writer: string; readonly number: number };
  /** number of failed attempts */
  readonly attempts: number;
  /** target conversation, once known */
  readonly conversationId?: string;
  readonly sent: readonly SentPart[];
  /** content to send; opaque to the outbox */
  readonly work: unknown;
  /** stored part of the flow's message, and the names of the properties left out */
  readonly carried: Record<string, unknown>;
  readonly dropped: readonly string[];
  /** watching: the result of the send */
  readonly result?: Record<string, unknown>;
  readonly outcome?: JobOutcome;
}

/** Callbacks of a processor during delivery. */
export interface Progress {
  /** Called before a request is sent; the request must not be sent if this fails. @throws LinktorError `storage` */
  leaving(conversationId: string): Promise<void>;
  /** The server has accepted a part. */
  taken(part: SentPart, isLast: boolean): Promise<void>;
}

/** Sends jobs to the server. */
export interface JobProcessor {
  /** the server honours idempotency keys, so that a request with an unknown outcome may be repeated */
  readonly isIdempotent: boolean;
  /**
   * Send the parts that have not been sent yet.
   * @returns the result of the send
   * @throws LinktorError; `ambiguous` when the part may have been sent
   */
  deliver(job: OutboxJob, progress: Progress, signal: AbortSignal): Promise<Record<string, unknown>>;
  /**
   * @returns the part that may have been sent, if the server has it
   * @throws LinktorError when this cannot be determined now
   */
  find(job: OutboxJob, signal: AbortSignal): Promise<SentPart | undefined>;
  /** @returns whether the job waits for the delivery of its message */
  isWatched(job: OutboxJob): boolean;
  /**
   * @param job with the result of the send
   * @param keep stores another result: the message has been replaced
   * @returns that result with its latest status
   * @throws LinktorError when the delivery failed or is unknown
   */
  watch(
    job: OutboxJob,
    signal: AbortSignal,
    keep: (result: Record<string, unknown>) => Promise<void>,
  ): Promise<Record<string, unknown>>;
}

/** A node that puts jobs into the outbox. */
export interface JobListener {
  sent(job: OutboxJob, result: Record<string, unknown>): void | Promise<void>;
  failed(job: OutboxJob, error: LinktorError): void;
}

/** Hears which jobs wait in the outbox. */
export interface JobFollower {
  waits(job: OutboxJob): void;
  /** the job is in the ledger no more */
  gone(id: string): void;
  /** all jobs of an earlier process have been told; called again when the ledger is read again */
  loaded(): void;
}
