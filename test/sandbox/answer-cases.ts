import * as schemas from './schemas';
import { type Bench, type Json, rows } from './support';

type Schema = Record<string, unknown>;
/** Method and path, body, the schema of the answer (undefined: no body), and its status. */
export type Case = [call: string, body: unknown, schema: Schema | undefined, status?: number];

const { page } = schemas;
const range = { startDate: '2020-01-01', endDate: '2099-01-01' };

/**
 * Calls of every operation.
 *
 * @param asMap the Rust and Java families, with identifiers as a map and connected channels
 */
export function cases(asMap: boolean, family: string): Case[] {
  const contact = schemas.contact(asMap);
  const conversation = schemas.conversation(asMap);
  const channel = schemas.channel(asMap);
  const figures = family === 'java' ? schemas.javaAnalytics : schemas.analytics;
  const { message } = schemas;
  const media = { type: 'image', url: 'https://shop.example/a.png', caption: 'A' };
  const buttons = [{ type: 'reply', text: 'Yes', payload: 'y' }];
  const interactive = {
    type: 'list',
    body: { text: 'Which?' },
    action: { sections: [{ rows: [{ id: 'a', title: 'A' }] }] },
  };
  const menu = { titulo: 'Menu', opcoes: [{ label: 'A' }] };
  const turns = [{ role: 'user', content: 'When do you open?' }];
  const send = 'POST /conversations/conv_ana/messages';
  return [
    ['POST /auth/login', { email: 'demo@linktor.local', password: 'sandbox' }, schemas.login],
    ['POST /auth/refresh', { refreshToken: '{refreshToken}' }, schemas.tokens],
    ['GET /auth/me', undefined, schemas.user],
    ['PATCH /auth/me', { phone: '+5511' }, schemas.user],
    ['GET /auth/tenant', undefined, schemas.tenant],
    ['POST /auth/change-password', { currentPassword: 'sandbox', newPassword: 'sandbox' }, undefined, 204],
    ['POST /auth/logout', undefined, undefined, 204],

    ['GET /conversations', undefined, page(conversation)],
    ['GET /conversations?limit=1&offset=1', undefined, page(conversation)],
    ['GET /conversations?status=closed', undefined, page(conversation)],
    ['GET /conversations/{conv_ana}', undefined, conversation],
    ['PATCH /conversations/{conv_ana}', { tags: ['a'], metadata: { b: 1 } }, conversation],
    ['POST /conversations/{conv_ana}/assign', { agentId: 'user_demo' }, conversation],
    ['POST /conversations/{conv_ana}/unassign', undefined, conversation],
    ['POST /conversations/{conv_ana}/snooze', { until: '2099-01-01T00:00:00Z' }, conversation],
    ['POST /conversations/{conv_ana}/reopen', {}, conversation],
    ['POST /conversations/{conv_carla}/resolve', {}, conversation],
    ['POST /conversations/{conv_ana}/tags', { tags: ['vip'] }, conversation],
    ['DELETE /conversations/{conv_ana}/tags', { tags: ['vip'] }, conversation],
    ['POST /conversations/{conv_ana}/read', {}, conversation],
    ['GET /conversations/counts', undefined, schemas.stateCounts],
    ['GET /conversations/{conv_carla}/messages', undefined, page(message)],
    ['GET /conversations/{conv_ana}/messages?limit=2', undefined, page(message)],
    ['GET /conversations/conv_carla/messages/{message}', undefined, message],
    ['POST /conversations/{conv_ana}/messages', { text: 'hi' }, message, 201],
    [send, { media }, message, 201],
    [send, { media: { url: 'https://shop.example/file' } }, message, 201],
    [send, { location: { latitude: 1, longitude: 2 } }, message, 201],
    [send, { contact: { name: 'Rui', phones: ['+5511'], emails: [] } }, message, 201],
    [send, { text: 'Sure?', buttons }, message, 201],
    [send, { text: 'Which?', type: 'interactive', interactive }, message, 201],
    [send, { template: { name: 'welcome', language: 'en', components: [] } }, message, 201],
    [send, { text: 'note', type: 'system' }, message, 201],

    ['GET /contacts', undefined, page(contact)],
    ['GET /contacts?search=nobody', undefined, page(contact)],
    ['GET /contacts/{ct_ana}', undefined, contact],
    [
      'POST /contacts',
      { name: 'New', identifiers: [{ channelType: 'sms', channelId: 'c', identifier: 'i' }] },
      contact,
      201,
    ],
    ['POST /contacts', { phone: '+5511922223333', identifiers: { whatsapp: '5511922223333' } }, contact, 201],
    ['PATCH /contacts/{ct_ana}', { customFields: { a: 1 } }, contact],
    ['POST /contacts/{ct_ana}/tags', { tags: ['a'] }, contact],
    ['DELETE /contacts/{ct_ana}/tags', { tags: ['a'] }, contact],
    ['GET /contacts/{ct_ana}/conversations', undefined, page(conversation)],
    ['POST /contacts/merge', { primaryContactId: 'ct_ana', secondaryContactIds: ['{secondary}'] }, contact],
    ['DELETE /contacts/{victim}', undefined, undefined, 204],

    ['GET /channels', undefined, page(channel)],
    ['GET /channels/{ch_whatsapp}', undefined, channel],
    ['POST /channels', { name: 'x', type: 'email' }, channel, 201],
    ['PATCH /channels/{channel}', { name: 'y' }, channel],
    ['POST /channels/{channel}/connect', undefined, channel],
    ['POST /channels/{channel}/disconnect', undefined, channel],
    ['GET /channels/{ch_whatsapp}/status', undefined, schemas.channelStatus],
    ['GET /channels/{ch_whatsapp}/capabilities', undefined, schemas.capabilities],
    ['POST /channels/{ch_whatsapp}/test', undefined, schemas.success],
    ['GET /channels/{ch_whatsapp}/webhook', undefined, schemas.inboundUrl],
    ['POST /channels/{channel}/webhook/regenerate', undefined, schemas.inboundUrl],
    ['GET /channels/{ch_whatsapp}/stats?period=month', undefined, schemas.channelStats],
    ['DELETE /channels/{oldChannel}', undefined, undefined, 204],

    ['GET /bots', undefined, page(schemas.bot)],
    ['GET /bots/{bot_demo}', undefined, schemas.bot],
    ['POST /bots', { name: 'x', type: 'flow', flowId: 'flow_demo' }, schemas.bot, 201],
    ['PATCH /bots/{bot}', { status: 'active', config: { welcomeMessage: 'Hi' } }, schemas.bot],
    ['POST /bots/{bot}/channels', { channelIds: ['ch_webchat'] }, schemas.bot],
    ['DELETE /bots/{bot}/channels', { channelIds: ['ch_webchat'] }, schemas.bot],
    ['POST /bots/{bot}/knowledge-bases', { knowledgeBaseIds: ['kb_shop'] }, schemas.bot],
    ['DELETE /bots/{bot}/knowledge-bases', { knowledgeBaseIds: ['kb_shop'] }, schemas.bot],
    ['GET /bots/{bot_demo}/stats?period=day', undefined, schemas.botStats],
    ['POST /bots/{bot}/duplicate', { name: 'copy' }, schemas.bot, 201],
    ['DELETE /bots/{oldBot}', undefined, undefined, 204],

    ['POST /ai/completions', { messages: turns, knowledgeBaseIds: ['kb_shop'] }, schemas.completion],
    ['POST /ai/embeddings', { input: ['a', 'b'] }, schemas.embeddings],
    ['GET /ai/agents', undefined, page(schemas.agent)],
    ['GET /ai/agents/{agent_demo}', undefined, schemas.agent],
    ['POST /ai/agents', { name: 'x', model: 'm', tools: [] }, schemas.agent, 201],
    ['PATCH /ai/agents/{agent}', { status: 'inactive' }, schemas.agent],
    ['POST /ai/agents/{agent_demo}/invoke', { message: 'When do you open?' }, schemas.invocation],
    ['POST /ai/agents/{agent}/knowledge-bases', { knowledgeBaseIds: ['kb_shop'] }, schemas.agent],
    ['DELETE /ai/agents/{agent}/knowledge-bases', { knowledgeBaseIds: ['kb_shop'] }, schemas.agent],
    ['POST /ai/agents/{agent}/duplicate', {}, schemas.agent, 201],
    ['DELETE /ai/agents/{oldAgent}', undefined, undefined, 204],

    ['GET /knowledge-bases', undefined, page(schemas.knowledgeBase)],
    ['GET /knowledge-bases/{kb_shop}', undefined, schemas.knowledgeBase],
    ['POST /knowledge-bases', { name: 'x' }, schemas.knowledgeBase, 201],
    ['PATCH /knowledge-bases/{base}', { description: 'y' }, schemas.knowledgeBase],
    ['POST /knowledge-bases/{kb_shop}/query', { query: 'When do you open?', topK: 3 }, schemas.queryResult],
    ['POST /knowledge-bases/{kb_shop}/reprocess', undefined, schemas.knowledgeBase],
    ['GET /knowledge-bases/{kb_shop}/stats', undefined, schemas.knowledgeStats],
    ['GET /knowledge-bases/{kb_shop}/documents', undefined, page(schemas.document)],
    ['GET /knowledge-bases/kb_shop/documents/{document}', undefined, schemas.document],
    ['POST /knowledge-bases/{kb_shop}/documents', { name: 'x', content: 'y' }, schemas.document, 201],
    ['GET /knowledge-bases/kb_shop/documents/{document}/chunks', undefined, schemas.chunks],
    ['POST /knowledge-bases/kb_shop/documents/{document}/reprocess', undefined, schemas.document],
    ['DELETE /knowledge-bases/kb_shop/documents/{oldDocument}', undefined, undefined, 204],
    ['DELETE /knowledge-bases/{oldBase}', undefined, undefined, 204],

    ['GET /flows', undefined, page(schemas.flow)],
    ['GET /flows/{flow_demo}', undefined, schemas.flow],
    ['POST /flows', { name: 'x', variables: [{ name: 'v', type: 'string' }] }, schemas.flow, 201],
    ['PATCH /flows/{flow_demo}', { description: 'y' }, schemas.flow],
    ['POST /flows/{flow_demo}/duplicate', {}, schemas.flow, 201],
    ['POST /flows/{flow_demo}/execute', { conversationId: 'conv_carla' }, schemas.execution, 201],
    ['GET /flows/{flow_demo}/executions', undefined, page(schemas.execution)],
    ['GET /flows/flow_demo/executions/{execution}', undefined, schemas.execution],
    ['POST /flows/flow_demo/executions/{waiting}/cancel', undefined, schemas.execution],
    ['GET /flows/node-types', undefined, schemas.nodeTypes],
    ['POST /flows/{flow_demo}/validate', undefined, schemas.validation],
    ['GET /flows/{flow_demo}/export', undefined, schemas.flow],
    ['POST /flows/import', { name: 'x', nodes: [{ id: 's', type: 'start' }] }, schemas.flow, 201],
    ['GET /flows/{flow_demo}/stats?period=week', undefined, schemas.flowStats],
    ['DELETE /flows/{oldFlow}', undefined, undefined, 204],

    ...Object.entries(figures).map(([name, schema]): Case => [`GET /analytics/${name}`, undefined, schema]),
    ['GET /analytics/dashboard?startDate=2020-01-01&endDate=2099-01-01', undefined, figures.dashboard],
    ['POST /analytics/reports', { type: 'messages', range, groupBy: 'week', format: 'json' }, schemas.report],
    ['POST /analytics/reports', { type: 'bots', range, groupBy: 'month', format: 'csv' }, schemas.report],
    ['POST /analytics/export', { type: 'conversations', range, format: 'xlsx' }, schemas.exported],

    ['POST /vre/render', { tenant_id: 'any', template_id: 'menu_opcoes', data: menu }, schemas.rendered],
    [
      'POST /vre/render-and-send',
      { conversation_id: 'conv_ana', template_id: 'menu_opcoes', data: menu },
      schemas.renderedAndSent,
    ],
    ['GET /vre/templates?tenant_id=any', undefined, schemas.templates],
    ['POST /vre/templates/{menu_opcoes}/preview', {}, schemas.picture],

    ['GET /conversations/{nobody}', undefined, schemas.error, 404],
    ['POST /contacts', {}, schemas.error, 400],
    ['DELETE /auth/me', undefined, schemas.error, 405],
  ];
}

