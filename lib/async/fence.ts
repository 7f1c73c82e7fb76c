/**
 * Wrap a callback of a timer, a socket or a listener. It has no caller to catch an error or a rejected promise, which
 * would end the process.
 * @param onError receives errors of `act`; its own errors are dropped
 * @returns a function that calls `act` and never throws
 */
export function fence<A extends unknown[]>(
  act: (...args: A) => unknown,
  onError?: (error: unknown) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      const result = act(...args);
      if (result instanceof Promise) detach(result, onError);
    } catch (error) {
      tell(error, onError);
    }
  };
}

/** Let work go on that nobody waits for. @param onError as for {@link fence} */
export function detach(work: Promise<unknown>, onError?: (error: unknown) => void): void {
  work.catch((error: unknown) => tell(error, onError));
}

function tell(error: unknown, onError: ((error: unknown) => void) | undefined): void {
  try {
    onError?.(error);
  } catch {
    // There is no further handler.
  }
}
