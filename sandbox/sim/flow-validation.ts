import type { Flow } from '../state/automation';

interface NodeType {
  type: string;
  label: string;
  description: string;
  category: 'control' | 'message' | 'logic' | 'integration';
  inputs: { name: string; type: string; required: boolean }[];
  outputs: { name: string; type: string }[];
}

const required = (name: string, type = 'string'): NodeType['inputs'][number] => ({ name, type, required: true });
const optional = (name: string, type = 'string'): NodeType['inputs'][number] => ({ name, type, required: false });
const next = [{ name: 'next', type: 'flow' }];

/** The node types, each with the data fields that it reads and the edges that leave it. */
export const NODE_TYPES: readonly NodeType[] = [
  {
    type: 'start',
    label: 'Start',
    description: 'Where the flow begins',
    category: 'control',
    inputs: [],
    outputs: next,
  },
  {
    type: 'message',
    label: 'Message',
    description: 'Sends a text into the conversation',
    category: 'message',
    inputs: [required('text'), optional('buttons', 'array')],
    outputs: next,
  },
  {
    type: 'condition',
    label: 'Condition',
    description: 'Compares a variable; continues at the edge whose sourceHandle is true or false',
    category: 'logic',
    inputs: [required('variable'), optional('operator'), optional('value')],
    outputs: [
      { name: 'true', type: 'flow' },
      { name: 'false', type: 'flow' },
    ],
  },
  {
    type: 'action',
    label: 'Action',
    description: 'Tags, resolves or sets a variable',
    category: 'logic',
    inputs: [required('action'), optional('tags', 'array'), optional('variable'), optional('value')],
    outputs: next,
  },
  {
    type: 'input',
    label: 'Input',
    description: "Waits for the customer's next message",
    category: 'message',
    inputs: [optional('text'), optional('variable')],
    outputs: next,
  },
  {
    type: 'ai',
    label: 'AI',
    description: 'Answers the customer',
    category: 'integration',
    inputs: [optional('prompt'), optional('agentId'), optional('knowledgeBaseIds', 'array'), optional('variable')],
    outputs: next,
  },
  {
    type: 'api',
    label: 'API',
    description: 'Calls another server; skipped in a sandbox',
    category: 'integration',
    inputs: [optional('url'), optional('method')],
    outputs: next,
  },
  {
    type: 'delay',
    label: 'Delay',
    description: 'Waits some seconds',
    category: 'control',
    inputs: [required('seconds', 'number')],
    outputs: next,
  },
  {
    type: 'assign',
    label: 'Assign',
    description: 'Assigns the conversation to a user',
    category: 'logic',
    inputs: [required('userId')],
    outputs: next,
  },
  { type: 'end', label: 'End', description: 'Where the flow ends', category: 'control', inputs: [], outputs: [] },
];

interface Finding {
  nodeId: string;
  message: string;
}

/** Checks a flow. Errors keep it from running; warnings are likely mistakes. */
export function checkFlow({ nodes, edges }: Pick<Flow, 'nodes' | 'edges'>): {
  valid: boolean;
  errors: Finding[];
  warnings: Finding[];
} {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const ids = new Set(nodes.map(({ id }) => id));
  const starts = nodes.filter(({ type }) => type === 'start');
  if (starts.length !== 1) errors.push({ nodeId: starts[1]?.id ?? '', message: 'A flow needs exactly one start node' });
  for (const { id, type } of nodes) {
    if (!NODE_TYPES.some((known) => known.type === type))
      errors.push({ nodeId: id, message: `There is no node type ${type}` });
    if (nodes.filter((node) => node.id === id).length > 1)
      errors.push({ nodeId: id, message: 'Two nodes have this id' });
    if (type !== 'start' && !edges.some(({ target }) => target === id)) {
      warnings.push({ nodeId: id, message: 'Nothing leads to this node' });
    }
    if (type !== 'end' && !edges.some(({ source }) => source === id)) {
      warnings.push({ nodeId: id, message: 'The flow stops here without an end node' });
    }
  }
  for (const { source, target } of edges) {
    if (!ids.has(source)) errors.push({ nodeId: source, message: 'An edge begins at a node that does not exist' });
    if (!ids.has(target)) errors.push({ nodeId: target, message: 'An edge leads to a node that does not exist' });
  }
  return { valid: errors.length === 0, errors, warnings };
}
