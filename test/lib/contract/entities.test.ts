import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { api } from '../../../lib/contract/api/index';
import * as entities from '../../../lib/contract/entities';
import type { Call } from '../../../lib/contract/index';
import { parseJson } from '../../../lib/contract/json';
import { message as decodeMessage } from '../../../lib/contract/message';
import { conversation as serverConversation } from '../../../lib/contract/server/entities';
import { message as serverMessage } from '../../../lib/contract/server/message';
import { LinktorError } from '../../../lib/errors';
import type { Message } from '../../../lib/model';
import { failing, ours } from '../support';

type Json = Record<string, unknown>;

const times = { createdAt: '2026-05-01T12:00:00Z', updatedAt: '2026-05-01T12:00:01Z' };
const base = {
  id: 'msg_1',
  conversationId: 'conv_7',
  direction: 'inbound',
  senderType: 'contact',
  senderId: 'ct_3',
  ...times,
};
const media = { url: 'https://x.test/a.jpg', mimeType: 'image/jpeg', filename: 'a.jpg', size: 9, caption: 'Look' };
const location = { latitude: -23.5, longitude: -46.6, name: 'Sé', address: 'Praça' };

function failingWith(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return assert.fail('it did not fail');
}

/** The same thing in every dress that an entity may wear. */
function dresses(wire: Json): [string, unknown][] {
  const { id, ...attributes } = wire;
  return [
    ['bare', wire],
    ['{success, data}', { success: true, data: wire }],
    ['{data}', { data: wire }],
    ['{data, meta}', { data: wire, meta: { requestId: 'req_1' } }],
    ['{id, type, attributes}', { data: { id, type: 'thing', attributes }, meta: { requestId: 'req_1' } }],
    ['bare {id, type, attributes}', { id, type: 'thing', attributes, relationships: {} }],
  ];
}

