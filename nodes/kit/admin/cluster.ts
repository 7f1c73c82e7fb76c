import { invalid, LinktorError, toLinktorError } from '../../../lib/errors';
import type { ClusterFacts, InstanceAction } from '../../sidebar/types';
import type { Account } from '../account/account';

/** instances shown */
const MAX_LINES = 50;

/** @returns the instances of an account, the longest-serving first; nothing with a single instance */
export async function clusterOf(account: Account | undefined): Promise<{ cluster?: ClusterFacts }> {
  const all = account?.instances;
  if (!account || !all) return {};
  const held = heldBy(account);
  try {
    const { instances, outbox } = await all.overview();
    const sorted = [...instances].sort((one, other) => one.since - other.since);
    return {
      cluster: {
        instances: sorted
          .slice(0, MAX_LINES)
          .map(({ name, isSelf, leads, isDraining, since, lanes: number, waiting }) => ({
            ...{ name, isSelf, leads, isDraining, since },
            ...(all.sharesAll && { lanes: { number, waiting } }),
          })),
        instancesInAll: instances.length,
        outbox,
        held,
      },
    };
  } catch (thrown) {
    const { code: problem } = toLinktorError(thrown);
    return { cluster: { instances: [], instancesInAll: 0, outbox: 0, held, problem } };
  }
}

/** @returns the number of messages on the disk of this instance */
function heldBy(account: Account): number {
  try {
    return account.outbox()?.held ?? 0;
  } catch {
    // An outbox that cannot be durable says so at its nodes.
    return 0;
  }
}

/**
 * Act on the instance of this Node-RED.
 * @throws LinktorError `validation` for an unknown action; `not_found` when there is nothing to hand over, or nobody to
 * hand it to; `storage`
 */
export async function actOnInstance(account: Account | undefined, { action }: Partial<InstanceAction>): Promise<void> {
  const all = account?.instances;
  if (!all) throw invalid('This account has a single instance.');
  if (action === 'join') return all.drain(false);
  if (action !== 'handOver' && action !== 'drain') throw invalid('The action is unknown.');
  const { instances } = await all.overview();
  if (!instances.some(({ isSelf, isDraining }) => !isSelf && !isDraining))
    throw new LinktorError('not_found', 'There is no other instance that could take over.');
  if (action === 'drain') return all.drain(true);
  if (!all.leads) throw new LinktorError('not_found', 'This instance does not lead any more.');
  await all.handOver();
}
