import { type LinktorError, toLinktorError } from '../../../lib/errors';
import type { LiveSide } from '../account/led-realtime';
import type { TriggerContext } from '../define';
import { fenced, runFenced } from '../fence';
import type { Hook } from '../http/routes';

type Served = Parameters<TriggerContext<unknown>['serve']>[0];

interface Serving {
  realtime: Pick<LiveSide, 'isReady' | 'ready'>;
  isClosed(): boolean;
}

/**
 * Return the hook of a trigger: an exception of its code is reported, and answered with 500. A closed trigger has no
 * flow any more: it accepts nothing, and the sender tries again.
 */
export function hookOf(
  { path, maxBytes, timeoutMs, receive, refuse }: Served,
  owner: string,
  { realtime, isClosed }: Serving,
  report: (problem: LinktorError) => void,
): Hook {
  const failed = (thrown: unknown) => {
    runFenced(report, undefined, toLinktorError(thrown));
    return 500;
  };
  const take = (request: Parameters<typeof receive>[0]) => {
    if (isClosed()) return 503;
    try {
      const status = receive(request);
      return status instanceof Promise ? status.catch(failed) : status;
    } catch (thrown) {
      return failed(thrown);
    }
  };
  return {
    ...{ path, maxBytes, timeoutMs, owner },
    // Events accepted by an earlier process must be known first.
    receive: (request) => (realtime.isReady ? take(request) : realtime.ready.then(() => take(request))),
    refuse: fenced(refuse, report),
  };
}
