import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json, type Listener } from './support';

type Execution = Json & {
  id: string;
  status: string;
  variables: Json;
  history: { nodeId: string; output?: Json; input?: unknown }[];
};

describe('sandbox: flows', () => {
  let box: Bench;
  let listener: Listener;
  before(async () => {
    box = await bench();
  });
  beforeEach(async () => {
    await box.control('/reset');
    await box.hangUp();
    listener = await box.socket();
    await listener.subscribe('conv_ana');
  });
  after(() => box.close());

  /** A flow whose nodes follow each other; each node is its type and its data. */
  async function chain(...nodes: [type: string, data?: Json][]): Promise<string> {
    const all: [string, Json?][] = [['start'], ...nodes];
    const { body } = await box.api('POST', '/flows', {
      name: 'Chain',
      nodes: all.map(([type, data], index) => ({ id: `n${index}`, type, position: { x: 0, y: index }, data })),
      edges: all.slice(1).map((_, index) => ({ source: `n${index}`, target: `n${index + 1}` })),
      variables: [{ name: 'shop', type: 'string', defaultValue: 'the shop' }],
    });
    return String(body.id);
  }
  const run = async (flow: string, body: Json = {}) =>
    (await box.api('POST', `/flows/${flow}/execute`, { conversationId: 'conv_ana', ...body })).body as Execution;
  const read = async (flow: string, id: string) =>
    (await box.api('GET', `/flows/${flow}/executions/${id}`)).body as Execution;
  const said = (text: string) => listener.frame('message', ({ message }) => (message as Json).text === text);

  it('really sends its messages into the conversation', async () => {
    const flow = await chain(['message', { text: 'Welcome to {{shop}}, {{name}}.' }], ['end']);
    const execution = await run(flow, { variables: { name: 'Ana' } });
    assert.deepEqual([execution.status, execution.currentNodeId], ['completed', 'n2']);
    assert.deepEqual(
      execution.history.map(({ nodeId }) => nodeId),
      ['n0', 'n1', 'n2'],
    );
    const frame = await said('Welcome to the shop, Ana.');
    assert.deepEqual(
      [(frame.message as Json).senderType, (frame.message as Json).id],
      ['bot', execution.history[1]?.output?.messageId],
    );
  });

  it('waits for what the customer writes', async () => {
    const execution = await run('flow_demo');
    assert.deepEqual([execution.status, execution.currentNodeId], ['waiting', 'ask']);
    await said('Hello! What is your name?');
    await box.control('/messages', { conversationId: 'conv_bruno', text: 'not me' });
    assert.equal((await read('flow_demo', execution.id)).status, 'waiting');
    await box.control('/messages', { conversationId: 'conv_ana', text: 'Ana' });
    await said('Nice to meet you, Ana.');
    const over = await read('flow_demo', execution.id);
    assert.deepEqual([over.status, over.variables.name, over.history[1]?.input], ['completed', 'Ana', { name: 'Ana' }]);
  });

  it('chooses its way', async () => {
    const { body } = await box.api('POST', '/flows', {
      name: 'Fork',
      nodes: [
        { id: 's', type: 'start' },
        { id: 'c', type: 'condition', data: { variable: 'plan', operator: 'equals', value: 'gold' } },
        { id: 'yes', type: 'message', data: { text: 'gold' } },
        { id: 'no', type: 'message', data: { text: 'other' } },
      ],
      edges: [
        { source: 's', target: 'c' },
        { source: 'c', target: 'yes', sourceHandle: 'true' },
        { source: 'c', target: 'no', sourceHandle: 'false' },
      ],
    });
    const way = async (plan: unknown) => (await run(String(body.id), { variables: { plan } })).history.at(-1)?.nodeId;
    assert.equal(await way('Gold'), 'yes');
    assert.equal(await way(7), 'no');
    assert.equal(await way(undefined), 'no');
  });

  it('assigns, tags, sets, skips other servers and resolves', async () => {
    const flow = await chain(
      ['assign', { userId: 'user_demo' }],
      ['action', { action: 'tag', tags: ['flow'] }],
      ['action', { action: 'set', variable: 'x', value: 1 }],
      ['api', { url: 'https://example.com' }],
      ['action', { action: 'resolve' }],
    );
    const execution = await run(flow);
    assert.deepEqual([execution.status, execution.variables.x], ['completed', 1]);
    assert.deepEqual(execution.history[4]?.output, { skipped: true });
    const { body } = await box.api('GET', '/conversations/conv_ana');
    assert.deepEqual([body.assignedTo, body.tags, body.status], ['user_demo', ['question', 'flow'], 'resolved']);
  });

  it('answers by AI', async () => {
    const flow = await chain(['ai', { prompt: 'When are you open on Sunday?', agentId: 'agent_demo' }]);
    const execution = await run(flow);
    assert.match(String(execution.history[1]?.output?.text), /On Sunday we are open/);
    await said(String(execution.history[1]?.output?.text));
    const kept = await chain(['ai', { prompt: 'x', variable: 'answer' }]);
    assert.match(String((await run(kept)).variables.answer), /do not know/);
  });

  it('delays', async () => {
    const flow = await chain(['delay', { seconds: 0.02 }], ['message', { text: 'later' }]);
    const execution = await run(flow);
    assert.equal(execution.status, 'running');
    await said('later');
    assert.equal((await read(flow, execution.id)).status, 'completed');
  });

  it('cancels what waits, and a late answer changes nothing', async () => {
    const { id } = await run('flow_demo');
    const cancelled = await box.api('POST', `/flows/flow_demo/executions/${id}/cancel`);
    assert.equal(cancelled.body.status, 'cancelled');
    await box.control('/messages', { conversationId: 'conv_ana', text: 'Ana' });
    assert.equal((await read('flow_demo', id)).status, 'cancelled');
  });

  it('fails with a reason, and never runs in circles for ever', async () => {
    const bad = await run(await chain(['assign', { userId: 'nobody' }]));
    assert.deepEqual([bad.status, bad.error], ['failed', 'userId is not a user']);
    const { body } = await box.api('POST', '/flows', {
      name: 'Circle',
      nodes: [
        { id: 's', type: 'start' },
        { id: 'a', type: 'api' },
      ],
      edges: [
        { source: 's', target: 'a' },
        { source: 'a', target: 'a' },
      ],
    });
    assert.match(String((await run(String(body.id))).error), /200 steps/);
    const none = await box.api('POST', '/flows', { name: 'Empty' });
    assert.match(String((await run(String(none.body.id))).error), /no start node/);
  });

  it('begins where it is told, and refuses strange places', async () => {
    const flow = await chain(['api'], ['message', { text: 'from here' }]);
    const execution = await run(flow, { startNodeId: 'n2' });
    assert.deepEqual(
      execution.history.map(({ nodeId }) => nodeId),
      ['n2'],
    );
    for (const body of [{ conversationId: 'conv_ana', startNodeId: 'n9' }, { conversationId: 'conv_x' }, {}]) {
      assert.equal((await box.api('POST', `/flows/${flow}/execute`, body)).status, 400);
    }
  });

  it('tells how flows went', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', {
      url: receiver.url,
      secret: 's',
      events: ['flow.started', 'flow.completed', 'flow.failed'],
    });
    await run(await chain());
    await run(await chain(['assign', {}]));
    const events = await receiver.deliveries.some(4);
    assert.deepEqual(
      events.map(({ body }) => body.type),
      ['flow.started', 'flow.completed', 'flow.started', 'flow.failed'],
    );
  });

  it('lists executions and counts them', async () => {
    const flow = await chain();
    const first = await run(flow);
    const second = await run(flow, { conversationId: 'conv_bruno' });
    const path = `/flows/${flow}/executions`;
    assert.deepEqual(ids(await box.api('GET', path)), [second.id, first.id]);
    assert.deepEqual(ids(await box.api('GET', `${path}?limit=1&offset=1`)), [first.id]);
    assert.deepEqual(ids(await box.api('GET', `${path}?status=waiting`)), []);
    const stats = (await box.api('GET', `/flows/${flow}/stats`)).body;
    assert.deepEqual([stats.totalExecutions, stats.completed, stats.failed], [2, 2, 0]);
    assert.equal((await box.api('GET', `/flows/flow_demo/executions/${first.id}`)).status, 404);
  });

  it('updates, publishes, duplicates, exports and imports', async () => {
    const flow = await chain(['end']);
    const path = `/flows/${flow}`;
    assert.equal((await box.api('POST', `${path}/publish`)).body.status, 'active');
    assert.deepEqual(ids(await box.api('GET', '/flows?status=active')), ['flow_demo', flow]);
    assert.equal((await box.api('POST', `${path}/unpublish`)).body.status, 'inactive');
    assert.equal((await box.api('PATCH', path, { status: 'active' })).body.version, 1);
    assert.equal((await box.api('PATCH', path, { edges: [] })).body.version, 2);
    const copy = (await box.api('POST', `${path}/duplicate`, { name: 'Copy' })).body;
    assert.deepEqual([copy.name, copy.status, copy.version], ['Copy', 'draft', 1]);
    const exported = (await box.api('GET', `${path}/export`)).body;
    const imported = await box.api('POST', '/flows/import', exported);
    assert.equal(imported.status, 201);
    assert.deepEqual([imported.body.nodes, imported.body.name], [exported.nodes, 'Chain']);
    assert.equal((await box.api('POST', '/flows/import', { flow: exported })).status, 201);
    assert.equal((await box.api('DELETE', path)).status, 204);
    assert.equal((await box.api('POST', '/flows', { nodes: [] })).status, 400);
  });

  it('validates and lists the kinds of nodes', async () => {
    assert.deepEqual((await box.api('POST', '/flows/flow_demo/validate')).body, {
      valid: true,
      errors: [],
      warnings: [],
    });
    const { body } = await box.api('POST', '/flows', {
      name: 'x',
      nodes: [{ id: 'a', type: 'magic' }],
      edges: [{ source: 'a', target: 'b' }],
    });
    const checked = (await box.api('POST', `/flows/${body.id}/validate`)).body;
    assert.equal(checked.valid, false);
    assert.deepEqual(
      (checked.errors as Json[]).map(({ nodeId }) => nodeId),
      ['', 'a', 'b'],
    );
    const types = ((await box.api('GET', '/flows/node-types')).body as unknown as Json[]).map(({ type }) => type);
    assert.deepEqual(types, [
      'start',
      'message',
      'condition',
      'action',
      'input',
      'ai',
      'api',
      'delay',
      'assign',
      'end',
    ]);
  });
});
