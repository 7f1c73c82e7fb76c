import { toLinktorError } from '../../../lib/errors';
import type { Ledger } from '../../../lib/ledger/index';
import type { Delivery, Realtime } from '../../../lib/realtime/index';
import { fenced, runFenced } from '../fence';
import type { Instances } from './instances';
import { LedRealtime } from './led-realtime';
import type { AccountHost, AccountLog } from './settings';
import { SharedEvents } from './shared-events';

export interface LeadParts {
  /** @param given where its memory is kept; by default where that of the leader is */
  make(given?: { ledger: Ledger | undefined }): Realtime;
  /** an event is about to be delivered to the flows of this instance */
  onDelivery(delivery: Delivery): void;
  /** another instance may have changed who is in charge */
  refresh(): Promise<void>;
  whenStarted: AccountHost['whenStarted'];
  log: AccountLog;
  /** @param end to be called when the account closes */
  onEnd(end: () => void): void;
}

/** Create a live side that is connected while this instance leads, or works alone. */
export function ledBy(instances: Instances, parts: LeadParts): LedRealtime {
  const { make, refresh, onDelivery, whenStarted, log, onEnd } = parts;
  const shared = instances.sharesAll
    ? new SharedEvents({ instances, onDelivery, refresh, log, whenStarted })
    : undefined;
  let ending: Promise<void> | undefined;
  const led: LedRealtime = new LedRealtime({
    make: shared
      ? () =>
          shared.lead(
            (ledger) => make({ ledger }),
            () => led.restart(),
          )
      : make,
    // From now on: what was missed before is fetched by the one that leads when the store is back.
    makeAlone: () => {
      const alone = () => make({ ledger: undefined });
      return shared ? shared.alone(alone) : alone();
    },
    isAlone: () => instances.alone.isSo,
    shared,
    isHeld: () => instances.leads,
    standing: () => instances.standing,
    isReachable: () => instances.isStoreReady,
    note: (keys) => instances.lanes.note(keys),
    onEnded: (ended) => {
      ending = ended.catch(() => undefined);
    },
  });
  onEnd(instances.onChange(() => led.update()));
  onEnd(
    instances.alone.onEnd(async () => {
      await ending;
      await instances.lanes.note(led.takeDelivered());
    }),
  );
  onEnd(instances.whenLeading(() => instances.leads && runFenced(() => refresh(), undefined)));
  instances.open().then(
    fenced(() => led.update()),
    (error: unknown) => log.error(toLinktorError(error)),
  );
  return led;
}
