import { sleep } from './sleep';

/** A handler that was cut off may still be at work: a look that finds nothing is repeated after this time. */
export const LOOK_AGAIN_MS = 1000;

/**
 * Find out whether a write without a clear answer took effect.
 * @param look reads the state; undefined when it shows nothing
 * @param isUnclear the write may still be under way, so one look that finds nothing is not enough
 * @returns the result of the look-up, or undefined: a failed look-up leaves the outcome unknown
 */
export async function lookAgain<T>(
  look: () => Promise<T | undefined>,
  isUnclear: boolean,
  signal?: AbortSignal,
): Promise<T | undefined> {
  try {
    const first = await look();
    if (first !== undefined || !isUnclear) return first;
    await sleep(LOOK_AGAIN_MS, signal);
    return await look();
  } catch {
    return undefined;
  }
}
