import type { Flow } from '../state/automation';

/** The node types, each with the data fields that it reads. */
export const NODE_TYPES = [
  { type: 'start', name: 'Start', description: 'Where the flow begins', data: [] },
  { type: 'message', name: 'Message', description: 'Sends a text into the conversation', data: ['text', 'buttons'] },
  {
    type: 'condition',
    name: 'Condition',
    description: 'Compares a variable; goes on at the edge whose sourceHandle is true or false',
    data: ['variable', 'operator', 'value'],
  },
  {
    type: 'action',
    name: 'Action',
    description: 'Tags, resolves or sets a variable',
    data: ['action', 'tags', 'variable', 'value'],
  },
  {
    type: 'input',
    name: 'Input',
    description: 'Waits for the next message of the customer',
    data: ['text', 'variable'],
  },
  {
    type: 'ai',
    name: 'AI',
    description: 'Answers the customer',
    data: ['prompt', 'agentId', 'knowledgeBaseIds', 'variable'],
  },
  { type: 'api', name: 'API', description: 'Calls another server; skipped in a sandbox', data: ['url', 'method'] },
  { type: 'delay', name: 'Delay', description: 'Waits some seconds', data: ['seconds'] },
  { type: 'assign', name: 'Assign', description: 'Hands the conversation to a user', data: ['userId'] },
  { type: 'end', name: 'End', description: 'Where the flow ends', data: [] },
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
