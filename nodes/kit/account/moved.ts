import type { Ledger } from '../../../lib/ledger/index';

/** key of the record that says how many instances the account had last */
const KEY = 'instances';

/** Remember in an instance's own ledger that the records of its account lie in the store of several. */
export async function noteSeveral(own: Ledger): Promise<void> {
  await own.put('account', KEY, 'several');
}

/** @returns whether the records of the account lie in the store of several instances */
export async function wasSeveral(own: Ledger): Promise<boolean> {
  return (await own.get('account', KEY)) !== undefined;
}

/** Forget that the account had several instances. @throws LinktorError `storage` */
export async function forgetSeveral(own: Ledger): Promise<void> {
  await own.delete('account', KEY);
}
