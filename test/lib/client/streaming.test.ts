import { strict as assert } from 'node:assert';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { EventReader } from '../../../lib/client/event-reader';
import { type AnswerFacts, type CallOptions, type ClientSettings, LinktorClient } from '../../../lib/client/index';
import { completionStep } from '../../../lib/contract/stream';
import type { CompletionChunk } from '../../../lib/model';
import { assertSilent, type Bench, bench, failing, fastTime, json, KEY, reset, type Served, serve } from '../support';

const messages = [{ role: 'user', content: 'How often should I water a fern?' }];
const event = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const piece = (content: string) => event({ id: 'c1', model: 'm', delta: { content } });
const last = event({ id: 'c1', delta: { content: '' }, finishReason: 'stop' });
const done = event('[DONE]');

/** What a stream said, and how it ended. */
async function drain(stream: AsyncGenerator<CompletionChunk>): Promise<CompletionChunk[]> {
  const chunks: CompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const textOf = (chunks: CompletionChunk[]) => chunks.map(({ delta }) => delta).join('');

describe('client: streams', () => {
  const servers: Served[] = [];
  const clients: LinktorClient[] = [];
  let sandbox: Bench;
  before(async () => {
    sandbox = await bench({ receipts: 'manual' });
  });
  after(() => sandbox.close());
  let restore = () => {};
  /** Time that passes only while nothing is left to do. */
  const hurry = () => {
    restore = fastTime();
  };
  afterEach(async () => {
    restore();
    restore = () => {};
    for (const client of clients.splice(0)) await client.close();
    for (const server of servers.splice(0)) await server.close();
  });

  type Write = (response: ServerResponse, request: IncomingMessage) => void;
  const connect = (baseUrl: string, settings: ClientSettings = {}) => {
    const client = new LinktorClient({ baseUrl, apiKey: KEY, ...settings });
    clients.push(client);
    return client;
  };
  /** A server that streams what the test says. */
  const streaming = async (write: Write, settings: ClientSettings = {}) => {
    const server = await serve((_asked, response, request) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Request-ID': 'r1' });
      write(response, request);
    });
    servers.push(server);
    return { server, client: connect(server.url, settings) };
  };
  const said = async (write: Write, settings?: ClientSettings, options?: CallOptions) =>
    drain((await streaming(write, settings)).client.ai.stream({ messages }, options));

  describe('from the sandbox', () => {
    it('say piece by piece what a completion says at once', async () => {
      const client = sandbox.client();
      const input = { messages, knowledgeBaseIds: ['kb_shop'] };
      const chunks = await drain(client.ai.stream(input));
      const whole = await client.ai.create(input);
      assert.equal(textOf(chunks), whole.text);
      assert.ok(chunks.length > 3, `${chunks.length} pieces`);
      assert.equal(chunks.at(-1)?.finishReason, 'stop');
      assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
      assert.ok(chunks[0]?.id);
    });

    it('arrive many at a time', async () => {
      const client = sandbox.client();
      const texts = await Promise.all(
        Array.from({ length: 20 }, async () =>
          textOf(await drain(client.ai.stream({ messages, knowledgeBaseIds: ['kb_shop'] }))),
        ),
      );
      assert.equal(new Set(texts).size, 1);
    });

    it('are refused with a code before they begin', async () => {
      const unknown = await failing(drain(sandbox.client().ai.stream({ messages, knowledgeBaseIds: ['nobody'] })));
      assert.deepEqual(
        [unknown.code, unknown.cause.status, unknown.cause.ambiguous, unknown.cause.serverCode],
        ['validation', 400, false, 'VALIDATION_ERROR'],
      );
      assert.ok(unknown.cause.requestId);
      const stranger = await failing(drain(sandbox.client({ apiKey: 'lk_wrong' }).ai.stream({ messages })));
      assert.deepEqual([stranger.code, stranger.cause.ambiguous], ['authentication', false]);
      assertSilent(stranger, ['lk_wrong']);
    });
  });

  it('ask once, for an event stream, with a key of their own', async () => {
    const { server, client } = await streaming((response) => response.end(piece('Hi') + done));
    const facts: AnswerFacts[] = [];
    const chunks = await drain(client.ai.stream({ messages, model: 'm' }, { onAnswer: (one) => facts.push(one) }));
    assert.deepEqual(chunks, [{ delta: 'Hi', id: 'c1', model: 'm' }]);
    assert.deepEqual(facts, [{ requestId: 'r1' }]);
    const [{ headers, body, method, url } = assert.fail('nothing was asked')] = server.asked;
    assert.deepEqual([method, url, server.asked.length], ['POST', '/ai/completions', 1]);
    assert.match(String(headers.accept), /^text\/event-stream,/);
    assert.match(String(headers['idempotency-key']), /^[0-9a-f-]{36}$/);
    assert.deepEqual(JSON.parse(body), { messages, model: 'm', stream: true });
  });

  it('do not begin before somebody listens', async () => {
    const { server, client } = await streaming((response) => response.end(done));
    const stream = client.ai.stream({ messages });
    await client.request({ path: '/other' }).catch(() => {});
    assert.deepEqual(
      server.asked.map(({ url }) => url),
      ['/other'],
    );
    await drain(stream);
    assert.equal(server.asked.length, 2);
  });

  const text = 'Olá 👋, 水やり: “duas” vezes\u2028por\u2029semana – ﷽';

  it('survive cuts anywhere, in the middle of a character too', async () => {
    const bytes = Buffer.from(`: hello\n\n${[...text].map(piece).join('')}${last}${done}`);
    const chunks = await said((response) => {
      let at = 0;
      const next = () => {
        if (at === bytes.length) response.end();
        else response.write(bytes.subarray(at, ++at), () => setImmediate(next));
      };
      response.socket?.setNoDelay(true);
      next();
    });
    assert.equal(textOf(chunks), text);
    assert.deepEqual(chunks.at(-1), { delta: '', id: 'c1', finishReason: 'stop' });
  });

  it('mean the same however they are cut', async () => {
    const bytes = Buffer.from(`${[...text].map(piece).join('').replaceAll('\n', '\r\n')}${last}${done}`);
    let cuts: number[] = [];
    const { client } = await streaming((response) => {
      const edges = [0, ...cuts, bytes.length];
      const parts = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
      const next = () => {
        const part = parts.shift();
        if (!part) response.end();
        else if (part.length === 0) next();
        else response.write(part, () => setImmediate(next));
      };
      response.socket?.setNoDelay(true);
      next();
    });
    const cut = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cut, async (given) => {
        cuts = given.sort((one, other) => one - other);
        assert.equal(textOf(await drain(client.ai.stream({ messages }))), text);
      }),
      { numRuns: 60 },
    );
  });

  const two = event({ delta: 'a' }) + event({ delta: 'b' });
  const stop = event({ choices: [{ delta: {}, finish_reason: 'stop' }] });
  const dialects: [what: string, body: string, expected: string][] = [
    ['lines that end in CRLF', (piece('a') + piece('b') + done).replaceAll('\n', '\r\n'), 'ab'],
    ['lines that end in CR', (piece('a') + piece('b') + done).replaceAll('\n', '\r'), 'ab'],
    ['no empty lines in between', 'data: {"delta":"a"}\ndata: {"delta":"b"}\ndata: [DONE]\n', 'ab'],
    ['no space after the colon', 'data:{"delta":"a"}\n\ndata:[DONE]\n\n', 'a'],
    ['no line break at the end', `${event({ delta: 'a' })}data: {"delta":"b","finishReason":"stop"}`, 'ab'],
    ['other fields and comments', `event: x\nid: 7\nretry: 10\n: keep-alive\n${piece('a')}${done}`, 'a'],
    ['a byte order mark', `\ufeff${piece('a')}${done}`, 'a'],
    ['one event over two lines', 'data: {"delta":\ndata: "a"}\n\ndata: [DONE]\n\n', 'a'],
    ['lines that are not JSON', `data: {\n\ndata: hello\n\ndata:\n\n<html>\n\n${piece('a')}${done}`, 'a'],
    ['JSON that is no piece', `data: 7\n\ndata: null\n\ndata: []\n\ndata: {"usage":{}}\n\n${piece('a')}${done}`, 'a'],
    ['the delta as a text', two + done, 'ab'],
    ['choices', event({ choices: [{ delta: { content: 'a' } }] }) + stop, 'a'],
    [
      'choices with texts',
      event({ choices: [{ text: 'a' }] }) + event({ choices: [{ text: 'b', finish_reason: 'stop' }] }),
      'ab',
    ],
    [
      'a delta as parts',
      event({
        choices: [
          {
            delta: {
              content: [
                { type: 'text', text: 'a' },
                { type: 'text', text: 'b' },
              ],
            },
          },
        ],
      }) + done,
      'ab',
    ],
    [
      'another family',
      `event: message_start\n${event({ type: 'message_start', message: { id: 'm', content: [] } })}event: content_block_delta\n${event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'a' } })}${event({ type: 'message_stop' })}`,
      'a',
    ],
    [
      'lines of JSON',
      '{"message":{"content":"a"},"done":false}\n{"message":{"content":"b"},"done":false}\n{"message":{"content":""},"done":true,"done_reason":"stop"}\n',
      'ab',
    ],
    ['one whole answer', '{"message":{"role":"assistant","content":"ab"},"usage":{"totalTokens":3}}', 'ab'],
    [
      'one whole answer, pretty',
      JSON.stringify({ choices: [{ message: { content: 'ab' }, finish_reason: 'stop' }] }, null, 2),
      'ab',
    ],
    ['a list of pieces', '[{"delta":"a"},\n{"delta":"b","finishReason":"stop"}]', 'ab'],
    ['nothing but the end', done, ''],
    ['pieces after the end, which nobody hears', piece('a') + done + piece('b'), 'a'],
  ];
  for (const [what, body, expected] of dialects) {
    it(`understand ${what}`, async () => {
      assert.equal(textOf(await said((response) => response.end(body))), expected);
    });
  }

  it('keep calls of tools, refusals and usage', async () => {
    const call = { index: 0, id: 't1', function: { name: 'find', arguments: '{"a":' } };
    const chunks = await said((response) =>
      response.end(
        event({ choices: [{ delta: { content: null, tool_calls: [call] } }] }) +
          event({ choices: [{ delta: { refusal: 'I cannot.' } }] }) +
          event({ choices: [{ delta: {}, finish_reason: 'tool_calls' }] }) +
          event({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 } }) +
          done,
      ),
    );
    assert.deepEqual(chunks, [
      { delta: '', toolCalls: [call] },
      { delta: '', refusal: 'I cannot.' },
      { delta: '', finishReason: 'tool_calls' },
      { delta: '', usage: { promptTokens: 2, completionTokens: 3, totalTokens: 5 } },
    ]);
  });

  const failures: [what: string, body: string, code: string, message: RegExp][] = [
    [
      'an error event in the middle',
      `${piece('a')}event: error\ndata: {"error":{"code":"OVERLOADED","message":"Too busy"}}\n\n${done}`,
      'server',
      /^Too busy$/,
    ],
    [
      'an error in the data, before the end mark',
      piece('a') + event({ error: { message: `Too busy ${KEY}`, code: 'OVERLOADED' } }) + done,
      'server',
      /^Too busy \*\*\*$/,
    ],
    ['an error event as the first one', 'event: error\ndata: {"error":"Too busy"}\n\n', 'server', /^Too busy$/],
    ['an error as a plain text', 'event: error\ndata: Too busy\n\n', 'server', /^Too busy$/],
    ['an error with a status', event({ error: { message: 'Slower', status: 429 } }), 'rate_limit', /^Slower$/],
    ['a failure in place of a stream', '{"success":false,"error":{"message":"Too busy"}}', 'server', /^Too busy$/],
    ['an end that nobody has said', piece('a'), 'network', /broke off/],
    [
      'a line of JSON that is cut off',
      '{"message":{"content":"a"},"done":false}\n{"message":{"con',
      'network',
      /broke off/,
    ],
    ['nothing at all', '', 'serialization', /no answer/],
    ['nothing but comments', ': ping\n\n: ping\n\n', 'serialization', /no answer/],
    ['a page', '<html><body>Not here</body></html>', 'serialization', /no answer/],
  ];
  for (const [what, body, code, message] of failures) {
    it(`are never complete with ${what}, and what has come is not lost`, async () => {
      const error = await failing(said((response) => response.end(body)));
      assert.deepEqual([error.code, error.cause.ambiguous], [code, true]);
      assert.match(error.message, message);
      assertSilent(error, [KEY]);
      if (body.includes('"a"')) assert.equal((error.cause.details as { text: string }).text, 'a');
    });
  }

  it('mean the same in any form, however they are cut, and are complete only with an end', async () => {
    const ends = ['\n', '\r\n', '\r'] as const;
    const words = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((word) => word.trim() !== ''),
      { minLength: 1, maxLength: 12 },
    );
    const form = fc.constantFrom('events', 'lines', 'events over lines');
    fc.assert(
      fc.property(
        words,
        form,
        fc.constantFrom(...ends),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 30 }),
        (texts, kind, end, isEnded, cuts) => {
          const wires: object[] = texts.map((content) => ({ delta: { content } }));
          if (isEnded) wires.push({ delta: { content: '' }, finishReason: 'stop' });
          const whole = wires
            .map((wire) => {
              if (kind === 'lines') return `${JSON.stringify(wire)}${end}`;
              const data = kind === 'events' ? JSON.stringify(wire) : JSON.stringify(wire, null, 1);
              return `: ping${end}${data
                .split('\n')
                .map((line) => `data: ${line}${end}`)
                .join('')}${end}`;
            })
            .join('');
          const bytes = Buffer.from(whole);
          const edges = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length].sort((one, other) => one - other);
          const reader = new EventReader();
          const events = edges.slice(1).flatMap((to, index) => reader.push(bytes.subarray(edges[index], to)));
          const steps = [...events, ...reader.end()].map(completionStep);
          assert.equal(steps.map(({ piece: one }) => one?.delta ?? '').join(''), texts.join(''));
          assert.equal(
            steps.some(({ isEnd }) => isEnd),
            isEnded,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('hold no more of one event than can be, and take any time that they need for it', () => {
    for (const first of ['data: ', '{"delta":"']) {
      const reader = new EventReader();
      reader.push(Buffer.from(first));
      const piece64 = Buffer.alloc(65_536, 'x');
      assert.throws(() => {
        for (let pieces = 0; pieces < 200; pieces++) reader.push(piece64);
      }, /exceeded/);
    }
  });

  it('end with the end mark, though the server keeps the connection', async () => {
    const { client } = await streaming((response) => response.write(piece('a') + last + done), { timeout: 10 });
    assert.equal(textOf(await drain(client.ai.stream({ messages }))), 'a');
  });

  const errors: [number, string][] = [
    [400, 'validation'],
    [401, 'authentication'],
    [402, 'authorization'],
    [404, 'not_found'],
    [409, 'conflict'],
    [422, 'validation'],
    [429, 'rate_limit'],
    [500, 'server'],
    [501, 'not_supported'],
    [503, 'server'],
    [302, 'unexpected'],
  ];
  for (const [status, code] of errors) {
    it(`that are answered ${status} are ${code}`, async () => {
      const server = await serve((_asked, response) =>
        json(response, status, { code: 'MINE', message: `No: ${KEY}` }, { 'X-Request-ID': 'r2', 'Retry-After': '7' }),
      );
      servers.push(server);
      const error = await failing(drain(connect(server.url).ai.stream({ messages })));
      assert.deepEqual(
        [error.code, error.cause.status, error.cause.serverCode, error.cause.requestId, error.cause.retryAfter],
        [code, status, 'MINE', 'r2', 7],
      );
      assert.equal(error.message, 'No: ***');
      assert.equal(server.asked.length, 1, 'a stream is never repeated');
      // 503 with Retry-After says that nothing was done; a plain 500 does not.
      assert.equal(error.cause.ambiguous, status === 500);
      assertSilent(error, [KEY]);
    });
  }

  it('that break off are a network error, after what was said before', async () => {
    for (const settings of [{}, { idempotent: true }]) {
      const { server, client } = await streaming((response, request) => {
        response.write(piece('a') + piece('b'), () => setImmediate(() => reset(request)));
      }, settings);
      const heard: string[] = [];
      const error = await failing(async () => {
        for await (const { delta } of client.ai.stream({ messages })) heard.push(delta);
      });
      assert.deepEqual([error.code, error.cause.ambiguous, error.cause.retryable], ['network', true, false]);
      assert.deepEqual(heard, ['a', 'b']);
      assert.equal(server.asked.length, 1);
    }
  });

  it('that break off before the answer are a network error, and never repeated', async () => {
    const server = await serve((_asked, _response, request) => reset(request));
    servers.push(server);
    const error = await failing(drain(connect(server.url, { idempotent: true }).ai.stream({ messages })));
    assert.deepEqual([error.code, error.cause.ambiguous], ['network', true]);
    assert.equal(server.asked.length, 1);
  });

  it('that break off in a character do not make one up', async () => {
    const heard: string[] = [];
    const { client } = await streaming((response, request) => {
      const bytes = Buffer.from(piece('a') + piece('水'));
      const at = bytes.indexOf(Buffer.from('水')) + 1;
      response.write(bytes.subarray(0, at), () => setImmediate(() => reset(request)));
    });
    const error = await failing(async () => {
      for await (const { delta } of client.ai.stream({ messages })) heard.push(delta);
    });
    assert.deepEqual([error.code, heard], ['network', ['a']]);
  });

  it('that send nothing but comments time out as well', async () => {
    let timer: NodeJS.Timeout | undefined;
    const { client } = await streaming(
      (response) => {
        response.write(piece('a'));
        timer = setInterval(() => response.write(': ping\n\n'), 20);
      },
      { timeout: 20 },
    );
    hurry();
    const error = await failing(drain(client.ai.stream({ messages }))).finally(() => clearInterval(timer));
    assert.deepEqual([error.code, (error.cause.details as { text: string }).text], ['timeout', 'a']);
  });

  it('that fall silent time out', async () => {
    const { client } = await streaming((response) => response.write(piece('a')), { timeout: 20 });
    hurry();
    const heard: string[] = [];
    const error = await failing(async () => {
      for await (const { delta } of client.ai.stream({ messages })) heard.push(delta);
    });
    assert.deepEqual([error.code, error.cause.ambiguous, heard], ['timeout', true, ['a']]);
  });

  it('that never begin time out, and so do refusals that never end', async () => {
    const server = await serve((asked, response) => {
      if (asked.headers['idempotency-key'] === 'refused') response.writeHead(500).write('{');
    });
    servers.push(server);
    const client = connect(server.url, { timeout: 20 });
    hurry();
    for (const idempotencyKey of ['silent', 'refused']) {
      const error = await failing(drain(client.ai.stream({ messages }, { idempotencyKey })));
      assert.deepEqual([error.code, error.cause.ambiguous], ['timeout', true], idempotencyKey);
    }
  });

  it('may take longer than the timeout, as long as something arrives', async () => {
    hurry();
    const chunks = await said(
      (response) => {
        let left = 12;
        const next = () => {
          // A comment is a sign of life too.
          response.write(left % 2 === 0 ? piece('x') : ': alive\n\n');
          if (left-- > 0) setTimeout(next, 5000);
          else response.end(done);
        };
        next();
      },
      { timeout: 30 },
    );
    assert.equal(textOf(chunks), 'xxxxxxx');
  });

  it('may be listened to slowly: it is the server whose silence counts', async () => {
    const { client } = await streaming(
      (response) => {
        response.write(piece('a') + piece('b'));
        setTimeout(() => response.end(piece('c') + done), 2000);
      },
      { timeout: 20 },
    );
    hurry();
    let heard = '';
    for await (const { delta } of client.ai.stream({ messages })) {
      heard += delta;
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    }
    assert.equal(heard, 'abc');
  });

  describe('given up on', () => {
    /** A stream that never ends; tells when its connection does. */
    const endless = async (settings: ClientSettings = {}) => {
      let gone: () => void = () => {};
      const closed = new Promise<void>((resolve) => {
        gone = resolve;
      });
      const made = await streaming((response) => {
        response.on('close', gone);
        response.write(piece('a') + piece('b') + piece('c'));
      }, settings);
      return { ...made, closed };
    };

    it('by a signal end the loop, and the connection', async () => {
      const { client, closed } = await endless();
      const abort = new AbortController();
      const heard: string[] = [];
      for await (const { delta } of client.ai.stream({ messages }, { signal: abort.signal })) {
        heard.push(delta);
        if (delta === 'c') abort.abort();
      }
      assert.deepEqual(heard, ['a', 'b', 'c']);
      await closed;
    });

    it('by a signal while nothing arrives end the loop, too', async () => {
      const { client, closed } = await endless();
      const abort = new AbortController();
      const stream = client.ai.stream({ messages }, { signal: abort.signal });
      for (let count = 0; count < 3; count++) await stream.next();
      const next = stream.next();
      setImmediate(() => abort.abort());
      assert.deepEqual(await next, { done: true, value: undefined });
      await closed;
    });

    it('by leaving the loop end the connection', async () => {
      const { client, closed } = await endless();
      for await (const { delta } of client.ai.stream({ messages })) if (delta === 'b') break;
      await closed;
      const second = await endless();
      const thrown = new Error('mine');
      await assert.rejects(async () => {
        for await (const _ of second.client.ai.stream({ messages })) throw thrown;
      }, thrown);
      await second.closed;
    });

    it('by closing the client end without an error', async () => {
      const { client, closed } = await endless();
      const heard: string[] = [];
      for await (const { delta } of client.ai.stream({ messages })) {
        heard.push(delta);
        if (heard.length === 3) await client.close();
      }
      assert.deepEqual(heard, ['a', 'b', 'c']);
      await closed;
    });

    it('before the answer say that it may have been made all the same', async () => {
      const abort = new AbortController();
      const server = await serve(() => abort.abort());
      servers.push(server);
      const client = connect(server.url);
      const error = await failing(drain(client.ai.stream({ messages }, { signal: abort.signal })));
      assert.deepEqual([error.code, error.cause.ambiguous], ['unexpected', true]);
      const never = await failing(drain(client.ai.stream({ messages }, { signal: abort.signal })));
      assert.deepEqual([never.code, never.cause.ambiguous, never.cause.retryable], ['unexpected', false, true]);
      assert.equal(server.asked.length, 1);
    });

    it('leave no listeners on a signal that lives long', async () => {
      const { client } = await streaming((response) => response.end(piece('a') + done));
      const { signal } = new AbortController();
      let listeners = 0;
      const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
      signal.addEventListener = (...given: Parameters<typeof add>) => {
        listeners++;
        add(...given);
      };
      signal.removeEventListener = (...given: Parameters<typeof remove>) => {
        listeners--;
        remove(...given);
      };
      for (let count = 0; count < 5; count++) await drain(client.ai.stream({ messages }, { signal }));
      assert.equal(listeners, 0);
    });
  });

  it('leave the connection for other calls once they are over', async () => {
    const ports = new Set<number | undefined>();
    const { client } = await streaming((response, request) => {
      ports.add(request.socket.remotePort);
      response.end(piece('a') + last);
    });
    for (let count = 0; count < 3; count++) {
      assert.equal(textOf(await drain(client.ai.stream({ messages }))), 'a');
      // A connection is free a moment after its answer has ended.
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(ports.size, 1);
  });

  it('sign in, and once more after a 401', async () => {
    let logins = 0;
    const server = await serve((asked, response) => {
      if (asked.url === '/auth/login') return json(response, 200, { accessToken: `t${++logins}` });
      if (asked.headers.authorization === 'Bearer t1') return json(response, 401, { message: 'expired' });
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(piece('Hi') + done);
    });
    servers.push(server);
    const client = connect(server.url, { apiKey: undefined, email: 'a@x.test', password: 'pw' });
    assert.equal(textOf(await drain(client.ai.stream({ messages }))), 'Hi');
    assert.equal(logins, 2);
    assert.equal(server.asked.filter(({ url }) => url === '/ai/completions').length, 2);
  });

  it('let the whole client wait after a 429', async () => {
    const times: number[] = [];
    const server = await serve((asked, response) => {
      times.push(Date.now());
      if (asked.method === 'POST') json(response, 429, {}, { 'Retry-After': '100' });
      else json(response, 200, { id: 'u' });
    });
    servers.push(server);
    const client = connect(server.url, { deadline: 50, timeout: 50 });
    const error = await failing(drain(client.ai.stream({ messages })));
    assert.deepEqual([error.code, error.cause.retryAfter], ['rate_limit', 100]);
    const held = await failing(client.auth.me());
    assert.deepEqual([held.code, held.cause.retryAfter], ['rate_limit', 100]);
    assert.equal(server.asked.length, 1);
  });
});
