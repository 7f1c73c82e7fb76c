/**
 * Callbacks of timers and sockets have no caller that could catch: what they throw would end the process.
 * @param onError gets what `act` throws; what it throws itself is lost
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
        // Nobody is left to tell.
      }
    }
  };
}
