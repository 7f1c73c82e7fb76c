import { invalid, LinktorError } from '../../../lib/errors';
import type { TakenOverLine } from '../../sidebar/types';
import type { Account } from '../account/account';

/** lines shown; there may be thousands */
const MAX_LINES = 50;

/** @returns the conversations of an account that people have taken over, the latest first */
export function takenOverIn(account: Account | undefined): { takenOver: TakenOverLine[]; takenOverInAll: number } {
  const all = takeoversOf(account)?.list() ?? [];
  const takenOver = all.slice(0, MAX_LINES).map(({ conversationId, reason, since, until }) => ({
    ...{ conversationId, reason, since },
    ...(until !== undefined && { until }),
  }));
  return { takenOver, takenOverInAll: all.length };
}

/** Return a conversation to the flow. @throws LinktorError `not_found` when no person is in charge of it */
export function giveBack(account: Account | undefined, conversationId: unknown): void {
  if (typeof conversationId !== 'string') throw invalid('"conversationId" is missing.');
  if (takeoversOf(account)?.end(conversationId, 'hand') === true) return;
  throw new LinktorError('not_found', 'No person is in charge of this conversation any more.');
}

/** An incomplete account has none. */
function takeoversOf(account: Account | undefined) {
  try {
    return account?.charge().takeovers;
  } catch {
    return undefined;
  }
}
