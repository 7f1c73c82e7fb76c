import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import WebSocket from 'ws';
import { server } from '../../../lib/contract/server/index';
import { outgoing } from '../../../lib/contract/server/outgoing';
import { LinktorError } from '../../../lib/errors';
import { choiceOf } from '../../../lib/messages/incoming';
import type { Event, Message, Outgoing } from '../../../lib/model';
import { type Bench, bench, failing, Inbox } from '../support';

const email = 'demo@linktor.local';
const password = 'sandbox';
const head = { status: 200, headers: {} };

describe('self-hosted server: messages', () => {
  let box: Bench;
  before(async () => {
    box = await bench({ contract: 'server', receipts: 'manual' });
  });
  after(() => box.close());

  const picture = { url: 'https://x.test/a.jpg', mimeType: 'image/jpeg', filename: 'a.jpg', size: 10 };
  const buttons = {
    type: 'button',
    body: { text: 'Sure?' },
    action: { buttons: [{ type: 'reply', id: 'y', title: 'Y' }] },
  };
  const messages: [Outgoing, Partial<Message>][] = [
    [{ type: 'text', text: 'Olá 👋' }, { text: 'Olá 👋' }],
    [{ type: 'text', text: '0' }, { text: '0' }],
    [
      { type: 'image', media: { ...picture, caption: 'Look' } },
      { media: { ...picture, type: 'image', caption: 'Look' }, text: 'Look' },
    ],
    [{ type: 'image', text: 'Look', media: picture }, { media: { ...picture, type: 'image', caption: 'Look' } }],
    [
      { type: 'document', media: picture },
      { media: { ...picture, type: 'document' }, text: undefined },
    ],
    [{ type: 'video', media: { url: 'https://x.test/v' } }, { media: { url: 'https://x.test/v', type: 'video' } }],
    [
      { type: 'location', location: { latitude: -23.5, longitude: 46, name: 'Shop', address: 'Rua 1' } },
      { location: { latitude: -23.5, longitude: 46, name: 'Shop', address: 'Rua 1' } },
    ],
    [
      { type: 'location', location: { latitude: 0, longitude: 0 } },
      { location: { latitude: 0, longitude: 0 }, text: undefined },
    ],
    [
      { type: 'contact', contact: { name: 'Bia', phones: [{ number: '+551' }], emails: ['b@x.test'] } },
      { contact: { name: 'Bia', phones: [{ number: '+551' }], emails: ['b@x.test'] }, text: undefined },
    ],
    [
      { type: 'interactive', interactive: buttons },
      { interactive: buttons, text: 'Sure?' },
    ],
    [
      { type: 'template', template: { name: 'hi', language: 'pt_BR', components: [{ type: 'body' }] } },
      { template: { name: 'hi', language: 'pt_BR', components: [{ type: 'body' }] }, text: undefined },
    ],
  ];
  for (const [given, expected] of messages) {
    it(`come back as they went: ${JSON.stringify(given).slice(0, 70)}`, async () => {
      const client = box.client({ contract: 'server', apiKey: undefined, email, password });
      const sent = await client.conversations.send('conv_ana', { ...given, metadata: { order: 7 } });
      const alone = await client.conversations.message('conv_ana', sent.id);
      const [listed] = (await client.conversations.messages('conv_ana')).items;
      for (const one of [sent, alone, listed]) {
        assert.deepEqual([one?.contentType, one?.direction], [given.type, 'outbound']);
        assert.deepEqual(one?.metadata, { order: '7' });
        for (const [key, value] of Object.entries(expected)) assert.deepEqual(one?.[key], value, key);
      }
    });
  }

  it('of customers show their files when they are read alone', async () => {
    const client = box.client({ contract: 'server', apiKey: undefined, email, password });
    const media = { type: 'image', url: 'https://x.test/in.png', mimeType: 'image/png' };
    await box.control('/messages', { conversationId: 'conv_ana', media, text: 'See' });
    const [newest] = (await client.conversations.messages('conv_ana')).items;
    assert.deepEqual([newest?.contentType, newest?.direction], ['image', 'inbound']);
    const alone = await client.conversations.message('conv_ana', String(newest?.id));
    assert.deepEqual([alone.media?.url, alone.media?.type], ['https://x.test/in.png', 'image']);
  });

  it('refuse metadata that are none, before anything is sent', async () => {
    const client = box.client({ contract: 'server', apiKey: undefined, email, password });
    const bad = { type: 'text', text: 'x', metadata: [1] } as unknown as Outgoing;
    assert.equal((await failing(client.conversations.send('conv_ana', bad))).code, 'validation');
  });
});

