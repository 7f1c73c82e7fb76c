import { randomUUID } from 'node:crypto';
import { sleep } from '../async/sleep';
import type { Call, Verification, VerifyResult } from '../contract';
import { LinktorError } from '../errors';
import type { CallOptions } from './index';

/** One call with its attempts. @param within milliseconds, where it may not take as long as the others */
export type Run = <T>(call: Call<T>, options: CallOptions, within?: number) => Promise<T>;

/** How long a look may take that only tells what became of a write. */
const patience = 15_000;
/** A handler that was cut off may still be at work: a look that shows nothing is made once more, so long after. */
const again = 1000;

/** All parts of an operation, one after the other, and the looks that tell what became of them. */
export async function operate<T>(call: Call<T>, options: CallOptions, run: Run, signal: AbortSignal): Promise<T> {
  if (!call.after && !call.verify) return run(call, options);
  let part: Call<unknown> = call;
  let own = options;
  let written = false;
  for (;;) {
    const { onAnswer: _last, ...quiet } = own;
    let answer: unknown;
    try {
      answer = await settled(part, part.after ? quiet : own, run, signal);
    } catch (error) {
      throw written ? halfway(error) : error;
    }
    if (!part.after) return answer as T;
    if (part.kind !== 'read') {
      written = true;
      // A key stands for one write.
      const { idempotencyKey: _used, ...rest } = own;
      own = rest;
    }
    part = part.after(answer);
  }
}

/** Something has been done already, and the rest may have been. */
function halfway(error: unknown): unknown {
  if (!(error instanceof LinktorError)) return error;
  const hint = 'A part of it has been done: look before you repeat it.';
  return new LinktorError(error.code, error.message, { ...error.cause, hint, ambiguous: true, retryable: false });
}

async function settled<T>(call: Call<T>, options: CallOptions, run: Run, signal: AbortSignal): Promise<T> {
  const { verify: settle } = call;
  if (!settle) return run(call, options);
  const key = options.idempotencyKey ?? randomUUID();
  const marked = call.bodyWithKey ? { ...call, body: call.bodyWithKey(key) } : call;
  try {
    return await run(marked, { ...options, idempotencyKey: options.idempotencyKey === null ? null : key });
  } catch (error) {
    const { ambiguous, status } = error instanceof LinktorError ? error.cause : {};
    if (!ambiguous && (status === undefined || status !== settle.status)) throw error;
    const outcome = await look(settle, key, ambiguous === true, run, signal);
    if (outcome === undefined) throw error;
    if ('failed' in outcome) throw outcome.failed;
    return outcome.done;
  }
}

async function look<T>(
  settle: Verification<T>,
  key: string,
  twice: boolean,
  run: Run,
  signal: AbortSignal,
): Promise<VerifyResult<T> | undefined> {
  try {
    const first = await run(settle.read(key), {}, patience);
    if (first !== undefined || !twice) return first;
    await sleep(again, signal);
    return await run(settle.read(key), {}, patience);
  } catch {
    // What cannot be looked at stays as unknown as it was: the caller hears of the write itself.
    return undefined;
  }
}
