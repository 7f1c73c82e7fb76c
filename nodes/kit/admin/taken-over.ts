import { invalid, LinktorError } from '../../../lib/errors';
import type { TakenOverLine } from '../../sidebar/types';
import type { Account } from '../account/account';

/** so many lines are shown; there may be thousands */
const MAX_LINES = 50;

/** The conversations of an account that people have taken over, the latest first. */
export function takenOverIn(account: Account | undefined): { takenOver: TakenOverLine[]; takenOverInAll: number } {
  const all = takeoversOf(account)?.list() ?? [];
  const takenOver = all.slice(0, MAX_LINES).map(({ conversationId, reason, since, until }) => ({
    ...{ conversationId, reason, since },
    ...(until !== undefined && { until }),
  }));
  return { takenOver, takenOverInAll: all.length };
}

/** Give a conversation back to the flow. @throws LinktorError `not_found` when no person has it any more */
export function giveBack(account: Account | undefined, conversationId: unknown): void {
  if (typeof conversationId !== 'string') throw invalid('"conversationId" is missing.');
  if (takeoversOf(account)?.end(conversationId, 'hand') === true) return;
  throw new LinktorError('not_found', 'No person is in charge of this conversation any more.');
}

/** An account that is not complete has none. */
function takeoversOf(account: Account | undefined) {
  try {
    return account?.charge().takeovers;
  } catch {
    return undefined;
  }
}
