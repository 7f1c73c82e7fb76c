import { strict as assert } from 'node:assert';
import { type FlowNode, type Message, setUpFlows, until } from '../support/flows';
import { asking, conversationIn, type Loose } from './sending';

/** Invisible characters, full-width letters, typographic dashes and quotes, in every kind of field. */
describe('what is pasted into a field', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  const ask = asking(setup);
  const conversationId = 'conv_ana';

  /** @returns what one node sends from its outputs in order, or what Catch gets */
  async function through(node: Loose, msg: Loose, outputs = 1, more: FlowNode[] = []): Promise<[number, Message]> {
    const ports = Array.from({ length: outputs }, (_, port) => `out${port}`);
    const {
      node: get,
      probe,
      caught,
    } = await play([
      { id: 'node', type: 'linktor-send', config: 'account', wires: ports.map((port) => [port]), ...node },
      ...ports.map((id) => ({ id, type: 'probe' })),
      ...more,
    ]);
    get('node').receive(msg);
    const from = (id: string, port: number) =>
      probe(id)
        .first()
        .then((one): [number, Message] => [port, one]);
    return Promise.race([...ports.map(from), caught.first().then((one): [number, Message] => [-1, one])]);
  }

  const rules: [rule: string, value: string, msg: Loose][] = [
    ['choice', 'buy\u200b', { choice: { id: 'buy' } }],
    ['choice', 'buy', { choice: { id: 'buy\u200b ' } }],
    ['choice', 'Yes, please', { choice: { id: 'Yes, please' } }],
    ['choice', 'Sim, Não', { choice: { id: 'na\u0303o' } }],
    ['choice', '“Sim”, “Não”', { choice: { id: 'Não' } }],
    ['contentType', 'Image, Document', { contentType: 'document' }],
    ['sender', 'Contact', { sender: { type: 'contact' } }],
    ['channel', '\u2068ch_whatsapp\u2069', { channelId: 'ch_whatsapp' }],
    ['variable', '\u200bstep == 2', { vars: { step: 2 } }],
    ['variable', 'step＝２', { vars: { step: 2 } }],
    ['variable', 'plan = "Gold"', { vars: { plan: 'gold' } }],
    ['variable', 'plan !== silver', { vars: { plan: 'gold' } }],
    ['command', 'help', { payload: '/help\u{1f64f}\u{1f3fd}' }],
    ['keywords', "'refund', 'money back'", { payload: 'my money back!' }],
  ];
  for (const [rule, value, msg] of rules) {
    it(`is no matter to the rule ${rule} ${JSON.stringify(value)} for ${JSON.stringify(msg)}`, async () => {
      const rows = JSON.stringify([
        { rule, value, name: 'yes' },
        { rule: 'otherwise', name: 'no' },
      ]);
      const router = { type: 'linktor-router', rules: rows };
      assert.equal((await through(router, { payload: '', conversationId, ...msg }, 2))[0], 0);
    });
  }

  const hours: [what: string, settings: Loose, isOpen: boolean][] = [
    ['full-width times', { week: [{ day: 'daily', from: '００：００', to: '２４：００' }] }, true],
    ['a direction mark', { week: [{ day: '\u200edaily', from: '\u200e00:00', to: '24:00\u202c' }] }, true],
    ['a hyphen that does not break', { closed: '01\u201101..06\u201130、07\u201101…12\u201131' }, false],
    ['a dash between dates', { closed: '01-01 – 12-31' }, false],
    ['a zone', { zone: 'Europe／Lisbon\u200b' }, true],
  ];
  for (const [what, { week = [{ day: 'daily', from: '00:00', to: '24:00' }], ...rest }, isOpen] of hours) {
    it(`is read in opening hours: ${what}`, async () => {
      const times = { id: 'hours', type: 'linktor-hours', zone: 'UTC', week: JSON.stringify(week), ...rest };
      const guard = { type: 'linktor-guard', checks: [], hours: 'hours' };
      const [port] = await through(guard, { payload: 'x', conversationId }, 2, [times]);
      assert.equal(port, isOpen ? 0 : 1);
    });
  }

  it('is no part of the conversation that a question goes to, and the answer is heard', async () => {
    const { node, probe } = await play([
      {
        ...{ id: 'node', type: 'linktor-ask', config: 'account', question: 'Name?', questionType: 'str' },
        ...{ conversation: `\u200b${conversationId} `, conversationType: 'str', wires: [['out'], [], []] },
      },
      { id: 'out', type: 'probe' },
    ]);
    node('node').receive({ payload: 'x' });
    await until(state, ({ sends }) => sends.some(({ text }) => text === 'Name?'));
    await control('messages', { conversationId, text: 'Rui' });
    assert.equal((await probe('out').first()).payload, 'Rui');
  });

  for (const [node, msg] of [
    [{ type: 'linktor-send' }, { payload: 'x' }],
    [{ type: 'linktor-conversation', operation: 'get' }, {}],
    [{ type: 'linktor-ask', question: 'Name?', questionType: 'str' }, {}],
    [{ type: 'linktor-send', to: 'list' }, { payload: [{ conversationId: 2 ** 53, text: 'x' }] }],
  ] as const) {
    it(`is no number that has been rounded, and may be the id of somebody else: ${JSON.stringify(node)}`, async () => {
      const [, { error }] = await through(node, { conversationId: 2 ** 53, ...msg });
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /16 digits/);
      assert.deepEqual((await state()).sends, []);
    });
  }

  it('is no part of the name of a variable', async () => {
    const { node, probe } = await play([
      {
        ...{ id: 'set', type: 'linktor-context', config: 'account', operation: 'set', key: ' step\u200b' },
        ...{ keyType: 'str', value: '2', valueType: 'num', wires: [['get']] },
      },
      {
        ...{ id: 'get', type: 'linktor-context', config: 'account', operation: 'get', key: 'step' },
        ...{ keyType: 'str', wires: [['out']] },
      },
      { id: 'out', type: 'probe' },
    ]);
    node('set').receive({ conversationId });
    assert.equal((await probe('out').first()).value, 2);
  });

  it('is no part of what a list is filtered by', async () => {
    const list = { type: 'linktor-conversation', operation: 'list', state: ' Open\u200b', stateType: 'str' };
    const [, { payload }] = await through(list, {});
    assert.ok((payload as Loose[]).length > 0 && (payload as Loose[]).every(({ status }) => status === 'open'));
  });

  it('is no part of what is searched for', async () => {
    await ask('POST', '/contacts', { name: 'Zulmira', phone: '+351912345678' });
    const search = { type: 'linktor-contact', operation: 'list', search: '\u202aZulmira\u202c', searchType: 'str' };
    const [, found] = await through(search, {});
    assert.equal((found.payload as Loose[]).length, 1);
  });

  it('is no part of a path', async () => {
    const [, out] = await through({ type: 'linktor-api', path: '\ufeff/contacts\u200b', pathType: 'str' }, {});
    assert.equal(out.error, undefined, out.error?.message);
  });

  it('is no part of a reaction', async () => {
    const react = { type: 'linktor-conversation', operation: 'react', emoji: '👍\u200b', emojiType: 'str' };
    const { data } = await ask('GET', `/conversations/${conversationId}/messages`);
    const [, out] = await through(react, { conversationId, messageId: data[0].id });
    // Only the self-hosted server can react.
    assert.notEqual(out.error?.code, 'validation', out.error?.message);
  });

  it('alone is nothing to send', async () => {
    const [, { error }] = await through({ type: 'linktor-send' }, { conversationId, payload: '\u200b\u2060 \ufeff' });
    assert.match(error?.message ?? '', /no text to send.*an empty text/);
  });

  it('makes no second person of a link to an address', async () => {
    await ask('POST', '/contacts', { name: 'Rui', email: 'rui@example.com' });
    const upsert = { type: 'linktor-contact', operation: 'upsert' };
    const [, { created, payload }] = await through(upsert, {
      payload: { email: 'mailto:Rui@example.com', name: 'R.' },
    });
    assert.equal(created, false, JSON.stringify(payload));
  });

  const recipients: [what: string, payload: string, count: number][] = [
    ['numbers between commas', '+351 912 345 678, \u202a+351 912\u2011345\u2011679\u202c', 2],
    ['lines of a file', '+351912345678\r\n+351912345679\r\n', 2],
    ['JSON', '[{"address": "+351912345678", "name": "Rui"}]', 1],
  ];
  for (const [what, payload, count] of recipients) {
    it(`is read as a list of recipients: ${what}`, async () => {
      const list = { type: 'linktor-send', to: 'list', text: 'Hi', textType: 'str' };
      const [, { sent, error }] = await through(list, { payload, channelId: 'ch_whatsapp' });
      assert.equal(error, undefined, error?.message);
      assert.equal(((sent as Loose).sent as unknown[]).length, count);
    });
  }

  it('is no list of recipients where it is a message', async () => {
    const list = { type: 'linktor-send', to: 'list', text: 'Hi', textType: 'str' };
    const [, { error }] = await through(list, { payload: 'Hello, everybody', channelId: 'ch_whatsapp' });
    assert.match(error?.message ?? '', /no list of recipients: there is a text/);
  });

  const messages: [what: string, fields: Loose, payload: unknown, stored: RegExp][] = [
    [
      'the id of a button',
      { kind: 'buttons', buttons: JSON.stringify([{ title: 'Buy', id: '\ufeffbuy ' }]), buttonsType: 'json' },
      'What now?',
      /"id":"buy"/,
    ],
    [
      'the name of a template',
      { kind: 'template', template: 'order_update\u200b', templateType: 'str', language: 'pt_BR' },
      undefined,
      /"order_update"/,
    ],
    [
      'degrees with a typographic minus',
      { kind: 'location' },
      { latitude: '38.7223', longitude: '\u22129.1393\u200b' },
      /-9\.1393/,
    ],
    [
      'the number on a card',
      { kind: 'contact' },
      { name: 'Rui', phone: '\u202a+351 912\u2011345\u2011678\u202c' },
      /"\+351 912-345-678"/,
    ],
  ];
  for (const [what, fields, payload, stored] of messages) {
    it(`is no part of ${what}`, async () => {
      const { id } = await conversationIn(ask, 'whatsapp');
      const [, out] = await through({ type: 'linktor-send', ...fields }, { conversationId: id, payload });
      assert.equal(out.error, undefined, out.error?.message);
      const { data } = await ask('GET', `/conversations/${id}/messages`);
      assert.match(JSON.stringify(data[0]), stored);
    });
  }
});
