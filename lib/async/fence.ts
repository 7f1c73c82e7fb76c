/**
 * Wrap a callback of a timer or socket. It has no caller to catch an error, which would end the process.
 * @param onError receives errors of `act`; its own errors are dropped
 * @returns a function that calls `act` and never throws
 */
export function fence<A extends unknown[]>(
  act: (...args: A) => void,
  onError: (error: unknown) => void = () => {},
): (...args: A) => void {
  return (...args) => {
    try {
      act(...args);
    } catch (error) {
      try {
        onError(error);
      } catch {
        // There is no further handler.
      }
    }
  };
}
