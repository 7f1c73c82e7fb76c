// JSON schemas of the documented API's answers, written from the wire (contract 1, contract 5): the form that the TypeScript,
// Python and Go families read, and the places where the Rust and Java families differ.
import Ajv, { type ValidateFunction } from 'ajv';

type Schema = Record<string, unknown>;

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const count: Schema = { type: 'integer', minimum: 0 };
const flag: Schema = { type: 'boolean' };
const map: Schema = { type: 'object' };
const time: Schema = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' };
const oneOf = (...words: string[]): Schema => ({ enum: words });
const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object: names that end in `?` may be absent, never null. Other fields may be there too. */
function object(fields: Record<string, Schema>): Schema {
  const names = Object.keys(fields);
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace('?', ''), schema])),
  };
}

const stamped = { id: text, tenantId: text, createdAt: time, updatedAt: time };
const channelType = oneOf('whatsapp', 'telegram', 'facebook', 'instagram', 'webchat', 'sms', 'email', 'rcs');
const activation = oneOf('active', 'inactive', 'draft');

/** A page of records with the fields of both paging styles. */
export function page(items: Schema): Schema {
  const pagination = {
    total: count,
    limit: count,
    offset: count,
    page: count,
    totalPages: count,
    hasMore: flag,
    'nextCursor?': text,
    'prevCursor?': text,
  };
  return object({ data: list(items), pagination: object(pagination) });
}

export const user = object({
  ...stamped,
  email: text,
  name: text,
  role: oneOf('admin', 'agent', 'supervisor', 'viewer', 'manager'),
  status: oneOf('active', 'inactive', 'pending', 'suspended'),
  'avatarUrl?': text,
  'avatar?': text,
  'phone?': text,
});
export const tenant = object({
  id: text,
  name: text,
  slug: text,
  'plan?': text,
  'settings?': map,
  createdAt: time,
  updatedAt: time,
});
export const tokens = object({ accessToken: text, refreshToken: text, expiresIn: number });
export const login = object({
  accessToken: text,
  refreshToken: text,
  expiresIn: number,
  tokenType: text,
  user,
  tenant,
});

const identifiers = list(
  object({ channelType: text, channelId: text, identifier: text, 'displayName?': text, 'profilePicture?': text }),
);

/** @param asMap the Rust and Java families have a map from channel type to identifier */
export const contact = (asMap = false): Schema =>
  object({
    ...stamped,
    name: text,
    'email?': text,
    'phone?': text,
    'externalId?': text,
    'avatarUrl?': text,
    'avatar?': text,
    identifiers: asMap ? { type: 'object', additionalProperties: text } : identifiers,
    'customFields?': map,
    tags: list(text),
    'metadata?': map,
    'lastSeenAt?': time,
    conversationCount: count,
  });

const media = object({ url: text, mimeType: text, 'filename?': text, 'size?': number, 'caption?': text });
const location = object({ latitude: number, longitude: number, 'name?': text, 'address?': text });
const button = object({ type: oneOf('reply', 'url', 'call'), text, 'payload?': text, 'url?': text, 'phone?': text });
const row = object({ id: text, title: text, 'description?': text });
const template = object({ name: text, language: text, 'components?': list(object({ type: text })) });

export const message = object({
  id: text,
  conversationId: text,
  direction: oneOf('inbound', 'outbound'),
  contentType: oneOf('text', 'image', 'video', 'audio', 'document', 'location', 'contact', 'sticker'),
  content: object({
    'text?': text,
    'media?': media,
    'location?': location,
    'contact?': object({ name: text, 'phones?': list(text), 'emails?': list(text) }),
    'buttons?': list(button),
    'listSections?': list(object({ title: text, rows: list(row) })),
    'template?': template,
  }),
  // The other families: the kind in `type`, the parts beside it.
  type: oneOf(
    'text',
    'image',
    'video',
    'audio',
    'document',
    'location',
    'contact',
    'sticker',
    'template',
    'interactive',
    'system',
  ),
  'text?': text,
  'media?': media,
  'location?': location,
  'contact?': object({ name: text, phones: list(object({ type: text, number: text })), emails: list(text) }),
  'interactive?': object({
    type: text,
    'body?': object({ text }),
    'action?': object({
      'buttons?': list(object({ type: text, id: text, title: text })),
      'sections?': list(object({ title: text, rows: list(row) })),
    }),
  }),
  status: oneOf('pending', 'sent', 'delivered', 'read', 'failed'),
  'senderId?': text,
  senderType: oneOf('contact', 'agent', 'bot', 'system'),
  'externalId?': text,
  'deliveredAt?': time,
  'readAt?': time,
  'failedReason?': text,
  'metadata?': map,
  createdAt: time,
  updatedAt: time,
});

export const conversation = (asMap = false): Schema =>
  object({
    ...stamped,
    channelId: text,
    channelType,
    contactId: text,
    'contact?': contact(asMap),
    status: asMap
      ? oneOf('open', 'pending', 'resolved', 'closed')
      : oneOf('open', 'pending', 'resolved', 'snoozed', 'closed'),
    priority: oneOf('low', 'medium', 'high', 'urgent'),
    'assignedTo?': text,
    'assignedAgentId?': text,
    'assignedAt?': time,
    'lastMessage?': message,
    'firstMessageAt?': time,
    'lastMessageAt?': time,
    'resolvedAt?': time,
    unreadCount: count,
    'subject?': text,
    tags: list(text),
    'metadata?': map,
  });

