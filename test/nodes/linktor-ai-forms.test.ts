import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { type Served, serve } from '../lib/support';
import { type FlowNode, type Message, setUpFlows, until } from '../support/flows';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-ai', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const text = (value: string) => ({ type: 'text', text: value });

/** Answers of models, in the forms that gateways pass on. */
const answers: [what: string, body: unknown, payload: string][] = [
  [
    'a refusal',
    { choices: [{ message: { content: null, refusal: 'I cannot help.' }, finish_reason: 'stop' }] },
    'I cannot help.',
  ],
  [
    'a refusal as a part',
    { message: { content: [{ type: 'refusal', refusal: 'Not that.' }] }, finishReason: 'stop' },
    'Not that.',
  ],
  ['parts', { message: { content: [text('At '), text('nine.')] }, finishReason: 'stop' }, 'At nine.'],
  [
    'parts beside thinking',
    { content: [{ type: 'thinking', text: 'Hm' }, text('At '), text('ten.')], stop_reason: 'end_turn' },
    'At ten.',
  ],
  ['parts of texts alone', { choices: [{ message: { content: ['At ', 'one.'] } }] }, 'At one.'],
  [
    'candidates',
    { candidates: [{ content: { parts: [{ text: 'At ' }, { text: 'two.' }] }, finishReason: 'STOP' }] },
    'At two.',
  ],
  [
    'output items',
    {
      output: [
        { type: 'reasoning', summary: [] },
        { type: 'message', content: [{ type: 'output_text', text: 'At three.' }] },
      ],
    },
    'At three.',
  ],
  [
    'an output with a message',
    { output: { message: { role: 'assistant', content: [{ text: 'At four.' }] } }, stopReason: 'end_turn' },
    'At four.',
  ],
];

/** Answers without words, and why. */
const silences: [what: string, body: unknown, reason: RegExp][] = [
  [
    'no content, and a filter',
    { choices: [{ message: { content: null }, finish_reason: 'content_filter' }], usage },
    /content_filter/,
  ],
  [
    'an empty text, and a filter',
    { message: { content: '' }, finishReason: 'content_filter', usage },
    /content_filter/,
  ],
  ['no parts', { candidates: [{ content: { parts: [] }, finishReason: 'SAFETY' }], usage }, /SAFETY/],
  ['no candidate', { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usage }, /PROHIBITED_CONTENT/],
  ['no choice', { choices: [], usage }, /no answer/],
  [
    'no output',
    { output: [], status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, usage },
    /max_output_tokens/,
  ],
  [
    'a guardrail',
    { output: { message: { content: [] } }, stopReason: 'guardrail_intervened', usage },
    /guardrail_intervened/,
  ],
];

/** What is answered with 200 and is an error. */
const errors: [what: string, body: unknown, words: RegExp][] = [
  ['an object', { error: { message: 'Too busy', code: 'OVERLOADED' } }, /Too busy/],
  ['a text', { error: 'Too busy' }, /Too busy/],
  ['a type beside it', { type: 'error', error: { type: 'overloaded_error', message: 'Too busy' } }, /Too busy/],
  ['a failure', { success: false, error: { message: 'Too busy' } }, /Too busy/],
  ['a list of errors', { errors: [{ message: 'Too busy' }], data: null }, /Too busy/],
  ['an error beside no data', { error: { message: 'Too busy' }, data: null }, /Too busy/],
  ['an error beside no choices', { choices: null, error: { message: 'Too busy', code: 502 } }, /Too busy/],
];

describe('linktor-ai: what a model says, in any form', () => {
  const { play, control, state } = setUpFlows();
  const ask = async (body: unknown) => {
    const played = await play(node());
    await control('fail', { count: 1, status: 200, body });
    played.node('node').receive({ payload: 'When do you open?' });
    return played;
  };
  const posts = async () => (await state()).requests.filter(({ method }) => method === 'POST').length;

  for (const [what, body, payload] of answers) {
    it(`is the answer: ${what}`, async () => {
      const { probe } = await ask(body);
      assert.equal((await probe('out').first()).payload, payload);
    });
  }

  for (const [what, body, reason] of silences) {
    it(`is no answer, and the reason is told with what it cost: ${what}`, async () => {
      const { caught } = await ask(body);
      const { error } = await caught.first();
      assert.equal(error?.code, 'unexpected');
      assert.match(error?.message ?? '', reason);
      assert.match(JSON.stringify(error?.cause.details), /"totalTokens":7/);
      assert.equal(await posts(), 1);
    });
  }

  it('is broken off where the choice holds an error, and what has come is told', async () => {
    const choice = { message: { content: 'We open at' }, finish_reason: 'error', error: { message: 'Too busy' } };
    const { caught } = await ask({ id: 'c', choices: [choice], usage });
    const { error } = await caught.first();
    assert.deepEqual([error?.code, error?.message, error?.cause.ambiguous], ['server', 'Too busy', true]);
    assert.equal((error?.cause.details as { text?: string } | undefined)?.text, 'We open at');
  });

  for (const [what, body, words] of errors) {
    it(`is an error although it is answered with 200: ${what}`, async () => {
      const { caught } = await ask(body);
      const { error } = await caught.first();
      assert.equal(error?.code, 'server');
      assert.match(error?.message ?? '', words);
      assert.equal(await posts(), 1);
    });
  }
});

describe('linktor-ai: streams that only keep the connection', () => {
  const { play } = setUpFlows();
  const servers: Served[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  async function pinged(ping: string, before = '') {
    const timers: NodeJS.Timeout[] = [];
    const server = await serve((_asked, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(before);
      const timer = setInterval(() => response.write(ping), 50);
      timers.push(timer);
      response.once('close', () => clearInterval(timer));
    });
    servers.push(server);
    const account = { baseUrl: server.url, contract: 'api', maxRetries: 0 };
    return play(node({ stream: 'text', timeout: 1 }), { account });
  }

  for (const [what, ping, before] of [
    ['comments', ': ping\n\n', ''],
    ['events named ping', 'event: ping\ndata: {"type": "ping"}\n\n', ''],
    ['data of the type ping', 'data: {"type":"ping"}\n\n', ''],
    ['events without data', 'data:\n\n', ''],
    ['named heartbeats', 'event: heartbeat\ndata: {"at":1}\n\n', ''],
    ['comments, after a first piece', ': keep-alive\n\n', 'data: {"delta":{"content":"Good "}}\n\n'],
    ['pings, after a first piece', 'event: ping\ndata: {}\n\n', 'data: {"delta":{"content":"Good "}}\n\n'],
  ] as const) {
    it(`end: ${what}`, async () => {
      const { node: get, caught, probe } = await pinged(ping, before);
      get('node').receive({ payload: 'x' });
      const { error } = await caught.first();
      assert.deepEqual([error?.code, error?.cause.ambiguous], ['timeout', true]);
      assert.equal(probe('out').all.filter(({ complete }: Message) => complete === true).length, 0);
      if (before !== '') assert.match(JSON.stringify(error?.cause.details), /Good /);
    });
  }

  it('are ended by an event without data that says so', async () => {
    const { node: get, probe } = await pinged(
      'event: message_stop\ndata: {}\n\n',
      'data: {"delta":{"content":"Yes"}}\n\n',
    );
    get('node').receive({ payload: 'x' });
    const last = await until(async () => probe('out').all.find(({ complete }: Message) => complete === true), Boolean);
    assert.equal(last?.payload, 'Yes');
  });
});
