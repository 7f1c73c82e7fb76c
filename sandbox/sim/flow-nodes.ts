import { reply } from '../routes/ai';
import type { Execution, FlowNode } from '../state/automation';
import type { Conversation } from '../state/entities';
import { known } from '../state/references';
import { readDraft } from '../wire/content';
import { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { changeConversation, send } from './messages';
import type { World } from './world';

/** What a node did, and how the flow goes on. */
export interface Outcome {
  output?: unknown;
  /** The edge to take, by its source handle. */
  handle?: string;
  /** Go on when the customer has written. */
  wait?: boolean;
  /** Go on after this many milliseconds. */
  delayMs?: number;
}

interface Scene {
  world: World;
  conversation: Conversation;
  execution: Execution;
  data: Form;
}

const MOST_DELAY_SECONDS = 3600;

const ACTS: Readonly<Record<string, (scene: Scene) => Outcome>> = {
  start: () => ({}),
  end: () => ({}),
  message: (scene) => ({ output: { messageId: say(scene) } }),
  input: (scene) => {
    if (scene.data.text('text')) say(scene);
    return { wait: true };
  },
  condition: ({ execution, data }) => {
    const result = holds(
      execution.variables[data.needText('variable')],
      data.text('operator') ?? 'equals',
      data.raw('value'),
    );
    return { output: { result }, handle: String(result) };
  },
  action,
  assign: ({ world, conversation, data }) => {
    const field = ['userId', 'agentId', 'assignedTo'].find((name) => data.has(name)) ?? 'userId';
    const assignedTo = known(world.state.users, field, data.needText(field));
    changeConversation(world, conversation, { assignedTo });
    return { output: { assignedTo } };
  },
  delay: ({ data }) => ({ delayMs: 1000 * data.needNumber('seconds', { min: 0, max: MOST_DELAY_SECONDS }) }),
  ai,
  api: () => ({ output: { skipped: true } }),
};

/**
 * Does what one node stands for.
 *
 * @throws a problem when its data make no sense
 */
export function act(world: World, conversation: Conversation, execution: Execution, node: FlowNode): Outcome {
  const run = ACTS[node.type];
  if (!run) throw invalid('type', `${node.type} is not a node type`);
  return run({ world, conversation, execution, data: new Form(node.data, 'data') });
}

function say({ world, conversation, execution, data }: Scene, text?: string): string {
  const given = text ?? data.text('text') ?? data.text('message');
  const fields = { ...data.fields(), text: given && filled(given, execution), type: undefined, contentType: undefined };
  const content = readDraft(new Form(fields, 'data'));
  const senderId = conversation.botId ?? execution.flowId;
  return send(world, conversation, { content, senderId, senderType: 'bot', metadata: { flowId: execution.flowId } }).id;
}

function action({ world, conversation, execution, data }: Scene): Outcome {
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

/** Answers the prompt, or what the customer wrote last; keeps the answer in a variable when one is named, else sends it. */
function ai(scene: Scene): Outcome {
  const { world, conversation, execution, data } = scene;
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
    { role: 'user' as const, content: filled(prompt, execution) },
  ];
  const { text } = reply(world, turns, bases);
  const variable = data.text('variable');
  if (variable === undefined) return { output: { text, messageId: say(scene, text) } };
  execution.variables[variable] = text;
  return { output: { text } };
}

function holds(value: unknown, operator: string, wanted: unknown): boolean {
  const [a, b] = [String(value ?? '').toLowerCase(), String(wanted ?? '').toLowerCase()];
  if (operator === 'equals') return a === b;
  if (operator === 'notEquals') return a !== b;
  if (operator === 'contains') return a.includes(b);
  if (operator === 'exists') return a !== '';
  if (operator === 'greaterThan') return Number(value) > Number(wanted);
  if (operator === 'lessThan') return Number(value) < Number(wanted);
  throw invalid('data.operator', 'must be equals, notEquals, contains, exists, greaterThan or lessThan');
}

/** Puts variables in place of `{{name}}`. */
function filled(text: string, { variables }: Execution): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => String(variables[name] ?? ''));
}
