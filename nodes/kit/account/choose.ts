import { invalid } from '../../../lib/errors';
import type { Msg, RED, Stored } from '../red';
import { configOf } from './config-node';

/** @returns the ids of the accounts that a node may use: its own first, then those that messages may choose */
export function accountIds({ config, accounts }: Stored): string[] {
  const own = String(config ?? '');
  const others = (Array.isArray(accounts) ? accounts : [accounts]).map((id) => String(id ?? ''));
  const named = others.filter((id) => id !== '' && id !== own);
  return [own, ...new Set(named)];
}

/**
 * Return the id of the account for a message: the one named in `msg.account`, by default the node's own. Where messages
 * may choose none, `msg.account` is not read.
 * @throws LinktorError `validation` that names the accounts to choose from
 */
export function chosenAccount(red: RED, stored: Stored, { account }: Readonly<Msg>): string {
  const ids = accountIds(stored);
  const [own = ''] = ids;
  if (ids.length === 1 || account === undefined || account === null || account === '') return own;
  const named = ids.map((id) => [id, nameOf(red, id)] as const).filter(([, name]) => name !== '');
  const wanted = typeof account === 'string' ? account.trim() : '';
  const [found, second] = named.filter(([, name]) => name === wanted);
  if (found && !second) return found[0];
  // The value itself is not repeated: it may be a key.
  const names = named.map(([, name]) => `"${name}"`).join(', ');
  throw second
    ? invalid(
        `Two accounts of this node have the name "${wanted}".`,
        'Give each account a name of its own, and deploy.',
      )
    : invalid(
        'msg.account names no account that this node may use.',
        names === '' ? 'Give the accounts names, and deploy.' : `Set msg.account to one of ${names}, or delete it.`,
      );
}

function nameOf(red: RED, id: string): string {
  const { account, name } = configOf(red, { config: id }) ?? {};
  return account ? (name ?? '').trim() : '';
}

/** Notifies nodes when an account that they may use is deployed again: Node-RED restarts them for their own one only. */
export class AccountChanges {
  readonly #watchers = new Map<string, Set<() => void>>();

  /** @returns the function that ends it */
  watch(id: string, act: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(act));
    return () => {
      watchers.delete(act);
      if (watchers.size === 0) this.#watchers.delete(id);
    };
  }

  announce(id: string): void {
    for (const act of [...(this.#watchers.get(id) ?? [])]) act();
  }
}
