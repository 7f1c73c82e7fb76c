// npm run reference: regenerates the table of docs/own-server.md, which lists the operations that work on each kind of
// server, tried with the client. An unsupported operation is described by the error that a flow would receive.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LinktorClient } from '../lib/client';
import { LinktorError } from '../lib/errors';
import { startSandbox } from '../sandbox';

/** @returns a text for the table in place of `yes` */
type Try = (client: LinktorClient, baseUrl: string) => Promise<unknown>;

export const ownServerFile = path.join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'own-server.md');
const HEAD = '| What | Documented API | Self-hosted server |\n| --- | --- | --- |\n';
const TABLE = /\| What \| Documented API \|.*?\n\n/s;
/** Conversations in the sandbox; the self-hosted server shows fewer. */
const MANY = 25;
const MODEL = 'ollama/llama3';
const question = [{ role: 'user', content: 'hi' }] as const;

const rows: readonly [what: string, act: Try][] = [
  ['sign in with a key', signInWithKey],
  ['escalate a conversation', (c) => c.conversations.escalate('conv_ana')],
  ['tag a conversation', (c) => c.conversations.addTags('conv_ana', ['a'])],
  ['take tags from a conversation', (c) => c.conversations.removeTags('conv_ana', ['a'])],
  ['keep metadata of a conversation', (c) => c.conversations.update('conv_ana', { metadata: { a: 'b' } })],
  ['snooze a conversation', (c) => c.conversations.snooze('conv_ana')],
  ['take a conversation from its assignee', (c) => c.conversations.unassign('conv_ana')],
  ['mark messages as read', (c) => c.conversations.markRead('conv_ana')],
  ['react to a message', (c) => c.conversations.react('conv_ana', 'msg_ana_1', '👍')],
  ['delete a message', (c) => c.conversations.deleteMessage('msg_none')],
  ['count conversations', (c) => c.conversations.counts()],
  ['search conversations', (c) => c.conversations.list({ search: 'ana' })],
  ['list conversations by tag', (c) => c.conversations.list({ tags: ['a'] })],
  ['lists of conversations', listConversations],
  ['lists of messages', listMessages],
  ['merge contacts', (c) => c.contacts.merge('ct_ana', ['ct_carla'])],
  ['list contacts by channel', (c) => c.contacts.list({ channelType: 'whatsapp' })],
  ['sort contacts', (c) => c.contacts.list({ sortBy: 'name' })],
  ['custom fields of contacts', keepNumber],
  ['classify a text', (c) => c.ai.classifyIntent('hi', { intents: ['greeting'] })],
  ['find out how a text sounds', (c) => c.ai.analyzeSentiment('good')],
  ['list people, for *assign*', (c) => c.users.list()],
  ['list approved templates', (c) => c.messageTemplates.list()],
  ['list models and their providers', (c) => c.ai.providers()],
  ['AI without a model', aiWithoutModel],
  ['stream an answer', (c) => c.ai.stream({ messages: question, model: MODEL }).next()],
  ['lend a model tools', (c) => c.ai.create({ messages: question, model: MODEL, tools: [{ type: 'function' }] })],
  [
    'ask a model about a knowledge base',
    (c) => c.ai.create({ messages: question, model: MODEL, knowledgeBaseIds: ['kb_shop'] }),
  ],
  ['list agents', (c) => c.ai.agents.list()],
  ['read agents', (c) => c.ai.agents.get('agent_demo')],
  ['create agents', (c) => c.ai.agents.create({ name: 'A' })],
  ['change agents', (c) => c.ai.agents.update('agent_demo', { name: 'A' })],
  ['ask an agent', (c) => c.ai.agents.invoke('agent_demo', { message: 'hi' })],
  ['give an agent knowledge bases', (c) => c.ai.agents.addKnowledgeBases('agent_demo', ['kb_shop'])],
  ['take knowledge bases from an agent', (c) => c.ai.agents.removeKnowledgeBases('agent_demo', ['kb_shop'])],
  ['duplicate an agent', (c) => c.ai.agents.duplicate('agent_demo')],
  ['delete agents', (c) => c.ai.agents.remove('agent_demo')],
  ['make embeddings', (c) => c.ai.embed('hi')],
  [
    'take a file that is no text into a knowledge base',
    (c) => c.knowledgeBases.uploadDocument('kb_shop', { name: 'a', filename: 'a.bin', file: Buffer.from([0]) }),
  ],
  ['tell the figures of a knowledge base', (c) => c.knowledgeBases.stats('kb_shop')],
  ['process a document anew', (c) => c.knowledgeBases.reprocessDocument('kb_shop', 'doc_opening_hours')],
  ['tell the chunks of a document', (c) => c.knowledgeBases.chunks('kb_shop', 'doc_opening_hours')],
  ['scores of a knowledge base', scores],
  ['take its knowledge base from a bot', (c) => c.bots.removeKnowledgeBases('bot_demo', ['kb_shop'])],
  ['tell the figures of a bot', (c) => c.bots.stats('bot_demo')],
  ['duplicate a bot', (c) => c.bots.duplicate('bot_demo')],
  ['duplicate a flow', (c) => c.flows.duplicate('flow_demo')],
  ['check a flow', (c) => c.flows.validate('flow_demo')],
  ['export a flow', (c) => c.flows.export('flow_demo')],
  ['import a flow', (c) => c.flows.import({ name: 'A' })],
  ['list the kinds of nodes of its flows', (c) => c.flows.nodeTypes()],
  ['tell the figures of a flow', (c) => c.flows.stats('flow_demo')],
  ['start a flow', (c) => c.flows.execute('flow_demo', { conversationId: 'conv_ana' })],
  ['list the executions of a flow', (c) => c.flows.executions('flow_demo')],
  ['read an execution', async (c) => c.flows.execution('flow_demo', await firstExecution(c))],
  ['cancel an execution', async (c) => c.flows.cancel('flow_demo', await firstExecution(c))],
  ['test a channel', (c) => c.channels.test('ch_webchat')],
  ['tell the capabilities of a channel', (c) => c.channels.capabilities('ch_webchat')],
  ['tell where a provider delivers to a channel', (c) => c.channels.webhook('ch_webchat')],
  ['renew the token of a channel', (c) => c.channels.renewWebhook('ch_webchat')],
  ['tell the figures of one channel', (c) => c.channels.stats('ch_webchat')],
  ...(['dashboard', 'conversations', 'channels', 'messages', 'agents', 'bots', 'realtime'] as const).map(
    (what): [string, Try] => [`figures: ${what === 'realtime' ? 'right now' : what}`, (c) => c.analytics.figures(what)],
  ),
  ['make reports', (c) => c.analytics.report({ type: 'conversations' })],
  ['export figures', (c) => c.analytics.export({ type: 'conversations' })],
  ['list visual templates, make a picture', (c) => c.vre.templates('tenant_demo')],
  [
    'send a picture that it has made',
    (c) => c.vre.renderAndSend({ conversation: 'conv_ana', template: 'menu', data: {} }),
  ],
  [
    'take the file of a message',
    (c) => c.media.upload({ file: Buffer.from('a'), filename: 'a.txt', mimeType: 'text/plain', type: 'document' }),
  ],
  ['list webhooks', (c) => c.webhooks.list()],
  ['test a webhook', (c) => c.webhooks.test('wh_none')],
  ['find out by itself whether an unclear send has arrived', looksForSend],
  ['sign out', (c) => c.auth.logout()],
];

