import type { LinktorError } from '../../lib/errors';
import { fenced } from './fence';
import type { RunningNode } from './red';

/** Return true for a read that the closing node itself aborted: its failure is of no interest. */
export function isSilentEnd({ code, cause }: LinktorError): boolean {
  return code === 'unexpected' && !cause.ambiguous && !cause.retryable;
}

/** Return what is known of work that a closing node has ended. */
export function describeEnd({ message, cause }: LinktorError): string {
  return cause.ambiguous ? `${message} It may have been done: look before repeating it.` : message;
}

/** A closing node may have no Catch node any more. */
export function logEnd(node: Pick<RunningNode, 'warn'>, what: string): void {
  fenced(() => node.warn(`ended by a deploy: ${what}`))();
}
