import { strict as assert } from 'node:assert';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import type { Json } from './support';

const NOBODY = 'a0a0a0a0-0000-4000-8000-000000000000';

describe('sandbox as the server: bots, knowledge, flows, AI, figures and pictures', () => {
  let box: ServerBench;
  beforeEach(async () => {
    box = await serverBench();
  });
  afterEach(() => box.close());

  it('lists bots, flows and bases bare, and crashes at a page of no size', async () => {
    for (const path of ['/bots', '/flows', '/knowledge-bases', '/knowledge-bases/kb_shop/items']) {
      const { body } = await box.call('GET', `${path}?page_size=1`);
      assert.deepEqual(Object.keys(body), ['data', 'pagination'], path);
      assert.deepEqual([(body.data as Json[]).length, (body.pagination as Json).page_size], [1, 1]);
      const crash = await box.call('GET', `${path}?page_size=0`);
      assert.deepEqual([crash.status, crash.text, crash.headers.get('content-type')], [500, '', null], path);
    }
    const empty = await serverBench({ seed: false });
    assert.equal((await empty.call('GET', '/bots')).body.data, null);
    await empty.close();
    for (const path of ['/bots', '/flows', '/knowledge-bases']) {
      assert.equal((await box.call('GET', `${path}/node-types`)).status, 500, path);
      assert.equal(codeOf(await box.call('GET', `${path}/${NOBODY}`)), 'NOT_FOUND', path);
    }
  });

  it('manages bots, with words for an answer where they are switched or linked', async () => {
    const made = await box.call('POST', '/bots', { name: 'B', type: 'ai', provider: 'openai', model: 'm' });
    const { id, status, provider, model } = data(made);
    assert.deepEqual([made.status, status, provider, model], [201, 'inactive', 'openai', 'm']);
    assert.equal((await box.call('POST', '/bots', { name: 'B', type: 'ai', model: 'm' })).status, 400);
    const said = [
      await box.call('POST', `/bots/${id}/activate`),
      await box.call('POST', `/bots/${id}/channels`, { channel_id: 'ch_webchat' }),
      await box.call('POST', `/bots/${id}/escalation-rules`, { condition: 'keyword', value: 'human' }),
    ];
    for (const reply of said) assert.deepEqual([reply.status, Object.keys(data(reply))], [200, ['message']]);
    await box.call('PUT', `/bots/${id}/config`, { welcome_message: 'Hi!', knowledge_base_id: 'kb_shop' });
    const bot = data(await box.call('GET', `/bots/${id}`));
    const config = bot.config as Json;
    assert.deepEqual([bot.status, bot.channels], ['active', ['ch_webchat']]);
    assert.deepEqual([config.welcome_message, config.knowledge_base_id], ['Hi!', 'kb_shop']);
    assert.equal((config.escalation_rules as Json[]).length, 1);
    const test = data(await box.call('POST', `/bots/${id}/test`, { message: 'How often do I water a fern?' }));
    assert.match(String(test.content), /fern/i);
    assert.equal((await box.call('POST', `/bots/${id}/start`)).status, 404);
    assert.equal((await box.call('DELETE', `/bots/${id}`)).status, 204);
  });

  it('searches a base by words, every hit scoring the same', async () => {
    const { status, body } = await box.call('POST', '/knowledge-bases/kb_shop/search', {
      query: 'How often do I water a fern?',
      limit: 2,
    });
    const results = body.results as { item: Json; score: number }[];
    assert.deepEqual([status, body.count, results.length], [200, results.length, 2]);
    assert.match(String(results[0]?.item.answer), /fern/i);
    assert.deepEqual([...new Set(results.map(({ score }) => score))], [1]);
    const search = (limit: number) => box.call('POST', '/knowledge-bases/kb_shop/search', { query: 'fern', limit });
    assert.equal((await search(21)).status, 400);
    assert.equal((await box.call('POST', '/knowledge-bases/kb_shop/query', { query: 'fern' })).status, 404);
  });

  it('keeps questions with answers', async () => {
    const base = data(await box.call('POST', '/knowledge-bases', { name: 'FAQ', type: 'faq' }));
    const path = `/knowledge-bases/${base.id}`;
    assert.equal((await box.call('POST', '/knowledge-bases', { name: 'FAQ' })).status, 400);
    const item = await box.call('POST', `${path}/items`, { question: 'Open?', answer: 'From nine.', keywords: ['k'] });
    assert.deepEqual([item.status, data(item).question, data(item).keywords], [201, 'Open?', ['k']]);
    const { body } = await box.call('POST', `${path}/items/bulk`, [
      { question: 'A?', answer: 'B' },
      { question: 'C?' },
    ]);
    assert.deepEqual([body.created, (body.errors as unknown[]).length], [1, 1]);
    assert.equal(data(await box.call('GET', path)).item_count, 2);
    const changed = await box.call('PUT', `${path}/items/${data(item).id}`, { answer: 'From ten.' });
    assert.deepEqual([data(changed).question, data(changed).answer], ['Open?', 'From ten.']);
    assert.equal((await box.call('DELETE', `${path}/items/${data(item).id}`)).status, 204);
    assert.equal((await box.call('DELETE', path)).status, 204);
  });

  it('shows flows bare, but not a new one, and tries them', async () => {
    const flow = {
      name: 'Hours',
      trigger: 'keyword',
      trigger_value: 'hours',
      start_node_id: 'ask',
      nodes: [
        {
          id: 'ask',
          type: 'question',
          content: 'Which day?',
          transitions: [
            { to_node_id: 'sunday', condition: 'contains', value: 'sun' },
            { to_node_id: 'other', condition: 'default' },
          ],
        },
        { id: 'sunday', type: 'message', content: 'Closed.' },
        { id: 'other', type: 'message', content: 'From nine.' },
      ],
    };
    const made = await box.call('POST', '/flows', flow);
    const { id } = data(made);
    assert.deepEqual([made.status, data(made).is_active], [201, false]);
    assert.equal((await box.call('POST', '/flows', { ...flow, nodes: [] })).status, 400);
    assert.deepEqual((await box.call('POST', `/flows/${id}/activate`)).body, { message: 'Flow activated' });
    const { body } = await box.call('GET', `/flows/${id}`);
    assert.deepEqual([body.id, body.is_active, body.start_node_id], [id, true, 'ask']);
    const test = (await box.call('POST', `/flows/${id}/test`, { inputs: ['hi', 'on Sunday'] })).body;
    assert.deepEqual(
      (test.results as Json[]).map(({ message, flow_ended }) => [message, flow_ended]),
      [
        ['Which day?', false],
        ['Closed.', true],
      ],
    );
    assert.equal((await box.call('POST', `/flows/${id}/execute`, {})).status, 404);
    const gone = await box.call('DELETE', `/flows/${id}`);
    assert.deepEqual([gone.status, Object.keys(gone.body)], [200, ['message']]);
  });

  it('completes out of the other messages', async () => {
    const ask = (body: Json) =>
      box.call('POST', '/ai/complete', {
        model: 'm',
        messages: [
          { role: 'system', content: 'The shop opens at nine.' },
          { role: 'user', content: 'When does the shop open?' },
        ],
        ...body,
      });
    const done = data(await ask({ provider: 'openai' }));
    assert.match(String(done.content), /nine/);
    assert.deepEqual([done.model, done.finish_reason], ['m', 'stop']);
    assert.equal(done.tokens_used, Number(done.prompt_tokens) + Number(done.completion_tokens));
    const unknown = await ask({ provider: 'oracle' });
    assert.deepEqual([unknown.status, codeOf(unknown)], [400, 'BAD_REQUEST']);
    assert.equal((await ask({})).status, 400);
    assert.equal((await box.call('POST', '/ai/completions', {})).status, 404);
    const { provider } = data(await box.call('GET', '/ai/providers/ollama/models'));
    assert.equal(provider, 'ollama');
    const { providers } = data(await box.call('GET', '/ai/providers'));
    assert.deepEqual((providers as Json[])[2], {
      name: 'ollama',
      models: ['sandbox-model'],
      available: true,
      default_model: 'sandbox-model',
    });
  });

  it('lists the templates of messages, newest first, and says of every page that it is the last', async () => {
    const list = async (query: string) => (await box.call('GET', `/templates${query}`)).body;
    const names = ({ data }: Json) => ((data ?? []) as Json[]).map(({ name }) => name);
    const all = await list('');
    assert.deepEqual(names(all), ['not_yet', 'hello', 'spring_sale', 'order_update', 'order_update']);
    const part = await list('?page=2&page_size=2&status=APPROVED');
    assert.deepEqual(names(part), ['order_update', 'order_update']);
    assert.deepEqual(part.meta, {
      ...{ page: 2, page_size: 2, total_pages: 0, total_items: 4, has_next: false },
      has_previous: false,
    });
    assert.deepEqual(names(await list('?name=ORDER&language=en&channel_id=ch_whatsapp')), ['order_update']);
    assert.equal((await list('?language=fr')).data, null);
  });

  it('tells intents and moods by their words', async () => {
    const intent = data(
      await box.call('POST', '/ai/classify-intent', { message: 'I want a refund', intents: ['refund', 'praise'] }),
    );
    assert.equal((intent.intent as Json).name, 'refund');
    const mood = async (message: string) =>
      data(await box.call('POST', '/ai/analyze-sentiment', { message })).sentiment;
    assert.deepEqual(
      [await mood('This is great, thanks'), await mood('terrible and late'), await mood('ok')],
      ['positive', 'negative', 'neutral'],
    );
  });

  it('fails to answer for a bot that is active, and finds none elsewhere', async () => {
    const ask = (channel_id: string) =>
      box.call('POST', '/ai/generate-response', {
        message_id: 'msg_ana_3',
        conversation_id: 'conv_ana',
        channel_id,
        content: 'hi',
      });
    assert.equal((await ask('ch_webchat')).status, 500);
    assert.equal((await ask('ch_whatsapp')).status, 404);
    const about = { conversation_id: 'conv_bruno', channel_id: 'ch_whatsapp', content: 'hi' };
    assert.equal(data(await box.call('POST', '/ai/analyze-message', about)).sentiment, 'neutral');
    const escalated = await box.call('POST', '/ai/escalate', {
      conversation_id: 'conv_ana',
      channel_id: 'ch_webchat',
      contact_id: 'ct_ana',
    });
    assert.equal(data(escalated).status, 'assigned');
  });

  it('counts, and fails where it always failed', async () => {
    const { body } = await box.call('GET', '/analytics/overview?period=monthly');
    assert.deepEqual([body.period, body.total_conversations], ['monthly', 3]);
    const channels = (await box.call('GET', '/analytics/channels')).body.data as Json[];
    assert.deepEqual(
      channels.map(({ channel_id, total_conversations }) => [channel_id, total_conversations]),
      [
        ['ch_webchat', 1],
        ['ch_whatsapp', 2],
      ],
    );
    assert.ok(((await box.call('GET', '/analytics/conversations')).body.data as Json[]).length > 0);
    const flows = await box.call('GET', '/analytics/flows');
    assert.deepEqual([flows.status, typeof flows.body.error], [500, 'string']);
    assert.equal((await box.call('GET', '/analytics/dashboard')).status, 404);
  });

  it('draws bare pictures as data URIs, timed in nanoseconds', async () => {
    const order = { template_id: 'cobranca_pix', data: { valor: 68, pix_payload: '0002' } };
    const { status, body } = await box.call('POST', '/vre/render', order);
    assert.match(String(body.image_base64), /^data:image\/png;base64,/);
    assert.ok(status === 200 && Number(body.render_time_ms) > 1000);
    const unsent = await box.call('POST', '/vre/render-and-send', { ...order, conversation_id: 'conv_ana' });
    assert.deepEqual([unsent.status, typeof unsent.body.error], [400, 'string']);
    assert.equal((await box.call('POST', '/vre/render-and-send', { ...order, send_to: '+55' })).status, 200);
    const { templates } = (await box.call('GET', '/vre/templates')).body;
    assert.ok((templates as string[]).includes('cobranca_pix'));
    assert.equal((await box.call('GET', '/vre/templates/menu_opcoes/preview')).status, 200);
    assert.equal((await box.call('POST', '/vre/templates/menu_opcoes/preview', {})).status, 404);
  });
});
