import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { type Served, serve } from '../lib/support';
import { type FlowNode, type Message, setUpFlows, until } from '../support/flows';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-ai', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
const question = { payload: 'When do you open on Saturday?', bases: ['kb_shop'] };

describe('linktor-ai: answers in JSON', () => {
  const { play, control, state } = setUpFlows();
  const schema = { type: 'object', properties: { open: { type: 'string' } }, required: ['open'] };
  const fields = { schema: JSON.stringify(schema), schemaType: 'json' };
  const says = (content: string) =>
    control('fail', { count: 1, status: 200, body: { id: 'c1', model: 'm', message: { role: 'assistant', content } } });

  it('are parsed, and fit the schema', async () => {
    const { node: get, probe } = await play(node(fields));
    await says('```json\n{"open": "9:00"}\n```');
    get('node').receive({ ...question });
    const { payload, ai } = await probe('out').first();
    assert.deepEqual(payload, { open: '9:00' });
    assert.equal((ai as { id: string }).id, 'c1');
  });

  it('may have their schema in the message', async () => {
    const { node: get, probe } = await play(node());
    await says('["9:00"]');
    get('node').receive({ ...question, schema: { type: 'array' } });
    assert.deepEqual((await probe('out').first()).payload, ['9:00']);
  });

  for (const [name, answer] of [
    ['do not fit', '{"closed": true}'],
    ['are no JSON', 'At nine.'],
  ] as const) {
    it(`that ${name} are an error with what was said, and are not asked for again`, async () => {
      const { node: get, caught } = await play(node(fields));
      await says(answer);
      get('node').receive({ ...question });
      const { error } = await caught.first();
      assert.equal(error?.code, 'serialization');
      assert.equal((error?.cause.details as { text?: string } | undefined)?.text, answer);
      assert.equal((await state()).requests.filter(({ method }) => method === 'POST').length, 1);
    });
  }

  for (const [name, bad, msg] of [
    ['a schema that is none', { schema: '{"type": "strng"}', schemaType: 'json' }, {}],
    ['a schema that is a list', {}, { schema: [1] }],
    ['a schema that is a Map', {}, { schema: new Map([['type', 'object']]) }],
    ['a schema that is a date', {}, { schema: new Date() }],
    ['a schema that is an error', {}, { schema: new Error('x') }],
    ['a schema for an answer in pieces', { ...fields, stream: 'text' }, {}],
  ] as [string, Record<string, unknown>, Record<string, unknown>][]) {
    it(`refuses ${name} before anything is asked`, async () => {
      const { node: get, caught } = await play(node(bad));
      get('node').receive({ ...question, ...msg });
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /schema/);
      assert.equal((await state()).requests.length, 0);
    });
  }
});

