import { invalid } from '../../../lib/errors';
import { type RED, type RunningNode, runningNode, type Stored } from '../red';
import type { Account } from './account';

export interface ConfigNode extends RunningNode {
  account?: Account;
  /** where the stored credentials may go */
  deployedUrl?: string;
  deployedSocketUrl?: string;
  /** Node-RED gives a config node's errors to the Catch nodes of these */
  users: Record<string, RunningNode>;
}

/** @returns the config node that a node works with */
export function configOf(red: RED, stored: Stored): ConfigNode | undefined {
  return runningNode<ConfigNode>(red, stored.config);
}

/** @throws LinktorError `validation` when the node has no usable config node */
export function accountOf(red: RED, stored: Stored): Account {
  const account = configOf(red, stored)?.account;
  if (account) return account;
  throw invalid(
    'No Linktor config node is set, or it is disabled.',
    'Choose one in the dialog of this node and deploy.',
  );
}
