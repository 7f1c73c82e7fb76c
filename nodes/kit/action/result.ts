import type { AnswerFacts } from '../../../lib/client/index';
import { invalid, LinktorError } from '../../../lib/errors';
import { describe } from '../../../lib/text';
import type { Outcome } from '../define';
import { ABSENT_SOURCE } from '../fields';
import type { Msg, RED, RunningNode, Stored } from '../red';

/** Put what came out of a run into the message (or a context), and leave everything else in it alone. */
export async function store(
  red: RED,
  node: RunningNode,
  stored: Stored,
  property: string,
  msg: Msg,
  outcome: Outcome,
  facts: AnswerFacts,
): Promise<void> {
  for (const [name, value] of Object.entries(outcome.properties ?? {})) {
    // Not set to undefined: some core nodes only look whether a property is there.
    if (value === undefined) delete msg[name];
    else msg[name] = value;
  }
  if (facts.requestId !== undefined || facts.rate) {
    const before = typeof msg.linktor === 'object' && msg.linktor !== null ? msg.linktor : {};
    msg.linktor = { ...before, ...facts };
  }
  if (outcome.keepPayload) return;
  const target = String(stored.result || property);
  const type = String(stored.resultType ?? ABSENT_SOURCE);
  if (type === 'flow' || type === 'global') await toContext(red, node, type, target, outcome.result);
  else if (!red.util.setMessageProperty(msg, target, outcome.result, true)) {
    throw new LinktorError('unexpected', `The result could not be stored in msg.${target}.`, {
      details: { result: outcome.result },
      hint: 'The call has been made: its result is in cause.details. Choose another place in the field "result".',
    });
  }
}

/**
 * Is there a place for the result? Looked at before the call: what has been paid for must not get lost.
 * @throws LinktorError `validation` when a part of the way to it is a text or a number
 */
export function requirePlace(red: RED, stored: Stored, property: string, msg: Msg): void {
  const target = String(stored.result || property);
  if (String(stored.resultType ?? ABSENT_SOURCE) !== 'msg' || !/[.[]/.test(target)) return;
  const steps = target.replace(/\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]/g, '.$1$2$3').split('.');
  for (let length = 1; length < steps.length; length++) {
    const way = steps.slice(0, length).join('.');
    let held: unknown;
    try {
      held = red.util.getMessageProperty(msg, way);
    } catch {
      // The way does not exist yet, or is written in a form that Node-RED itself judges when it stores the result.
      return;
    }
    if (held === undefined || held === null) return;
    if (typeof held !== 'object') {
      throw invalid(
        `There is no place for the result: msg.${way} is ${describe(held)}, so msg.${target} cannot be set.`,
        'Choose another place in the field "result".',
      );
    }
  }
}

function toContext(
  red: RED,
  node: RunningNode,
  type: 'flow' | 'global',
  target: string,
  value: unknown,
): Promise<void> {
  const { key, store: name } = red.util.parseContextStore(target);
  return new Promise((resolve, reject) => {
    node.context()[type].set(key, value, name, (error) => (error ? reject(error) : resolve()));
  });
}
