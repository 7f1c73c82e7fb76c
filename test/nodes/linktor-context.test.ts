import { strict as assert } from 'node:assert';
import { contractUnderTest, type FlowNode, listening, setUpFlows } from '../support/flows';

const conversationId = 'conv_ana';

describe('linktor-context', () => {
  const setup = setUpFlows();
  const { play, control } = setup;

  /** A node for each operation, all into one probe. */
  async function remembering(nodes: Record<string, Record<string, unknown>>, more: FlowNode[] = []) {
    const played = await play([
      ...Object.entries(nodes).map(([id, settings]) => ({
        ...{ id, type: 'linktor-context', config: 'account', keyType: 'str', valueType: 'json', wires: [['out']] },
        ...settings,
      })),
      { id: 'out', type: 'probe' },
      ...more,
    ]);
    let count = 0;
    return {
      ...played,
      /** @returns what came out of one of them */
      async ask(id: string, msg: Record<string, unknown> = {}) {
        played.node(id).receive({ conversationId, ...msg });
        count++;
        const got = await Promise.race([
          played.probe('out').take(count),
          played.caught.first().then(({ error }) => Promise.reject(new Error(error?.message))),
        ]);
        return got[count - 1] as Record<string, unknown>;
      },
    };
  }

  it('keeps a value, gives it back, and forgets it', async () => {
    const { ask } = await remembering({
      set: { operation: 'set', key: 'cart.items', value: '[1,2]' },
      get: { operation: 'get', key: 'cart.items.1', fallback: 'none', fallbackType: 'str' },
      all: { operation: 'all' },
      del: { operation: 'delete', key: 'cart.items.0' },
      clear: { operation: 'clear', confirm: true },
    });
    assert.equal((await ask('get')).value, 'none');
    const set = await ask('set', { payload: 'kept' });
    assert.deepEqual([set.value, set.isWritten, set.payload], [[1, 2], true, 'kept']);
    assert.equal((await ask('get')).value, 2);
    await ask('del');
    assert.deepEqual((await ask('all')).value, { cart: { items: [2] } });
    assert.deepEqual((await ask('all', { conversationId: 'conv_bruno' })).value, {});
    assert.equal((await ask('clear')).value, 1);
    assert.deepEqual((await ask('all')).value, {});
  });

  it('counts and collects, and gives the new value', async () => {
    const { ask } = await remembering({
      up: { operation: 'increment', scope: 'account', key: 'visits' },
      more: { operation: 'increment', scope: 'account', key: 'visits', by: '5', byType: 'num' },
      push: { operation: 'append', scope: 'contact', key: 'said', most: 2, value: '', valueType: 'msg' },
    });
    assert.equal((await ask('up')).value, 1);
    assert.equal((await ask('more')).value, 6);
    const contactId = 'ct_ana';
    await ask('push', { contactId, payload: 'a' });
    await ask('push', { contactId, payload: 'b' });
    assert.deepEqual((await ask('push', { contactId, payload: 'c' })).value, ['b', 'c']);
  });

  it('writes only where the old value allows it', async () => {
    const { ask } = await remembering({
      set: { operation: 'set', key: 'step', value: '1', onlyIf: '$not($exists(old))' },
    });
    assert.deepEqual([(await ask('set')).isWritten, (await ask('set')).isWritten], [true, false]);
  });

  it('100 parallel increments from ten flows end at 1,000', async () => {
    const flows = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`flow${index}`, { operation: 'increment', key: 'count' }]),
    );
    const { node, probe } = await remembering(flows);
    for (let count = 0; count < 100; count++) {
      for (const id of Object.keys(flows)) node(id).receive({ conversationId });
    }
    const values = (await probe('out').take(1000)).map(({ value }) => value as number);
    assert.deepEqual(
      values.sort((one, other) => one - other),
      Array.from({ length: 1000 }, (_, index) => index + 1),
    );
  });

  it('is over after its days', async () => {
    const { ask } = await remembering({
      // 864 milliseconds.
      set: { operation: 'set', key: 'step', value: '1', forDays: 0.00001 },
      get: { operation: 'get', key: 'step' },
    });
    await assert.rejects(ask('set'), /forDays/);
  });

  it('comes with the message where the trigger is asked for it', async () => {
    const trigger: FlowNode = {
      ...{ id: 'in', type: 'linktor-message-in', config: 'account', conversations: 'all' },
      ...{ variables: ['conversation', 'contact'], wires: [['got']] },
    };
    const { ask, probe } = await remembering(
      {
        set: { operation: 'set', key: 'step', value: '2' },
        name: { operation: 'set', scope: 'contact', key: 'name', value: '"Ana"' },
      },
      [trigger, { id: 'got', type: 'probe' }],
    );
    await listening(setup);
    await ask('set');
    await control('messages', { conversationId, text: 'Hello' });
    const first = await probe('got').first();
    assert.deepEqual([first.vars, first.contactVars], [{ step: 2 }, {}]);
    await ask('name', { contactId: first.contactId });
    await control('messages', { conversationId, text: 'Hello again' });
    assert.deepEqual((await probe('got').take(2))[1]?.contactVars, { name: 'Ana' });
  });

  it('follows contacts that become one, or are deleted', async function () {
    if (contractUnderTest === 'server') this.skip();
    const contact = (id: string, operation: string, more = {}): FlowNode => ({
      ...{ id, type: 'linktor-contact', config: 'account', operation, wires: [['done']] },
      ...more,
    });
    const { ask, node, probe } = await remembering(
      {
        set: { operation: 'set', scope: 'contact', key: 'city', value: '"Rio"' },
        mine: { operation: 'set', scope: 'contact', key: 'name', value: '"Ana"' },
        all: { operation: 'all', scope: 'contact' },
      },
      [
        contact('merge', 'merge', { confirm: true }),
        contact('delete', 'delete', { confirm: true }),
        { id: 'done', type: 'probe' },
      ],
    );
    await ask('set', { contactId: 'ct_bruno' });
    await ask('mine', { contactId: 'ct_ana' });
    node('merge').receive({ contactId: 'ct_ana', contactIds: ['ct_bruno'] });
    await probe('done').take(1);
    assert.deepEqual((await ask('all', { contactId: 'ct_ana' })).value, { city: 'Rio', name: 'Ana' });
    assert.deepEqual((await ask('all', { contactId: 'ct_bruno' })).value, {});
    node('delete').receive({ contactId: 'ct_ana' });
    await probe('done').take(2);
    assert.deepEqual((await ask('all', { contactId: 'ct_ana' })).value, {});
  });

  it('forgets a person and says what', async () => {
    const { ask } = await remembering({
      set: { operation: 'set', key: 'step', value: '2' },
      name: { operation: 'set', scope: 'contact', key: 'name', value: '"Ana"' },
      all: { operation: 'all' },
      forget: { operation: 'forget', confirm: true },
    });
    const contactId = 'ct_ana';
    await ask('set', { contactId });
    await ask('name', { contactId });
    const { deleted, untouched } = (await ask('forget', { contactId })).value as {
      deleted: object;
      untouched: string[];
    };
    assert.deepEqual([deleted, untouched], [{ var: 2 }, []]);
    assert.deepEqual((await ask('all')).value, {});
  });

  for (const [what, settings, msg, text] of [
    ...(
      [
        ['a number that is none', Number.NaN],
        ['a Map inside of it', { cart: new Map([['a', 1]]) }],
        ['an error', new Error('x')],
        ['a date that is none', [new Date(Number.NaN)]],
        ['a function', () => 1],
      ] as const
    ).map(
      ([what, payload]) =>
        [
          what,
          { operation: 'set', key: 'k', value: '', valueType: 'msg' },
          { payload },
          /cannot keep a value/,
        ] as const,
    ),
    ['a key that is none', { operation: 'get', key: 'a..b' }, {}, /"a\.\.b" is not a key/],
    ['a key into the prototype', { operation: 'get', key: '__proto__.x' }, {}, /not a key/],
    ['a conversation that nobody names', { operation: 'all' }, { conversationId: undefined }, /names no conversation/],
    ['no value', { operation: 'set', key: 'a', value: '', valueType: 'msg' }, {}, /no value/],
    ['to count a text', { operation: 'increment', key: 'a' }, {}, /not a number/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { ask } = await remembering({ node: settings, set: { operation: 'set', key: 'a', value: '"x"' } });
      await ask('set');
      await assert.rejects(ask('node', msg), text);
    });
  }
});
