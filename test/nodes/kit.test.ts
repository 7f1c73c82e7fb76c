import { strict as assert } from 'node:assert';
import { useFakeTimers } from 'sinon';
import type { Action } from '../../nodes/kit/define';
import { setUpFlows } from '../support/flows';
import { trialNode as node, trial } from '../support/trial';

describe('the kit', () => {
  const { play } = setUpFlows();
  const echo: Action['run'] = async ({ values }) => ({ result: (values as { value: unknown }).value });

  describe('one done, whatever goes wrong', () => {
    const faults: Record<string, Action['run']> = {
      'run rejects': async () => {
        throw new Error('broken');
      },
      'run throws at once': () => {
        throw new TypeError('broken');
      },
      'run throws what is no error': () => Promise.reject('broken'),
      'run throws nothing': () => Promise.reject(undefined),
      'run throws what has no text': () => Promise.reject(Object.create(null)),
      'the message cannot be sent': async () => ({ result: 1, port: -1 }),
    };
    for (const [name, run] of Object.entries(faults)) {
      it(`${name}: Catch once, Complete never`, async () => {
        const { node: get, caught, completed } = await play(node(), { load: trial(run) });
        get('node').receive({ given: 1 });
        const { error } = await caught.first();
        assert.equal(error?.code, 'unexpected');
        assert.equal(typeof error?.cause, 'object');
        get('node').receive({ given: 1 });
        await caught.take(2);
        assert.equal(caught.all.length, 2);
        assert.equal(completed.all.length, 0);
      });
    }
  });

  describe('where values come from', () => {
    const cases: [string, Record<string, unknown>, Record<string, unknown>, unknown][] = [
      ['an empty field takes its message property', {}, { given: 'a' }, 'a'],
      ['zero and false are values', {}, { given: 0 }, 0],
      ['a filled field wins', { value: 'b', valueType: 'str' }, { given: 'a' }, 'b'],
      ['digits of another script are a number', { count: 'n', countType: 'msg' }, { given: 1, n: '٥' }, 1],
      ['another message property', { value: 'deep.er[0]', valueType: 'msg' }, { deep: { er: [7] } }, 7],
      ['an expression', { value: '$uppercase(topic)', valueType: 'jsonata' }, { topic: 'x' }, 'X'],
      ['JSON', { value: '{"a":1}', valueType: 'json' }, {}, { a: 1 }],
      [
        'a template in the dialog',
        { value: 'Hi {{who.name}} & co', valueType: 'str' },
        { who: { name: '<Al>' } },
        'Hi <Al> & co',
      ],
      ['no template from a message', {}, { given: '{{topic}}', topic: 'secret' }, '{{topic}}'],
    ];
    for (const [name, stored, msg, expected] of cases) {
      it(name, async () => {
        const { node: get, probe } = await play(node(stored), { load: trial(echo) });
        get('node').receive(msg);
        assert.deepEqual((await probe('out').first()).payload, expected);
      });
    }

    const refused: [string, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
      ['a missing required value', {}, {}, /"value" is missing/],
      ['an empty text is no value', {}, { given: '' }, /"value" is missing/],
      [
        'a filled field that comes to nothing',
        { value: 'no.where', valueType: 'msg' },
        { given: 'a' },
        /came to nothing/,
      ],
      ['a bad expression', { value: '$(', valueType: 'jsonata' }, {}, /"value" cannot be evaluated/],
      ['a failing expression', { value: '$error("no")', valueType: 'jsonata' }, {}, /"value" cannot be evaluated/],
      ['bad JSON', { value: '{', valueType: 'json' }, {}, /"value" cannot be evaluated/],
      ['a bad template', { value: '{{#a}}', valueType: 'str' }, {}, /"value" cannot be filled in/],
      [
        'a text that is no number',
        { count: 'x', countType: 'msg' },
        { given: 1, x: 'many' },
        /"count" must be a number/,
      ],
      ['a number out of range', {}, { given: 1, count: 11 }, /"count" must be between 1 and 10/],
      ['a fixed number out of range', { figure: '9' }, { given: 1 }, /"figure" must be between 1 and 5/],
    ];
    for (const [name, stored, msg, expected] of refused) {
      it(`${name} is refused, naming the field`, async () => {
        const { node: get, caught, completed } = await play(node(stored), { load: trial(echo) });
        get('node').receive(msg);
        const { error } = await caught.first();
        assert.equal(error?.code, 'validation');
        assert.match(error?.message ?? '', expected);
        assert.equal(completed.all.length, 0);
      });
    }
  });

  it('sends to the port that run names, and adds what it is told to', async () => {
    const run: Action['run'] = async () => ({ result: 1, keepPayload: true, port: 1, properties: { extra: { a: 1 } } });
    const { node: get, probe } = await play(node(), { load: trial(run) });
    get('node').receive({ given: 1, payload: 'kept' });
    const msg = await probe('other').first();
    assert.equal(msg.payload, 'kept');
    assert.deepEqual(msg.extra, { a: 1 });
    assert.equal(probe('out').all.length, 0);
  });

  it('stores into a context', async () => {
    const { node: get, probe } = await play(node({ result: 'kept', resultType: 'flow' }), { load: trial(echo) });
    get('node').receive({ given: 5, payload: 'mine' });
    assert.equal((await probe('out').first()).payload, 'mine');
    const context = (get('node') as unknown as { context(): { flow: { get(key: string): unknown } } }).context();
    assert.equal(context.flow.get('kept'), 5);
  });

  for (const [what, stored] of Object.entries({
    'has the value': { value: 'kept', valueType: 'flow' },
    'takes the result': { result: 'kept', resultType: 'flow' },
    'holds the parent of the result': { result: 'kept.deep', resultType: 'global' },
  })) {
    it(`does not wait for ever for a context store that ${what} and never answers`, async () => {
      const { node: get, caught, completed } = await play(node(stored), { load: trial(echo) });
      const silent = { get() {}, set() {}, keys() {} };
      Object.assign(get('node'), { context: () => ({ flow: silent, global: silent }) });
      const time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        get('node').receive({ given: 5 });
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
        await time.tickAsync(30_000);
      } finally {
        time.restore();
      }
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /did not answer within 30 s/);
      assert.equal(completed.all.length, 0);
    });
  }

  it('counts what is in flight, and lets everything settle before it is closed', async () => {
    const waiting: (() => void)[] = [];
    const run: Action['run'] = async () => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { result: 1 };
    };
    const { node: get, completed, deploy, flow } = await play(node(), { load: trial(run) });
    for (let count = 0; count < 3; count++) get('node').receive({ given: 1 });
    await new Promise<void>((resolve) => {
      const look = () => (waiting.length === 3 ? resolve() : setImmediate(look));
      look();
    });
    const closed = deploy(flow.filter(({ id }) => id !== 'node'));
    let isClosed = false;
    closed.then(
      () => {
        isClosed = true;
      },
      () => {},
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isClosed, false);
    for (const go of waiting) go();
    await closed;
    assert.equal(completed.all.length, 3);
  });
});