describe('self-hosted server: frames', () => {
  it('of a server that announces become events', async () => {
    const box = await bench({ contract: 'server', receipts: 'manual', announces: true });
    try {
      const client = box.client({ contract: 'server', apiKey: undefined, email, password });
      const { url, connection } = client.realtime;
      const socket = new WebSocket(await url(), (await connection()) as WebSocket.ClientOptions);
      const events = new Inbox<Event>();
      const opened = new Promise<void>((resolve) => socket.once('message', () => resolve()));
      socket.on('message', (data) => {
        const event = server.frame(String(data));
        if (event) events.add(event);
      });
      await opened;
      await box.control('/messages', { conversationId: 'conv_ana', text: 'hello' });
      const { message, conversationId, messageId } = await events.first(({ name }) => name === 'message.received');
      assert.deepEqual(
        [message?.text, conversationId, messageId === message?.id, message?.senderType],
        ['hello', 'conv_ana', true, 'contact'],
      );
      await box.control('/typing', { conversationId: 'conv_ana', isTyping: true });
      await client.conversations.assign('conv_ana', 'user_demo');
      const { changes } = await events.first(({ changes }) => changes?.assignedTo === 'user_demo');
      assert.deepEqual([changes?.id, changes?.status], ['conv_ana', 'open']);
      socket.terminate();
    } finally {
      await box.close();
    }
  });

  const conversation = { id: 'c', status: 'resolved', priority: 'normal', unread_count: 0 };
  const said = { id: 'm', conversation_id: 'c', sender_type: 'contact', content_type: 'text', content: 'ola' };
  const frames: [string, unknown, Partial<Event> | undefined][] = [
    ['connected', { online_users: null, tenant_id: 't', user_id: 'u' }, undefined],
    ['presence', { user_id: 'u', status: 'online' }, undefined],
    [
      'typing',
      { conversation_id: 'c', user_id: 'u', user_name: '', is_typing: true },
      { name: 'typing', conversationId: 'c', typing: { isTyping: true, userId: 'u' } },
    ],
    ['typing', { conversation_id: 'c' }, { name: 'typing', typing: { isTyping: false } }],
    ['typing', {}, undefined],
    ['new_message', { conversation_id: 'c', message: said }, { name: 'message.received', messageId: 'm' }],
    ['new_message', { message: { ...said, sender_type: 'user' } }, { name: 'message.sent', conversationId: 'c' }],
    ['new_message', { conversation_id: 'c', message: { content: 'x' } }, undefined],
    [
      'message_updated',
      { message: { ...said, sender_type: 'user', status: 'read' } },
      { name: 'message.read', messageId: 'm', status: 'read' },
    ],
    ['conversation_created', conversation, { name: 'conversation.created', conversationId: 'c' }],
    ['conversation_updated', conversation, { name: 'conversation.updated', status: 'resolved' }],
    ['error', { error: 'x' }, undefined],
    ['new_message', 7, undefined],
  ];
  for (const [type, payload, expected] of frames) {
    it(`${type} ${JSON.stringify(payload).slice(0, 60)} is ${expected?.name ?? 'nothing'}`, () => {
      const event = server.frame(JSON.stringify({ type, payload }));
      if (expected === undefined) assert.equal(event, undefined);
      else for (const [key, value] of Object.entries(expected)) assert.deepEqual(event?.[key as keyof Event], value);
    });
  }

  it('are sent for typing alone', () => {
    assert.deepEqual(JSON.parse(String(server.signal({ type: 'typing', conversationId: 'c', isTyping: false }))), {
      type: 'typing',
      payload: { conversation_id: 'c', is_typing: false },
    });
    assert.equal(server.signal({ type: 'ping' }), undefined);
  });

  it('never throw, whatever they hold', () => {
    const types = frames.map(([type]) => type);
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue(), fc.string(), (type, payload, junk) => {
        server.frame(JSON.stringify({ type, payload }));
        server.frame(JSON.stringify({ type, payload: { message: payload, conversation_id: payload } }));
        server.frame(junk);
      }),
    );
  });
});

