import { type LinktorError, toLinktorError } from '../../lib/errors';

/** Anything thrown becomes the one error that Catch nodes can use. Of a foreign error only its text survives. */
export function failure(thrown: unknown): LinktorError {
  return toLinktorError(thrown);
}

/** A read that its own node gave up when it closed: nobody waits for it any more. */
export function isSilent(error: LinktorError, closing: boolean): boolean {
  return closing && error.code === 'unexpected' && !error.cause.ambiguous && !error.cause.retryable;
}