/** @param asConnected the Rust and Java families say connected where the others say active */
export const channel = (asConnected = false): Schema =>
  object({
    ...stamped,
    name: text,
    type: channelType,
    status: asConnected
      ? oneOf('connected', 'disconnected', 'connecting', 'error')
      : oneOf('active', 'inactive', 'connecting', 'error'),
    config: object({ type: channelType }),
    'webhookUrl?': text,
    'metadata?': map,
    'connectedAt?': time,
    'lastActivityAt?': time,
  });
export const channelStatus = object({ status: text, 'lastPing?': time, 'error?': text });
export const capabilities = object({
  supportedContentTypes: list(text),
  supportsMedia: flag,
  supportsButtons: flag,
  supportsLists: flag,
  supportsTemplates: flag,
  supportsLocation: flag,
  maxMessageLength: number,
  maxMediaSize: number,
});
export const channelStats = object({
  messagesReceived: count,
  messagesSent: count,
  conversationsCreated: count,
  avgResponseTime: number,
});

export const bot = object({
  ...stamped,
  name: text,
  'description?': text,
  type: oneOf('flow', 'ai', 'hybrid'),
  status: activation,
  config: map,
  channelIds: list(text),
  'flowId?': text,
  'agentId?': text,
  knowledgeBaseIds: list(text),
  'metadata?': map,
});
export const botStats = object({
  conversationsHandled: count,
  messagesProcessed: count,
  handoffRate: number,
  avgResponseTime: number,
});

export const agent = object({
  ...stamped,
  name: text,
  'description?': text,
  status: activation,
  model: text,
  'systemPrompt?': text,
  temperature: number,
  maxTokens: number,
  tools: list(object({ name: text })),
  knowledgeBaseIds: list(text),
  'metadata?': map,
});
const usage = object({ promptTokens: count, completionTokens: count, totalTokens: count });
const chatMessage = object({ role: oneOf('system', 'user', 'assistant', 'tool'), content: text });
export const completion = object({
  id: text,
  object: text,
  created: count,
  model: text,
  message: chatMessage,
  choices: list(object({ index: count, message: chatMessage, finishReason: text })),
  usage,
  finishReason: oneOf('stop', 'length', 'tool_calls'),
});
export const invocation = object({
  response: text,
  conversationId: text,
  'toolResults?': list(object({ toolCallId: text, name: text })),
  usage,
});
export const embeddings = object({
  object: text,
  data: list(object({ object: text, index: count, embedding: list(number) })),
  model: text,
  usage,
});

export const knowledgeBase = object({
  ...stamped,
  name: text,
  'description?': text,
  status: oneOf('active', 'processing', 'error', 'empty'),
  embeddingModel: text,
  chunkSize: count,
  chunkOverlap: count,
  documentCount: count,
  totalChunks: count,
  'metadata?': map,
});
export const document = object({
  id: text,
  knowledgeBaseId: text,
  name: text,
  type: oneOf('pdf', 'txt', 'docx', 'html', 'markdown', 'csv', 'json'),
  'sourceUrl?': text,
  status: oneOf('pending', 'processing', 'completed', 'failed'),
  size: count,
  chunkCount: count,
  'metadata?': map,
  'error?': text,
  createdAt: time,
  updatedAt: time,
});
export const queryResult = object({
  chunks: list(
    object({
      id: text,
      documentId: text,
      content: text,
      chunkIndex: count,
      tokenCount: count,
      score: number,
      'metadata?': map,
      document,
    }),
  ),
  query: text,
  model: text,
});
export const chunks = object({ chunks: list(object({ content: text, index: count })) });
export const knowledgeStats = object({
  documentCount: count,
  totalChunks: count,
  totalTokens: count,
  avgChunkSize: number,
  storageUsed: count,
});

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

export const picture = object({ image_base64: text, width: count, height: count });
export const rendered = object({
  image_base64: text,
  caption: text,
  width: count,
  height: count,
  format: oneOf('png', 'webp', 'jpeg'),
  render_time_ms: number,
  size_bytes: count,
  cache_hit: flag,
});
export const renderedAndSent = object({ message_id: text, image_url: text, caption: text });
export const templates = object({
  templates: list(object({ id: text, name: text, description: text, schema: map })),
});

export const success = object({ success: flag, 'message?': text });
export const inboundUrl = object({ url: text, 'verifyToken?': text });
export const stateCounts = counts;
export const error = object({ code: text, message: text, 'details?': map });

const compiled = new Map<Schema, ValidateFunction>();
const ajv = new Ajv({ allErrors: true });

/** What of a body does not fit its schema; empty when all of it does. */
export function misfits(schema: Schema, body: unknown): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  validate(body);
  return (validate.errors ?? []).map(({ instancePath, message: reason, params }) =>
    [instancePath || '/', reason, JSON.stringify(params)].join(' '),
  );
}