/** @returns the page with its current table */
export async function ownServerPage(): Promise<string> {
  const page = readFileSync(ownServerFile, 'utf8');
  const [documented, hosted] = [await tried('api'), await tried('server')];
  const lines = rows.map(([what], index) => `| ${what} | ${documented[index]} | ${hosted[index]} |\n`);
  return page.replace(TABLE, `${HEAD}${lines.join('')}\n`);
}

async function tried(contract: 'api' | 'server'): Promise<string[]> {
  const sandbox = await startSandbox({ contract });
  const signIn = contract === 'api' ? { apiKey: 'sandbox-key' } : { email: 'demo@linktor.local', password: 'sandbox' };
  const cells: string[] = [];
  try {
    for (const [what, act] of rows) {
      await fetch(`${sandbox.url}/_sandbox/reset`, { method: 'POST' });
      const client = new LinktorClient({ baseUrl: sandbox.url, contract, maxRetries: 0, ...signIn });
      try {
        const said = await act(client, sandbox.url);
        cells.push(typeof said === 'string' ? said : 'yes');
      } catch (error) {
        cells.push(lackOf(what, error));
      } finally {
        await client.close().catch(() => {});
      }
    }
  } finally {
    await sandbox.close();
  }
  return cells;
}

/** `not_found` counts as supported: only a server that has the operation looks for the record. */
function lackOf(what: string, error: unknown): string {
  if (!(error instanceof LinktorError)) throw error;
  const { code, message } = error;
  if (code === 'not_found') return 'yes';
  if (code !== 'not_supported' && code !== 'authentication') throw new Error(`${what}: ${code}: ${message}`);
  return sentence('no', error);
}

