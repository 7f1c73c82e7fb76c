import { type LinktorError, toLinktorError } from '../../lib/errors';

/**
 * Make a callback that timers, listeners and promises may call: what it throws or rejects with is reported and goes no
 * further, for outside of a message an exception ends Node-RED. Code of others runs in nearly every callback: context
 * stores, listeners of statuses and logs, flows.
 * @param report what to do with the problem; it may fail itself. By default nobody is told, where that is only a notice
 */
export function fenced<A extends unknown[]>(
  act: (...args: A) => unknown,
  report: (problem: LinktorError) => void = () => {},
): (...args: A) => void {
  const tell = (thrown: unknown) => {
    try {
      report(toLinktorError(thrown));
    } catch {
      // There is nobody left who could be told.
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