describe('contract: messages', () => {
  it('have an id that can be kept', () => {
    const of = (length: number) => decodeMessage({ ...base, id: 'i'.repeat(length) });
    assert.equal(of(1000).id.length, 1000);
    for (const length of [1001, 1_000_000]) {
      const error = ours(failingWith(() => of(length)));
      assert.equal(error.code, 'serialization');
      assert.match(error.message, new RegExp(`its id has ${length} characters`));
    }
  });

  // Nested content (one SDK family) and flat fields (the other) must come out as the same model.
  const same: [string, Json, Json, Partial<Message>][] = [
    [
      'text',
      { contentType: 'text', content: { text: 'Olá' } },
      { type: 'text', text: 'Olá' },
      { contentType: 'text', text: 'Olá' },
    ],
    [
      'image',
      { contentType: 'image', content: { media: { ...media, thumbnailUrl: 't' } } },
      { type: 'image', media: { ...media, thumbnailUrl: 't' } },
      { contentType: 'image', media: { ...media, thumbnailUrl: 't' } },
    ],
    [
      'location',
      { contentType: 'location', content: { location } },
      { type: 'location', location },
      { contentType: 'location', location },
    ],
    [
      'contact card',
      { contentType: 'contact', content: { contact: { name: 'Bia', phones: ['+551'], emails: ['b@x.test'] } } },
      { type: 'contact', contact: { name: 'Bia', phones: [{ number: '+551' }], emails: ['b@x.test'] } },
      { contentType: 'contact', contact: { name: 'Bia', phones: [{ number: '+551' }], emails: ['b@x.test'] } },
    ],
    [
      'template',
      { contentType: 'template', content: { template: { name: 'hi', language: 'pt_BR' } } },
      { type: 'template', template: { name: 'hi', language: 'pt_BR' } },
      { contentType: 'template', template: { name: 'hi', language: 'pt_BR' } },
    ],
    [
      'system',
      { contentType: 'system', content: { text: 'joined' } },
      { type: 'system', text: 'joined' },
      { contentType: 'system', text: 'joined' },
    ],
  ];

  for (const [kind, nested, flat, expected] of same) {
    it(`reads ${kind} of both families alike, in any envelope`, () => {
      for (const wire of [
        { ...base, ...nested },
        { ...base, ...flat },
      ]) {
        for (const [dress, body] of dresses(wire)) {
          assert.deepEqual({ ...decodeMessage(body) }, { ...base, ...expected }, dress);
        }
      }
    });
  }

  it('reads what a server sends that fills in the fields of both', () => {
    const wire = {
      ...base,
      contentType: 'text',
      type: 'text',
      text: 'Hi',
      content: { text: 'Hi' },
      metadata: { a: 1 },
    };
    assert.deepEqual({ ...decodeMessage(wire) }, { ...base, contentType: 'text', text: 'Hi', metadata: { a: 1 } });
  });

  it('reads interactive parts of both families', () => {
    const flat = decodeMessage({
      ...base,
      type: 'interactive',
      interactive: {
        type: 'button',
        body: { text: 'Sure?' },
        action: { buttons: [{ type: 'reply', id: 'y', title: 'Yes' }] },
      },
    });
    assert.deepEqual(flat.interactive?.action?.buttons, [{ type: 'reply', id: 'y', title: 'Yes' }]);
    const nested = decodeMessage({
      ...base,
      contentType: 'text',
      content: { text: 'Sure?', buttons: [{ type: 'reply', text: 'Yes', payload: 'y' }, { text: 'No' }, 'junk'] },
    });
    const buttons = nested.interactive?.action?.buttons ?? [];
    assert.deepEqual(
      buttons.map(({ type, id, title }) => ({ type, id, title })),
      [
        { type: 'reply', id: 'y', title: 'Yes' },
        { type: 'reply', id: 'No', title: 'No' },
      ],
    );
    const sections = [{ title: 'A', rows: [{ id: '1', title: 'One' }] }];
    const listed = decodeMessage({ ...base, content: { listSections: sections } });
    assert.deepEqual(listed.interactive, { type: 'list', action: { sections } });
    assert.equal(listed.contentType, 'interactive');
  });

  it('reads the documentation of webhooks, where the kind is inside the content', () => {
    const wire = {
      id: 'm',
      attributes: { conversationId: 'c', direction: 'inbound', content: { type: 'image', media } },
    };
    const message = decodeMessage(wire);
    assert.deepEqual([message.contentType, message.media?.url], ['image', media.url]);
  });

  it('works out what is not said', () => {
    const cases: [Json, Partial<Message>][] = [
      [{ text: 'Hi' }, { contentType: 'text', text: 'Hi', direction: 'outbound' }],
      [{ content: 'Hi' }, { contentType: 'text', text: 'Hi' }],
      [{ content: { text: '' } }, { contentType: 'text', text: '' }],
      [{ senderType: 'contact' }, { direction: 'inbound' }],
      [{ senderType: 'user' }, { direction: 'outbound', senderType: 'agent' }],
      [{ senderType: 'bot' }, { direction: 'outbound', senderType: 'bot' }],
      [{ direction: 'outbound', senderType: 'contact' }, { direction: 'outbound' }],
      [{ media: { url: 'u', type: 'video' } }, { contentType: 'video' }],
      [{ media: { url: 'u', type: 'hologram' } }, { contentType: 'document' }],
      [{ media: { url: 'u' } }, { contentType: 'document' }],
      [{ location }, { contentType: 'location' }],
      [{ location: { latitude: '1.5', longitude: '2' } }, { location: { latitude: 1.5, longitude: 2 } }],
      [{ contact: { name: 'Bia' } }, { contentType: 'contact', contact: { name: 'Bia', phones: [], emails: [] } }],
      [{ template: { name: 't' } }, { contentType: 'template' }],
      [{ contentType: 'poll', type: 'other' }, { contentType: 'poll' }],
      [{ id: 7 }, { id: '7' }],
      [{ conversationId: 7 }, { conversationId: '7' }],
    ];
    for (const [wire, expected] of cases) {
      const message = decodeMessage({ id: 'm', conversationId: 'c', ...wire });
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(message[key], value, JSON.stringify(wire));
    }
  });

  it('keeps what it does not know, and leaves out parts that do not fit', () => {
    const message = decodeMessage({
      ...base,
      failedReason: 'no credit',
      externalId: 'wamid.1',
      text: 5,
      media: 'https://x.test/a.jpg',
      location: { latitude: 'north' },
      contact: 'Bia',
      interactive: null,
      template: [],
    });
    assert.equal(message.failedReason, 'no credit');
    assert.equal(message.externalId, 'wamid.1');
    for (const part of ['text', 'media', 'location', 'contact', 'interactive', 'template']) {
      assert.ok(!(part in message), part);
    }
    assert.equal(message.contentType, 'text');
  });

  it('is a serialization error without an id, and for anything that is no object', async () => {
    for (const body of [
      undefined,
      null,
      'text',
      7,
      true,
      [],
      {},
      { text: 'Hi' },
      { id: '' },
      { id: null },
      { data: null },
      { success: true, data: [] },
    ]) {
      const error = await failing(() => decodeMessage(body));
      assert.equal(error.code, 'serialization', JSON.stringify(body));
    }
  });
});

