import { Sender } from '../../../lib/sending/index';
import type { ActionContext } from '../define';

/** @returns the one sender of an account: messages of all its nodes to one recipient keep their order */
export function senderOf(shared: ActionContext<never>['shared']): Sender {
  const sender = (shared.get('sender') as Sender | undefined) ?? new Sender();
  shared.set('sender', sender);
  return sender;
}
