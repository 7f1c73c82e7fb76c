import type { ActionContext, Outcome } from '../define';

/** A row of a list that failed on its own, while others went through. */
export interface FailedRow {
  /** place in the list, from 0 */
  index: number;
  error: { code: string; message: string; cause: unknown };
}

/** A row, or a file of a folder. */
type Failed = Pick<FailedRow, 'error'> & ({ index: number } | { file: string });

/** rows named in a warning */
const MAX_NAMED = 5;

/**
 * Warn of the rows that failed.
 * @param heading of the warning
 * @param total number of rows
 * @returns the status of a run that went through in part; nothing when no row failed
 */
export function partlyDone(
  { warn }: Pick<ActionContext<unknown>, 'warn'>,
  heading: string,
  { total, failed }: { total: number; failed: readonly Failed[] },
): Pick<Outcome, 'status' | 'figures'> {
  if (failed.length === 0) return {};
  const reasons = failed
    .slice(0, MAX_NAMED)
    .map((one) => `${'file' in one ? one.file : `row ${one.index + 1}`}: ${one.error.message}`);
  const more = failed.length > MAX_NAMED ? [`and ${failed.length - MAX_NAMED} more`] : [];
  warn(`${heading}\n${[...reasons, ...more].join('\n')}`);
  return { status: 'partly_done', figures: { done: total - failed.length, failed: failed.length } };
}
