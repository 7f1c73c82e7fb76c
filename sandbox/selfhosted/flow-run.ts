import { type Fields, isFields } from '../wire/form';

const MOST_STEPS = 100;

/**
 * Tries a flow: what it says to each input, one after the other, until it ends.
 *
 * @param nodes nodes with their transitions
 * @param start id of the first node
 */
export function walk(nodes: Fields[], start: string, inputs: string[]): Fields[] {
  const results: Fields[] = [];
  let at: string | undefined = start;
  let waiting = false;
  for (const input of inputs) {
    if (at === undefined) break;
    const leg = stride(nodes, waiting ? next(nodeOf(nodes, at), input) : at, input);
    results.push(leg.result);
    at = leg.at;
    waiting = true;
  }
  return results;
}

/** Goes from node to node until one asks something or nothing follows. */
function stride(nodes: Fields[], from: string | undefined, input: string): { result: Fields; at?: string } {
  const said: string[] = [];
  let at = from;
  for (let step = 0; step < MOST_STEPS && at !== undefined; step += 1) {
    const node = nodeOf(nodes, at);
    if (typeof node?.content === 'string') said.push(node.content);
    if (node?.type === 'question') {
      const asked = { quick_replies: node.quick_replies, next_node_id: at, flow_ended: false, should_wait: true };
      return { result: { message: said.join('\n'), ...asked }, at };
    }
    at = next(node, input);
  }
  return { result: { message: said.join('\n'), flow_ended: true, should_wait: false } };
}

function nodeOf(nodes: Fields[], id: string): Fields | undefined {
  return nodes.find((node) => node.id === id);
}

/** Where an input leads: to the transition that fits it, else to the default one. */
function next(node: Fields | undefined, input: string): string | undefined {
  const transitions = Array.isArray(node?.transitions) ? node.transitions.filter(isFields) : [];
  const way =
    transitions.find((one) => fits(one, input)) ?? transitions.find(({ condition }) => condition === 'default');
  return typeof way?.to_node_id === 'string' ? way.to_node_id : undefined;
}

function fits({ condition, value }: Fields, input: string): boolean {
  const [given, wanted] = [input.trim().toLowerCase(), String(value ?? '').toLowerCase()];
  if (condition === 'reply_equals') return given === wanted;
  if (condition === 'contains') return given.includes(wanted);
  if (condition !== 'regex') return false;
  try {
    return new RegExp(wanted, 'i').test(input);
  } catch {
    return false;
  }
}
