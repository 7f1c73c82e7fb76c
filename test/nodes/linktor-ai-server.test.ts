import { strict as assert } from 'node:assert';
import { type FlowNode, type Message, setUpFlows } from '../support/flows';

/** The nodes that look things up and ask models, on the self-hosted server, which has less of it and words of its own. */
describe('knowledge, AI and embeddings on the self-hosted server', () => {
  const { play, state } = setUpFlows({ contract: 'server' });
  const signedIn = {
    account: { contract: 'server', signIn: 'password' },
    credentials: { email: 'demo@linktor.local', password: 'sandbox' },
  };
  type Step = [fields: Record<string, unknown>, msg: Record<string, unknown>];

  /** One node after the other, each with a message of its own. @returns what the last one sends, or what Catch gets */
  async function run(type: string, ...steps: ((before: Message) => Step)[]): Promise<Message> {
    const nodes = steps.flatMap((step, index): FlowNode[] => [
      { id: `node${index}`, type, config: 'account', wires: [[`out${index}`]], ...step({})[0] },
      { id: `out${index}`, type: 'probe' },
    ]);
    const { node, probe, caught } = await play(nodes, signedIn);
    let last: Message = {};
    for (const [index, step] of steps.entries()) {
      node(`node${index}`).receive(step(last)[1]);
      last = await Promise.race([probe(`out${index}`).first(), caught.first()]);
    }
    return last;
  }

  const ai = (fields: Record<string, unknown>, msg: Record<string, unknown>) => run('linktor-ai', () => [fields, msg]);
  const calls = async (path: string) => (await state()).requests.filter((one) => one.path.includes(path)).length;

  for (const [name, fields] of [
    ['in front of its name', { model: 'ollama/sandbox-model', modelType: 'str' }],
    ['in a field', { model: 'sandbox-model', modelType: 'str', provider: 'anthropic', providerType: 'str' }],
  ] as const) {
    it(`a model answers whose provider stands ${name}`, async () => {
      const system = { system: 'The hat costs 5 reais.', systemType: 'str' };
      const { payload, ai: facts } = await ai({ ...system, ...fields }, { payload: 'What does the hat cost?' });
      assert.match(String(payload), /5 reais/);
      assert.equal(typeof (facts as { usage: { totalTokens: number } }).usage.totalTokens, 'number');
    });
  }

  it('a model without a provider is refused before it is asked', async () => {
    const { error } = await ai({ model: 'sandbox-model', modelType: 'str' }, { payload: 'x' });
    assert.equal(error?.code, 'validation');
    assert.equal(await calls('/ai/'), 0);
  });

  it('tells what a text is about, among the names given', async () => {
    const msg = { payload: 'Where is my delivery?', intents: 'refund, delivery' };
    const { payload } = await ai({ operation: 'classifyIntent' }, msg);
    assert.equal((payload as { name: string }).name, 'delivery');
  });

  it('tells how a text sounds', async () => {
    const { payload } = await ai({ operation: 'analyzeSentiment' }, { payload: 'This is terrible' });
    assert.equal((payload as { sentiment: string }).sentiment, 'negative');
  });

  const model = { model: 'ollama/sandbox-model', modelType: 'str' };
  for (const [name, type, fields, msg] of [
    ['answers in pieces', 'linktor-ai', { ...model, stream: 'text' }, {}],
    ['agents', 'linktor-ai', { operation: 'agent' }, { agentId: 'a' }],
    ['agents in pieces', 'linktor-ai', { operation: 'agent', stream: 'text', version: 2 }, { agentId: 'a' }],
    ['bases to look things up in', 'linktor-ai', model, { bases: ['b'] }],
    ['embeddings', 'linktor-embeddings', {}, {}],
    [
      'files in a base that are no texts',
      'linktor-knowledge',
      { operation: 'addDocument' },
      { base: 'b', payload: Buffer.from('%PDF'), filename: 'x.pdf' },
    ],
    [
      'addresses in a base',
      'linktor-knowledge',
      { operation: 'addDocument' },
      { base: 'b', payload: 'https://example.com' },
    ],
  ] as [string, string, Record<string, unknown>, Record<string, unknown>][]) {
    it(`says that it has no ${name}, and what to do instead`, async () => {
      const { error } = await run(type, () => [fields, { payload: 'x', ...msg }]);
      assert.equal(error?.code, 'not_supported');
      assert.match(String(error?.cause.hint), /.+/);
      assert.equal((await calls('/ai/')) + (await calls('/knowledge-bases')), 0);
    });
  }

  it('makes a base, puts a pair of question and answer into it, and finds it', async () => {
    const question = 'What does the moon cake cost?';
    const document = { name: question, content: 'The moon cake costs 9 reais.' };
    let base: unknown;
    const found = await run(
      'linktor-knowledge',
      () => [{ operation: 'create' }, { payload: { name: 'Bakery' } }],
      ({ payload }) => {
        base = (payload as { id?: string } | undefined)?.id;
        return [{ operation: 'addDocument' }, { base, payload: document }];
      },
      () => [{ returns: 'best' }, { base, payload: question }],
    );
    assert.equal(found.error, undefined, found.error?.message);
    assert.equal(found.payload, document.content);
  });
});
