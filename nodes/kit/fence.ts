import { type LinktorError, toLinktorError } from '../../lib/errors';

/**
 * Wrap a callback of timers, listeners and promises: errors and rejections are reported and not propagated, because an
 * exception outside of a message ends Node-RED. Third-party code runs in nearly every callback: context stores,
 * listeners of statuses and logs, flows.
 * @param report handles the error, and may fail itself; by default the error is dropped, where it is only a notice
 */
export function fenced<A extends unknown[]>(
  act: (...args: A) => unknown,
  report?: (problem: LinktorError) => void,
): (...args: A) => void {
  return (...args) => runFenced(act, report, ...args);
}

/** Run `act` at once, as a {@link fenced} callback. */
export function runFenced<A extends unknown[]>(
  act: (...args: A) => unknown,
  report: ((problem: LinktorError) => void) | undefined,
  ...args: A
): void {
  try {
    const result = act(...args);
    if (result instanceof Promise) result.catch((thrown: unknown) => tell(thrown, report));
  } catch (thrown) {
    tell(thrown, report);
  }
}

function tell(thrown: unknown, report: ((problem: LinktorError) => void) | undefined): void {
  try {
    report?.(toLinktorError(thrown));
  } catch {
    // The report itself has failed: nothing is left to do.
  }
}