describe('contract: other entities', () => {
  it('reads a conversation of every family', () => {
    const common = {
      id: 'conv_7',
      tenantId: 't',
      channelId: 'ch_2',
      contactId: 'ct_3',
      status: 'open',
      unreadCount: 2,
      ...times,
    };
    const cases: [string, Json, Json][] = [
      [
        'one family',
        { ...common, channelType: 'webchat', assignedTo: 'user_5', contact: { id: 'ct_3', name: 'Ana' } },
        { assignedTo: 'user_5', channelType: 'webchat' },
      ],
      [
        'the other',
        { ...common, priority: 'medium', assignedAgentId: 'user_5', botId: 'bot_1' },
        { assignedTo: 'user_5', priority: 'normal', botId: 'bot_1' },
      ],
      [
        'the documentation',
        {
          id: 'conv_7',
          status: 'open',
          channel: { id: 'ch_2', type: 'whatsapp' },
          contact: { id: 'ct_3', name: 'Ana' },
          assignee: { id: 'user_5' },
          unreadCount: 2,
        },
        { assignedTo: 'user_5', channelType: 'whatsapp' },
      ],
    ];
    for (const [family, wire, expected] of cases) {
      for (const [dress, body] of dresses(wire)) {
        const found = entities.conversation(body);
        const all = { id: 'conv_7', channelId: 'ch_2', contactId: 'ct_3', status: 'open', unreadCount: 2, ...expected };
        for (const [key, value] of Object.entries(all))
          assert.deepEqual(found[key], value, `${family}, ${dress}, ${key}`);
        assert.ok(!('assignedAgentId' in found));
      }
    }
  });

  it('decodes what is embedded in a conversation, and does without what is only a summary', () => {
    const whole = entities.conversation({
      id: 'c',
      lastMessage: { ...base, type: 'text', text: 'Hi' },
      contact: { id: 'ct_3', avatar: 'a.png', identifiers: { whatsapp: '+551' } },
    });
    assert.deepEqual([whole.lastMessage?.contentType, whole.lastMessage?.text], ['text', 'Hi']);
    assert.deepEqual(whole.contact?.identifiers, [{ channelType: 'whatsapp', identifier: '+551' }]);
    assert.equal(whole.contactId, 'ct_3');
    const summary = entities.conversation({ id: 'c', lastMessage: { text: 'Hi' }, contact: { name: 'Ana' } });
    assert.deepEqual([summary.lastMessage, summary.contact, summary.contactId], [undefined, undefined, undefined]);
    for (const nothing of [null, 'Hi', []]) {
      const bare = entities.conversation({ id: 'c', lastMessage: nothing, contact: nothing });
      assert.ok(!('lastMessage' in bare) && !('contact' in bare));
    }
  });

  it('keeps enums open', () => {
    assert.equal(entities.conversation({ id: 'c', status: 'hibernating', priority: 'urgent' }).status, 'hibernating');
    assert.equal(entities.channel({ id: 'c', type: 'whatsapp_official' }).type, 'whatsapp_official');
    assert.equal(entities.user({ id: 'u', role: 'owner' }).role, 'owner');
  });

  it('reads a contact whose identities are a list, a map or missing', () => {
    const list = [{ channelType: 'whatsapp', channelId: 'ch', identifier: '+551', displayName: 'A' }];
    const cases: [unknown, unknown][] = [
      [list, list],
      [
        { whatsapp: '+551', email: 'a@x.test', sms: 7 },
        [
          { channelType: 'whatsapp', identifier: '+551' },
          { channelType: 'email', identifier: 'a@x.test' },
          { channelType: 'sms', identifier: '7' },
        ],
      ],
      [undefined, []],
      [null, []],
      ['+551', []],
      [[null, 'x', ...list], list],
    ];
    for (const [identifiers, expected] of cases) {
      for (const [dress, body] of dresses({ id: 'ct', name: 'Ana', avatar: 'a.png', identifiers })) {
        const found = entities.contact(body);
        assert.deepEqual(found.identifiers, expected, `${dress} ${JSON.stringify(identifiers)}`);
        assert.deepEqual([found.avatarUrl, 'avatar' in found], ['a.png', false]);
      }
    }
    assert.equal(entities.contact({ id: 'ct', avatarUrl: 'b.png', avatar: 'a.png' }).avatarUrl, 'b.png');
  });

  it('reads users, also those wrapped once more, tenants, channels and knowledge bases', async () => {
    for (const [, body] of dresses({ id: 'u1', name: 'Demo' })) assert.equal(entities.user(body).name, 'Demo');
    assert.equal(entities.user({ user: { id: 'u1' } }).id, 'u1');
    assert.equal(entities.user({ success: true, data: { user: { id: 'u1' } } }).id, 'u1');
    for (const decode of [
      entities.user,
      entities.tenant,
      entities.channel,
      entities.knowledgeBase,
      entities.contact,
      entities.conversation,
    ]) {
      for (const [dress, body] of dresses({ id: 'x1', name: 'X' })) assert.equal(decode(body).id, 'x1', dress);
      for (const body of [null, [], 'x', {}, { name: 'X' }, { success: false, error: { code: 'X' } }]) {
        assert.equal((await failing(() => decode(body))).code, 'serialization');
      }
    }
  });

  it('reads query results of every family', async () => {
    const chunk = {
      id: 'ch1',
      documentId: 'd1',
      content: 'Water it.',
      chunkIndex: 0,
      tokenCount: 3,
      score: 0.8,
      metadata: { page: 2 },
    };
    const read = entities.queryResult('ferns?');
    const result = read({ chunks: [chunk], query: 'ferns', model: 'm1' });
    assert.deepEqual(result, { query: 'ferns', model: 'm1', chunks: [chunk] });
    const other = read({
      success: true,
      data: { results: [{ documentId: 'd1', chunkId: 'ch1', content: 'Water it.', score: '0.8' }] },
    });
    assert.equal(other.query, 'ferns?');
    assert.deepEqual([other.chunks[0]?.id, other.chunks[0]?.score], ['ch1', 0.8]);
    assert.deepEqual(read({ data: { chunks: [] } }), { query: 'ferns?', chunks: [] });
    assert.deepEqual(read({ chunks: [{}] }).chunks, [{ content: '', score: 0 }]);
    const titles: [Json, string | undefined][] = [
      [{ title: 'T', document: { name: 'D' } }, 'T'],
      [{ document: { name: 'D' }, metadata: { title: 'M' } }, 'D'],
      [{ metadata: { title: 'M' } }, 'M'],
      [{ metadata: { name: 'N' } }, 'N'],
      [{}, undefined],
    ];
    for (const [wire, title] of titles) assert.equal(read({ chunks: [wire] }).chunks[0]?.title, title);
    for (const body of [
      {},
      [],
      null,
      { chunks: null },
      { chunks: {} },
      { chunks: [null] },
      { chunks: ['text'] },
      { data: [] },
    ]) {
      assert.equal((await failing(() => read(body))).code, 'serialization', JSON.stringify(body));
    }
  });

  it('tell what they cost, where the server does', () => {
    const answer = (more: object) => entities.completion({ id: 'c1', model: 'm', text: 'Hi', ...more }).usage;
    assert.deepEqual(answer({ usage: { prompt_tokens: 5, cost: 0.0021 } }), { promptTokens: 5, cost: 0.0021 });
    assert.deepEqual(answer({ usage: { total_tokens: 7 }, total_cost: 0.5 }), { totalTokens: 7, cost: 0.5 });
    assert.deepEqual(answer({ usage: { total_tokens: 7 }, cost: 'free' }), { totalTokens: 7 });
  });

  it('reads completions of every family', async () => {
    const usage = { promptTokens: 5, completionTokens: 2, totalTokens: 7 };
    const cases: [string, Json, string | undefined][] = [
      [
        'message',
        { id: 'c1', model: 'm', message: { role: 'assistant', content: 'Hi' }, usage, finishReason: 'stop' },
        'stop',
      ],
      [
        'choices',
        {
          id: 'c1',
          object: 'chat',
          created: 1,
          model: 'm',
          usage,
          choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finishReason: 'stop' }],
        },
        'stop',
      ],
      ['text', { id: 'c1', model: 'm', text: 'Hi', usage }, undefined],
      ['content', { id: 'c1', model: 'm', content: 'Hi', usage }, undefined],
    ];
    for (const [family, wire, finishReason] of cases) {
      for (const body of [wire, { success: true, data: wire }]) {
        const found = entities.completion(body);
        assert.deepEqual(
          [found.id, found.model, found.text, found.message, found.usage, found.finishReason],
          ['c1', 'm', 'Hi', { role: 'assistant', content: 'Hi' }, usage, finishReason],
          family,
        );
      }
    }
    assert.equal(entities.completion({ text: '' }).text, '');
    const calls = entities.completion({ message: { content: null, toolCalls: [{ id: 't' }] } });
    assert.deepEqual([calls.text, calls.message.toolCalls], ['', [{ id: 't' }]]);
    assert.deepEqual(entities.completion({ text: 'x', usage: { promptTokens: 3 } }).usage, { promptTokens: 3 });
    for (const body of [
      {},
      null,
      [],
      'Hi',
      { choices: [] },
      { choices: [null] },
      { message: {} },
      { message: { content: 7 } },
    ]) {
      assert.equal((await failing(() => entities.completion(body))).code, 'serialization', JSON.stringify(body));
    }
  });
});

