import { activation, count, flag, list, map, number, object, oneOf, type Schema, stamped, text, time } from './kit';

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
export const stateCounts: Schema = { type: 'object', additionalProperties: count };
export const error = object({ code: text, message: text, 'details?': map });
