import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../lib/client';
import { type FlowNode, setUpFlows, shownBy, until } from '../support/flows';
import { failsWell } from './failures';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-ai', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
const chunks = [{ content: 'The moon cake costs 9 reais.', score: 1 }];

describe('linktor-ai', () => {
  const set = setUpFlows();
  const { play, control, state } = set;

  it('answers the payload', async () => {
    const { node: get, probe } = await play(node({ bases: 'kb_shop', basesType: 'str' }));
    get('node').receive({ payload: 'When do you open on Saturday?' });
    const msg = await probe('out').first();
    assert.match(String(msg.payload), /Saturday/);
    const { model, usage, finishReason, id } = msg.ai as Record<string, unknown>;
    assert.equal(typeof model, 'string');
    assert.equal(typeof id, 'string');
    assert.equal(finishReason, 'stop');
    assert.deepEqual(Object.keys(usage as object).sort(), ['completionTokens', 'promptTokens', 'totalTokens']);
  });

  it('answers from what a knowledge node found, whatever the payload has become', async () => {
    const { node: get, probe } = await play(node());
    get('node').receive({ payload: [{ content: 'x' }], knowledge: { query: 'What does the moon cake cost?', chunks } });
    assert.match(String((await probe('out').first()).payload), /9 reais/);
  });

  it('answers as well when the knowledge node found nothing', async () => {
    const { node: get, probe } = await play(node());
    get('node').receive({ payload: 'What is love?', knowledge: { query: 'What is love?', chunks: [] } });
    assert.equal(typeof (await probe('out').first()).payload, 'string');
  });

  it('lets a prompt of its own win', async () => {
    const fields = {
      prompt: 'What does {{thing}} cost?',
      promptType: 'str',
      system: 'The hat costs 5.',
      systemType: 'str',
    };
    const { node: get, probe } = await play(node(fields));
    get('node').receive({ payload: 'x', thing: 'the hat', knowledge: { query: 'moon cake?', chunks } });
    assert.match(String((await probe('out').first()).payload), /5/);
  });

  it('continues a chat', async () => {
    const { node: get, probe } = await play(node({ operation: 'chat' }));
    const messages = [
      { role: 'system', content: 'The hat costs 5 reais.' },
      { role: 'user', content: 'What does the hat cost?' },
    ];
    get('node').receive({ messages });
    assert.match(String((await probe('out').first()).payload), /5 reais/);
  });

  for (const [name, fields, msg] of [
    ['nothing to ask', {}, { payload: '' }],
    ['an object to ask', {}, { payload: { a: 1 } }],
    ['a chat without messages', { operation: 'chat' }, { payload: 7 }],
    ['messages without roles', { operation: 'chat' }, { messages: [{ content: 'x' }] }],
    ['a temperature that is none', { temperature: '9', temperatureType: 'num' }, { payload: 'x' }],
  ] as [string, Record<string, unknown>, Record<string, unknown>][]) {
    it(`refuses ${name}`, async () => {
      const { node: get, caught } = await play(node(fields));
      get('node').receive(msg);
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.equal((await state()).requests.length, 0);
    });
  }

  it('never pays twice: a reset is reported, not repeated', async () => {
    const { node: get, caught } = await play(node(), { account: { idempotent: true } });
    await control('fail', { count: 1, reset: true, after: true });
    get('node').receive({ payload: 'x' });
    const { error } = await caught.first();
    assert.equal(error?.cause.ambiguous, true);
    assert.equal((await state()).requests.length <= 1, true);
  });

  it('lets an agent answer, from what it knows of the conversation', async () => {
    const { node: get, probe } = await play(node({ operation: 'agent', facts: '{"vip": true}', factsType: 'json' }));
    get('node').receive({
      agentId: 'agent_demo',
      conversationId: 'conv_ana',
      payload: 'When do you open on Saturday?',
    });
    const { payload, ai } = await probe('out').first();
    assert.match(String(payload), /Saturday/);
    const { model, conversationId, usage } = ai as Record<string, unknown>;
    assert.deepEqual([model, conversationId], ['sandbox-model', 'conv_ana']);
    assert.equal(typeof (usage as { totalTokens: number }).totalTokens, 'number');
  });

  describe('looking after agents', () => {
    it('gives one a knowledge base, takes it away, and makes a copy', async () => {
      const client = new LinktorClient({ baseUrl: set.sandbox.url, apiKey: 'sandbox-key' });
      const { id } = await client.ai.agents.create({ name: 'Flora', model: 'm' });
      const { node: get, probe } = await play([
        { id: 'add', type: 'linktor-ai', config: 'account', operation: 'addBases', wires: [['out']] },
        { id: 'take', type: 'linktor-ai', config: 'account', operation: 'removeBases', wires: [['out']] },
        { id: 'copy', type: 'linktor-ai', config: 'account', operation: 'duplicateAgent', wires: [['out']] },
        { id: 'out', type: 'probe' },
      ]);
      const msg = { agentId: id, bases: 'kb_shop' };
      get('add').receive({ ...msg });
      const [added] = await probe('out').take(1);
      get('copy').receive({ ...msg });
      const [, copy] = await probe('out').take(2);
      get('take').receive({ ...msg });
      const [, , taken] = await probe('out').take(3);
      const shown = [added, copy, taken].map((one) => one?.payload as { id: string; knowledgeBaseIds: string[] });
      assert.deepEqual(
        shown.map(({ knowledgeBaseIds }) => knowledgeBaseIds),
        [['kb_shop'], ['kb_shop'], []],
      );
      assert.deepEqual(
        shown.map((one) => one.id === id),
        [true, false, true],
      );
    });

    for (const operation of ['addBases', 'removeBases']) {
      it(`${operation}: says that no base is given, and asks nothing`, async () => {
        const { node: get, caught } = await play(node({ operation }));
        get('node').receive({ agentId: 'agent_demo' });
        const { error } = await caught.first();
        assert.deepEqual([error?.code, error?.message], ['validation', '"bases" is missing.']);
      });
    }
  });

  it('says that there is no such agent', async () => {
    const { node: get, caught } = await play(node({ operation: 'agent', agent: 'agent_gone', agentType: 'str' }));
    get('node').receive({ payload: 'x' });
    assert.equal((await caught.first()).error?.code, 'not_found');
  });

  for (const operation of ['classifyIntent', 'analyzeSentiment']) {
    it(`says that the documented API has no ${operation}, and asks nothing`, async () => {
      const { node: get, caught } = await play(node({ operation }));
      get('node').receive({ payload: 'I want my money back', intents: ['refund', 'hours'] });
      const { error } = await caught.first();
      assert.equal(error?.code, 'not_supported');
      assert.match(String(error?.cause.hint), /complete/);
      assert.equal((await state()).requests.length, 0);
    });
  }

  it('gives up when the answer takes longer than its own time', async () => {
    const { node: get, caught } = await play(node({ timeout: 1 }));
    await control('latency', { ms: 20_000 });
    get('node').receive({ payload: 'x' });
    const { error } = await caught.first();
    assert.equal(error?.code, 'timeout');
    assert.equal(error?.cause.ambiguous, true);
  });

  it('stops at msg.reset: of one conversation, or of all', async () => {
    const { node: get, completed, probe } = await play(node());
    await control('latency', { ms: 20_000 });
    for (const conversationId of ['conv_ana', 'conv_bia', 'conv_caio']) {
      get('node').receive({ payload: 'x', conversationId });
    }
    await until(
      async () => shownBy(get('node')).length,
      (count) => count > 0,
    );
    get('node').receive({ reset: true, conversationId: 'conv_bia' });
    await completed.take(2);
    get('node').receive({ reset: true });
    await completed.take(5);
    assert.equal(probe('out').all.length, 0);
  });

  const asked = { msg: { payload: 'When do you open on Saturday?' }, kind: 'write' } as const;
  const patient = { timeout: 30 };
  failsWell(set, 'linktor-ai', {
    complete: { ...asked, node: patient },
    chat: { ...asked, node: patient },
    agent: { ...asked, msg: { ...asked.msg, agentId: 'agent_demo' }, node: patient },
    addBases: { msg: { agentId: 'agent_demo', bases: 'kb_shop' }, node: patient, kind: 'write' },
    removeBases: { msg: { agentId: 'agent_demo', bases: 'kb_shop' }, node: patient, kind: 'write' },
    duplicateAgent: { msg: { agentId: 'agent_demo' }, node: patient, kind: 'write' },
  });
});
