/**
 * Callbacks of timers and sockets have no caller that could catch: an error would end the process.
 * @param onError gets errors of `act`; its own errors are dropped
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