describe('self-hosted server: answers', () => {
  const calls = () => [
    server.auth.me(),
    server.auth.login('e', 'p'),
    server.auth.tenant(),
    server.conversations.list({}),
    server.conversations.resolve('c'),
    server.conversations.escalate('c', {}),
    server.conversations.messages('c', {}),
    server.conversations.message('c', 'm'),
    server.contacts.list({ email: 'x' }),
    server.contacts.get('c'),
    server.channels.list({}),
    server.channels.connect('c'),
    server.bots.list({}),
    server.bots.get('b'),
    server.ai.complete({ model: 'gpt-4o', messages: [] }),
    server.ai.classifyIntent({ text: 'x' }),
    server.ai.analyzeSentiment('x'),
    server.knowledgeBases.get('k'),
    server.knowledgeBases.query({ base: 'k', query: 'q' }),
    server.knowledgeBases.documents('k', {}),
    server.flows.get('f'),
    server.analytics.figures('dashboard', {}),
    server.analytics.figures('channels', {}),
    server.vre.templates(),
  ];

  it('of any shape end in a result or in an error of ours', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('data', 'bare', 'list', 'entity'), (value, shape) => {
        const bodies = { data: { success: true, data: value }, bare: value, list: { success: true, data: [value] } };
        const entity = { success: true, data: { id: 'x', config: value, metadata: value, identities: value } };
        for (const call of calls()) {
          try {
            call.decode(shape === 'entity' ? entity : bodies[shape], head);
          } catch (error) {
            assert.ok(error instanceof LinktorError, String(error));
            assert.equal(error.code === 'serialization' || error.code === 'not_found', true, error.code);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('that are empty lists are null, and an absent list is none', () => {
    for (const call of [server.conversations.messages('c', {}), server.bots.list({}), server.channels.list({})]) {
      const page = call.decode({ success: true, data: null, meta: {} }, head) as { items: unknown[] };
      assert.deepEqual(page.items, []);
      assert.throws(() => call.decode({ success: true }, head), LinktorError);
    }
  });

  const channel = (enabled: boolean, connection_status: string) =>
    server.channels.get('x').decode({ success: true, data: { id: 'x', enabled, connection_status } }, head).status;

  it('tell the state of a channel in one word', () => {
    assert.deepEqual(
      [
        channel(true, 'connected'),
        channel(true, 'disconnected'),
        channel(true, 'connecting'),
        channel(true, 'error'),
        channel(false, 'connected'),
        channel(false, 'error'),
      ],
      ['active', 'inactive', 'connecting', 'error', 'inactive', 'inactive'],
    );
  });

  it('of nanoseconds keep their order', () => {
    const wire = { id: 'm', conversation_id: 'c', sender_type: 'user', content_type: 'text', content: 'x' };
    const times = { created_at: '2026-05-01T12:00:00.000000001-03:00', read_at: '2026-05-01T16:00:00.5Z' };
    const message = server.conversations.message('c', 'm').decode({ success: true, data: { ...wire, ...times } }, head);
    assert.deepEqual([message.createdAt, message.updatedAt], [times.created_at, times.read_at]);
  });

  it('of a model say whose it is, or ask', () => {
    const asked = (model?: string, provider?: string) => {
      const { body } = server.ai.complete({ messages: [], model, provider });
      const { provider: whose, model: which } = body as { provider: string; model: string };
      return `${whose} ${which}`;
    };
    assert.equal(asked('gpt-4o'), 'openai gpt-4o');
    assert.equal(asked('claude-3'), 'anthropic claude-3');
    assert.equal(asked('ollama/library/llama3'), 'ollama library/llama3');
    assert.equal(asked('llama3', 'ollama'), 'ollama llama3');
    assert.throws(() => asked('llama3'), /whose model "llama3" is/);
    assert.throws(() => asked(), /"model"/);
  });
});

describe('self-hosted server: what channels make of messages', () => {
  const inbound = (content_type: string, content: string, metadata: object = {}, more: object = {}) =>
    server.conversations
      .message('c', 'm')
      .decode(
        { data: { id: 'm', conversation_id: 'c', sender_type: 'contact', content_type, content, metadata, ...more } },
        { status: 200, headers: {} },
      );
  const choices: [what: string, message: ReturnType<typeof inbound>, choice: object][] = [
    [
      'WhatsApp button',
      inbound('interactive', 'Yes', { button_id: 'y', interactive_type: 'button_reply' }),
      { kind: 'button', id: 'y', title: 'Yes' },
    ],
    ['WhatsApp list row', inbound('interactive', 'Row', { list_id: 'r' }), { kind: 'list', id: 'r', title: 'Row' }],
    [
      'template quick reply',
      inbound('text', 'Stop', { button_payload: 'STOP' }),
      { kind: 'button', id: 'STOP', title: 'Stop' },
    ],
    [
      'Facebook quick reply',
      inbound('text', 'Red', { quick_reply: 'red' }),
      { kind: 'button', id: 'red', title: 'Red' },
    ],
    [
      'Facebook quick reply object',
      inbound('text', 'Red', { quick_reply: { payload: 'red' } }),
      { kind: 'button', id: 'red', title: 'Red' },
    ],
    [
      'RCS suggestion',
      inbound('text', 'p1', { postback_data: 'p1', suggestion_text: 'Plan one' }),
      { kind: 'button', id: 'p1', title: 'Plan one' },
    ],
  ];
  for (const [what, message, choice] of choices) {
    it(`is a choice: ${what}`, () => assert.deepEqual(choiceOf(message), choice));
  }

  it('is no choice where the business wrote it, or nothing was pressed', () => {
    assert.equal(choiceOf({ ...inbound('text', 'Yes', { button_id: 'y' }), direction: 'outbound' }), undefined);
    assert.equal(choiceOf(inbound('text', 'Yes', { button_id: '' })), undefined);
    assert.equal(choiceOf(inbound('text', 'Yes')), undefined);
  });

  it('is a location, from JSON, from texts beside it, or from a line', () => {
    const place = JSON.stringify({ latitude: -23.5, longitude: -46.6, name: 'Shop', address: 'Rua A, 1' });
    const beside = {
      latitude: '-23.500000',
      longitude: '-46.600000',
      location_name: 'Shop',
      location_address: 'Rua A, 1',
    };
    for (const message of [inbound('location', place), inbound('location', place, beside)]) {
      assert.deepEqual(message.location, { latitude: -23.5, longitude: -46.6, name: 'Shop', address: 'Rua A, 1' });
      assert.equal(message.text, undefined);
      assert.equal(message.metadata, undefined);
    }
    const { location, text } = inbound('location', 'Shop: -23.500000,-46.600000');
    assert.deepEqual([location, text], [{ latitude: -23.5, longitude: -46.6, name: 'Shop' }, undefined]);
    assert.equal(inbound('text', '{"latitude":1,"longitude":2}').location, undefined);
    assert.equal(inbound('location', '{"latitude":').location, undefined);
  });

  it('is a contact card', () => {
    const card = {
      name: { formatted_name: 'Ana Souza', first_name: 'Ana' },
      phones: [{ phone: '+55 21 1', type: 'CELL', wa_id: '5521' }],
      emails: [{ email: 'a@x.test' }],
    };
    for (const type of ['contact', 'contacts']) {
      const message = inbound(type, JSON.stringify([card, { ...card, name: { first_name: 'Bo', last_name: 'Li' } }]));
      assert.deepEqual([message.contentType, message.text, message.contact?.name], ['contact', undefined, 'Ana Souza']);
      assert.deepEqual(message.contact?.phones, [{ number: '+55 21 1', type: 'cell' }]);
      assert.deepEqual(message.contact?.emails, ['a@x.test']);
      const { others } = message.contact as unknown as { others: { name: string }[] };
      assert.deepEqual(
        others.map(({ name }) => name),
        ['Bo Li'],
      );
    }
  });

  it('is a reaction, a sticker, or a file without an address', () => {
    const reaction = inbound('text', '👍', { is_reaction: 'true', reaction_message_id: 'm0' });
    assert.deepEqual([reaction.contentType, reaction.reaction], ['reaction', { emoji: '👍', messageId: 'm0' }]);
    // Unofficial WhatsApp has the emoji in the metadata; one that was taken back is empty.
    for (const emoji of ['👍', '']) {
      const { contentType, reaction, text } = inbound('text', '', { reaction: emoji, reaction_message_id: 'm0' });
      assert.deepEqual([contentType, reaction, text ?? ''], ['reaction', { emoji, messageId: 'm0' }, emoji]);
    }
    const file = { attachments: [{ url: '1234567890123456', mime_type: 'image/webp' }] };
    const sticker = inbound('image', '', { is_sticker: 'true', media_id: '1234567890123456' }, file);
    assert.deepEqual(
      [sticker.contentType, sticker.media?.type, sticker.media?.id],
      ['sticker', 'sticker', '1234567890123456'],
    );
    assert.equal(inbound('image', '', { media_id: 'AgAC' }).media?.url, 'AgAC');
  });

  it('goes out as the adapters read it, and comes back as it went', () => {
    const template = { name: 'order', language: 'pt_BR', components: [{ type: 'body' }] };
    const body = (given: Parameters<typeof server.conversations.send>[1]) =>
      server.conversations.send('c', given).body as { content: string; metadata: Record<string, string> };
    const sent = body({ type: 'template', template });
    assert.equal(sent.metadata.template_name, 'order');
    assert.equal(sent.metadata.template_language, 'pt_BR');
    assert.equal(sent.metadata.template_components, JSON.stringify(template.components));
    const buttons = [{ type: 'reply', id: 'y', title: 'Yes' }];
    const interactive = { type: 'button', body: { text: 'So?' }, action: { buttons } };
    const plain = outgoing({ type: 'interactive', interactive }, 'telegram') as ReturnType<typeof body>;
    assert.equal(plain.content, 'So?');
    assert.equal(plain.metadata.quick_replies, JSON.stringify([{ id: 'y', title: 'Yes' }]));
    assert.equal(plain.metadata.quick_reply_1, 'Yes');
    const whatsapp = outgoing({ type: 'interactive', interactive }, 'whatsapp_official') as ReturnType<typeof body>;
    assert.deepEqual(JSON.parse(whatsapp.content).action.buttons, [
      { type: 'reply', reply: { id: 'y', title: 'Yes' } },
    ]);
    const contact = { name: 'Ana', phones: [{ type: 'mobile', number: '+5521' }], emails: [] };
    const card = outgoing({ type: 'contact', contact }, 'whatsapp') as ReturnType<typeof body>;
    for (const [kind, { content, metadata }] of [
      ['interactive', whatsapp],
      ['contact', card],
    ] as const) {
      const back = inbound(kind, content, metadata, { sender_type: 'user' });
      assert.equal(back.text, kind === 'interactive' ? 'So?' : undefined);
      assert.deepEqual(
        kind === 'interactive' ? back.interactive : back.contact,
        kind === 'interactive' ? interactive : contact,
      );
      assert.equal(back.metadata, undefined);
    }
  });
});
