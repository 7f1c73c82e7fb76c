import { fence } from '../async/fence';

/** Milliseconds that a context store may take to answer. */
const MAX_ANSWER_MS = 30_000;

/**
 * Ask a context store, which others have written: it may throw, answer with an error, or never answer.
 * @param ask starts the request; `done` may be called at once, later, twice or never
 * @throws whatever the store has thrown or answered; an Error after 30 s without an answer
 */
export function contextAnswer<T>(ask: (done: (error: unknown, value?: T) => void) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let isDone = false;
    const settle = (act: () => void) => {
      isDone = true;
      clearTimeout(timer);
      act();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    try {
      ask((error, value) => (error ? fail(error) : settle(() => resolve(value))));
    } catch (error) {
      fail(error);
    }
    // Most stores answer at once.
    if (!isDone) {
      timer = setTimeout(
        fence(() => fail(new Error(`the context store did not answer within ${MAX_ANSWER_MS / 1000} s`))),
        MAX_ANSWER_MS,
      );
    }
  });
}
