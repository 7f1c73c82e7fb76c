import { runInNewContext } from 'node:vm';
import { type Fields, isFields } from '../wire/form';

const MAX_STEPS = 100;
/** The server's own expressions take linear time; one that takes longer here does not match. */
const MAX_MATCH_MS = 50;

/**
 * Runs a flow against test inputs, one after the other, until it ends.
 *
 * @param nodes nodes with their transitions
 * @param start id of the first node
 */
export function testFlow(nodes: Fields[], start: string, inputs: string[]): Fields[] {
  const results: Fields[] = [];
  let at: string | undefined = start;
  let waiting = false;
  for (const input of inputs) {
    if (at === undefined) break;
    const turn = runUntilQuestion(nodes, waiting ? nextNodeId(nodeOf(nodes, at), input) : at, input);
    results.push(turn.result);
    at = turn.at;
    waiting = true;
  }
  return results;
}

/** Runs nodes until one asks a question or the flow ends. */
function runUntilQuestion(nodes: Fields[], from: string | undefined, input: string): { result: Fields; at?: string } {
  const lines: string[] = [];
  let at = from;
  for (let step = 0; step < MAX_STEPS && at !== undefined; step += 1) {
    const node = nodeOf(nodes, at);
    if (typeof node?.content === 'string') lines.push(node.content);
    if (node?.type === 'question') {
      const question = { quick_replies: node.quick_replies, next_node_id: at, flow_ended: false, should_wait: true };
      return { result: { message: lines.join('\n'), ...question }, at };
    }
    at = nextNodeId(node, input);
  }
  return { result: { message: lines.join('\n'), flow_ended: true, should_wait: false } };
}

function nodeOf(nodes: Fields[], id: string): Fields | undefined {
  return nodes.find((node) => node.id === id);
}

/** The next node: of the matching transition, otherwise of the default one. */
function nextNodeId(node: Fields | undefined, input: string): string | undefined {
  const transitions = Array.isArray(node?.transitions) ? node.transitions.filter(isFields) : [];
  const way =
    transitions.find((one) => matchesTransition(one, input)) ??
    transitions.find(({ condition }) => condition === 'default');
  return typeof way?.to_node_id === 'string' ? way.to_node_id : undefined;
}

function matchesTransition({ condition, value }: Fields, input: string): boolean {
  const [given, wanted] = [input.trim().toLowerCase(), String(value ?? '').toLowerCase()];
  if (condition === 'reply_equals') return given === wanted;
  if (condition === 'contains') return given.includes(wanted);
  if (condition !== 'regex') return false;
  try {
    return (
      runInNewContext("new RegExp(wanted, 'i').test(input)", { wanted, input }, { timeout: MAX_MATCH_MS }) === true
    );
  } catch {
    return false;
  }
}