/** Method and path of every operation of the documented API that the TypeScript SDK has (contract 1). */
export const OPERATIONS = [
  'POST /auth/login',
  'POST /auth/logout',
  'POST /auth/refresh',
  'GET /auth/me',
  'PATCH /auth/me',
  'POST /auth/change-password',
  'GET /conversations',
  'GET /conversations/*',
  'PATCH /conversations/*',
  'POST /conversations/*/assign',
  'POST /conversations/*/unassign',
  'POST /conversations/*/snooze',
  'POST /conversations/*/tags',
  'DELETE /conversations/*/tags',
  'GET /conversations/*/messages',
  'POST /conversations/*/messages',
  'POST /conversations/*/read',
  'GET /conversations/counts',
  'GET /contacts',
  'GET /contacts/*',
  'POST /contacts',
  'PATCH /contacts/*',
  'DELETE /contacts/*',
  'POST /contacts/merge',
  'GET /contacts/*/conversations',
  'POST /contacts/*/tags',
  'DELETE /contacts/*/tags',
  'GET /channels',
  'GET /channels/*',
  'POST /channels',
  'PATCH /channels/*',
  'DELETE /channels/*',
  'POST /channels/*/connect',
  'POST /channels/*/disconnect',
  'GET /channels/*/status',
  'GET /channels/*/capabilities',
  'POST /channels/*/test',
  'GET /channels/*/webhook',
  'POST /channels/*/webhook/regenerate',
  'GET /channels/*/stats',
  'GET /bots',
  'GET /bots/*',
  'POST /bots',
  'PATCH /bots/*',
  'DELETE /bots/*',
  'POST /bots/*/channels',
  'DELETE /bots/*/channels',
  'POST /bots/*/knowledge-bases',
  'DELETE /bots/*/knowledge-bases',
  'GET /bots/*/stats',
  'POST /bots/*/duplicate',
  'POST /ai/completions',
  'POST /ai/embeddings',
  'GET /ai/agents',
  'GET /ai/agents/*',
  'POST /ai/agents',
  'PATCH /ai/agents/*',
  'DELETE /ai/agents/*',
  'POST /ai/agents/*/invoke',
  'POST /ai/agents/*/knowledge-bases',
  'DELETE /ai/agents/*/knowledge-bases',
  'POST /ai/agents/*/duplicate',
  'GET /knowledge-bases',
  'GET /knowledge-bases/*',
  'POST /knowledge-bases',
  'PATCH /knowledge-bases/*',
  'DELETE /knowledge-bases/*',
  'POST /knowledge-bases/*/query',
  'POST /knowledge-bases/*/reprocess',
  'GET /knowledge-bases/*/stats',
  'GET /knowledge-bases/*/documents',
  'POST /knowledge-bases/*/documents',
  'GET /flows',
  'GET /flows/*',
  'POST /flows',
  'PATCH /flows/*',
  'DELETE /flows/*',
  'POST /flows/*/duplicate',
  'POST /flows/*/execute',
  'GET /flows/*/executions',
  'GET /flows/node-types',
  'POST /flows/*/validate',
  'GET /flows/*/export',
  'POST /flows/import',
  'GET /flows/*/stats',
  'GET /analytics/dashboard',
  'GET /analytics/conversations',
  'GET /analytics/messages',
  'GET /analytics/agents',
  'GET /analytics/bots',
  'GET /analytics/channels',
  'GET /analytics/realtime',
  'POST /analytics/reports',
  'POST /analytics/export',
  'POST /vre/render',
  'POST /vre/render-and-send',
  'GET /vre/templates',
  'POST /vre/templates/*/preview',
];

