import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { json, type Served, serve } from '../lib/support';
import { type Message, setUpFlows } from '../support/flows';

type Body = Record<string, unknown>;

/** Nodes, what a server answers to them, and what of it must be in the message. */
const answers: [what: string, node: Body, answer: Body, property: string, expected: Body][] = [
  [
    'further answers of a model that call tools or refuse',
    { type: 'linktor-ai' },
    {
      choices: [
        { index: 0, message: { content: 'At nine.' }, finish_reason: 'stop' },
        { index: 1, message: { content: null, tool_calls: [{ id: 't1', function: { name: 'hours' } }] } },
        { index: 2, message: { content: null, refusal: 'Not that.' } },
      ],
    },
    'ai',
    {
      alternatives: [
        { text: '', index: 1, toolCalls: [{ id: 't1', function: { name: 'hours' } }] },
        { text: '', index: 2, refusal: 'Not that.' },
      ],
    },
  ],
  [
    'the sources of an answer, beside it',
    { type: 'linktor-ai' },
    { choices: [{ message: { content: 'At nine [1].' } }], citations: ['https://example.com/hours'] },
    'ai',
    { sources: ['https://example.com/hours'] },
  ],
  [
    'the sources of an answer, within it',
    { type: 'linktor-ai' },
    { choices: [{ message: { content: 'At nine.', annotations: [{ type: 'url_citation', url: 'https://a.b' }] } }] },
    'ai',
    { sources: [{ type: 'url_citation', url: 'https://a.b' }] },
  ],
  [
    'what else an agent says',
    { type: 'linktor-ai', operation: 'agent', agent: 'a1', agentType: 'str' },
    { response: 'At nine.', confidence: 0.7, sources: [{ documentId: 'd1' }], handoff: false },
    'ai',
    { confidence: 0.7, sources: [{ documentId: 'd1' }], handoff: false },
  ],
  [
    'the tools that an agent wants called',
    { type: 'linktor-ai', operation: 'agent', agent: 'a1', agentType: 'str' },
    { choices: [{ message: { content: '', tool_calls: [{ id: 't1' }] }, finish_reason: 'tool_calls' }] },
    'ai',
    { finishReason: 'tool_calls', toolCalls: [{ id: 't1' }] },
  ],
  [
    'what a search has cost and how long it took',
    { type: 'linktor-knowledge', base: 'kb', baseType: 'str' },
    {
      results: [{ content: 'At nine.', score: 0.9 }],
      usage: { total_tokens: 7 },
      search_time_ms: 12,
      reranked: true,
    },
    'knowledge',
    { usage: { totalTokens: 7 }, searchTimeMs: 12, reranked: true },
  ],
  [
    'all that is known of a picture',
    { type: 'linktor-template', operation: 'preview', template: 't', templateType: 'str' },
    { image_base64: 'iVBORw0KGgo=', template_version: 3, expires_at: '2030-01-01T00:00:00Z' },
    'template',
    { templateVersion: 3, expiresAt: '2030-01-01T00:00:00Z' },
  ],
  [
    'all that is known of a picture that was sent',
    {
      ...{ type: 'linktor-template', operation: 'renderAndSend', template: 't', templateType: 'str' },
      ...{ conversation: 'c1', conversationType: 'str' },
    },
    { message_id: 'm1', image_url: 'https://a.b/c.png', width: 800, render_time_ms: 31, cache_hit: true },
    'template',
    { imageUrl: 'https://a.b/c.png', width: 800, renderTimeMs: 31, cacheHit: true },
  ],
];

/** Give a message to a node of this server. */
async function given(play: ReturnType<typeof setUpFlows>['play'], { url }: Served, node: Body, msg: Body) {
  const flow = [
    { id: 'node', type: '', config: 'account', wires: [['out']], ...node },
    { id: 'out', type: 'probe' },
  ];
  const played = await play(flow, { account: { baseUrl: url, contract: 'api' } });
  const { probe, caught } = played;
  played.node('node').receive(msg);
  return { first: () => Promise.race([probe('out').first(), caught.first()]), probe };
}

