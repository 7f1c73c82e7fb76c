import { LinktorError } from '../errors';
import type { OutboxJob } from './job';

const HOUR_MS = 3_600_000;

/** The request has left and its outcome is unknown; a retry could send the message twice. */
export function unclearError(job: OutboxJob): LinktorError {
  return new LinktorError('unexpected', 'It is not known whether the message was sent, so it is not sent again.', {
    hint: 'Look into the conversation. Where the server honours Idempotency-Key, say so in the account: such messages are then sent again.',
    ambiguous: true,
    details: { outbox: job.id, attempts: job.attempts, conversationId: job.conversationId },
  });
}

/** @param last the last failure of a send */
export function tooOldError(job: OutboxJob, maxAgeMs: number, last: LinktorError | undefined): LinktorError {
  const hours = Math.round(maxAgeMs / HOUR_MS);
  const why = last ? ` The last failure: ${last.message}` : '';
  return new LinktorError(
    'timeout',
    `The message has waited for ${hours} h in the outbox and is not sent any more.${why}`,
    {
      hint: 'Send it again, or raise the field "Longest wait" of the Linktor account.',
      ambiguous: job.state === 'leaving',
      details: { outbox: job.id, attempts: job.attempts, ...(last && { reason: last.code }) },
    },
  );
}

/** Somebody has deleted the job while it was being sent. */
export function goneError({ id }: OutboxJob): LinktorError {
  return new LinktorError('storage', 'The message has been deleted from the outbox.', { details: { outbox: id } });
}

/** @returns the error for a message that finds no room @param maxPending messages that may wait */
export function fullError(maxPending: number): LinktorError {
  return new LinktorError('rate_limit', `${maxPending} messages wait in the outbox already.`, {
    hint: 'Send more slowly, or raise the field "At most" of the Linktor account.',
    retryable: true,
  });
}

/** @returns true for a failure unrelated to the message itself, which may pass */
export function isPassing({ code, cause }: LinktorError): boolean {
  return (
    cause.retryable || code === 'authentication' || code === 'storage' || code === 'network' || code === 'rate_limit'
  );
}

/** @returns the failure of a part, with the ids of the parts already sent, so that they are not sent again */
export function partError({ sent }: OutboxJob, error: LinktorError): LinktorError {
  if (sent.length === 0) return error;
  const failedPart = sent.length + 1;
  return new LinktorError(error.code, `Part ${failedPart} was not sent: ${error.message}`, {
    ...error.cause,
    retryable: false,
    details: { sent: sent.map(({ id }) => id), failedPart, reason: error.cause.details },
  });
}
