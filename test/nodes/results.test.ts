import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { trial, trialNode } from '../support/trial';

describe('the place for a result', () => {
  const { play } = setUpFlows();
  let runs = 0;
  const run = async () => {
    runs++;
    return { result: 'paid for' };
  };

  for (const [name, stored, msg] of [
    ['in a text', { result: 'payload.answer' }, { payload: 'a question' }],
    ['in a number of a list', { result: 'payload[0].answer' }, { payload: [7] }],
    ['in nothing', { result: 'payload.answer' }, { payload: null }],
    ['which is no path', { result: 'payload[', resultType: 'msg' }, {}],
    ['in a context, in a text', { result: 'taken.answer', resultType: 'flow' }, {}],
    ['in every object', { result: '__proto__.answer' }, {}],
    ['in every object there is', { result: 'payload.__proto__.answer' }, { payload: {} }],
    ['in every object of a list', { result: 'a[0]["__proto__"].answer' }, { a: [{}] }],
    ['in every function', { result: 'payload.constructor.prototype.answer' }, { payload: {} }],
    ['in what is no property', { result: '__proto__' }, {}],
    ['in every object of a context', { result: 'a.__proto__.answer', resultType: 'global' }, {}],
  ] as [string, Record<string, unknown>, Record<string, unknown>][]) {
    it(`${name} is refused before anything is called`, async () => {
      runs = 0;
      const { node: get, caught } = await play(trialNode(stored), { load: trial(run) });
      const flow = (
        get('node') as unknown as { context(): { flow: { set(key: string, value: unknown): void } } }
      ).context();
      flow.flow.set('taken', 'a text');
      get('node').receive({ given: 1, ...msg });
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(String(error?.message), /no place for the result/);
      assert.equal(runs, 0);
      assert.equal('answer' in {}, false);
    });
  }

  for (const [name, stored, msg, read] of [
    ['in an object that is made', { result: 'a.b[0].c' }, {}, (out: Record<string, never>) => out.a],
    [
      'in an object that is there',
      { result: 'payload.answer' },
      { payload: { question: 1 } },
      (out: Record<string, never>) => out.payload,
    ],
  ] as const) {
    it(`${name} is filled`, async () => {
      const { node: get, probe } = await play(trialNode(stored), { load: trial(run) });
      get('node').receive({ given: 1, ...msg });
      const out = await probe('out').first();
      assert.match(JSON.stringify(read(out as Record<string, never>)), /paid for/);
    });
  }
});

describe('a call to a path that is made of the message', () => {
  const flows = setUpFlows();
  const call = alone(flows, 'linktor-api');
  /** The last path that was asked; a self-hosted server is asked after a 404 whether it has lost its database. */
  const asked = async () =>
    (await flows.state()).requests.map(({ path }) => path).findLast((path) => path !== '/ready');

  for (const [payload, part] of [
    ['a/b', 'a%2Fb'],
    ['a?all=true', 'a%3Fall%3Dtrue'],
    ['a#b', 'a%23b'],
    ['ä ö', '%C3%A4%20%C3%B6'],
  ]) {
    it(`has ${payload} as one part`, async () => {
      const node = { method: 'GET', path: '/contacts/{{payload}}', pathType: 'str' };
      const { error } = await call(node, { payload });
      assert.equal(error?.code, 'not_found');
      assert.ok((await asked())?.endsWith(`/contacts/${part}`), await asked());
    });
  }

  for (const [name, node, msg] of [
    ['an empty text', { path: '/contacts/{{payload}}', pathType: 'str' }, { payload: '' }],
    ['blanks', { path: '/contacts/{{payload}}', pathType: 'str' }, { payload: '  ' }],
    ['a way up', { path: '/contacts/{{payload}}/x', pathType: 'str' }, { payload: '..' }],
    ['an expression with nothing', { path: '"/contacts/" & payload', pathType: 'jsonata' }, { payload: '' }],
  ] as const) {
    it(`is refused with ${name}, before anything is called`, async () => {
      const { error } = await call({ method: 'DELETE', ...node }, msg);
      assert.equal(error?.code, 'validation');
      const { requests } = await flows.state();
      assert.equal(
        requests.some(({ method }) => method === 'DELETE'),
        false,
      );
    });
  }

  it('takes a whole path as it is where the template begins with it', async () => {
    const msg = { payload: '/channels?limit=1' };
    assert.ok((await call({ method: 'GET', path: '{{payload}}', pathType: 'str' }, msg)).payload);
  });

  it('takes what stands in three braces as it is', async () => {
    const msg = { payload: 'channels?limit=1' };
    assert.ok((await call({ method: 'GET', path: '/{{{payload}}}', pathType: 'str' }, msg)).payload);
  });
});

describe('a list of single items that is empty', () => {
  const set = setUpFlows();
  const nodes = (more: Record<string, unknown>) => [
    {
      ...{
        id: 'node',
        type: 'linktor-contact',
        config: 'account',
        operation: 'list',
        paging: 'each',
        wires: [['out']],
      },
      ...{ search: 'nobody at all', searchType: 'str', ...more },
    },
    { id: 'out', type: 'probe' },
  ];
  const parts = { id: 'outer', index: 0, count: 2, type: 'array' };

  it('sends one message that says so, a part of whatever it was a part of', async () => {
    const { node, probe } = await set.play(nodes({ sayEmpty: true }));
    node('node').receive({ parts, kept: true });
    const msg = await probe('out').first();
    assert.deepEqual([msg.payload, msg.complete, msg.parts, msg.kept], [[], true, parts, true]);
  });

  it('sends nothing where a node of 0.1.0 asks, and is done', async () => {
    const { node, probe, completed } = await set.play(nodes({}));
    node('node').receive({});
    await completed.take(1);
    assert.equal(probe('out').all.length, 0);
  });
});
