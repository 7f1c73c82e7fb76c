import { invalid, type LinktorError } from '../../../lib/errors';
import { type RED, type RunningNode, runningNode, type Stored } from '../red';
import type { Account } from './account';

export interface ConfigNode extends RunningNode {
  account?: Account;
  /** addresses for the stored credentials */
  deployedUrl?: string;
  deployedSocketUrl?: string;
  deployedNatsUrl?: string;
  /** choices that may come from variables */
  deployedChoices?: { contract: string; signIn: string; receive: string };
  /** nodes whose Catch nodes receive the errors of this config node */
  users: Record<string, RunningNode>;
}

/** A config node that provides a value other than an account. */
export interface ProviderNode extends RunningNode {
  provided?: { value: unknown } | { problem: LinktorError };
}

/** @returns the config node of a node */
export function configOf(red: RED, stored: Stored): ConfigNode | undefined {
  return runningNode<ConfigNode>(red, stored.config);
}

/** @throws LinktorError `validation` when the node has no usable config node */
export function accountOf(red: RED, stored: Stored): Account {
  const account = configOf(red, stored)?.account;
  if (account) return account;
  throw invalid('No Linktor account is set, or it is disabled.', 'Choose one in the dialog of this node and deploy.');
}

/**
 * @param id of the config node
 * @returns the value that it provides
 * @throws LinktorError `validation` when it is missing, disabled or set up wrongly
 */
export function providedBy<T>(red: RED, id: string): T {
  const { name = '', provided } = runningNode<ProviderNode>(red, id) ?? {};
  if (provided && 'value' in provided) return provided.value as T;
  if (provided) {
    throw invalid(`The config node "${name}" cannot be used: ${provided.problem.message}`, provided.problem.cause.hint);
  }
  throw invalid('A config node that this node names is missing or disabled.', 'Choose one in the dialog and deploy.');
}
