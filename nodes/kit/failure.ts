import { LinktorError } from '../../lib/errors';

/** Anything thrown becomes the one error that Catch nodes can use. Nothing of an unknown error but its text survives. */
export function failure(thrown: unknown): LinktorError {
  if (thrown instanceof LinktorError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LinktorError('unexpected', message || 'Something unexpected happened.');
}

/** A read that its own node gave up when it closed: nobody waits for it any more. */
export function isSilent(error: LinktorError, closing: boolean): boolean {
  return closing && error.code === 'unexpected' && !error.cause.ambiguous && !error.cause.retryable;
}
