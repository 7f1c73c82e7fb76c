import type { Dialogue, DialoguePlace } from './dialogue';

/** A smaller difference may come from the estimates: an answer of the server tells whole seconds, and takes time. */
const MIN_DIFFERENCE_MS = 5000;

/**
 * @param places of a question that the server has just taken
 * @returns milliseconds by which its clock is ahead of ours, by the time that it gave to the question
 */
export function aheadBy([place]: readonly DialoguePlace[]): number | undefined {
  if (place?.since === undefined) return undefined;
  const ahead = place.since - Date.now();
  return Math.abs(ahead) < MIN_DIFFERENCE_MS ? 0 : ahead;
}

/**
 * The times in a record are those of the clock of the process that asked. Another instance may have another clock, and
 * a clock may have been set since; the server's is the same for all.
 * @param ahead milliseconds by which the server's clock is ahead of ours; undefined while unknown
 * @returns milliseconds by which the clock of the record is ahead of ours
 */
export function skewOf({ asked, askedThere }: Dialogue, ahead: number | undefined): number {
  if (askedThere === undefined || ahead === undefined) return 0;
  const skew = ahead - (askedThere - asked);
  return Math.abs(skew) < MIN_DIFFERENCE_MS ? 0 : skew;
}
