import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { LinktorClient } from '../../lib/client';
import type { ChatMessage } from '../../lib/model';
import { type Asked, type Served, serve } from '../lib/support';
import { type FlowNode, type Message, setUpFlows } from '../support/flows';

const conversationId = 'conv_ana';
const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-ai', config: 'account', history: 'conversation', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];

describe('linktor-ai: what was said before', () => {
  const set = setUpFlows();
  let recorder: Served;

  async function handOn({ method, url, headers, body }: Asked, response: ServerResponse): Promise<void> {
    const answer = await fetch(`${set.sandbox.url}${url}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-api-key': String(headers['x-api-key']) },
      ...(body !== '' && { body }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }

  before(async () => {
    // It hands everything on to the sandbox, and remembers what was asked.
    recorder = await serve((asked, response) => {
      handOn(asked, response).catch(() => response.destroy());
    });
  });
  afterEach(() => recorder.asked.splice(0));
  after(() => recorder.close());

  /** Ask in the conversation, through the recorder. */
  async function ask(fields: Record<string, unknown>, msg: Record<string, unknown>) {
    const { node: get, probe, caught } = await set.play(node(fields), { account: { baseUrl: recorder.url } });
    get('node').receive({ conversationId, ...msg });
    const { error, payload } = await Promise.race<Message>([probe('out').first(), caught.first()]);
    const asked = recorder.asked.find(({ url }) => url === '/ai/completions');
    const turns = asked && (JSON.parse(asked.body) as { messages: ChatMessage[] }).messages;
    return { error, payload, said: turns?.map(({ role, content }) => `${role}: ${content}`) };
  }

  const client = () => new LinktorClient({ baseUrl: set.sandbox.url, apiKey: 'sandbox-key' });
  const answered = (text: string) => client().conversations.send(conversationId, { type: 'text', text });
  const wrote = async (text: string) => {
    const { id } = await set.control('messages', { conversationId, text });
    return String(id);
  };

  it('stands between the instructions and the question, the oldest first, what is answered only once', async () => {
    await wrote('What does the moon cake cost?');
    await answered('The moon cake costs 9 reais.');
    const messageId = await wrote('And two of them?');
    const fields = { last: 2, system: 'Be brief.', systemType: 'str' };
    const { said } = await ask(fields, { payload: 'And two of them?', messageId });
    assert.deepEqual(said, [
      'system: Be brief.',
      'user: What does the moon cake cost?',
      'assistant: The moon cake costs 9 reais.',
      'user: And two of them?',
    ]);
  });

  it('is what the model answers from', async () => {
    await answered('The moon cake costs 9 reais.');
    const { payload } = await ask({}, { payload: 'What does the moon cake cost?' });
    assert.match(String(payload), /9 reais/);
  });

  it('knows the question again when nobody says which message it is', async () => {
    await answered('The moon cake costs 9 reais.');
    await wrote('And two of them?');
    const { said } = await ask({ last: 2 }, { payload: 'And two of them?' });
    assert.deepEqual(said, ['assistant: The moon cake costs 9 reais.', 'user: And two of them?']);
  });

  it('leaves out all messages that were merged into the question', async () => {
    await answered('The moon cake costs 9 reais.');
    const merged = [await wrote('And'), await wrote('two of them?')];
    const { said } = await ask({ last: 1 }, { payload: 'And\ntwo of them?', messageId: merged[1], merged });
    assert.deepEqual(said, ['assistant: The moon cake costs 9 reais.', 'user: And\ntwo of them?']);
  });

  it('may come with the message', async () => {
    const messages = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi!' },
    ];
    const { said } = await ask({ history: 'messages' }, { payload: 'Who are you?', messages });
    assert.deepEqual(said, ['user: Hello', 'assistant: Hi!', 'user: Who are you?']);
  });

  for (const messages of [undefined, null, '', []]) {
    it(`may be empty at the first turn: ${JSON.stringify(messages)}`, async () => {
      const { said } = await ask({ history: 'messages' }, { payload: 'Hello', messages });
      assert.deepEqual(said, ['user: Hello']);
    });
  }

  it('takes passages of another search that are texts', async () => {
    const knowledge = { query: 'What does it cost?', chunks: ['It costs 9 reais.'] };
    const { said } = await ask({ history: 'none' }, { knowledge, payload: 'What does it cost?' });
    assert.deepEqual(said, ['system: [1] It costs 9 reais.', 'user: What does it cost?']);
  });

  it('comes after what the model is told: instructions, passages found, and the JSON that is wanted', async () => {
    const fields = { history: 'messages', system: 'Be brief.', systemType: 'str' };
    const schema = { type: 'object', required: ['price'] };
    const knowledge = { query: 'What does it cost?', chunks: [{ content: 'It costs 9 reais.', score: 1 }] };
    const messages = [{ role: 'user', content: 'Hello' }];
    const { said = [], error } = await ask(fields, { schema, knowledge, messages, payload: 'What does it cost?' });
    const [system = '', ...rest] = said;
    assert.match(system, /^system: Be brief\.\n\n\[1\] It costs 9 reais\.\n\n.*JSON/);
    assert.ok(system.includes(JSON.stringify(schema)));
    assert.deepEqual(rest, ['user: Hello', 'user: What does it cost?']);
    assert.equal(error?.code, 'serialization', 'the sandbox answers in words');
  });

  const chunks = [{ content: 'It costs 9 reais.', score: 1, title: 'Prices' }];
  for (const [what, payload, more, question] of [
    ['a text of another node', 'And the hat?', {}, 'And the hat?'],
    ['a chat of another node', [{ role: 'user', content: 'And the hat?' }], {}, 'And the hat?'],
    ['the question itself', 'What does it cost?', {}, undefined],
    ['the passage found', 'It costs 9 reais.', {}, undefined],
    ['all passages as a text', 'It costs 9 reais.\n(Prices)', {}, undefined],
    ['the list of passages', [{ content: 'It costs 9 reais.' }], {}, undefined],
    ['what it was before the question was worded anew', 'how much??', { payload: 'how much??' }, undefined],
    ['nothing', '', {}, undefined],
  ] as const) {
    it(`asks what is new, and not what was looked up before: the payload is ${what}`, async () => {
      const knowledge = { query: 'What does it cost?', chunks, ...more };
      const { said } = await ask({ history: 'none' }, { knowledge, payload });
      const looked = ['system: [1] It costs 9 reais.', 'user: What does it cost?'];
      assert.deepEqual(said, question === undefined ? looked : [`user: ${question}`]);
    });
  }

  for (const [received, asked] of [
    [{ contentType: 'image', attachments: [{ type: 'image', filename: 'plan.png' }] }, '[image plan.png]'],
    [{ contentType: 'location' }, '[location]'],
    [{ contentType: 'text' }, '[empty message]'],
  ] as const) {
    it(`tells the model what came without a word: ${asked}`, async () => {
      const { said } = await ask({ history: 'none' }, { payload: '', ...received });
      assert.deepEqual(said, [`user: ${asked}`]);
    });
  }

  it('asks nothing where nobody has received anything', async () => {
    const { error, said } = await ask({ history: 'none' }, { payload: ' ' });
    assert.deepEqual([error?.code, said], ['validation', undefined]);
  });

  it('lets a second AI work on the answer of the first, behind a knowledge node with a question of its own', async () => {
    const own = { base: 'kb_shop', baseType: 'str', question: 'question', result: 'found' };
    const { node: get, probe } = await set.play(
      [
        { id: 'look', type: 'linktor-knowledge', config: 'account', ...own, wires: [['one'], []] },
        { id: 'one', type: 'linktor-ai', config: 'account', wires: [['two']] },
        { id: 'two', type: 'linktor-ai', config: 'account', wires: [['out']] },
        { id: 'out', type: 'probe' },
      ],
      { account: { baseUrl: recorder.url } },
    );
    get('look').receive({ payload: 'saturday?', question: 'When do you open on Saturday?' });
    await probe('out').first();
    const [first, second] = recorder.asked
      .filter(({ url }) => url === '/ai/completions')
      .map(({ body }) => (JSON.parse(body) as { messages: ChatMessage[] }).messages);
    assert.deepEqual(first?.at(-1), { role: 'user', content: 'When do you open on Saturday?' });
    assert.equal(first?.length, 2, 'with the passages');
    assert.equal(second?.length, 1, 'without them');
    assert.notEqual(second?.[0]?.content, 'saturday?');
    assert.notEqual(second?.[0]?.content, first?.[1]?.content);
  });

  it('is nothing unless it is asked for', async () => {
    const { said } = await ask({ history: 'none' }, { payload: 'Hello', messages: [{ role: 'user', content: 'x' }] });
    assert.deepEqual(said, ['user: Hello']);
  });

  for (const [name, fields, msg] of [
    ['a history that is none', { history: 'messages' }, { messages: [{ content: 'x' }] }],
    [
      'a passage that is none',
      { history: 'none' },
      { knowledge: { query: 'Hello', chunks: [{ content: 'x' }, null] } },
    ],
    ['a passage without a text', { history: 'none' }, { knowledge: { query: 'Hello', chunks: [{ score: 1 }] } }],
    ['a conversation that nobody names', {}, { conversationId: undefined }],
  ] as [string, Record<string, unknown>, Record<string, unknown>][]) {
    it(`refuses ${name}, and asks nothing`, async () => {
      const { error } = await ask(fields, { payload: 'Hello', ...msg });
      assert.equal(error?.code, 'validation');
      assert.equal(recorder.asked.length, 0);
    });
  }

  it('fails before anything is paid for when the conversation cannot be read', async () => {
    const { error, said } = await ask({}, { payload: 'Hello', conversationId: 'conv_gone' });
    assert.equal(error?.code, 'not_found');
    assert.equal(said, undefined);
  });
});
