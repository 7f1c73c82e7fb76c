import type { LinktorError } from '../errors';

/** A part of a message that the server has taken. */
export interface SentPart {
  id: string;
  status?: string;
  /** ISO 8601 */
  createdAt?: string;
}

/** How a job ended. An error is plain data, for it may be reported by the next process. */
export type JobOutcome =
  | { result: Record<string, unknown> }
  | { error: Pick<LinktorError, 'code' | 'message' | 'cause'> };

/** A message that waits to be sent, as the ledger keeps it. */
export interface OutboxJob {
  /** in the order in which they came */
  readonly id: string;
  /** the node that is notified of its outcome */
  readonly nodeId: string;
  /** jobs of one lane leave one after the other, in their order */
  readonly lane: string;
  /** milliseconds of the clock */
  readonly queued: number;
  /**
   * queued: nothing is under way. leaving: the next part may have left, and only the server knows. watching: all parts have
   * been taken, and its delivery is waited for. ended: its node has still to be notified
   */
  readonly state: 'queued' | 'leaving' | 'watching' | 'ended';
  /** how often it was tried in vain */
  readonly attempts: number;
  /** where it goes, once that has been found out */
  readonly conversationId?: string;
  readonly sent: readonly SentPart[];
  /** what there is to send; the processor's own */
  readonly work: unknown;
  /** what is kept of the message of the flow, and what of it was left out */
  readonly carried: Record<string, unknown>;
  readonly dropped: readonly string[];
  /** watching: what was sent */
  readonly result?: Record<string, unknown>;
  readonly outcome?: JobOutcome;
}

/** Callbacks of a processor while it delivers. */
export interface Progress {
  /** Before a request leaves; it must not leave when this fails. @throws LinktorError `storage` */
  leaving(conversationId: string): Promise<void>;
  /** The server has taken a part. */
  taken(part: SentPart, isLast: boolean): Promise<void>;
}

/** Sends jobs to the server. */
export interface JobProcessor {
  /** the server honours the key of a request, so that one of unknown outcome may be sent again */
  readonly isIdempotent: boolean;
  /**
   * Sends what has not been sent of it.
   * @returns what was sent
   * @throws LinktorError; `ambiguous` when it may have been sent
   */
  deliver(job: OutboxJob, progress: Progress, signal: AbortSignal): Promise<Record<string, unknown>>;
  /** @returns the part that may have left, where the server has it @throws LinktorError when that cannot be known now */
  find(job: OutboxJob, signal: AbortSignal): Promise<SentPart | undefined>;
  /** @returns whether its delivery is waited for */
  isWatched(job: OutboxJob): boolean;
  /** @param job with what was sent @returns that, with the status it has got @throws LinktorError */
  watch(job: OutboxJob, signal: AbortSignal): Promise<Record<string, unknown>>;
}

/** A node that puts jobs into the outbox. */
export interface JobListener {
  sent(job: OutboxJob, result: Record<string, unknown>): void | Promise<void>;
  failed(job: OutboxJob, error: LinktorError): void;
}
