import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import linktor from '../../nodes';
import { setUpFlows, until } from '../support/flows';
import { asking, detailsOf, type Loose, sendNode } from './sending';

const everybody = [
  { conversationId: 'conv_ana' },
  { contactId: 'ct_bruno' },
  { address: 'visitor_new', channelId: 'ch_webchat' },
];

const join = createRequire(import.meta.url)('@node-red/nodes/core/sequence/17-split.js');
const withJoin = (red: Parameters<typeof linktor>[0]) => {
  for (const load of [linktor, join]) load(red);
};

describe('linktor-send: to a list', () => {
  const setup = setUpFlows({ idempotency: true });
  const { play, state, control } = setup;
  const ask = asking(setup);
  const list = (more: Record<string, unknown> = {}) => sendNode({ to: 'list', ...more });

  it('sends to everybody, however they are named, and sums it up in the order of the list', async () => {
    const { node, probe } = await play(list({ text: 'Hello', textType: 'str' }));
    node('node').receive({ recipients: everybody, topic: 'kept' });
    const { sent, topic } = await probe('out').first();
    const { sent: reached, failed } = sent as Loose;
    assert.equal(topic, 'kept');
    assert.deepEqual(failed, []);
    assert.deepEqual(
      reached.map(({ recipient }: Loose) => recipient),
      everybody,
    );
    assert.deepEqual(reached.map(({ conversationId }: Loose) => conversationId).slice(0, 2), [
      'conv_ana',
      'conv_bruno',
    ]);
    assert.equal((await state()).sends.length, 3);
  });

  it('takes the list from the payload, an address being enough', async () => {
    const { node, probe } = await play(list({ text: 'Hello', textType: 'str' }));
    node('node').receive({ payload: ['ana@example.com', '+5511999990002'] });
    const { sent } = await probe('out').first();
    assert.deepEqual(
      (sent as Loose).sent.map(({ conversationId }: Loose) => conversationId),
      ['conv_ana', 'conv_bruno'],
    );
  });

  it('takes contacts as the contact node gives them', async () => {
    const { data } = await ask('GET', '/contacts?search=Ana');
    const { node, probe } = await play(list({ text: 'Dear {{name}}', textType: 'str' }));
    node('node').receive({ payload: data });
    await probe('out').first();
    assert.deepEqual(
      (await state()).sends.map(({ conversationId, text }) => [conversationId, text]),
      [['conv_ana', 'Dear Ana Souza']],
    );
  });

  it('fills in the text for each, before the properties of the message', async () => {
    const { node, probe } = await play(list({ text: '{{greeting}} {{name}}', textType: 'str' }));
    const recipients = [
      { conversationId: 'conv_ana', name: 'Ana' },
      { conversationId: 'conv_bruno', name: 'Bruno', greeting: 'Olá' },
      { conversationId: 'conv_carla' },
    ];
    node('node').receive({ recipients, greeting: 'Hi', name: 'friend' });
    await probe('out').first();
    const { sends } = await state();
    assert.deepEqual(sends.map(({ text }) => text).sort(), ['Hi Ana', 'Hi friend', 'Olá Bruno']);
  });

  it('gives each a text of its own, else that of the message', async () => {
    const { node, probe } = await play(list());
    const recipients = [{ conversationId: 'conv_ana', text: 'for Ana' }, { conversationId: 'conv_bruno' }];
    node('node').receive({ recipients, payload: 'for all' });
    await probe('out').first();
    const { sends } = await state();
    assert.deepEqual(sends.map(({ text }) => text).sort(), ['for Ana', 'for all']);
  });

  const forms: [words: string, text: string, textType: string, expected: string[]][] = [
    ['plain words', 'for all', 'str', ['for all', 'own']],
    ['a template that takes it', '{{#text}}Dear {{text}}{{/text}}{{^text}}Dear{{/text}}', 'str', ['Dear', 'Dear own']],
    ['an expression that takes it', '$string(text) & "!"', 'jsonata', ['!', 'own!']],
  ];
  for (const [words, text, textType, expected] of forms) {
    it(`lets what a line says for itself come before the field, which is ${words}`, async () => {
      const { node, probe } = await play(list({ text, textType, channel: 'ch_nowhere', channelType: 'str' }));
      const own = { conversationId: 'conv_ana', text: 'own', channelId: 'ch_webchat' };
      node('node').receive({ recipients: [own, { conversationId: 'conv_bruno' }] });
      await probe('out').first();
      assert.deepEqual((await state()).sends.map((send) => send.text).sort(), expected);
    });
  }

  it('says in words who was not reached, and shows how many', async () => {
    const { node, probe, statuses } = await play(list({ text: 'Hello', textType: 'str' }));
    const warnings = (node('node') as unknown as { warn: { args: unknown[][] } }).warn;
    const recipients = ['conv_ana', 'conv_bruno', 'conv_none'].map((conversationId) => ({ conversationId }));
    node('node').receive({ recipients });
    await probe('out').first();
    await until(
      async () => statuses.all.at(-1)?.status as Loose | undefined,
      (status) => status?.text === 'linktor.status.partly_sent?sent=2&failed=1' && status.fill === 'yellow',
    );
    assert.match(String(warnings.args[0]?.[0]), /^Not sent to conv_none: .+/);
  });

  it('keeps the order of those who are there twice, and serves the others meanwhile', async () => {
    const { node, probe } = await play(list());
    const recipients = Array.from({ length: 60 }, (_, index) => ({
      conversationId: ['conv_ana', 'conv_bruno', 'conv_carla'][index % 3],
      text: `${index}`,
    }));
    node('node').receive({ recipients });
    await probe('out').first();
    const { sends } = await state();
    assert.equal(sends.length, 60);
    for (const id of ['conv_ana', 'conv_bruno', 'conv_carla']) {
      const own = sends.filter(({ conversationId }) => conversationId === id).map(({ text }) => Number(text));
      assert.deepEqual(
        own,
        own.toSorted((one, other) => one - other),
      );
    }
  });

  it('goes on when one fails, and says who', async () => {
    const { node, probe, caught } = await play(list());
    const recipients = [
      { conversationId: 'conv_ana', text: 'a' },
      { conversationId: 'conv_none', text: 'b' },
      { name: 'nowhere' },
      { conversationId: 'conv_bruno', text: '' },
      { conversationId: 'conv_carla', text: 'c' },
    ];
    node('node').receive({ recipients });
    const { sent } = await probe('out').first();
    const { sent: reached, failed } = sent as Loose;
    assert.deepEqual(
      reached.map(({ recipient }: Loose) => recipient.text),
      ['a', 'c'],
    );
    assert.deepEqual(
      failed.map(({ recipient, error }: Loose) => [recipient, error.code]),
      [
        [recipients[1], 'not_found'],
        [recipients[2], 'validation'],
        [recipients[3], 'validation'],
      ],
    );
    assert.equal(typeof failed[1].error.cause.hint, 'string');
    assert.equal(caught.all.length, 0);
  });

  it('is an error when nobody was reached', async () => {
    const { node, caught, completed } = await play(list());
    node('node').receive({
      recipients: [
        { conversationId: 'conv_none', text: 'a' },
        { conversationId: 'conv_no', text: 'b' },
      ],
    });
    const { error } = await caught.first();
    assert.equal(error?.code, 'not_found');
    assert.equal(detailsOf(error).failed.length, 2);
    assert.equal(completed.all.length, 0);
  });

  const none: [string, Record<string, unknown>, RegExp][] = [
    ['no list', { payload: 'x' }, /no list/],
    ['an empty list', { recipients: [] }, /empty/],
    ['what is no list', { recipients: 'conv_ana' }, /no list/],
  ];
  for (const [name, msg, expected] of none) {
    it(`refuses ${name}`, async () => {
      const { node, caught } = await play(list());
      node('node').receive(msg);
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', expected);
    });
  }

  it('gives a message for each that was reached, which a join node can put together', async () => {
    const { node, probe, caught } = await play(
      [
        ...list({ recipientsOutput: 'each', wires: [['out', 'join']] }),
        { id: 'join', type: 'join', mode: 'auto', wires: [['joined']] },
        { id: 'joined', type: 'probe' },
      ],
      { load: withJoin },
    );
    const recipients = Array.from({ length: 25 }, (_, index) => ({
      conversationId: index === 7 ? 'conv_none' : 'conv_ana',
      text: `${index}`,
    }));
    node('node').receive({ recipients, topic: 'kept' });
    const all = await probe('out').take(24);
    assert.deepEqual(
      all.map(({ parts }) => (parts as Loose).index),
      Array.from({ length: 24 }, (_, index) => index),
    );
    assert.ok(all.every(({ topic }) => topic === 'kept'));
    assert.deepEqual(
      all.map(({ sent }) => (sent as Loose).recipient.text),
      recipients.map(({ text }) => text).filter((text) => text !== '7'),
    );
    await probe('joined').first();
    const { error } = await caught.first();
    assert.equal(error?.code, 'not_found');
    assert.match(error?.message ?? '', /1 of 25/);
    const { sent, failed } = detailsOf(error);
    assert.deepEqual([sent.length, failed.length, failed[0].recipient.text], [24, 1, '7']);
    assert.equal(error?.cause.retryable, false);
  });

  it('has a key for each recipient and part, the same whenever it is sent', async () => {
    const { node, probe } = await play(list({ idempotency: 'key', text: '{{words}}', textType: 'str' }));
    const msg = {
      idempotencyKey: 'promo-17',
      recipients: ['ana@example.com', { conversationId: 'conv_bruno', words: 'x '.repeat(3000) }],
      words: 'hi',
    };
    node('node').receive(structuredClone(msg));
    await probe('out').take(1);
    node('node').receive(structuredClone(msg));
    await probe('out').take(2);
    const keys = (await state()).requests
      .filter(({ method, path }) => method === 'POST' && path.endsWith('/messages'))
      .map(({ idempotencyKey }) => idempotencyKey);
    const expected = ['promo-17:ana%40example.com', 'promo-17:conv_bruno', 'promo-17:conv_bruno:2'];
    assert.deepEqual([...new Set(keys)].sort(), expected);
    assert.equal(keys.length, 6);
    assert.equal((await state()).sends.length, 3, 'the server has sent each once');
  });

  it('reaches 500 people once each, however often the server says that it is too much', async () => {
    const { node, probe } = await play(list({ text: 'Hello', textType: 'str' }));
    const talks = ['conv_ana', 'conv_bruno', 'conv_carla'];
    const recipients = Array.from({ length: 500 }, (_, index) => ({ conversationId: talks[index % 3], number: index }));
    await control('limit', { perMinute: 200, windowMs: 1000 });
    node('node').receive({ recipients });
    const { sent } = await probe('out').first();
    const { sent: reached, failed } = sent as Loose;
    assert.deepEqual([reached.length, failed.length], [500, 0]);
    const { sends } = await state();
    assert.equal(sends.length, 500);
    assert.equal(new Set(reached.map(({ messageId }: Loose) => messageId)).size, 500);
  });

  it('shows how far it is, and waits for nobody when it closes', async () => {
    const { node, caught, deploy, flow, statuses } = await play(list());
    const recipients = Array.from({ length: 40 }, () => ({ conversationId: 'conv_ana', text: 'x' }));
    await control('latency', { ms: 30 });
    node('node').receive({ recipients });
    await until(
      async () => statuses.all.at(-1)?.status as Loose | undefined,
      (status) => Number(status?.done) > 3 && status?.total === 40,
    );
    await deploy(flow.filter(({ id }) => id !== 'node'));
    const { error } = await caught.first();
    const { sent, failed } = detailsOf(error);
    assert.equal(sent.length + failed.length, 40);
    assert.ok(failed.length > 0);
    const { sends } = await state();
    assert.ok(
      sends.length >= sent.length &&
        sends.length <= sent.length + failed.filter((one: Loose) => one.error.cause.ambiguous).length,
    );
  });
});
