import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../../lib/client/index';
import type { CompletionChunk } from '../../../lib/model';
import { failing, KEY, type Served, serve } from '../support';

const event = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const events = (...all: unknown[]) => all.map(event).join('');
const piece = (content: string) => event({ delta: { content } });
const done = event('[DONE]');

describe('client: streams of any family', () => {
  let server: Served | undefined;
  let client: LinktorClient | undefined;
  afterEach(async () => {
    await client?.close();
    await server?.close();
  });

  async function said(body: string): Promise<CompletionChunk[]> {
    server = await serve((_asked, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(body);
    });
    client = new LinktorClient({ baseUrl: server.url, apiKey: KEY });
    const chunks: CompletionChunk[] = [];
    for await (const chunk of client.ai.stream({ messages: [{ role: 'user', content: 'Hi' }] })) chunks.push(chunk);
    return chunks;
  }
  const textOf = (chunks: CompletionChunk[]) => chunks.map(({ delta }) => delta).join('');

  const ofResponses = [
    { type: 'response.created', response: { id: 'r' } },
    { type: 'response.reasoning_summary_text.delta', delta: 'Hm' },
    { type: 'response.output_text.delta', delta: 'At ' },
    { type: 'response.output_text.delta', delta: 'nine' },
    { type: 'response.output_text.done', text: 'At nine' },
    { type: 'response.function_call_arguments.delta', delta: '{"a"' },
  ];
  const whole = { output: [{ type: 'message', content: [{ type: 'output_text', text: 'At nine' }] }] };

  const texts: [what: string, body: string, text: string][] = [
    [
      'a finished text that is repeated, thoughts and arguments',
      events(...ofResponses, { type: 'response.completed', response: whole }),
      'At nine',
    ],
    [
      'thoughts between the pieces',
      events(
        { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Hm' } },
        { type: 'content_block_start', index: 1, content_block: { type: 'text', text: 'At ' } },
        { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'nine' } },
        { type: 'message_stop' },
      ),
      'At nine',
    ],
    [
      'thoughts as parts',
      events({
        candidates: [{ content: { parts: [{ text: 'Hm', thought: true }, { text: 'Yes' }] }, finishReason: 'STOP' }],
      }),
      'Yes',
    ],
    [
      'values without a line between them',
      '{"delta":{"content":"a"}}{"delta":{"content":"b"},"finishReason":"stop"}',
      'ab',
    ],
    [
      'a sequence of values',
      `\u001e{"delta":{"content":"a"}}\n\u001e{"delta":{"content":"b"},"finishReason":"stop"}\n`,
      'ab',
    ],
    [
      'JSON after a comment',
      ': ping\n\n{"delta":{"content":"a"}}\n{"delta":{"content":"b"},"finishReason":"stop"}\n',
      'ab',
    ],
    ['a text that is broken into lines', `data: {"delta":{"content":"a\ndata: b"}}\n\n${done}`, 'a\nb'],
    ['an end mark in small letters', piece('a') + event('[done]'), 'a'],
    [
      'empty errors beside the pieces',
      events(
        { error: {}, delta: { content: 'a' } },
        { error: [], delta: { content: 'b' } },
        { error: 0, delta: {}, finishReason: 'stop' },
      ),
      'ab',
    ],
  ];
  for (const [what, body, text] of texts) {
    it(`are understood with ${what}`, async () => assert.equal(textOf(await said(body)), text));
  }

  it('keep the pieces of several answers apart', async () => {
    const one = (index: number, content: string, finish_reason: unknown = null) => ({
      choices: [{ index, delta: { content }, finish_reason }],
    });
    const chunks = await said(events(one(0, 'a'), one(1, 'x'), one(1, 'y', 'stop'), one(0, 'b', 'stop')));
    assert.equal(textOf(chunks), 'ab');
    assert.deepEqual(
      chunks.flatMap(({ alternatives = [] }) => alternatives),
      [
        { index: 1, text: 'x' },
        { index: 1, text: 'y', finishReason: 'stop' },
      ],
    );
  });

  it('keep the calls of tools and the usage of every family', async () => {
    const chunks = await said(
      events(
        { type: 'message_start', message: { id: 'm', content: [], usage: { input_tokens: 7 } } },
        {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'tool_use', id: 't', name: 'find', input: {} },
        },
        { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } },
        { type: 'message_stop' },
      ),
    );
    assert.deepEqual(
      chunks.flatMap(({ toolCalls = [] }) => toolCalls),
      [
        { index: 1, id: 't', type: 'function', function: { name: 'find', arguments: '' } },
        { index: 1, function: { arguments: '{"a":1}' } },
      ],
    );
    assert.deepEqual(
      chunks.flatMap(({ usage }) => usage ?? []),
      [{ promptTokens: 7 }, { completionTokens: 5 }],
    );
  });

  it('keep the calls of tools in parts and in the last event', async () => {
    const call = { name: 'find', args: {} };
    const parts = { candidates: [{ content: { parts: [{ functionCall: call }] }, finishReason: 'STOP' }] };
    assert.deepEqual((await said(events(parts)))[0]?.toolCalls, [{ type: 'function', function: call }]);
    await server?.close();
    const item = { type: 'function_call', call_id: 'c', name: 'find', arguments: '{}' };
    const response = { output: [item], usage: { input_tokens: 3 } };
    const [chunk] = await said(events({ type: 'response.completed', response }));
    assert.deepEqual([chunk?.toolCalls, chunk?.usage], [[item], { promptTokens: 3 }]);
  });

  it('that were cut by the limit of tokens say so', async () => {
    const response = { incomplete_details: { reason: 'max_output_tokens' } };
    const chunks = await said(events(...ofResponses, { type: 'response.incomplete', response }));
    assert.equal(chunks.at(-1)?.finishReason, 'max_output_tokens');
  });

  const failures: [what: string, body: string, code: string, message: RegExp][] = [
    [
      'a finish reason that is the word null',
      events({ choices: [{ delta: { content: 'a' }, finish_reason: 'null' }] }),
      'network',
      /broke off/,
    ],
    [
      'the end of another answer',
      events({ delta: { content: 'a' } }, { choices: [{ index: 1, delta: {}, finish_reason: 'stop' }] }),
      'network',
      /broke off/,
    ],
    [
      'an error in the choice',
      events(
        { delta: { content: 'a' } },
        { choices: [{ index: 0, error: { message: 'Too busy' }, finish_reason: 'error' }] },
      ),
      'server',
      /^Too busy$/,
    ],
    [
      'a failure by its type alone',
      event({ delta: { content: 'a' } }) +
        event({ type: 'response.failed', response: { error: { message: 'Too busy' } } }),
      'server',
      /^Too busy$/,
    ],
    ['a list that is cut off', '[{"delta":{"content":"a"}}\n,{"delta":{"con', 'network', /broke off/],
    [
      'a reason without the word error',
      event({ detail: `Too busy ${KEY}` }),
      'serialization',
      /no answer. It said: Too busy \*\*\*$/,
    ],
    [
      'a reason after the first piece',
      piece('a') + event({ code: 429, message: 'Too busy' }),
      'network',
      /It said: Too busy$/,
    ],
    ['plain words', 'Upstream connect error\n', 'serialization', /It said: Upstream connect error$/],
  ];
  for (const [what, body, code, message] of failures) {
    it(`are never complete with ${what}, and what has come is told`, async () => {
      const error = await failing(said(body));
      assert.deepEqual([error.code, error.cause.ambiguous], [code, true]);
      assert.match(error.message, message);
      if (body.includes('"a"')) assert.equal((error.cause.details as { text: string }).text, 'a');
    });
  }

  it('of an unknown family are told with the failure', async () => {
    const error = await failing(said(events({ generated_text: 'At nine' })));
    assert.deepEqual(error.cause.details, { unread: ['{"generated_text":"At nine"}'] });
  });
});
