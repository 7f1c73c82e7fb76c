import { activation, count, flag, list, map, number, object, oneOf, type Schema, stamped, text, time } from './kit';

const nodeType = oneOf('start', 'message', 'condition', 'action', 'input', 'ai', 'api', 'delay', 'assign', 'end');
export const flow = object({
  ...stamped,
  name: text,
  'description?': text,
  status: activation,
  version: count,
  nodes: list(object({ id: text, type: nodeType, position: object({ x: number, y: number }), data: map })),
  edges: list(
    object({
      id: text,
      source: text,
      target: text,
      'sourceHandle?': text,
      'targetHandle?': text,
      'label?': text,
      'condition?': text,
    }),
  ),
  variables: list(object({ name: text, type: oneOf('string', 'number', 'boolean', 'array', 'object') })),
  'metadata?': map,
});
export const execution = object({
  id: text,
  flowId: text,
  conversationId: text,
  status: oneOf('running', 'waiting', 'completed', 'failed', 'cancelled'),
  'currentNodeId?': text,
  variables: map,
  history: list(
    object({
      nodeId: text,
      nodeType,
      startedAt: time,
      'completedAt?': time,
      'input?': map,
      'output?': map,
      'error?': text,
    }),
  ),
  startedAt: time,
  'completedAt?': time,
  'error?': text,
});
export const nodeTypes = list(
  object({
    type: nodeType,
    label: text,
    description: text,
    category: text,
    inputs: list(object({ name: text, type: text, required: flag })),
    outputs: list(object({ name: text, type: text })),
  }),
);
const finding = object({ nodeId: text, message: text });
export const validation = object({ valid: flag, errors: list(finding), warnings: list(finding) });
export const flowStats = object({
  totalExecutions: count,
  successRate: number,
  avgDuration: number,
  nodeStats: list(object({ nodeId: text, executionCount: count, avgDuration: number })),
});

const perDay = list(object({ date: text, count }));
const perChannel = list(object({ channel: text, count }));
export const analytics = {
  dashboard: object({
    conversations: object({ total: count, open: count, resolved: count, avgResolutionTime: number }),
    messages: object({ total: count, inbound: count, outbound: count }),
    contacts: object({ total: count, new: count }),
    agents: object({ avgResponseTime: number, avgHandlingTime: number }),
  }),
  conversations: object({
    totalConversations: count,
    byStatus: list(object({ status: text, count })),
    byChannel: perChannel,
    avgResolutionTime: number,
    avgFirstResponseTime: number,
    timeline: perDay,
  }),
  messages: object({
    totalMessages: count,
    byDirection: list(object({ direction: text, count })),
    byChannel: perChannel,
    avgPerConversation: number,
    timeline: list(object({ date: text, inbound: count, outbound: count })),
  }),
  agents: object({
    agents: list(
      object({
        agentId: text,
        name: text,
        conversationsHandled: count,
        avgResponseTime: number,
        avgHandlingTime: number,
      }),
    ),
    overall: object({ avgResponseTime: number, avgHandlingTime: number }),
  }),
  bots: object({
    totalInteractions: count,
    handoffRate: number,
    avgResponseTime: number,
    topIntents: list(object({ intent: text, count })),
    byBot: list(object({ botId: text, name: text, interactions: count, handoffRate: number })),
  }),
  channels: object({
    channels: list(
      object({
        channelId: text,
        name: text,
        type: text,
        messagesReceived: count,
        messagesSent: count,
        conversationsCreated: count,
        avgResponseTime: number,
      }),
    ),
    overall: object({ messagesReceived: count, messagesSent: count, conversationsCreated: count }),
  }),
  realtime: object({
    activeConversations: count,
    activeAgents: count,
    queueSize: count,
    avgWaitTime: number,
    messagesPerMinute: number,
  }),
};
const counts: Schema = { type: 'object', additionalProperties: count };
export const javaAnalytics = {
  dashboard: object({
    totalConversations: count,
    openConversations: count,
    resolvedConversations: count,
    totalMessages: count,
    totalContacts: count,
    avgResponseTime: number,
    avgResolutionTime: number,
    satisfactionScore: number,
    conversationsByChannel: counts,
    conversationsByStatus: counts,
  }),
  conversations: object({
    total: count,
    created: count,
    resolved: count,
    avgDuration: number,
    byChannel: counts,
    byPriority: counts,
  }),
  agents: object({
    totalAgents: count,
    activeAgents: count,
    avgConversationsPerAgent: number,
    avgResponseTime: number,
    avgSatisfactionScore: number,
  }),
  channels: object({
    channels: {
      type: 'object',
      additionalProperties: object({ conversations: count, messages: count, avgResponseTime: number }),
    },
  }),
  realtime: object({
    activeConversations: count,
    onlineAgents: count,
    queuedConversations: count,
    messagesLastHour: count,
    avgWaitTime: number,
  }),
};
export const report = object({ 'url?': text, 'data?': list(map) });
export const exported = object({ downloadUrl: text, expiresAt: time });
