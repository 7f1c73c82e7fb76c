import type { ServerResponse } from 'node:http';
import type { HttpHandler as Handler, HttpNext as Next, RED, HttpRequest as Request } from '../red';

/** Run Node-RED's configured middleware, which Node-RED applies to its own nodes only. */
export function afterMiddleware(
  red: RED,
  request: Request,
  response: ServerResponse,
  next: Next,
  then: () => void,
): void {
  const given = red.settings.httpNodeMiddleware;
  const [first, ...rest] = Array.isArray(given) ? given : given ? [given] : [];
  if (!first) return then();
  const run = (handler: Handler, others: Handler[]): void => {
    // A middleware may throw, reject and call next: only the first signal counts.
    const goOn = onlyOnce((error?: unknown) => {
      const [following, ...remaining] = others;
      if (error) next(error);
      else if (following) run(following, remaining);
      else then();
    });
    try {
      const promised: unknown = handler(request, response, goOn);
      if (promised instanceof Promise) promised.catch((error: unknown) => goOn(error ?? new Error('It was refused.')));
    } catch (error) {
      goOn(error ?? new Error('It was refused.'));
    }
  };
  run(first, rest);
}

function onlyOnce<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  let isDone = false;
  return (...args) => {
    if (isDone) return;
    isDone = true;
    act(...args);
  };
}