describe('contract: every decoder', () => {
  const answering = (call: Call<unknown>) => (body: unknown) => call.decode(body, { status: 200, headers: {} });
  const decoders: [string, (body: unknown) => unknown][] = [
    ['message', decodeMessage],
    ['conversation', entities.conversation],
    ['contact', entities.contact],
    ['channel', entities.channel],
    ['knowledge base', entities.knowledgeBase],
    ['user', entities.user],
    ['tenant', entities.tenant],
    ['query result', entities.queryResult('q')],
    ['completion', entities.completion],
    ['conversations', answering(api.conversations.list({}))],
    ['messages', answering(api.conversations.messages('c', {}))],
    ['contacts', answering(api.contacts.list({}))],
    ['channels', answering(api.channels.list({}))],
    ['knowledge bases', answering(api.knowledgeBases.list({}))],
  ];
  const words = (
    'id data success meta attributes content contentType type text media url location latitude longitude contact phones emails name interactive buttons listSections template identifiers avatar lastMessage ' +
    'channel assignee priority chunks results score metadata document message choices usage toolCalls pagination cursor total limit offset page hasMore nextCursor toString valueOf __proto__ constructor user senderType direction'
  ).split(' ');
  const { value: likely } = fc.letrec<{ value: unknown; fields: Record<string, unknown> }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>('x', '', 7, 0, null, true, 'medium', 'contact', '1.5', -1),
      fc.array(tie('value'), { maxLength: 2 }),
      tie('fields'),
      tie('fields').map((one) => ({ id: 'x', ...one })),
    ),
    fields: fc
      .array(fc.tuple(fc.constantFrom(...words), tie('value')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  }));

  function check(body: unknown): void {
    for (const [what, decode] of decoders) {
      let result: unknown;
      try {
        result = decode(body);
      } catch (error) {
        assert.ok(error instanceof LinktorError, `${what}: ${error}`);
        assert.equal(ours(error).code, 'serialization');
        continue;
      }
      assert.equal(typeof result, 'object');
      if (what === 'message') assertModel(result as Message);
    }
  }

  function assertModel(message: Message): void {
    assert.equal(typeof message.id, 'string');
    assert.equal(typeof message.conversationId, 'string');
    assert.equal(typeof message.contentType, 'string');
    assert.ok(message.text === undefined || typeof message.text === 'string');
    assert.ok(message.media === undefined || typeof message.media.url === 'string');
    assert.ok(message.location === undefined || Number.isFinite(message.location.latitude));
    if (message.contact) for (const one of message.contact.phones) assert.equal(typeof one.number, 'string');
    if (message.contact) for (const one of message.contact.emails) assert.equal(typeof one, 'string');
  }

  it('throws nothing but serialization errors, whatever it is given', () => {
    // What fails is told as it is then: to make it smaller may take for ever.
    const interruptAfterTimeLimit = 10_000;
    fc.assert(fc.property(fc.anything(), check), { numRuns: 100, interruptAfterTimeLimit });
    fc.assert(fc.property(likely, check), { numRuns: 250, interruptAfterTimeLimit });
  });

  it('survives what JSON can hide in an object', () => {
    for (const text of [
      '{"id":"x","contact":{"name":"n","emails":[{"toString":1,"valueOf":2}],"phones":[{"number":{"toString":1}}]}}',
      '{"id":"x","identifiers":{"a":{"toString":null}}}',
      '{"id":"x","__proto__":{"text":"evil"}}',
      '{"id":"x","__proto__":{"text":7}}',
      `${'{"data":'.repeat(150)}1${'}'.repeat(150)}`,
    ]) {
      check(parseJson(text));
      check(JSON.parse(text));
    }
  });
});

