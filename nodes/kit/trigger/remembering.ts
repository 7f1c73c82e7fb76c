import { Lanes } from '../action/lanes';
import type { TriggerContext } from '../define';
import type { Msg } from '../red';

type Context = Pick<TriggerContext<unknown>, 'variables' | 'background' | 'onClose'>;
type Remembered = 'conversation' | 'contact';

const properties = { conversation: 'vars', contact: 'contactVars' } as const;

/**
 * Add stored variables to each message: `msg.vars` of the conversation, `msg.contactVars` of the contact. Messages of
 * one conversation keep their order.
 */
export function remembering(
  context: Context,
  wanted: readonly Remembered[],
  emit: (msg: Msg) => void,
): (msg: Msg) => void {
  if (wanted.length === 0) return emit;
  const { variables, background, onClose } = context;
  const lanes = new Lanes<Msg>(emit);
  onClose(() => lanes.flush());
  const add = async (msg: Msg): Promise<void> => {
    for (const scope of wanted) {
      const id = msg[`${scope}Id`];
      msg[properties[scope]] = typeof id === 'string' ? await variables.all({ scope, id }) : {};
    }
  };
  return (msg) => {
    for (const scope of wanted) msg[properties[scope]] = {};
    background(lanes.enter(String(msg.conversationId), msg, add(msg)));
  };
}
