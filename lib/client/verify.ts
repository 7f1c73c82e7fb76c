import { LOOK_AGAIN_MS } from '../async/look-again';
import { sleep } from '../async/sleep';
import { LinktorError } from '../errors';

/** Number of checks while a server does not answer or restarts. */
const RESTART_LOOKS = 10;

/**
 * Find out whether a write without a clear answer took effect.
 * @param look reads the state once; undefined when it proves nothing
 * @param isUnclear the write may still be in progress, so one check without a result is not enough
 * @returns the result; `undone` when the server has restarted meanwhile and does not have the write; undefined when the
 * outcome stays unknown
 */
export async function verifyWrite<T>(
  look: () => Promise<T | undefined>,
  isUnclear: boolean,
  signal: AbortSignal,
): Promise<T | 'undone' | undefined> {
  let hasEnded = false;
  let hasAnswered = false;
  for (let looks = 0; looks < RESTART_LOOKS && !signal.aborted; looks++) {
    if (looks > 0) await sleep(LOOK_AGAIN_MS, signal);
    try {
      const found = await look();
      if (found !== undefined) return found;
      if (hasEnded) return 'undone';
      if (!isUnclear || hasAnswered) return undefined;
      hasAnswered = true;
    } catch (error) {
      if (!(error instanceof LinktorError) || error.code !== 'network') return undefined;
      hasEnded ||= isGone(error);
    }
  }
  return undefined;
}

/** The connection was refused: the process that may have handled the write has ended. */
function isGone({ message }: LinktorError): boolean {
  return message.includes('ECONNREFUSED');
}
