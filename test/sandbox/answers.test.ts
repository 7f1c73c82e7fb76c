import { strict as assert } from 'node:assert';
import { type Bench, bench, type Json } from './support';

type Chunk = { documentId: string; score: number; content: string; document: Json };

describe('sandbox: knowledge and AI', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  after(() => box.close());
  const query = (body: Json) => box.api('POST', '/knowledge-bases/kb_shop/query', body);
  const chunks = async (body: Json) => (await query(body)).body.chunks as Chunk[];
  const complete = (body: Json) => box.api('POST', '/ai/completions', body);
  const text = ({ body }: { body: Json }) => String((body.message as Json).content);

  const known: [question: string, document: string][] = [
    ['when do you open on saturday?', 'doc_opening_hours'],
    ['how much is shipping?', 'doc_shipping'],
    ['how can I return a product?', 'doc_returns'],
    ['Do you have parking?', 'doc_address'],
    ['Can I pay with Pix?', 'doc_payment'],
    ['which plants are safe for cats', 'doc_pet_safe_plants'],
    ['Is there a warranty on grinders?', 'doc_warranty'],
  ];
  for (const [question, document] of known) {
    it(`finds ${document} for "${question}"`, async () => {
      const [best] = await chunks({ query: question });
      assert.equal(best?.documentId, document);
      assert.ok(best.score > 0.4 && best.score <= 1, String(best.score));
    });
  }

  for (const question of ['what is the capital of France?', 'how old is the president of Brazil?', 'and?']) {
    it(`finds nothing good for "${question}"`, async () => {
      assert.ok((await chunks({ query: question })).every(({ score }) => score < 0.2));
    });
  }

  it('answers a query in the shapes of all families', async () => {
    const { status, body } = await query({ query: 'shipping costs', topK: 2 });
    assert.equal(status, 200);
    assert.deepEqual([body.query, body.model], ['shipping costs', 'sandbox-embedding']);
    const [chunk] = body.chunks as Chunk[];
    assert.deepEqual(Object.keys(chunk ?? {}).sort(), [
      'chunkIndex',
      'content',
      'document',
      'documentId',
      'id',
      'metadata',
      'score',
      'tokenCount',
    ]);
    assert.equal(chunk?.document.name, 'Shipping cost and delivery time');
    const [result] = body.results as Json[];
    assert.deepEqual(
      [result?.documentId, result?.content, result?.score],
      [chunk?.documentId, chunk?.content, chunk?.score],
    );
  });

  it('cuts off by either name of the least score, by topK and by filter', async () => {
    const question = { query: 'how do I pay my order?' };
    const all = await chunks({ ...question, topK: 50 });
    const least = all[1]?.score ?? 0;
    const good = all.filter(({ score }) => score >= least).length;
    assert.ok(all.length > good);
    assert.equal((await chunks({ ...question, topK: 50, threshold: least })).length, good);
    assert.equal((await chunks({ ...question, topK: 50, minScore: least })).length, good);
    assert.equal((await chunks({ ...question, topK: 1 })).length, 1);
    const filtered = await chunks({ ...question, filter: { documentId: 'doc_wholesale' } });
    assert.deepEqual([...new Set(filtered.map(({ documentId }) => documentId))], ['doc_wholesale']);
    for (const bad of [{}, { query: '' }, { query: 'x', topK: 0 }, { query: 'x', threshold: 'high' }]) {
      assert.equal((await query(bad)).status, 400);
    }
    assert.equal((await box.api('POST', '/knowledge-bases/kb_x/query', question)).status, 404);
  });

  it('completes from the bases named, in the shapes of all families', async () => {
    const messages = [{ role: 'user', content: 'When are you open on Saturday?' }];
    const { status, body } = await complete({ messages, knowledgeBaseIds: ['kb_shop'] });
    assert.equal(status, 200);
    assert.equal(text({ body }), 'On Saturday we are open from 9:00 to 17:00. (sandbox answer)');
    const [choice] = body.choices as Json[];
    assert.deepEqual(choice, { index: 0, message: body.message, finishReason: 'stop' });
    const usage = body.usage as { promptTokens: number; completionTokens: number; totalTokens: number };
    assert.equal(usage.totalTokens, usage.promptTokens + usage.completionTokens);
    assert.ok(body.id && body.object && body.created && body.model && body.finishReason);
  });

  it('completes from what stands in the messages', async () => {
    const context = [
      'Answer the question with what follows, and say so when it is not there.',
      '',
      '[1] Delivery',
      'We deliver on weekdays. The courier rings twice.',
      '',
      '[2] Museum',
      'The museum shows 12 paintings. Entry costs 4 euros on Sundays.',
    ].join('\n');
    const ask = (content: string) =>
      complete({
        messages: [
          { role: 'system', content: context },
          { role: 'user', content },
        ],
      });
    assert.equal(
      text(await ask('How much is the entry on Sundays?')),
      'Entry costs 4 euros on Sundays. (sandbox answer)',
    );
    assert.match(text(await ask('What do I have to know about the courier?')), /^The courier rings twice\./);
  });

  it('says that it does not know', async () => {
    const messages = [{ role: 'user', content: 'What is the capital of France?' }];
    assert.match(text(await complete({ messages, knowledgeBaseIds: ['kb_shop'] })), /do not know.*\(sandbox answer\)$/);
  });

  it('does not answer with a question asked before', async () => {
    const messages = [
      { role: 'user', content: 'Do you roast coffee?' },
      { role: 'assistant', content: 'Yes, we roast coffee every Tuesday.' },
      { role: 'user', content: 'When do you roast coffee?' },
    ];
    assert.equal(text(await complete({ messages })), 'Yes, we roast coffee every Tuesday. (sandbox answer)');
  });

  it('takes a prompt, and then answers a text as well', async () => {
    const { body } = await complete({ prompt: 'How long is a gift card valid?', knowledgeBaseIds: ['kb_shop'] });
    assert.match(String(body.text), /two years/);
    assert.equal(body.text, text({ body }));
  });

  it('streams the same answer in pieces', async () => {
    const request = {
      messages: [{ role: 'user', content: 'Do you ship outside Brazil?' }],
      knowledgeBaseIds: ['kb_shop'],
    };
    const whole = text(await complete(request));
    const streamed = await complete({ ...request, stream: true });
    assert.match(streamed.headers.get('content-type') ?? '', /^text\/event-stream/);
    const lines = streamed.text.split('\n').filter((line) => line !== '');
    assert.equal(lines.at(-1), 'data: [DONE]');
    const pieces = lines.slice(0, -1).map((line) => JSON.parse(line.replace(/^data: /, '')) as Json);
    assert.equal(pieces.map(({ delta }) => (delta as Json).content).join(''), whole);
    assert.equal(pieces.at(-1)?.finishReason, 'stop');
    assert.equal(new Set(pieces.map(({ id }) => id)).size, 1);
  });

  it('refuses completions that make no sense', async () => {
    const user = { role: 'user', content: 'x' };
    for (const body of [
      {},
      { prompt: ' ' },
      { messages: [] },
      { messages: [{ role: 'system', content: 'x' }] },
      { messages: [{ role: 'king', content: 'x' }] },
      { messages: [{ role: 'user' }] },
      { messages: [user], temperature: 9 },
      { messages: [user], knowledgeBaseIds: ['kb_x'] },
    ]) {
      assert.equal((await complete(body)).status, 400, JSON.stringify(body));
    }
  });

  it('embeds the same text alike and similar texts closer', async () => {
    const embed = async (body: Json) => (await box.api('POST', '/ai/embeddings', body)).body;
    const texts = ['shipping costs', 'the cost of shipping', 'how to water ferns'];
    const body = await embed({ input: texts });
    const data = body.data as { index: number; embedding: number[] }[];
    const dot = (a: number[] = [], b: number[] = []) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
    const [costs, same, ferns] = data.map(({ embedding }) => embedding);
    assert.deepEqual(
      data.map(({ index }) => index),
      [0, 1, 2],
    );
    assert.ok(Math.abs(dot(costs, costs) - 1) < 1e-9);
    assert.ok(dot(costs, same) > dot(costs, ferns) + 0.2);
    assert.equal(costs?.length, 256);
    assert.deepEqual((body.usage as Json).completionTokens, 0);
    for (const request of [{ inputs: texts }, { texts }])
      assert.deepEqual((await embed(request)).embeddings, body.embeddings);
    const single = (await embed({ input: 'shipping costs' })).data as { embedding: number[] }[];
    assert.deepEqual(single[0]?.embedding, costs);
    for (const bad of [{}, { input: [] }, { input: '' }, { input: [1] }]) {
      assert.equal((await box.api('POST', '/ai/embeddings', bad)).status, 400);
    }
  });

  it('lists bases with their size', async () => {
    const { body } = await box.api('GET', '/knowledge-bases/kb_shop');
    assert.equal(body.status, 'active');
    assert.ok(Number(body.documentCount) >= 12 && Number(body.totalChunks) >= Number(body.documentCount));
  });
});