describe('linktor-ai: answers in pieces', () => {
  const { play, control } = setUpFlows();
  const servers: Served[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  const isLast = ({ complete }: Message) => complete === true;
  const whole = (all: readonly Message[]) => until(async () => all.find(isLast), Boolean) as Promise<Message>;
  const piece = (content: string) => `data: ${JSON.stringify({ id: 'c1', delta: { content } })}\n\n`;

  /** A server that begins to answer, and goes on as the test says. */
  async function slow(fields: Record<string, unknown>, goOn: (response: ServerResponse) => void = () => {}) {
    const server = await serve((_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      goOn(response);
    });
    servers.push(server);
    const account = { baseUrl: server.url, contract: 'api', maxRetries: 0 };
    const played = await play(node({ stream: 'delta', ...fields }), { account });
    return { ...played, server };
  }

  it('come as they are made, the last message says so and has the facts', async () => {
    const { node: get, probe, completed } = await play(node({ stream: 'delta' }));
    get('node').receive({ ...question, topic: 'kept', complete: 'before' });
    const last = await whole(probe('out').all);
    const { all } = probe('out');
    assert.equal(all.at(-1), last);
    assert.ok(all.length > 3, `${all.length} messages`);
    assert.ok(all.slice(0, -1).every((one) => !('complete' in one)));
    assert.match(all.map(({ payload }) => payload).join(''), /Saturday/);
    assert.ok(all.every(({ topic }) => topic === 'kept'));
    const { id, finishReason } = last.ai as Record<string, unknown>;
    assert.deepEqual([typeof id, finishReason], ['string', 'stop']);
    assert.equal(all.filter(({ ai }) => ai).length, 1);
    await completed.take();
    assert.equal(completed.all.length, 1);
  });

  it('come with all that was said so far, which at the end is the whole answer', async () => {
    const { node: get, probe } = await play(node({ stream: 'text' }));
    get('node').receive({ ...question });
    const last = await whole(probe('out').all);
    const texts = probe('out').all.map(({ payload }) => String(payload));
    for (const [index, text] of texts.entries()) assert.ok(text.startsWith(texts[index - 1] ?? ''));
    assert.match(String(last.payload), /Saturday/);
  });

  it('come from an agent as well', async () => {
    const { node: get, probe } = await play(node({ operation: 'agent', stream: 'text', version: 2 }));
    get('node').receive({ ...question, agentId: 'agent_demo' });
    const last = await whole(probe('out').all);
    assert.ok(probe('out').all.length > 3);
    assert.equal((last.ai as { finishReason: string }).finishReason, 'stop');
    assert.notEqual(last.payload, '');
  });

  it('do not come from an agent of an earlier version, which had no such choice', async () => {
    const { node: get, probe } = await play(node({ operation: 'agent', stream: 'text' }));
    get('node').receive({ ...question, agentId: 'agent_demo' });
    const [answer] = await probe('out').take();
    assert.equal(answer?.complete, undefined);
    assert.ok(answer?.payload);
  });

  it('continue a chat as well', async () => {
    const { node: get, probe } = await play(node({ operation: 'chat', stream: 'text' }));
    get('node').receive({
      messages: [
        { role: 'system', content: 'The hat costs 5 reais.' },
        { role: 'user', content: 'What does the hat cost?' },
      ],
    });
    assert.match(String((await whole(probe('out').all)).payload), /5 reais/);
  });

  it('stop at msg.reset, without a last message and without an error', async () => {
    const { node: get, probe, caught, completed } = await slow({}, (response) => response.write(piece('Good ')));
    get('node').receive({ payload: 'x', conversationId: 'c' });
    await probe('out').first();
    get('node').receive({ reset: true, conversationId: 'other' });
    await completed.take();
    get('node').receive({ reset: true, conversationId: 'c' });
    await completed.take(3);
    assert.deepEqual([probe('out').all.length, caught.all.length], [1, 0]);
  });

  it('stop when the node closes: nothing is completed, and the server is left', async () => {
    let left: Promise<unknown> | undefined;
    const {
      node: get,
      probe,
      deploy,
      flow,
      completed,
    } = await slow({}, (response) => {
      left = new Promise((resolve) => response.once('close', resolve));
      response.write(piece('Good '));
    });
    get('node').receive({ payload: 'x' });
    await probe('out').first();
    await deploy(flow.filter(({ id }) => id !== 'node'));
    await left;
    assert.equal(completed.all.length, 0);
  });

  for (const [name, first] of [
    ['the first piece', ''],
    ['the next piece', piece('Good ')],
  ] as const) {
    it(`are not waited for longer than the time allows: ${name}`, async () => {
      const {
        node: get,
        caught,
        probe,
      } = await slow({ timeout: 1 }, (response) => response.write(first || ': wait\n'));
      get('node').receive({ payload: 'x' });
      const { error } = await caught.first();
      assert.equal(error?.code, 'timeout');
      assert.equal(error?.cause.ambiguous, true);
      assert.equal(probe('out').all.filter(isLast).length, 0);
    });
  }

  it('are not cut off by the clock as long as they keep coming', async () => {
    const { node: get, probe } = await slow({ timeout: 1, stream: 'text' }, (response) => {
      const words = ['one ', 'two ', 'three ', 'four'];
      const timer = setInterval(() => {
        const word = words.shift();
        if (word !== undefined) return response.write(piece(word));
        clearInterval(timer);
        return response.end('data: [DONE]\n\n');
      }, 400);
    });
    get('node').receive({ payload: 'x' });
    assert.equal((await whole(probe('out').all)).payload, 'one two three four');
  });

  it('that break off are an error, and are not asked for again', async () => {
    const {
      node: get,
      caught,
      probe,
      server,
    } = await slow({}, (response) => {
      response.write(piece('Good '), () => response.destroy());
    });
    get('node').receive({ payload: 'x' });
    const { error } = await caught.first();
    assert.deepEqual([error?.code, error?.cause.ambiguous], ['network', true]);
    assert.equal(server.asked.length, 1);
    assert.equal(probe('out').all.filter(isLast).length, 0);
  });

  it('that come as one whole answer are that answer', async () => {
    const { node: get, probe } = await play(node({ stream: 'text' }));
    await control('fail', { count: 1, status: 200, body: { id: 'c1', message: { content: 'x' } } });
    get('node').receive({ ...question });
    const [first, last] = await probe('out').take(2);
    assert.deepEqual([first?.payload, last?.payload, last?.complete], ['x', 'x', true]);
  });

  for (const [name, fault, code] of [
    ['401', { status: 401 }, 'authentication'],
    ['422', { status: 422 }, 'validation'],
    ['429', { status: 429, headers: { 'Retry-After': '3' } }, 'rate_limit'],
    ['500', { status: 500 }, 'server'],
    ['an error in place of an answer', { status: 200, body: { error: { message: 'Too busy' } } }, 'server'],
    ['something else', { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' }, 'serialization'],
  ] as const) {
    it(`that cannot begin are an error: ${name}`, async () => {
      const { node: get, caught, completed } = await play(node({ stream: 'text' }), { account: { maxRetries: 0 } });
      await control('fail', { count: 10, ...fault });
      get('node').receive({ ...question });
      assert.equal((await caught.first()).error?.code, code);
      assert.equal(completed.all.length, 0);
    });
  }
});
