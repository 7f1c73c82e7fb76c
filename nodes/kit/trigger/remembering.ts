import { Lanes } from '../action/lanes';
import type { TriggerContext } from '../define';
import type { Msg } from '../red';

type Context = Pick<TriggerContext<unknown>, 'variables' | 'background'>;
type Remembered = 'conversation' | 'contact';

const properties = { conversation: 'vars', contact: 'contactVars' } as const;

export interface Remembering {
  /** messages may have to wait */
  waits: boolean;
  add(msg: Msg): void;
  /** @returns the messages that still wait for their variables; they are removed */
  drain(): Msg[];
  /** emit them as they are */
  flush(): void;
}

/**
 * Add stored variables to each message: `msg.vars` of the conversation, `msg.contactVars` of the contact. Messages of
 * one conversation keep their order.
 */
export function remembering(context: Context, wanted: readonly Remembered[], emit: (msg: Msg) => void): Remembering {
  if (wanted.length === 0) return { waits: false, add: emit, drain: () => [], flush() {} };
  const { variables, background } = context;
  const lanes = new Lanes<Msg>(emit);
  const read = async (msg: Msg): Promise<void> => {
    for (const scope of wanted) {
      const id = msg[`${scope}Id`];
      msg[properties[scope]] = typeof id === 'string' ? await variables.all({ scope, id }) : {};
    }
  };
  return {
    waits: true,
    add(msg) {
      for (const scope of wanted) msg[properties[scope]] = {};
      background(lanes.enter(String(msg.conversationId), msg, read(msg)));
    },
    drain: () => lanes.drain(),
    flush: () => lanes.flush(),
  };
}
