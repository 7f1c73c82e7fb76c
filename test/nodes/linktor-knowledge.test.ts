import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../lib/client';
import { alone, type FlowNode, setUpFlows } from '../support/flows';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  {
    id: 'node',
    type: 'linktor-knowledge',
    config: 'account',
    base: 'kb_shop',
    baseType: 'str',
    wires: [['found'], ['none']],
    ...more,
  },
  { id: 'found', type: 'probe' },
  { id: 'none', type: 'probe' },
];
const question = 'When do you open on Saturday?';

describe('linktor-knowledge', () => {
  const set = setUpFlows();
  const { play, control } = set;

  it('gives the best passages, best first, and says what it asked', async () => {
    const { node: get, probe } = await play(node({ topK: '2', topKType: 'num' }));
    get('node').receive({ payload: question, conversationId: 'kept' });
    const msg = await probe('found').first();
    const passages = msg.payload as { content: string; score: number; title: string }[];
    assert.equal(passages.length, 2);
    assert.match(passages[0]?.content ?? '', /Saturday/);
    assert.ok((passages[0]?.score ?? 0) >= (passages[1]?.score ?? 1));
    assert.equal(typeof passages[0]?.title, 'string');
    const { query, chunks, best, took } = msg.knowledge as Record<string, unknown> & { chunks: unknown[] };
    assert.equal(query, question);
    assert.equal(chunks.length, 2);
    assert.deepEqual(best, chunks[0]);
    assert.equal(typeof took, 'number');
    assert.equal(msg.conversationId, 'kept');
  });

  for (const [returns, test] of [
    ['text', (payload: unknown) => assert.match(String(payload), /Saturday[\s\S]*\n\(.+\)/)],
    ['best', (payload: unknown) => assert.match(String(payload), /Saturday/)],
  ] as const) {
    it(`gives ${returns}`, async () => {
      const { node: get, probe } = await play(node({ returns }));
      get('node').receive({ payload: question });
      test((await probe('found').first()).payload);
    });
  }

  it('goes on through the second port with the question when nothing fits', async () => {
    const { node: get, probe } = await play(node({ minScore: '0.99', minScoreType: 'num' }));
    get('node').receive({ payload: 'What is the capital of France?' });
    const msg = await probe('none').first();
    assert.equal(msg.payload, 'What is the capital of France?');
    assert.deepEqual((msg.knowledge as { chunks: unknown[] }).chunks, []);
    assert.equal(probe('found').all.length, 0);
  });

  it('applies the score even where the server does not', async () => {
    const { node: get, probe } = await play(node({ minScore: '0.5', minScoreType: 'num' }));
    const body = { chunks: [{ id: 'c', documentId: 'd', content: 'low', score: 0.1 }], query: question, model: 'm' };
    await control('fail', { count: 1, status: 200, body });
    get('node').receive({ payload: question });
    assert.equal((await probe('none').first()).payload, question);
  });

  it('never takes an answer it does not understand for an empty one', async () => {
    const { node: get, caught } = await play(node());
    await control('fail', { count: 1, status: 200, body: { hits: [] } });
    get('node').receive({ payload: question });
    assert.equal((await caught.first()).error?.code, 'serialization');
  });

  it('says that there is no such base', async () => {
    const { node: get, caught } = await play(node({ base: 'kb_nowhere' }));
    get('node').receive({ payload: question });
    assert.equal((await caught.first()).error?.code, 'not_found');
  });

  it('is asked again after a passing failure, for a question changes nothing', async () => {
    const { node: get, probe } = await play(node());
    await control('fail', { count: 1, status: 503, headers: { 'Retry-After': '0' } });
    get('node').receive({ payload: question });
    await probe('found').first();
  });

  describe('with several bases', () => {
    const run = alone(set, 'linktor-knowledge');

    it('gives the best of all, best first, no more than asked for, each with its base', async () => {
      const { knowledgeBases } = new LinktorClient({ baseUrl: set.sandbox.url, apiKey: 'sandbox-key' });
      const { id } = await knowledgeBases.create({ name: 'Bakery' });
      const content = 'On Saturday we are open for cakes from 7:00 to 8:00.';
      await knowledgeBases.addDocument(id, { name: 'Cakes', content });
      const { node: get, probe } = await play(node({ base: `kb_shop, ${id}`, topK: '3', topKType: 'num' }));
      get('node').receive({ payload: question });
      const msg = await probe('found').first();
      const { chunks, base } = msg.knowledge as { chunks: { base: string; score: number }[]; base: string[] };
      assert.deepEqual(base, ['kb_shop', id]);
      assert.equal((msg.payload as unknown[]).length, 3);
      assert.deepEqual(new Set(chunks.map((chunk) => chunk.base)), new Set(['kb_shop', id]));
      const scores = chunks.map(({ score }) => score);
      assert.deepEqual(
        scores,
        scores.toSorted((one, two) => two - one),
      );
    });

    it('takes them from a list in the message, each once', async () => {
      const msg = await run({}, { payload: question, base: ['kb_shop', 'kb_shop'] });
      assert.equal((msg.knowledge as { base: string }).base, 'kb_shop');
      assert.equal((await set.state()).requests.length, 1);
    });

    it('answers from the others when one cannot be asked, and names it', async () => {
      const { error, ...msg } = await run({}, { payload: question, base: 'kb_shop,kb_nowhere' });
      assert.equal(error, undefined);
      const { chunks, failed } = msg.knowledge as { chunks: unknown[]; failed: { base: string; code: string }[] };
      assert.ok(chunks.length > 0);
      assert.deepEqual(
        failed.map(({ base, code }) => [base, code]),
        [['kb_nowhere', 'not_found']],
      );
    });

    it('fails when none can be asked, and names the first', async () => {
      const { error } = await run({}, { payload: question, base: 'kb_nope,kb_nowhere' });
      assert.equal(error?.code, 'not_found');
      assert.match(String(error?.message), /"kb_nope"/);
    });

    for (const [name, base] of [
      ['none', []],
      ['commas alone', ' , '],
      ['something else', { id: 'kb_shop' }],
    ] as const) {
      it(`refuses ${name}`, async () => {
        const { error } = await run({}, { payload: question, base });
        assert.equal(error?.code, 'validation');
        assert.match(error?.message ?? '', /"base"/);
      });
    }
  });
});
