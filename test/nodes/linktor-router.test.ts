import { strict as assert } from 'node:assert';
import { contractUnderTest, type FlowNode, setUpFlows } from '../support/flows';

type Rule = [rule: string, value: string, name: string];

const conversationId = 'conv_ana';
const always = JSON.stringify([{ day: 'daily', from: '00:00', to: '24:00' }]);

describe('linktor-router', () => {
  const { play, state } = setUpFlows();

  /** A router with a probe behind each of its outputs. */
  async function routing(rules: Rule[], settings: Record<string, unknown> = {}, more: FlowNode[] = []) {
    const rows = JSON.stringify(rules.map(([rule, value, name]) => ({ rule, value, name })));
    const count = rules.length + (settings.unsure === 'output' ? 1 : 0) + (settings.errorOutput === true ? 1 : 0);
    const ports = Array.from({ length: count }, (_, port) => `out${port}`);
    const played = await play([
      {
        id: 'node',
        type: 'linktor-router',
        config: 'account',
        rules: rows,
        wires: ports.map((port) => [port]),
        ...settings,
      },
      ...ports.map((id) => ({ id, type: 'probe' })),
      ...more,
    ]);
    const out = (port: number) => played.probe(`out${port}`);
    return {
      ...played,
      out,
      /** Send a message in; resolves when the node has done with it. */
      async put(msg: Record<string, unknown>): Promise<void> {
        const before = played.completed.all.length + played.caught.all.length;
        played.node('node').receive({ conversationId, ...msg });
        await Promise.race([played.completed.take(before + 1), played.caught.take(before + 1)]);
      },
    };
  }

  it('sends a message the way of the first rule that fits, and keeps all else in it', async () => {
    const { out, put } = await routing([
      ['keywords', 'refund', 'money'],
      ['contains', 'order', 'orders'],
      ['otherwise', '', 'rest'],
    ]);
    await put({ payload: 'Where is my ORDER?', topic: 'kept' });
    const msg = await out(1).first();
    assert.deepEqual(msg.route, { name: 'orders', index: 1, rule: 'contains', by: 'text' });
    assert.equal(msg.payload, 'Where is my ORDER?');
    assert.equal(msg.topic, 'kept');
    await put({ payload: 'Hello' });
    assert.equal(((await out(2).first()).route as { name: string }).name, 'rest');
    assert.equal(out(0).all.length, 0);
  });

  it('sends it every way that fits, if that is wanted', async () => {
    const { out, put } = await routing(
      [
        ['keywords', 'a', 'one'],
        ['keywords', 'b', 'two'],
        ['keywords', 'c', 'three'],
      ],
      { match: 'all' },
    );
    await put({ payload: 'a c' });
    await out(0).first();
    await out(2).first();
    assert.equal(out(1).all.length, 0);
  });

  it('keeps a conversation on its way, until another rule fits, or it is to forget', async () => {
    const rules: Rule[] = [
      ['keywords', 'sales', 'sales'],
      ['keywords', 'support', 'support'],
      ['otherwise', '', 'rest'],
    ];
    const { out, put } = await routing(rules, { remember: 10 });
    await put({ payload: 'sales please' });
    await put({ payload: 'and how much is it?' });
    const [, second] = await out(0).take(2);
    assert.deepEqual(second?.route, { name: 'sales', index: 0, rule: 'keywords', by: 'remembered' });
    await put({ payload: 'how much is it?', conversationId: 'conv_bruno' });
    assert.equal(out(2).all.length, 1);
    await put({ payload: 'no, support' });
    await put({ payload: 'it is broken' });
    assert.equal(out(1).all.length, 2);
    await put({ reset: true });
    await put({ payload: 'hello?' });
    assert.equal(out(2).all.length, 2);
    assert.equal(out(0).all.length + out(1).all.length, 4);
  });

  it('ends it where no rule fits', async () => {
    const { out, put, caught } = await routing([['keywords', 'a', 'one']]);
    await put({ payload: 'b' });
    assert.equal(out(0).all.length, 0);
    assert.equal(caught.all.length, 0);
  });

  it('hands on what a pattern has caught, and nothing of an earlier router', async () => {
    const { out, put } = await routing([['regex', '(?<no>\\d+)', 'number']]);
    await put({ payload: 'no 17 please', captures: { no: 'old' }, args: ['old'] });
    const { captures, args } = await out(0).first();
    assert.deepEqual(captures, { 0: '17', 1: '17', no: '17' });
    assert.equal(args, undefined);
  });

  it('goes by opening hours', async () => {
    const hours = { id: 'hours', type: 'linktor-hours', week: always };
    const { out, put } = await routing(
      [
        ['closed', '', 'night'],
        ['open', '', 'day'],
      ],
      { hours: 'hours' },
      [hours],
    );
    await put({ payload: 'Hello' });
    assert.equal(((await out(1).first()).route as { rule: string }).rule, 'open');
  });

  for (const [what, hours, text] of [
    ['missing', [], /missing or disabled/],
    ['set up wrongly', [{ id: 'hours', type: 'linktor-hours', name: 'Shop', zone: 'Mars/Base' }], /Shop.*Mars\/Base/],
  ] as const) {
    it(`says that the opening hours are ${what}`, async () => {
      const { put, caught } = await routing([['open', '', 'day']], { hours: 'hours' }, [...hours]);
      await put({ payload: 'Hello' });
      const [{ error }] = (await caught.take(1)) as unknown as [{ error: { message: string; code: string } }];
      assert.equal(error.code, 'validation');
      assert.match(error.message, text);
    });
  }

  it('reads the conversation and the contact once for many rules', async () => {
    const { out, put } = await routing([
      ['status', 'resolved', 'resolved'],
      ['priority', 'urgent', 'urgent'],
      ['contactTag', 'nobody-has-this', 'tag'],
      ['contactField', 'name', 'named'],
    ]);
    const read = async (path: string) =>
      (await state()).requests.filter((one) => one.path.replace(/^\/api\/v1/, '') === path).length;
    await put({ payload: 'Hello', contactId: 'ct_ana' });
    assert.equal(((await out(3).first()).route as { by: string }).by, 'contact');
    // The client looks them up as well, for the channel and the contact of the conversation.
    assert.ok((await read('/contacts/ct_ana')) <= 2);
    assert.ok((await read(`/conversations/${conversationId}`)) <= 2);
  });

  it('asks a server or a model what is wanted, with one call', async () => {
    const { out, put, caught } = await routing([
      ['intent', 'bill, invoice', 'bill'],
      ['intent', 'order, delivery', 'order'],
      ['otherwise', '', 'rest'],
    ]);
    await put({ payload: 'there is something wrong with my bill, the invoice' });
    if (contractUnderTest === 'api') {
      // The model of the sandbox answers in prose: that is told, and nothing is guessed.
      assert.equal(((await caught.take(1))[0] as unknown as { error: { code: string } }).error.code, 'serialization');
      return;
    }
    const { route } = await out(0).first();
    assert.equal((route as { by: string }).by, 'server');
  });

  // Vectors are part of the documented API only.
  const itWithVectors = contractUnderTest === 'api' ? it : () => {};
  itWithVectors('has an output of its own for a guess that is not sure', async () => {
    const { out, put } = await routing([['intent', 'When do you open?', 'open']], {
      intentBy: 'examples',
      threshold: 1,
      unsure: 'output',
    });
    await put({ payload: 'When do you open on Saturday?' });
    assert.equal(((await out(1).first()).route as { rule: string }).rule, 'unsure');
  });

  it('finds the nearest example', async () => {
    const { out, put, caught } = await routing(
      [
        ['intent', 'When do you open?, opening hours', 'hours'],
        ['intent', 'Where is my parcel?, tracking', 'parcel'],
      ],
      { intentBy: 'examples', threshold: 0.2 },
    );
    await put({ payload: 'Where is my parcel?' });
    if (contractUnderTest === 'server') {
      assert.equal(((await caught.take(1))[0] as unknown as { error: { code: string } }).error.code, 'not_supported');
      return;
    }
    assert.equal(((await out(1).first()).route as { by: string }).by, 'examples');
  });

  it('evaluates expressions', async () => {
    const { out, put } = await routing([
      ['jsonata', 'amount > 100', 'big'],
      ['jsonata', '$exists(amount)', 'small'],
    ]);
    await put({ payload: '', amount: 7 });
    await out(1).first();
    await put({ payload: '', amount: 700 });
    await out(0).first();
  });

  for (const [what, rules, text] of [
    ['no rules', [], /no rules/],
    ['a rule without a value', [['contains', '', 'x']], /Rule 1: it has no value/],
    ['a pattern that is none', [['regex', '(', 'x']], /not a regular expression/],
    ['an expression that is none', [['jsonata', '(((', 'x']], /cannot be evaluated/],
  ] as [string, Rule[], RegExp][]) {
    it(`refuses ${what}`, async () => {
      const { put, caught } = await routing(rules);
      await put({ payload: 'Hello' });
      const [{ error }] = (await caught.take(1)) as unknown as [{ error: { message: string; code: string } }];
      assert.equal(error.code, 'validation');
      assert.match(error.message, text);
    });
  }
});
