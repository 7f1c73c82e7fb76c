import type { AnswerFacts } from '../../../lib/client/index';
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
  else red.util.setMessageProperty(msg, target, outcome.result, true);
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
