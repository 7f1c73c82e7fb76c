import { randomUUID } from 'node:crypto';
import type { Call } from '../contract';
import { LinktorError, partlyDone } from '../errors';
import type { AnswerFacts, CallOptions } from './options';
import { ACKNOWLEDGED } from './response';
import { verifyWrite } from './verify';

/** Perform one call with its attempts. @param withinMs a shorter limit than usual, milliseconds */
export type RunCall = <T>(call: Call<T>, options: CallOptions, withinMs?: number) => Promise<T>;

/** Maximum duration of one check of the outcome of a write. */
const VERIFY_TIMEOUT_MS = 15_000;

/**
 * Run the parts of an operation in sequence, and verify each whose outcome is unknown.
 * @throws LinktorError; ambiguous when an earlier part has already succeeded
 */
export function runParts<T>(call: Call<T>, options: CallOptions, run: RunCall, signal: AbortSignal): Promise<T> {
  if (call.after || call.verify) return runInSequence(call, options, run, signal);
  return call.acknowledged ? runAcknowledged(call, options, run) : run(call, options);
}

async function runInSequence<T>(call: Call<T>, options: CallOptions, run: RunCall, signal: AbortSignal): Promise<T> {
  let part: Call<unknown> = call;
  let facts: AnswerFacts | undefined;
  // Only the last answer is the operation's: the last part may need none.
  let own: CallOptions = { ...options, onAnswer: (given) => (facts = given) };
  let written = 0;
  for (;;) {
    let answer: unknown;
    try {
      answer = await runVerified(part, own, run, signal);
    } catch (error) {
      throw written > 0 ? undecided(error, written) : error;
    }
    if (!part.after) {
      if (facts) options.onAnswer?.(facts);
      return answer as T;
    }
    if (part.kind !== 'read') {
      written++;
      // A key identifies one write only.
      const { idempotencyKey: _used, ...rest } = own;
      own = rest;
    }
    part = part.after(answer);
  }
}

/** The write has succeeded without returning the entity: read it, or fall back to its id. */
async function runAcknowledged<T>(call: Call<T>, options: CallOptions, run: RunCall): Promise<T> {
  const { acknowledged } = call;
  const answer: unknown = await run(call, options);
  if (answer !== ACKNOWLEDGED || !acknowledged) return answer as T;
  return run(acknowledged.read, {}, VERIFY_TIMEOUT_MS).catch(() => acknowledged.minimal);
}

/** @param written number of writes that have been made */
function undecided(error: unknown, written: number): unknown {
  if (!(error instanceof LinktorError)) return error;
  const hint = 'A part of it has been done: look before you repeat it.';
  const said = written === 1 ? 'its first write has been made' : `${written} of its writes have been made`;
  const { code, message, cause } = partlyDone(error, said, { written }, hint);
  return new LinktorError(code, message, { ...cause, hint, ambiguous: true, retryable: false });
}

/** The server has restarted since, and does not have the write. */
function undone(error: unknown): unknown {
  if (!(error instanceof LinktorError)) return error;
  const hint = 'The server was started anew and does not have it: nothing was done, so do it again.';
  return new LinktorError(error.code, error.message, { ...error.cause, hint, ambiguous: false, retryable: true });
}

async function runVerified<T>(call: Call<T>, options: CallOptions, run: RunCall, signal: AbortSignal): Promise<T> {
  const { verify } = call;
  if (!verify) return runAcknowledged(call, options, run);
  const key = options.idempotencyKey ?? randomUUID();
  const marked = call.bodyWithKey ? { ...call, body: call.bodyWithKey(key) } : call;
  try {
    return await runAcknowledged(
      marked,
      { ...options, idempotencyKey: options.idempotencyKey === null ? null : key },
      run,
    );
  } catch (error) {
    const { ambiguous = false, status } = error instanceof LinktorError ? error.cause : {};
    if (!ambiguous && (status === undefined || status !== verify.status)) throw error;
    const look = () => run(verify.read(key, status), { maxRetries: 0 }, VERIFY_TIMEOUT_MS);
    const result = await verifyWrite(look, ambiguous, signal);
    if (result === undefined) throw error;
    if (result === 'undone') throw undone(error);
    if ('failed' in result) throw result.failed;
    return result.done;
  }
}