function sentence(word: string, { message, cause }: LinktorError): string {
  return `${word}: ${lowerFirst((cause.hint ?? message).replace(/\.$/, ''))}`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z']*[ ,:]/.test(text) && !text.startsWith('AI') ? text[0]?.toLowerCase() + text.slice(1) : text;
}

async function signInWithKey(_client: LinktorClient, baseUrl: string): Promise<void> {
  const client = new LinktorClient({ baseUrl, apiKey: 'sandbox-key', maxRetries: 0 });
  try {
    await client.channels.list();
  } finally {
    await client.close();
  }
}

async function aiWithoutModel(client: LinktorClient): Promise<string> {
  try {
    await client.ai.complete('hi');
    return 'yes';
  } catch (error) {
    if (!(error instanceof LinktorError) || error.code !== 'validation') throw error;
    return sentence('no', error);
  }
}

async function write(baseUrl: string, body: object): Promise<void> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  await fetch(`${baseUrl}/_sandbox/messages`, init);
}

async function listConversations(client: LinktorClient, baseUrl: string): Promise<string | undefined> {
  for (let index = 0; index < MANY; index++) {
    await write(baseUrl, { channelId: 'ch_webchat', contact: { name: `Person ${index}` }, text: 'hi' });
  }
  const { items, truncated } = await client.conversations.list({ limit: 100 });
  return truncated ? `the newest ${items.length}; \`msg.page.truncated\` says when there are more` : 'page by page';
}

async function listMessages(client: LinktorClient, baseUrl: string): Promise<string> {
  for (let index = 0; index < 60; index++) await write(baseUrl, { conversationId: 'conv_ana', text: `${index}` });
  const { items, truncated } = await client.conversations.messages('conv_ana', { limit: 100 });
  return truncated ? `the newest ${items.length}; a transcript says that it is cut` : 'page by page';
}

async function keepNumber(client: LinktorClient): Promise<string> {
  const { customFields } = await client.contacts.update('ct_ana', { customFields: { age: 42 } });
  return customFields?.age === 42 ? 'anything' : 'texts only';
}

async function scores(client: LinktorClient): Promise<string> {
  const { chunks } = await client.knowledgeBases.query({ base: 'kb_shop', query: 'xícara' });
  if (chunks.length === 0) throw new Error('the sandbox knows nothing of cups');
  return chunks.every(({ score }) => score === 1) ? 'always 1: it searches for words' : 'from 0 to 1';
}

async function firstExecution(client: LinktorClient): Promise<string> {
  await client.flows.execute('flow_demo', { conversationId: 'conv_ana' });
  return (await client.flows.executions('flow_demo')).items[0]?.id ?? '';
}

async function looksForSend(client: LinktorClient, baseUrl: string): Promise<string> {
  const fault = { count: 1, after: true, reset: true, method: 'POST' };
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(fault) };
  await client.auth.me();
  await fetch(`${baseUrl}/_sandbox/fail`, init);
  try {
    await client.conversations.sendText('conv_ana', 'hi');
    return 'yes: it looks';
  } catch (error) {
    if (error instanceof LinktorError && error.cause.ambiguous) return 'no: `cause.ambiguous` says so';
    throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  void ownServerPage().then((page) => writeFileSync(ownServerFile, page));
}
