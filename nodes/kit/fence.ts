import { type LinktorError, toLinktorError } from '../../lib/errors';

/**
 * Wrap a callback of timers, listeners and promises: errors and rejections are reported and not propagated, because an
 * exception outside of a message ends Node-RED. Third-party code runs in nearly every callback: context stores,
 * listeners of statuses and logs, flows.
 * @param report handles the error, and may fail itself; by default the error is dropped, where it is only a notice
 */
export function fenced<A extends unknown[]>(
  act: (...args: A) => unknown,
  report: (problem: LinktorError) => void = () => {},
): (...args: A) => void {
  const tell = (thrown: unknown) => {
    try {
      report(toLinktorError(thrown));
    } catch {
      // The report itself has failed: nothing is left to do.
    }
  };
  return (...args) => {
    try {
      const result = act(...args);
      if (result instanceof Promise) result.catch(tell);
    } catch (thrown) {
      tell(thrown);
    }
  };
}
