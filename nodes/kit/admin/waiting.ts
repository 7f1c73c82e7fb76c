import { spoken } from '../../../lib/dialogue/index';
import { invalid, LinktorError } from '../../../lib/errors';
import type { WaitingAction, WaitingLine } from '../../sidebar/types';
import type { Account } from '../account/account';
import type { RED, StoredNode } from '../red';

/** lines shown; there may be thousands */
const MAX_LINES = 50;

/** @returns the open questions of an account, the oldest first, without their texts */
export async function waitingIn(
  red: RED,
  account: Account | undefined,
): Promise<{ waiting: WaitingLine[]; waitingInAll: number }> {
  const dialogues = account?.dialoguesIfOpen()?.dialogues;
  if (!dialogues || dialogues.size === 0) return { waiting: [], waitingInAll: 0 };
  const found = (await dialogues.list()).sort((one, other) => one.asked - other.asked);
  const shown = found.slice(0, MAX_LINES);
  const nodes = namesOf(red, new Set(shown.map(({ nodeId }) => nodeId)));
  const waiting = shown.map(({ id, kind, nodeId, asked, deadline, attempts, places: [place] }) => ({
    ...{ id, node: nodes.get(nodeId)?.name ?? '', nodeType: `linktor-${kind}`, asked, deadline, attempts },
    // The questions of a disabled or removed node end within a minute.
    isOrphan: !nodes.has(nodeId),
    ...(place?.conversationId !== undefined && { conversationId: place.conversationId }),
    ...(place?.contactId !== undefined && { contactId: place.contactId }),
  }));
  return { waiting, waitingInAll: found.length };
}

function namesOf(red: RED, ids: ReadonlySet<string>): Map<string, { name: string }> {
  const names = new Map<string, { name: string }>();
  red.nodes.eachNode((stored: StoredNode) => {
    if (ids.has(stored.id) && stored.d !== true) names.set(stored.id, { name: String(stored.name ?? '') });
  });
  return names;
}

/** Answer for the contact, or end the question. @throws LinktorError `not_found` when it has already ended */
export async function actOnWaiting(account: Account | undefined, deed: WaitingAction): Promise<void> {
  const dialogues = account?.dialoguesIfOpen()?.dialogues;
  const { id, text } = deed;
  if (typeof id !== 'string') throw invalid('It is not said which question is meant.');
  const place = (await dialogues?.list())?.find((one) => one.id === id)?.places[0];
  const isDone =
    text === undefined
      ? await dialogues?.end(id, 'closed')
      : await dialogues?.answer(id, spoken(String(text), place?.conversationId ?? ''));
  if (!isDone) throw new LinktorError('not_found', 'This question does not wait any more.');
}
