import { type Dialogue, type Dialogues, spoken } from '../../../lib/dialogue/index';
import { invalid } from '../../../lib/errors';
import type { Msg } from '../red';

// Messages that control the open questions of a node, in one conversation or in all.

/**
 * Only msg.action controls a node; msg.answer of an earlier node is ignored.
 * @throws LinktorError `validation`
 */
export async function controlDialogues(dialogues: Dialogues, nodeId: string, msg: Readonly<Msg>): Promise<void> {
  const open = await openOf(dialogues, nodeId, msg);
  if (open.length === 0) throw invalid('No question of this node waits in this conversation.');
  if (msg.action === 'end') for (const { id } of open) await dialogues.end(id, 'closed');
  else if (msg.action === 'answer') {
    for (const { id, places } of open) {
      await dialogues.answer(id, spoken(String(msg.text ?? ''), places[0]?.conversationId ?? ''));
    }
  } else throw invalid('msg.action must be "answer" or "end".', 'Remove msg.action to ask.');
}

/** End the open questions of a node. */
export async function resetDialogues(dialogues: Dialogues, nodeId: string, msg: Readonly<Msg>): Promise<void> {
  for (const { id } of await openOf(dialogues, nodeId, msg)) await dialogues.end(id, 'closed');
}

async function openOf(dialogues: Dialogues, nodeId: string, { conversationId }: Readonly<Msg>): Promise<Dialogue[]> {
  const own = (await dialogues.list()).filter((one) => one.nodeId === nodeId);
  if (conversationId === undefined) return own;
  return own.filter(({ places }) => places.some((place) => place.conversationId === conversationId));
}
