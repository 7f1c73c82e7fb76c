import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../lib/client';
import { type Served, serve } from '../lib/support';
import { alone, setUpFlows, until } from '../support/flows';
import { failsWell } from './failures';

type Facts = { model: string; dimension: number; usage: Record<string, number> };

const row = (index: number | undefined, embedding: readonly (number | null)[]) => ({ index, embedding });

describe('linktor-embeddings', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-embeddings');
  const vector = (text: string) =>
    new LinktorClient({ baseUrl: set.sandbox.url, apiKey: 'sandbox-key' }).ai.embed(text);
  const requests = async () => (await set.state()).requests.filter(({ path }) => path.endsWith('/ai/embeddings'));

  for (const [what, rows, expected] of [
    [
      'from 0 in another order',
      [row(1, [3, 4]), row(0, [1, 2])],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'from 1',
      [row(2, [3, 4]), row(1, [1, 2])],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'without an index',
      [row(undefined, [1, 2]), row(undefined, [3, 4])],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['with one index for two', [row(0, [1, 2]), row(0, [3, 4])], /indexes are 0, 0/],
    ['with a gap', [row(5, [1, 2]), row(9, [3, 4])], /indexes are 5, 9/],
    ['with half an index', [row(0, [1, 2]), row(0.5, [3, 4])], /indexes are 0, 0\.5/],
    ['of two lengths', [row(0, [1, 2]), row(1, [1])], /one length.*2, 1/],
    ['with nothing in it', [row(0, [1, 2]), row(1, [null])], /not 2 embeddings/],
  ] as const) {
    it(`an answer ${what} is ${expected instanceof RegExp ? 'refused' : 'put in order'}`, async () => {
      await set.control('fail', { count: 1, status: 200, path: '/ai', body: { data: rows } });
      const out = await run({}, { payload: ['a', 'b'] });
      if (!(expected instanceof RegExp)) return assert.deepEqual(out.payload, expected);
      assert.equal(out.error?.code, 'serialization');
      assert.match(out.error?.message ?? '', expected);
    });
  }

  it('makes a vector of a text', async () => {
    const { payload, embeddings } = await run({}, { payload: 'fern and coffee' });
    assert.deepEqual(payload, await vector('fern and coffee'));
    const { model, dimension, usage } = embeddings as Facts;
    assert.deepEqual([model, dimension], ['sandbox-embedding', (payload as number[]).length]);
    assert.equal(usage.promptTokens, 3);
  });

  it('makes a list of vectors of a list, in its order', async () => {
    const { payload } = await run({}, { payload: ['fern', 'coffee'] });
    assert.deepEqual(payload, [await vector('fern'), await vector('coffee')]);
  });

  it('asks for the model that is named', async () => {
    const { embeddings } = await run({ model: 'small', modelType: 'str' }, { payload: 'fern' });
    assert.equal((embeddings as Facts).model, 'small');
  });

  it('cuts a long list into portions, keeps its order, and adds up what it costs', async () => {
    const texts = Array.from({ length: 23 }, (_, index) => `fern number ${index}`);
    const { payload, embeddings } = await run({ batch: 5 }, { payload: texts });
    assert.equal((payload as unknown[]).length, 23);
    for (const index of [0, 4, 5, 22]) {
      assert.deepEqual((payload as number[][])[index], await vector(texts[index] as string));
    }
    assert.equal((embeddings as Facts).usage.totalTokens, 23 * 3);
    assert.equal((await requests()).length, 5 + 4);
  });

  it('names a hole in the list, and asks nothing', async () => {
    const holes = ['fern', 'coffee', 'tea'];
    delete holes[1];
    const { error } = await run({}, { payload: holes });
    assert.equal(error?.code, 'validation');
    assert.match(error?.message ?? '', /input\[1\].*nothing/);
    assert.equal((await requests()).length, 0);
  });

  it('gives an empty list for an empty list, and asks nothing', async () => {
    const { payload } = await run({}, { payload: [] });
    assert.deepEqual(payload, []);
    assert.equal((await requests()).length, 0);
  });

  for (const [name, payload, words] of [
    ['a blank text', '  ', /"input" must be a text, not an empty text/],
    ['a number', 7, /"input" must be a text, not the number 7/],
    ['an object', { a: 1 }, /"input" must be a text, not an object {a}/],
    ['a buffer', Buffer.from('x'), /"input" must be a text, not a buffer/],
    ['an empty text in a list', ['fern', ''], /"input\[1\]" must be a text, not an empty text/],
    ['something else in a list', ['fern', 'coffee', null], /"input\[2\]" must be a text, not null/],
  ] as const) {
    it(`refuses ${name}, and asks nothing`, async () => {
      const { error } = await run({}, { payload });
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', words);
      assert.equal((await requests()).length, 0);
    });
  }

  describe('with a server that counts', () => {
    let server: Served | undefined;
    afterEach(() => server?.close());

    it('has two requests on their way at a time, and no more', async () => {
      const open: (() => void)[] = [];
      let most = 0;
      server = await serve(({ body }, response) => {
        const { input } = JSON.parse(body) as { input: string[] };
        const data = input.map((text, index) => ({ index, embedding: [text.length, 1] }));
        response.writeHead(200, { 'content-type': 'application/json' });
        open.push(() => response.end(JSON.stringify({ data, model: 'm' })));
        most = Math.max(most, open.length);
      });
      const { node, probe } = await set.play(
        [
          { id: 'node', type: 'linktor-embeddings', config: 'account', batch: 1, wires: [['out']] },
          { id: 'out', type: 'probe' },
        ],
        { account: { baseUrl: server.url, contract: 'api' } },
      );
      node('node').receive({ payload: ['a', 'bb', 'ccc', 'dddd', 'eeeee'] });
      for (const left of [2, 2, 2, 2, 1]) {
        await until(
          async () => open.length,
          (count) => count === left,
        );
        // The later one first: the order of the answers is nobody's business.
        open.pop()?.();
      }
      const { payload } = await probe('out').first();
      assert.deepEqual(
        (payload as number[][]).map(([length]) => length),
        [1, 2, 3, 4, 5],
      );
      assert.equal(most, 2);
    });

    it('names the index in the whole list, and keeps what has been paid for', async () => {
      let count = 0;
      server = await serve(({ body }, response) => {
        const { input } = JSON.parse(body) as { input: string[] };
        const bad = input.indexOf('bad');
        response.writeHead(bad < 0 ? 200 : 400, { 'content-type': 'application/json' });
        if (bad >= 0) return void response.end(JSON.stringify({ message: `input[${bad}] is refused` }));
        count += input.length;
        const data = input.map((_text, index) => ({ index, embedding: [1, 2] }));
        response.end(JSON.stringify({ data, usage: { totalTokens: input.length } }));
      });
      const { node, caught } = await set.play(
        [{ id: 'node', type: 'linktor-embeddings', config: 'account', batch: 3 }],
        { account: { baseUrl: server.url, contract: 'api' } },
      );
      node('node').receive({ payload: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'bad', 'h', 'i'] });
      const { error } = await caught.first();
      assert.match(String(error?.message), /input\[7\] is refused/);
      const details = error?.cause as { details: { vectors: { index: number }[]; usage: { totalTokens: number } } };
      const { vectors, usage } = details.details;
      assert.ok(vectors.length >= 3);
      assert.deepEqual([vectors.length, usage.totalTokens], [count, count]);
      assert.deepEqual(
        vectors.slice(0, 3).map(({ index }) => index),
        [0, 1, 2],
      );
    });

    it('asks for no further portion after a failure', async () => {
      server = await serve((_asked, response) => {
        response.writeHead(500, { 'content-type': 'application/json' });
        response.end('{}');
      });
      const { node, caught } = await set.play(
        [{ id: 'node', type: 'linktor-embeddings', config: 'account', batch: 1, wires: [[]] }],
        { account: { baseUrl: server.url, contract: 'api', maxRetries: 0 } },
      );
      node('node').receive({ payload: ['a', 'b', 'c', 'd', 'e', 'f'] });
      assert.equal((await caught.first()).error?.code, 'server');
      assert.ok(server.asked.length <= 2, `${server.asked.length} requests`);
    });
  });

  describe('similarity', () => {
    const similar = async (payload: unknown, fields: Record<string, unknown> = {}) =>
      run({ operation: 'similarity', ...fields }, { payload });

    for (const [name, pair, expected] of [
      [
        'the same direction',
        [
          [1, 2],
          [2, 4],
        ],
        1,
      ],
      [
        'opposite ones',
        [
          [1, 2],
          [-1, -2],
        ],
        -1,
      ],
      [
        'a right angle',
        [
          [1, 0],
          [0, 5],
        ],
        0,
      ],
      [
        'figures whose squares are beyond all numbers',
        [
          [1e300, 1e300],
          [1e-300, 0],
        ],
        Math.SQRT1_2,
      ],
    ] as [string, number[][], number][]) {
      it(`tells ${name}, and asks nobody`, async () => {
        const { payload } = await similar(pair);
        assert.ok(Math.abs((payload as number) - expected) < 1e-12, String(payload));
        assert.equal((await set.state()).requests.length, 0);
      });
    }

    it('takes what its fields say before what the message says', async () => {
      const fields = { first: '[1, 0]', firstType: 'json', second: 'other', secondType: 'msg' };
      const { node, probe } = await set.play([
        {
          id: 'node',
          type: 'linktor-embeddings',
          config: 'account',
          operation: 'similarity',
          wires: [['out']],
          ...fields,
        },
        { id: 'out', type: 'probe' },
      ]);
      node('node').receive({ payload: 'untouched', other: [1, 0] });
      assert.equal((await probe('out').first()).payload, 1);
    });

    for (const [name, payload, words] of [
      ['one vector', [[1, 2]], /"second"/],
      ['a text', 'fern', /"first"/],
      ['texts', ['fern', 'coffee'], /"first"/],
      [
        'a vector with a hole',
        [
          [1, 2],
          [1, null],
        ],
        /"second"/,
      ],
      [
        'an infinite one',
        [
          [1, Number.POSITIVE_INFINITY],
          [1, 2],
        ],
        /"first"/,
      ],
      ['an empty one', [[], []], /"first"/],
      [
        'different lengths',
        [
          [1, 2],
          [1, 2, 3],
        ],
        /2.*3/,
      ],
      [
        'one that points nowhere',
        [
          [1, 2],
          [0, 0],
        ],
        /"second"/,
      ],
    ] as [string, unknown, RegExp][]) {
      it(`refuses ${name}`, async () => {
        const { error } = await similar(payload);
        assert.equal(error?.code, 'validation');
        assert.match(error?.message ?? '', words);
      });
    }
  });

  failsWell(set, 'linktor-embeddings', { embed: { msg: { payload: ['fern', 'coffee'] }, kind: 'read' } });
});
