import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json } from './support';

describe('sandbox: bots and agents', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  beforeEach(() => box.control('/reset'));
  after(() => box.close());

  it('creates, updates, lists and deletes bots', async () => {
    const bot = { name: 'Helper', type: 'flow', flowId: 'flow_demo', channelIds: ['ch_whatsapp'], config: { a: 1 } };
    const made = await box.api('POST', '/bots', bot);
    assert.deepEqual([made.status, made.body.status, made.body.flowId], [201, 'draft', 'flow_demo']);
    const path = `/bots/${made.body.id}`;
    const patched = await box.api('PATCH', path, { description: 'new', config: { b: 2 }, status: 'active' });
    assert.deepEqual(
      [patched.body.description, patched.body.config, patched.body.status],
      ['new', { a: 1, b: 2 }, 'active'],
    );
    assert.deepEqual(ids(await box.api('GET', '/bots?type=flow')), [made.body.id]);
    assert.deepEqual(ids(await box.api('GET', '/bots?channelId=ch_webchat')), ['bot_demo']);
    assert.deepEqual(ids(await box.api('GET', '/bots?status=active&search=shop')), ['bot_demo']);
    assert.equal((await box.api('DELETE', path)).status, 204);
    for (const bad of [
      { name: 'x' },
      { type: 'ai' },
      { name: 'x', type: 'ai', channelIds: ['ch_x'] },
      { name: 'x', type: 'ai', flowId: 'f' },
    ]) {
      assert.equal((await box.api('POST', '/bots', bad)).status, 400);
    }
  });

  it('starts and stops bots, and tells', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', { url: receiver.url, secret: 's' });
    assert.equal((await box.api('POST', '/bots/bot_demo/stop')).body.status, 'inactive');
    assert.deepEqual((await box.api('GET', '/bots/bot_demo/status')).body.isRunning, false);
    assert.equal((await box.api('POST', '/bots/bot_demo/start', {})).body.status, 'active');
    await box.api('PATCH', '/bots/bot_demo', { status: 'active' });
    await box.api('PATCH', '/bots/bot_demo', { status: 'inactive' });
    const events = await receiver.deliveries.some(3);
    assert.deepEqual(
      events.map(({ body }) => body.type),
      ['bot.stopped', 'bot.started', 'bot.stopped'],
    );
  });

  it('links bots to channels and bases', async () => {
    const link = async (method: string, part: string, body: Json) =>
      (await box.api(method, `/bots/bot_demo/${part}`, body)).body;
    assert.deepEqual((await link('POST', 'channels', { channelIds: ['ch_whatsapp'] })).channelIds, [
      'ch_webchat',
      'ch_whatsapp',
    ]);
    assert.deepEqual((await link('DELETE', 'channels', { channelIds: ['ch_webchat'] })).channelIds, ['ch_whatsapp']);
    assert.deepEqual((await link('DELETE', 'knowledge-bases', { knowledgeBaseIds: ['kb_shop'] })).knowledgeBaseIds, []);
    assert.deepEqual((await link('POST', 'knowledge-bases', { knowledgeBaseIds: ['kb_shop'] })).knowledgeBaseIds, [
      'kb_shop',
    ]);
    assert.equal((await box.api('POST', '/bots/bot_demo/channels', { channelIds: ['ch_x'] })).status, 400);
  });

  it('duplicates as a draft, without touching the original', async () => {
    const copy = await box.api('POST', '/bots/bot_demo/duplicate', {});
    assert.deepEqual([copy.status, copy.body.name, copy.body.status], [201, 'Shop bot (copy)', 'draft']);
    await box.api('PATCH', `/bots/${copy.body.id}`, { config: { welcomeMessage: 'changed' } });
    const original = await box.api('GET', '/bots/bot_demo');
    assert.match(String((original.body.config as Json).welcomeMessage), /^Welcome/);
    assert.equal((await box.api('POST', '/bots/bot_demo/duplicate', { name: 'Twin' })).body.name, 'Twin');
  });

  it('counts what a bot did', async () => {
    const { body } = await box.api('GET', '/bots/bot_demo/stats?period=week');
    assert.deepEqual([body.conversationsHandled, body.messagesProcessed, body.handoffRate], [1, 3, 0]);
  });

  it('creates, updates, links, duplicates and deletes agents', async () => {
    const made = await box.api('POST', '/ai/agents', { name: 'A', model: 'm', tools: [{ name: 't', parameters: [] }] });
    assert.deepEqual([made.status, made.body.model, made.body.temperature], [201, 'm', 0.7]);
    const path = `/ai/agents/${made.body.id}`;
    assert.equal((await box.api('PATCH', path, { temperature: 0.1 })).body.temperature, 0.1);
    const linked = await box.api('POST', `${path}/knowledge-bases`, { knowledgeBaseIds: ['kb_shop'] });
    assert.deepEqual(linked.body.knowledgeBaseIds, ['kb_shop']);
    assert.equal((await box.api('POST', `${path}/duplicate`)).body.name, 'A (copy)');
    assert.equal(ids(await box.api('GET', '/ai/agents')).length, 3);
    assert.equal((await box.api('DELETE', path)).status, 204);
    assert.equal((await box.api('POST', '/ai/agents', { name: 'A', temperature: 5 })).status, 400);
  });

  it('invokes an agent with a message, with messages, and as a stream', async () => {
    const message = 'How much is the coffee subscription?';
    const path = '/ai/agents/agent_demo/invoke';
    const { status, body } = await box.api('POST', path, { message, conversationId: 'conv_ana' });
    assert.equal(status, 200);
    assert.match(String(body.response), /R\$ 62 per month.*\(sandbox answer\)$/);
    assert.deepEqual([body.conversationId, body.toolResults], ['conv_ana', []]);
    assert.ok((body.usage as Json).totalTokens);
    const chat = await box.api('POST', path, { messages: [{ role: 'user', content: message }] });
    assert.deepEqual((chat.body.choices as Json[])[0]?.message, { role: 'assistant', content: chat.body.response });
    const stream = await box.api('POST', path, { message, stream: true });
    const lines = stream.text.split('\n').filter((line) => line.startsWith('data: {'));
    const deltas = lines.map((line) => (JSON.parse(line.slice(6)) as Json).delta);
    assert.equal(deltas.join(''), chat.body.response);
    assert.match(stream.text, /data: \[DONE\]\n\n$/);
    assert.equal((await box.api('POST', path, {})).status, 400);
    assert.equal((await box.api('POST', path, { message, conversationId: 'conv_x' })).status, 404);
  });

  it('completes chats on the other path, and ranks texts by embedding', async () => {
    const chat = await box.api('POST', '/ai/completions/chat', { messages: [{ role: 'user', content: 'x' }] });
    assert.equal(chat.status, 200);
    const texts = ['cats and dogs', 'shipping costs', 'opening hours'];
    const { body } = await box.api('POST', '/ai/embeddings/search', { query: 'cost of shipping', texts, topK: 2 });
    const results = body.results as { text: string; index: number; score: number }[];
    assert.deepEqual([results.length, results[0]?.text, results[0]?.index], [2, 'shipping costs', 1]);
    const inBase = await box.api('POST', '/ai/embeddings/search', { query: 'gift card', knowledgeBaseId: 'kb_shop' });
    assert.equal((inBase.body.results as Json[]).length, 5);
    assert.equal((await box.api('POST', '/ai/embeddings/search', { query: 'x' })).status, 400);
  });
});