describe('contract: times of a server', () => {
  for (const [given, expected] of [
    ['2026-05-01T12:00:00Z', '2026-05-01T12:00:00Z'],
    ['2026-05-01T12:00:00', '2026-05-01T12:00:00Z'],
    ['2026-05-01 12:00:00.123456', '2026-05-01T12:00:00.123456Z'],
    ['2026-05-01 12:00', '2026-05-01T12:00Z'],
    [1_777_636_800, '2026-05-01T12:00:00.000Z'],
    [1_777_636_800_250, '2026-05-01T12:00:00.250Z'],
    ['1777636800', '2026-05-01T12:00:00.000Z'],
    ['2026-05-01T09:00:00-03:00', '2026-05-01T09:00:00-03:00'],
    ['Fri, 01 May 2026 12:00:00 GMT', 'Fri, 01 May 2026 12:00:00 GMT'],
    [12, 12],
    ['yesterday', 'yesterday'],
  ] as const) {
    it(`are in UTC where they have no zone, not in ours: ${given}`, () => {
      const names = { createdAt: given, updatedAt: given, lastMessageAt: given };
      const wire = { created_at: given, updated_at: given, last_message_at: given };
      const message = { id: 'm', conversationId: 'c', ...names };
      assert.equal(decodeMessage(message).createdAt, expected);
      assert.equal(serverMessage({ id: 'm', conversation_id: 'c', content: 'x', ...wire }).createdAt, expected);
      for (const found of [entities.conversation({ id: 'c', ...names }), serverConversation({ id: 'c', ...wire })]) {
        assert.deepEqual([found.createdAt, found.updatedAt, found.lastMessageAt], [expected, expected, expected]);
      }
    });
  }
});
