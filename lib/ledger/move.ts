import type { Ledger, Namespace } from './ledger';

/** what follows an account that changes between one and several instances */
const MOVED = ['ask', 'form', 'var', 'pause', 'optout', 'outbox'] as const satisfies readonly Namespace[];

/**
 * Move what people rely on to another ledger: open questions, variables, takeovers, opt-outs and
 * messages that wait to be sent. What is there already
 * stays as it is. After a failure a second call goes on.
 *
 * @returns the number of records
 * @throws LinktorError `storage`, `rate_limit`
 */
export async function moveRecords(from: Ledger, to: Ledger): Promise<number> {
  let moved = 0;
  for (const namespace of MOVED) {
    for (const { key, value, due, tags } of await from.list(namespace)) {
      if ((await to.get(namespace, key)) === undefined) {
        await to.put(namespace, key, value, { tags, onDisk: true, ...(due !== undefined && { due }) });
        moved++;
      }
      await from.delete(namespace, key);
    }
  }
  return moved;
}
