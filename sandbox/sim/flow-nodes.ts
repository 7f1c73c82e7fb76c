import type { Execution, FlowNode } from '../state/automation';
import type { Conversation } from '../state/entities';
import { requireKnown } from '../state/references';
import { readContent } from '../wire/content';
import { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { completeTurns } from './completion';
import { changeConversation, send } from './messages';
import type { World } from './world';

/** The result of a node, and how the flow continues. */
export interface Outcome {
  output?: unknown;
  /** The edge to take, by its source handle. */
  handle?: string;
  /** Continue when the customer has written. */
  wait?: boolean;
  /** Continue after this many milliseconds. */
  delayMs?: number;
}

interface NodeContext {
  world: World;
  conversation: Conversation;
  execution: Execution;
  data: Form;
}

const MAX_DELAY_SECONDS = 3600;

const ACTIONS: Readonly<Record<string, (context: NodeContext) => Outcome>> = {
  start: () => ({}),
  end: () => ({}),
  message: (context) => ({ output: { messageId: sendText(context) } }),
  input: (context) => {
    if (context.data.text('text')) sendText(context);
    return { wait: true };
  },
  condition: ({ execution, data }) => {
    const result = evaluateCondition(
      execution.variables[data.needText('variable')],
      data.text('operator') ?? 'equals',
      data.raw('value'),
    );
    return { output: { result }, handle: String(result) };
  },
  action,
  assign: ({ world, conversation, data }) => {
    const field = ['userId', 'agentId', 'assignedTo'].find((name) => data.has(name)) ?? 'userId';
    const assignedTo = requireKnown(world.state.users, field, data.needText(field));
    changeConversation(world, conversation, { assignedTo });
    return { output: { assignedTo } };
  },
  delay: ({ data }) => ({ delayMs: 1000 * data.needNumber('seconds', { min: 0, max: MAX_DELAY_SECONDS }) }),
  ai,
  api: () => ({ output: { skipped: true } }),
};

/**
 * Runs one node.
 *
 * @throws a Problem when its data is invalid
 */
export function runNode(world: World, conversation: Conversation, execution: Execution, node: FlowNode): Outcome {
  const run = ACTIONS[node.type];
  if (!run) throw invalid('type', `${node.type} is not a node type`);
  return run({ world, conversation, execution, data: new Form(node.data, 'data') });
}

function sendText({ world, conversation, execution, data }: NodeContext, text?: string): string {
  const given = text ?? data.text('text') ?? data.text('message');
  const fields = {
    ...data.fields(),
    text: given && fillTemplate(given, execution),
    type: undefined,
    contentType: undefined,
  };
  const content = readContent(new Form(fields, 'data'));
  const senderId = conversation.botId ?? execution.flowId;
  return send(world, conversation, { content, senderId, senderType: 'bot', metadata: { flowId: execution.flowId } }).id;
}

function action({ world, conversation, execution, data }: NodeContext): Outcome {
  const name = data.needText('action');
  if (name === 'tag') {
    const tags = [...new Set([...conversation.tags, ...data.needTexts('tags')])];
    changeConversation(world, conversation, { tags });
  } else if (name === 'resolve') {
    changeConversation(world, conversation, { status: 'resolved' });
  } else if (name === 'set') {
    execution.variables[data.needText('variable')] = data.raw('value') ?? null;
  } else {
    return { output: { skipped: true } };
  }
  return { output: { done: name } };
}

/** Answers the prompt, or the customer's last message. Stores the answer in `variable` if named, otherwise sends it. */
function ai(context: NodeContext): Outcome {
  const { world, conversation, execution, data } = context;
  const { state } = world;
  const agentId = data.text('agentId');
  const agent = agentId === undefined ? undefined : state.agents.need(agentId);
  const last = state.thread(conversation.id).findLast(({ direction }) => direction === 'inbound');
  const prompt = data.text('prompt') ?? last?.text;
  if (!prompt) throw invalid('data.prompt', 'is required when the customer has not written');
  const bases = data.texts('knowledgeBaseIds') ?? agent?.knowledgeBaseIds ?? [];
  const system = agent?.systemPrompt;
  const turns = [
    ...(system ? [{ role: 'system' as const, content: system }] : []),
    { role: 'user' as const, content: fillTemplate(prompt, execution) },
  ];
  const { text } = completeTurns(world, turns, bases);
  const variable = data.text('variable');
  if (variable === undefined) return { output: { text, messageId: sendText(context, text) } };
  execution.variables[variable] = text;
  return { output: { text } };
}

function evaluateCondition(value: unknown, operator: string, wanted: unknown): boolean {
  const [a, b] = [String(value ?? '').toLowerCase(), String(wanted ?? '').toLowerCase()];
  if (operator === 'equals') return a === b;
  if (operator === 'notEquals') return a !== b;
  if (operator === 'contains') return a.includes(b);
  if (operator === 'exists') return a !== '';
  if (operator === 'greaterThan') return Number(value) > Number(wanted);
  if (operator === 'lessThan') return Number(value) < Number(wanted);
  throw invalid('data.operator', 'must be equals, notEquals, contains, exists, greaterThan or lessThan');
}

/** Replaces `{{name}}` with the variable of that name. */
function fillTemplate(text: string, { variables }: Execution): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => String(variables[name] ?? ''));
}
