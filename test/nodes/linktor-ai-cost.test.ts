import { strict as assert } from 'node:assert';
import type { AccountFigures } from '../../nodes/kit/account/figures';
import { type Served, serve } from '../lib/support';
import { contractUnderTest, type FlowNode, setUpFlows } from '../support/flows';

const isServer = contractUnderTest === 'server';
const model = isServer ? { model: 'openai/sandbox-model', modelType: 'str' } : {};
const flow = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-ai', config: 'account', wires: [['out']], ...model, ...more },
  { id: 'out', type: 'probe' },
  { id: 'asks', type: 'linktor-connection', config: 'account', states: [], wires: [['told']] },
  { id: 'told', type: 'probe' },
];

/** An answer in the words of the server, with its price beside its counts. */
const answer = isServer
  ? { data: { content: 'At nine.', tokens_used: 7, prompt_tokens: 5, completion_tokens: 2, cost: 0.25 } }
  : {
      choices: [{ message: { content: 'At nine.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.25 },
    };
const usageIn = (facts: unknown) => (facts as { usage: Record<string, number> }).usage;
const usage = { promptTokens: 5, completionTokens: 2, totalTokens: 7, cost: 0.25 };

describe('linktor-ai: what an answer costs', () => {
  const { play, control } = setUpFlows();
  const servers: Served[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  async function figures({ node, probe }: Awaited<ReturnType<typeof play>>, action: string): Promise<unknown> {
    node('asks').receive({ action });
    return (await probe('told').first()).payload;
  }

  it('is told with it, and added up by the account', async () => {
    const played = await play(flow());
    const { node, probe } = played;
    await control('fail', { count: 2, status: 200, body: answer, method: 'POST', path: '/ai/' });
    for (let count = 1; count <= 2; count++) {
      node('node').receive({ payload: 'When do you open?' });
      const [out] = (await probe('out').take(count)).slice(-1);
      assert.equal(out?.payload, 'At nine.');
      assert.deepEqual(usageIn(out?.ai), usage);
    }
    const { ai } = (await figures(played, 'metrics')) as AccountFigures;
    assert.deepEqual(ai, { answers: 2, promptTokens: 10, completionTokens: 4, totalTokens: 14, cost: 0.5 });
  });

  it('is told to Prometheus', async () => {
    const played = await play(flow());
    await control('fail', { count: 1, status: 200, body: answer, method: 'POST', path: '/ai/' });
    played.node('node').receive({ payload: 'When do you open?' });
    await played.probe('out').first();
    const text = String(await figures(played, 'prometheus'));
    assert.match(text, /^# TYPE linktor_ai_cost_total counter$/m);
    for (const line of [/ai_answers_total\{.*\} 1$/m, /ai_tokens_total\{.*\} 7$/m, /ai_cost_total\{.*\} 0\.25$/m])
      assert.match(text, line);
  });

  it('counts for an answer that a filter has taken back as well', async () => {
    const played = await play(flow());
    const body = isServer
      ? { data: { ...answer.data, content: '', finish_reason: 'content_filter' } }
      : { ...answer, choices: [{ message: { content: null }, finish_reason: 'content_filter' }] };
    await control('fail', { count: 1, status: 200, body, method: 'POST', path: '/ai/' });
    played.node('node').receive({ payload: 'When do you open?' });
    const { error } = await played.caught.first();
    assert.deepEqual(usageIn(error?.cause.details), usage);
    const { ai } = (await figures(played, 'metrics')) as AccountFigures;
    assert.deepEqual([ai?.answers, ai?.cost], [1, 0.25]);
  });

  const piece = (body: object) => `data: ${JSON.stringify(body)}\n\n`;
  const streams: [what: string, text: string, isBroken?: true][] = [
    [
      'with its last piece',
      piece({ choices: [{ delta: { content: 'At nine.' } }] }) +
        piece({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.25 } }) +
        'data: [DONE]\n\n',
    ],
    [
      'in two pieces',
      piece({ type: 'message_start', message: { id: 'm', content: [], usage: { input_tokens: 5 } } }) +
        piece({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'At nine.' } }) +
        piece({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2, cost: 0.25 } }) +
        piece({ type: 'message_stop' }),
    ],
    [
      'before it broke off',
      piece({
        choices: [{ delta: { content: 'At' } }],
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7, cost: 0.25 },
      }),
      true,
    ],
  ];
  for (const [what, text, isBroken] of streams) {
    it(`in pieces, is told ${what}, and added up`, async () => {
      const server = await serve((_asked, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(text);
      });
      servers.push(server);
      const account = { baseUrl: server.url, contract: 'api', maxRetries: 0, signIn: 'apiKey' };
      const played = await play(flow({ stream: 'text' }), { account });
      const { node, probe, caught } = played;
      node('node').receive({ payload: 'When do you open?' });
      if (isBroken) {
        const { error } = await caught.first();
        assert.deepEqual(usageIn(error?.cause.details), usage);
      } else {
        const all = await probe('out').take(2);
        const last = all.find(({ complete }) => complete === true);
        const { cost, promptTokens, completionTokens } = usageIn(last?.ai);
        assert.deepEqual([cost, promptTokens, completionTokens], [0.25, 5, 2]);
      }
      const { ai } = (await figures(played, 'metrics')) as AccountFigures;
      assert.deepEqual(ai, { answers: 1, ...usage });
    });
  }
});
