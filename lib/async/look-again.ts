import { sleep } from './sleep';

/** A handler may still be running after its connection was cut: an empty look-up is repeated after this time. */
export const LOOK_AGAIN_MS = 1000;

/**
 * Find out whether a write with an unclear outcome took effect.
 * @param look reads the state; undefined when the write does not show
 * @param isUnclear the write may still be in progress, so a single empty look-up is not enough
 * @returns the result of the look-up; undefined when it is empty or fails, which leaves the outcome unknown
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