describe('nothing of an answer is lost', () => {
  const { play } = setUpFlows();
  let server: Served;
  let reply: (response: ServerResponse) => void = () => {};
  before(async () => {
    server = await serve((_asked, response) => reply(response));
  });
  after(() => server.close());

  const run = async (node: Body) => {
    return given(play, server, node, { payload: node.type === 'linktor-template' ? {} : 'When do you open?' });
  };

  for (const [what, node, answer, property, expected] of answers) {
    it(what, async () => {
      reply = (response) => json(response, 200, answer);
      const msg = await (await run(node)).first();
      assert.equal(msg.error, undefined, msg.error?.message);
      const found = msg[property] as Body;
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), expected);
    });
  }

  it('the sources, tools and refusals in the pieces of a streamed answer', async () => {
    const pieces = [
      { choices: [{ index: 0, delta: { content: 'At ' } }], citations: ['https://a.b'] },
      {
        choices: [
          { index: 1, delta: { tool_calls: [{ index: 0, id: 't1', function: { name: 'h', arguments: '{' } }] } },
        ],
      },
      { choices: [{ index: 1, delta: { tool_calls: [{ index: 0, function: { arguments: '}' } }] } }] },
      { choices: [{ index: 2, delta: { refusal: 'Not ' } }] },
      { choices: [{ index: 2, delta: { refusal: 'that.' } }] },
      {
        choices: [{ index: 0, delta: { content: 'nine.' }, finish_reason: 'stop' }],
        citations: ['https://a.b', 'https://c.d'],
      },
    ];
    reply = (response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(`${pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join('')}data: [DONE]\n\n`);
    };
    const { probe } = await run({ type: 'linktor-ai', stream: 'text' });
    const [, , last] = (await probe('out').take(3)) as [Message, Message, Message];
    const { sources, alternatives } = last.ai as Body;
    assert.equal(last.payload, 'At nine.');
    assert.deepEqual(sources, ['https://a.b', 'https://c.d']);
    assert.deepEqual(alternatives, [
      { index: 1, text: '', toolCalls: [{ index: 0, id: 't1', function: { name: 'h', arguments: '{}' } }] },
      { index: 2, text: '', refusal: 'Not that.' },
    ]);
  });
});

describe('what is written is there for every family of servers', () => {
  const { play } = setUpFlows();
  let server: Served;
  before(async () => {
    server = await serve((_asked, response) => json(response, 200, { id: 'x' }));
  });
  after(() => server.close());

  const written = async (node: Body, msg: Body): Promise<Body> => {
    const { error } = await (await given(play, server, node, msg)).first();
    assert.equal(error, undefined, error?.message);
    return JSON.parse(server.asked.at(-1)?.body ?? '') as Body;
  };

  for (const operation of ['create', 'update'] as const) {
    it(`the picture of a contact, ${operation}`, async () => {
      const msg = { contactId: 'c1', payload: { name: 'Ana', avatarUrl: 'https://a.b/c.png' } };
      const body = await written({ type: 'linktor-contact', operation }, msg);
      assert.deepEqual([body.avatarUrl, body.avatar], ['https://a.b/c.png', 'https://a.b/c.png']);
    });
  }

  it('the assignee of a conversation, in a change', async () => {
    const msg = { conversationId: 'c1', payload: { assignedTo: 'u1' } };
    const body = await written({ type: 'linktor-conversation', operation: 'update' }, msg);
    assert.deepEqual([body.assignedTo, body.assignedAgentId], ['u1', 'u1']);
  });

  it('the usual priority, which these servers call medium', async () => {
    const msg = { conversationId: 'c1', payload: { priority: 'normal' } };
    assert.equal((await written({ type: 'linktor-conversation', operation: 'update' }, msg)).priority, 'medium');
  });
});
