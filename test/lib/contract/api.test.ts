import { strict as assert } from 'node:assert';
import { api } from '../../../lib/contract/api/index';
import type { Outgoing } from '../../../lib/model';

/** The query as it would leave: without what is not set. */
const set = (query: object | undefined) =>
  Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== undefined));

describe('the documented API: calls', () => {
  it('signs in with the key or with a token, never with both', () => {
    assert.deepEqual(api.authHeaders({ apiKey: 'k' }), { 'X-API-Key': 'k' });
    assert.deepEqual(api.authHeaders({ token: 't' }), { Authorization: 'Bearer t' });
    assert.deepEqual(api.socket({ apiKey: 'k' }), { path: ['ws'], query: { api_key: 'k' } });
    assert.deepEqual(api.socket({ token: 't' }), { path: ['ws'], query: { token: 't' } });
  });

  it('asks for pages in every style, and for a cursor alone', () => {
    const query = (filter: object) => set(api.contacts.list(filter).query);
    assert.deepEqual(query({}), {});
    assert.deepEqual(query({ limit: 20 }), { limit: 20 });
    assert.deepEqual(query({ limit: 20, page: 1 }), { limit: 20, page: 1, offset: 0 });
    assert.deepEqual(query({ limit: 20, page: 3 }), { limit: 20, page: 3, offset: 40 });
    assert.deepEqual(query({ limit: 20, page: 3, cursor: 'c' }), { limit: 20, cursor: 'c' });
    assert.deepEqual(query({ search: 'ana', limit: 5 }), { search: 'ana', limit: 5 });
  });

  it('asks for conversations in the words of all families', () => {
    const { kind, method, path, query } = api.conversations.list({
      status: 'open',
      assignedTo: 'user_5',
      sortBy: 'lastMessageAt',
      sortOrder: 'desc',
      limit: 10,
      page: 2,
    });
    assert.deepEqual([kind, method, path], ['read', 'GET', ['conversations']]);
    assert.deepEqual(set(query), {
      status: 'open',
      assignedTo: 'user_5',
      assignedAgentId: 'user_5',
      sortBy: 'lastMessageAt',
      sortOrder: 'desc',
      limit: 10,
      page: 2,
      offset: 10,
    });
  });

  it('names reads, writes and what is paid for', () => {
    const kinds = [
      [api.auth.me().kind, 'read'],
      [api.auth.tenant().kind, 'read'],
      [api.conversations.list({}).kind, 'read'],
      [api.conversations.get('c').kind, 'read'],
      [api.conversations.messages('c', {}).kind, 'read'],
      [api.conversations.send('c', { type: 'text', text: 'x' }).kind, 'write'],
      [api.conversations.sendRaw('c', {}).kind, 'write'],
      [api.contacts.get('c').kind, 'read'],
      [api.channels.list({}).kind, 'read'],
      [api.knowledgeBases.list({}).kind, 'read'],
      [api.knowledgeBases.query({ base: 'kb', query: 'q' }).kind, 'read'],
      [api.ai.complete({ messages: [] }).kind, 'costly'],
    ];
    for (const [kind, expected] of kinds) assert.equal(kind, expected);
  });

  const media = { url: 'https://x.test/a.jpg', mimeType: 'image/jpeg', caption: 'Look' };
  const bodies: [string, Outgoing, object][] = [
    ['text', { type: 'text', text: 'Hi' }, { type: 'text', text: 'Hi' }],
    [
      'media, with the type inside as well',
      { type: 'image', media },
      { type: 'image', media: { ...media, type: 'image' } },
    ],
    [
      'media that says its own type',
      { type: 'document', media: { ...media, type: 'image' } },
      { type: 'document', media: { ...media, type: 'image' } },
    ],
    [
      'a location',
      { type: 'location', location: { latitude: 1, longitude: 2 } },
      { type: 'location', location: { latitude: 1, longitude: 2 } },
    ],
    ['metadata', { type: 'text', text: 'Hi', metadata: { a: 1 } }, { type: 'text', text: 'Hi', metadata: { a: 1 } }],
    [
      'an answer to a message',
      { type: 'text', text: 'Hi', replyTo: 'm1', metadata: { a: 1 } },
      { type: 'text', text: 'Hi', metadata: { a: 1, replyToId: 'm1' } },
    ],
  ];
  for (const [what, message, expected] of bodies) {
    it(`sends ${what}`, () => {
      const call = api.conversations.send('conv_7', message);
      assert.deepEqual(JSON.parse(JSON.stringify(call.body)), expected);
      assert.deepEqual(
        [call.method, call.path, call.lane],
        ['POST', ['conversations', 'conv_7', 'messages'], 'conv_7'],
      );
    });
  }

  it('sends a raw body untouched, in the same lane', () => {
    const body = { anything: [1] };
    const call = api.conversations.sendRaw('conv_7', body);
    assert.equal(call.body, body);
    assert.equal(call.lane, 'conv_7');
  });

  it('queries with both names of the cut-off, and completes without a stream', () => {
    assert.deepEqual(set(api.knowledgeBases.query({ base: 'kb', query: 'q', topK: 3, minScore: 0.4 }).body as object), {
      query: 'q',
      topK: 3,
      threshold: 0.4,
      minScore: 0.4,
    });
    assert.deepEqual(api.ai.complete({ messages: [{ role: 'user', content: 'x' }], model: 'm' }).body, {
      messages: [{ role: 'user', content: 'x' }],
      model: 'm',
      stream: false,
    });
  });

  it('writes flat frames', () => {
    assert.equal(api.signal({ type: 'subscribe', conversationId: 'c' }), '{"type":"subscribe","conversationId":"c"}');
    assert.equal(api.signal({ type: 'ping' }), '{"type":"ping"}');
    assert.equal(
      api.signal({ type: 'typing', conversationId: 'c', isTyping: false }),
      '{"type":"typing","conversationId":"c","isTyping":false}',
    );
  });
});
