import { type Ledger, moveRecords, SharedLedger } from '../../../lib/ledger/index';
import { SharedStore } from '../../../lib/shared/index';
import { fenced } from '../fence';
import { ForgottenPeople } from './forgotten';
import { type InstancesSettings, prefixFor } from './instances';
import { forgetSeveral, wasSeveral } from './moved';

/** the lease of an instance that was killed ends by then, in milliseconds */
const MAX_LEASE_WAIT_MS = 17_000;

/**
 * Fetch what an account has left in the store of several instances, once it is to run as one again. Nothing is done for
 * accounts that always were one. While others still share the store, it stays there.
 *
 * @param own the account's own ledger
 * @throws LinktorError `storage`, when the store cannot be reached: the next start tries again
 */
export async function comeBack(
  own: Ledger,
  settings: Omit<InstancesSettings, 'local'>,
  waitMs = MAX_LEASE_WAIT_MS,
): Promise<void> {
  if (!(await wasSeveral(own))) return;
  const { redisUrl: url, storePassword: password, tls, keepDays, credential, log } = settings;
  let settle: (isOurs: boolean) => void = () => {};
  const leading = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  const store = await SharedStore.open({
    ...{ url, password, tls, prefix: prefixFor(settings), name: settings.instanceName },
    onLeadership: ({ isOurs }) => isOurs && settle(true),
    onState() {},
    onMembers() {},
  });
  const timer = setTimeout(
    fenced(() => settle(false)),
    waitMs,
  );
  const shared = new SharedLedger({ connect: async () => store.connection, keepDays });
  try {
    await store.connection.ready();
    if (!(await leading)) {
      log.warn('other instances still share the store, so its questions, variables and messages stay there');
      return;
    }
    const ahead = () => store.members.ahead ?? 0;
    await new ForgottenPeople({ own: () => own, shared, credential, ahead }).apply();
    for (const { key, value } of await own.list<{ origin?: { writer: string; number: number } }>('held')) {
      await shared.put('outbox', key, value, { ...(value.origin && { once: value.origin }) });
      await own.delete('held', key);
    }
    const moved = await moveRecords(shared, own);
    await forgetSeveral(own);
    log.info(`as one instance again: ${moved} records have been fetched from the store`);
  } finally {
    clearTimeout(timer);
    await shared.close();
    await store.close();
  }
}
