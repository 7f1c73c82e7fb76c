import { strict as assert } from 'node:assert';
import { setUpFlows, until } from '../support/flows';
import { asking, type Loose, sendNode } from './sending';

const to = { conversationId: 'conv_ana' };
const withHole = ['Yes', 'No', 'Later'];
delete withHole[1];

describe('linktor-send', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;

  const ask = asking(setup);
  const stored = (messageId: string) => ask('GET', `/conversations/conv_ana/messages/${messageId}`);

  const kinds: [string, Record<string, unknown>, Record<string, unknown>, (message: Loose) => void][] = [
    ['text from the payload', {}, { payload: 'Olá' }, (message) => assert.equal(message.text, 'Olá')],
    ['a number', {}, { payload: 42 }, (message) => assert.equal(message.text, '42')],
    [
      'text with message properties',
      { text: 'Hi {{contact.name}}', textType: 'str' },
      { contact: { name: 'Ana' } },
      (message) => assert.equal(message.text, 'Hi Ana'),
    ],
    [
      'media by URL',
      { kind: 'media', media: 'https://example.com/cat.png', mediaType: 'str' },
      { payload: 'what the customer wrote', caption: 'a cat' },
      (message) => {
        assert.equal(message.contentType, 'image');
        const { url, caption, type } = message.media;
        assert.deepEqual([url, caption, type], ['https://example.com/cat.png', 'a cat', 'image']);
      },
    ],
    [
      'the attachment that came in',
      { kind: 'media' },
      { attachments: [{ type: 'audio', url: 'https://example.com/x', size: 3 }] },
      (message) => assert.equal(message.contentType, 'audio'),
    ],
    [
      'buttons',
      {
        kind: 'buttons',
        buttons: '[{"title":"Yes","id":"y"},{"title":"Shop","url":"https://example.com"}]',
        buttonsType: 'json',
      },
      { payload: 'Sure?' },
      (message) => {
        const { type, body, action } = message.interactive;
        assert.equal(type, 'button');
        assert.equal(body?.text, 'Sure?');
        assert.deepEqual(action?.buttons, [
          { type: 'reply', id: 'y', title: 'Yes' },
          { type: 'url', id: 'Shop', title: 'Shop', url: 'https://example.com' },
        ]);
      },
    ],
    [
      'a list with sections',
      { kind: 'list' },
      { payload: 'Pick', list: ['Tea', { title: 'Mocha', id: 'm', section: 'Coffee', description: 'sweet' }] },
      (message) => {
        const { type, action } = message.interactive;
        assert.equal(type, 'list');
        assert.deepEqual(action?.sections, [
          { title: '', rows: [{ id: 'Tea', title: 'Tea' }] },
          { title: 'Coffee', rows: [{ id: 'm', title: 'Mocha', description: 'sweet' }] },
        ]);
      },
    ],
    [
      'a template',
      { kind: 'template', template: 'order_shipped', templateType: 'str', language: 'pt_BR' },
      { parameters: ['Ana', 17] },
      (message) => {
        const { name, language, components } = message.template;
        assert.deepEqual([name, language], ['order_shipped', 'pt_BR']);
        assert.deepEqual(components, [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Ana' },
              { type: 'text', text: '17' },
            ],
          },
        ]);
      },
    ],
    [
      'a template, with values for its placeholders',
      {
        ...{ kind: 'template', template: 'order_shipped', templateType: 'str', language: 'pt_BR' },
        parametersType: 'json',
        parameters: JSON.stringify([
          { placeholder: 'body.2', value: 'day', valueType: 'msg' },
          { placeholder: 'body.1', value: 'Dear {{name}}', valueType: 'str' },
          { placeholder: 'button.0.url', value: '$uppercase(order)', valueType: 'jsonata' },
          { placeholder: 'header.1', value: 'order', valueType: 'msg' },
        ]),
      },
      { name: 'Ana', order: 'xs1', day: 'Friday' },
      (message) => {
        const text = (text: string) => ({ type: 'text', text });
        assert.deepEqual(message.template.components, [
          { type: 'header', parameters: [text('xs1')] },
          { type: 'body', parameters: [text('Dear Ana'), text('Friday')] },
          { type: 'button', sub_type: 'url', index: 0, parameters: [text('XS1')] },
        ]);
      },
    ],
    [
      'a location',
      { kind: 'location' },
      { payload: { latitude: '-23.55', longitude: -46.63, name: 'Shop' } },
      (message) => {
        const { latitude, longitude, name } = message.location;
        assert.deepEqual([latitude, longitude, name], [-23.55, -46.63, 'Shop']);
      },
    ],
    [
      'a contact card',
      { kind: 'contact' },
      { payload: { name: 'Bia', phones: '+5511999990000', emails: ['bia@example.com'] } },
      (message) => assert.equal(message.contact.name, 'Bia'),
    ],
    [
      'a body of the API',
      { kind: 'raw' },
      { payload: { text: 'raw', type: 'text', metadata: { a: '1' } } },
      (message) => assert.equal(message.text, 'raw'),
    ],
    [
      'an object with a text and buttons',
      {},
      { payload: { text: 'Sure?', buttons: ['Yes', 'No'], metadata: { order: '17' } } },
      ({ interactive, metadata }) => {
        assert.deepEqual([interactive.body.text, interactive.action.buttons.length], ['Sure?', 2]);
        assert.deepEqual(metadata, { order: '17' });
      },
    ],
    [
      'an object with a picture and its words',
      {},
      { payload: { text: 'a cat', media: 'https://example.com/cat.png' } },
      ({ contentType, media }) => assert.deepEqual([contentType, media.caption], ['image', 'a cat']),
    ],
    [
      'an object with a contact card',
      {},
      { payload: { contact: { name: 'Bia', phones: ['+5511999990000'] } } },
      ({ contact }) => assert.equal(contact.name, 'Bia'),
    ],
    [
      'fields before what the object holds',
      { kind: 'buttons', buttons: '["Maybe"]', buttonsType: 'json' },
      { payload: { text: 'Sure?', buttons: ['Yes', 'No'] } },
      ({ interactive }) => assert.equal(interactive.action.buttons[0].title, 'Maybe'),
    ],
    [
      'an answer to the message that came in',
      { replyTo: 'incoming', metadata: '{"order":"17"}', metadataType: 'json' },
      { payload: 'yes', messageId: 'msg_ana_3' },
      ({ metadata }) => assert.deepEqual(metadata, { order: '17', replyToId: 'msg_ana_3' }),
    ],
    [
      'an answer to a message of its own choice',
      { replyTo: 'message' },
      { payload: 'yes', messageId: 'msg_ana_3', replyTo: 'msg_ana_1' },
      ({ metadata }) => assert.equal(metadata.replyToId, 'msg_ana_1'),
    ],
    [
      'metadata',
      { metadata: '{"order":"17"}', metadataType: 'json' },
      { payload: 'x' },
      (message) => assert.deepEqual(message.metadata, { order: '17' }),
    ],
  ];
  for (const [name, fields, msg, expect] of kinds) {
    it(`sends ${name}`, async () => {
      const { node: get, probe } = await play(sendNode(fields));
      get('node').receive({ ...to, ...msg });
      const out = await probe('out').first();
      const { messageId, status, conversationId, at, parts } = out.sent as Record<string, unknown>;
      assert.equal(conversationId, 'conv_ana');
      assert.equal(typeof status, 'string');
      assert.ok(Date.parse(String(at)) > 0);
      assert.equal(parts, 1);
      assert.deepEqual(out.payload, msg.payload);
      expect(await stored(String(messageId)));
    });
  }

  const refused: [string, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    ['an empty text', {}, { payload: '  ' }, /no text/],
    ['no text at all', {}, {}, /no text/],
    ['media without a URL', { kind: 'media' }, {}, /media needs a URL/],
    [
      'a URL of another kind',
      { kind: 'media', media: 'ftp://x.test/a.png', mediaType: 'str' },
      {},
      /media needs a URL/,
    ],
    ['buttons without a text', { kind: 'buttons' }, { buttons: ['a'] }, /need a text/],
    ['no buttons', { kind: 'buttons' }, { payload: 'x' }, /no button/],
    [
      'a hole in the list of buttons',
      { kind: 'buttons' },
      { payload: 'x', buttons: withHole },
      /button has no title: there is nothing/,
    ],
    [
      'a hole in the buttons of an object',
      {},
      { payload: { text: 'x', buttons: withHole } },
      /button has no title: there is nothing/,
    ],
    ['a button without a title', { kind: 'buttons' }, { payload: 'x', buttons: [{ id: 'a' }] }, /no title/],
    ['a latitude that is none', { kind: 'location' }, { payload: { latitude: 91, longitude: 0 } }, /latitude/],
    ['a card without a name', { kind: 'contact' }, { payload: { phones: ['1'] } }, /name/],
    [
      'a card without a way to reach them',
      { kind: 'contact' },
      { payload: { name: 'x' } },
      /phone number or an e-mail/,
    ],
    ['a template without a language', { kind: 'template', template: 't', templateType: 'str' }, {}, /language/],
    [
      'a placeholder without a value',
      {
        ...{ kind: 'template', template: 't', templateType: 'str', language: 'en', parametersType: 'json' },
        parameters: '[{"placeholder":"body.1","value":"","valueType":"str"}]',
      },
      {},
      /body\.1 of the template has no value/,
    ],
    [
      'a placeholder whose value is not there',
      {
        ...{ kind: 'template', template: 't', templateType: 'str', language: 'en', parametersType: 'json' },
        parameters: '[{"placeholder":"body.1","value":"missing","valueType":"msg"}]',
      },
      {},
      /body\.1 of the template has no value/,
    ],
    ['a raw body that is no object', { kind: 'raw' }, { payload: [1] }, /must be an object/],
    ['metadata that is no object', {}, { payload: 'x', metadata: 'y' }, /must be an object/],
    [
      'two things in one message',
      {},
      { payload: { media: 'https://x.test/a.png', buttons: ['a'] } },
      /cannot hold both/,
    ],
    ['an answer to nothing', { replyTo: 'incoming' }, { payload: 'x' }, /no message to reply to/],
    ['an answer to no message', { replyTo: 'message' }, { payload: 'x' }, /replyToMessage/],
    [
      'a key that no header takes',
      { idempotency: 'key' },
      { payload: 'x', idempotencyKey: 'ação 1' },
      /idempotency key/,
    ],
    ['a missing key', { idempotency: 'key' }, { payload: 'x' }, /idempotencyKey/],
    ['a conversation id that climbs', {}, { payload: 'x', conversationId: '..' }, /is not an id/],
  ];
  for (const [name, fields, msg, expected] of refused) {
    it(`refuses ${name} before anything leaves`, async () => {
      const { node: get, caught } = await play(sendNode(fields));
      get('node').receive({ ...to, ...msg });
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', expected);
      assert.equal((await state()).sends.length, 0);
    });
  }

  it('keeps the order of a conversation, and does not wait for others', async () => {
    const { node: get, probe } = await play(sendNode());
    await control('fail', { count: 3, status: 429, headers: { 'Retry-After': '0' }, method: 'POST' });
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    for (const payload of texts) get('node').receive({ payload, conversationId: 'conv_ana' });
    get('node').receive({ payload: 'other', conversationId: 'conv_bruno' });
    await probe('out').take(21);
    const { sends } = await state();
    assert.deepEqual(
      sends.filter(({ conversationId }) => conversationId === 'conv_ana').map(({ text }) => text),
      texts,
    );
    assert.equal(new Set(sends.map(({ idempotencyKey }) => idempotencyKey)).size, 21);
  });

  const keys: [string, Record<string, unknown>, (keys: (string | undefined)[]) => void][] = [
    ['a new key for each', {}, (given) => assert.ok(given[0] && given[1] && given[0] !== given[1])],
    ['no key when none is wanted', { idempotency: 'none' }, (given) => assert.deepEqual(given, [undefined, undefined])],
    ['the key that is given', { idempotency: 'key' }, (given) => assert.deepEqual(given, ['order-17', 'order-17'])],
  ];
  for (const [name, fields, expect] of keys) {
    it(`sends ${name}`, async () => {
      const { node: get, probe } = await play(sendNode(fields));
      for (const payload of ['a', 'b']) get('node').receive({ ...to, payload, idempotencyKey: 'order-17' });
      await probe('out').take(2);
      expect((await state()).sends.map(({ idempotencyKey }) => idempotencyKey));
    });
  }

  it('never repeats a write without a key, even where the server knows keys', async () => {
    const { node: get, caught } = await play(sendNode({ idempotency: 'none' }), { account: { idempotent: true } });
    await control('fail', { count: 1, reset: true, after: true, method: 'POST' });
    get('node').receive({ ...to, payload: 'once' });
    assert.equal((await caught.first()).error?.cause.ambiguous, true);
    assert.equal((await state()).sends.length, 1);
  });

  it('notes what it has sent, so that its status finds the way back to the flow', async () => {
    const statusIn = { id: 'status', type: 'linktor-status-in', config: 'account', wires: [['told']] };
    const { node: get, probe } = await play([...sendNode(), statusIn, { id: 'told', type: 'probe' }]);
    await until(state, ({ sockets }) => sockets.subscriptions > 0);
    const context = { order: 17 };
    get('node').receive({ ...to, payload: 'Your order', context });
    await probe('out').first();
    // What the flow does with it afterwards is its own business.
    context.order = 18;
    const { messageId, payload, ...told } = await probe('told').first();
    assert.deepEqual([told.context, payload], [{ order: 17 }, 'delivered']);
    assert.equal(messageId, (await state()).sends[0]?.messageId);
  });

  it('never repeats what may have arrived, and says so', async () => {
    const { node: get, caught } = await play(sendNode());
    await control('fail', { count: 1, reset: true, after: true, method: 'POST' });
    get('node').receive({ ...to, payload: 'once' });
    const { error } = await caught.first();
    assert.equal(error?.code, 'network');
    assert.equal(error?.cause.ambiguous, true);
    assert.equal((await state()).sends.length, 1);
  });

  it('hides neither a write that was under way when the node closed nor one that waited for its turn', async () => {
    const { node: get, caught, completed, deploy, flow } = await play(sendNode());
    // Whatever else has to be asked before the first send has been asked then.
    get('node').receive({ ...to, payload: 'before' });
    await completed.first();
    await control('latency', { ms: 5000 });
    for (const payload of ['under way', 'waiting']) get('node').receive({ ...to, payload });
    const isSend = ({ method, path }: { method: string; path: string }) => method === 'POST' && /messages$/.test(path);
    await until(state, ({ requests }) => requests.filter(isSend).length === 2);
    await deploy(flow.filter(({ id }) => id !== 'node'));
    const found = await caught.take(2);
    assert.deepEqual(
      new Map(found.map(({ payload, error }) => [payload, error?.cause.ambiguous === true])),
      new Map([
        ['under way', true],
        ['waiting', false],
      ]),
    );
    assert.ok(found.every(({ error }) => error?.message));
  });
});