/** Records that the cases name in braces. */
export async function prepare(box: Bench): Promise<Record<string, string>> {
  const made = async (path: string, body: Json) => String((await box.api('POST', path, body)).body.id);
  const login = (await box.api('POST', '/auth/login', { email: 'demo@linktor.local', password: 'sandbox' })).body;
  await box.api('POST', '/conversations/conv_bruno/read', {});
  await box.control('/messages', { conversationId: 'conv_carla', choice: { id: 'a', title: 'A', kind: 'list' } });
  await box.control('/messages', { conversationId: 'conv_carla', location: { latitude: 1, longitude: 2 } });
  await box.control('/messages', { conversationId: 'conv_carla', card: { name: 'Rui', phones: ['+5511'] } });
  await box.control('/messages', { conversationId: 'conv_carla', reaction: { messageId: 'msg_carla_1', emoji: '👍' } });
  await box.control('/messages', { channelId: 'ch_whatsapp', contact: { phone: '+5511977776666' }, text: 'no name' });
  const run = (await box.api('POST', '/flows/flow_demo/execute', { conversationId: 'conv_ana' })).body;
  await box.control('/messages', { conversationId: 'conv_ana', text: 'Ana' });
  const waiting = (await box.api('POST', '/flows/flow_demo/execute', { conversationId: 'conv_bruno' })).body;
  const [message] = rows(await box.api('GET', '/conversations/conv_carla/messages'));
  return {
    refreshToken: String(login.refreshToken),
    message: String(message?.id),
    execution: String(run.id),
    waiting: String(waiting.id),
    secondary: await made('/contacts', { name: 'Second' }),
    victim: await made('/contacts', { name: 'Gone' }),
    channel: await made('/channels', {
      name: 'Bot',
      type: 'telegram',
      config: { type: 'telegram', botToken: 't' },
    }),
    oldChannel: await made('/channels', { name: 'Old', type: 'sms', config: { type: 'sms' } }),
    bot: await made('/bots', { name: 'New', type: 'ai' }),
    oldBot: await made('/bots', { name: 'Old', type: 'ai' }),
    agent: await made('/ai/agents', { name: 'New', model: 'm' }),
    oldAgent: await made('/ai/agents', { name: 'Old', model: 'm' }),
    base: await made('/knowledge-bases', { name: 'New' }),
    oldBase: await made('/knowledge-bases', { name: 'Old' }),
    document: await made('/knowledge-bases/kb_shop/documents', { name: 'New', content: 'We sell ferns.' }),
    oldDocument: await made('/knowledge-bases/kb_shop/documents', { name: 'Old', content: 'Gone.' }),
    oldFlow: await made('/flows', { name: 'Old' }),
  };
}
