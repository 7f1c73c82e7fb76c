import { strict as assert } from 'node:assert';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import type { Json } from './support';

const MESSAGES = '/conversations/conv_ana/messages';

describe('sandbox as the server: conversations and messages', () => {
  let box: ServerBench;
  beforeEach(async () => {
    box = await serverBench({ receipts: 'manual' });
  });
  afterEach(() => box.close());

  it('answers health without a prefix, and text where nothing is', async () => {
    const health = await box.ask('GET', '/health');
    assert.deepEqual([health.status, health.body], [200, { status: 'healthy' }]);
    assert.equal((await box.ask('GET', '/ready')).body.status, 'ready');
    const lost: [string, string][] = [
      ['GET', '/conversations'],
      ['GET', '/api/v1/agents'],
      ['PATCH', '/api/v1/conversations/conv_ana'],
      ['DELETE', '/api/v1/conversations/conv_ana'],
      ['POST', '/api/v1/conversations/conv_ana/read'],
      ['POST', '/api/v1/contacts/merge'],
      ['POST', '/api/v1/ai/embeddings'],
    ];
    for (const [method, path] of lost) {
      const { status, headers, text } = await box.ask(method, path);
      assert.deepEqual([status, headers.get('content-type'), text], [404, 'text/plain', '404 page not found'], path);
    }
  });

  it('echoes the request id, or makes one', async () => {
    const headers = { 'X-Request-ID': 'mine' };
    assert.equal((await box.ask('GET', '/api/v1/nothing', { headers })).headers.get('x-request-id'), 'mine');
    assert.match((await box.ask('GET', '/api/v1/me')).headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  });

  it('lists the newest 20, whatever is asked for', async () => {
    for (let index = 0; index < 20; index += 1) {
      await box.control('/messages', { contact: { name: `Person ${index}` }, text: 'hi' });
    }
    const { body } = await box.call('GET', '/conversations?page=2&page_size=5&limit=3&channel_id=ch_whatsapp');
    const list = body.data as Json[];
    assert.equal(list.length, 20);
    assert.deepEqual(body.meta, {
      page: 1,
      page_size: 20,
      total_pages: 0,
      total_items: 23,
      has_next: false,
      has_previous: false,
    });
    const times = list.map(({ updated_at }) => Date.parse(String(updated_at)));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    );
  });

  it('filters by status alone, with a total that ignores it, and lists nothing as null', async () => {
    const { body } = await box.call('GET', '/conversations?status=resolved&assigned_to=nobody');
    assert.deepEqual(
      (body.data as Json[]).map(({ id }) => id),
      ['conv_carla'],
    );
    assert.equal((body.meta as Json).total_items, 3);
    const none = await box.call('GET', '/conversations?status=closed');
    assert.deepEqual([none.body.success, none.body.data], [true, null]);
  });

  it('shows a conversation in its own words', async () => {
    const shown = data(await box.call('GET', '/conversations/conv_ana'));
    assert.deepEqual(
      [shown.channel_id, shown.contact_id, shown.priority, shown.unread_count],
      ['ch_webchat', 'ct_ana', 'normal', 1],
    );
    for (const key of ['tags', 'metadata', 'contact', 'last_message', 'assigned_user_id']) assert.ok(!(key in shown));
    assert.match(String(shown.updated_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}-03:00$/);
    assert.ok(Math.abs(Date.parse(String(shown.updated_at)) - Date.now()) < 3_600_000);
    for (const id of ['counts', 'a0a0a0a0-0000-4000-8000-000000000000']) {
      const reply = await box.call('GET', `/conversations/${id}`);
      assert.deepEqual([reply.status, codeOf(reply)], [404, 'CONVERSATION_NOT_FOUND']);
    }
  });

  it('answers 201 with the conversation that is there already', async () => {
    const first = await box.call('POST', '/conversations', { contact_id: 'ct_ana', channel_id: 'ch_webchat' });
    assert.deepEqual([first.status, data(first).id], [201, 'conv_ana']);
    const other = await box.call('POST', '/conversations', {
      contact_id: 'ct_ana',
      channel_id: 'ch_whatsapp',
      priority: 'normal',
      tags: ['new'],
    });
    assert.deepEqual([other.status, data(other).tags, data(other).priority], [201, ['new'], 'normal']);
    assert.match(String(data(other).id), /^[0-9a-f-]{36}$/);
    assert.equal(data(await box.call('GET', `/conversations/${data(other).id}`)).tags, undefined);
    assert.equal((await box.call('POST', '/conversations', { contact_id: 'ct_ana' })).status, 400);
  });

  it('takes any word for a status, and forgets tags', async () => {
    const put = (body: Json) => box.call('PUT', '/conversations/conv_ana', body);
    assert.equal(data(await put({ status: 'hibernating', priority: 'normal' })).status, 'hibernating');
    assert.deepEqual(data(await put({ tags: ['vip'] })).tags, ['vip']);
    assert.equal(data(await box.call('GET', '/conversations/conv_ana')).tags, undefined);
    assert.equal((await put({ subject: 7 })).status, 400);
  });

  it('assigns by user_id', async () => {
    const assign = (body: Json) => box.call('POST', '/conversations/conv_ana/assign', body);
    assert.equal((await assign({ agentId: 'user_demo' })).status, 400);
    assert.equal(data(await assign({ user_id: 'user_demo' })).assigned_user_id, 'user_demo');
    assert.equal((await box.call('POST', '/conversations/conv_ana/unassign')).status, 404);
    assert.equal((await box.call('DELETE', '/messages/msg_ana_2')).status, 404);
  });

  it('resolves and reopens once, and keeps the time of the resolution', async () => {
    const post = (act: string) => box.call('POST', `/conversations/conv_ana/${act}`);
    const again = await post('reopen');
    assert.deepEqual([again.status, codeOf(again)], [400, 'BAD_REQUEST']);
    const { resolved_at } = data(await post('resolve'));
    assert.ok(resolved_at);
    assert.equal((await post('resolve')).status, 400);
    const open = data(await post('reopen'));
    assert.deepEqual([open.status, open.resolved_at], ['open', resolved_at]);
  });

  it('escalates to whoever is there', async () => {
    const post = (id: string) => box.call('POST', `/conversations/${id}/escalate`, { reason: 'x', priority: 'high' });
    const first = data(await post('conv_ana'));
    assert.deepEqual([first.status, first.assigned_user_id], ['assigned', 'user_demo']);
    assert.equal(data(await post('conv_ana')).status, 'already_assigned');
  });

  it('has the same conversations under a second name', async () => {
    assert.equal(data(await box.call('GET', '/conversations-v2/conv_ana')).id, 'conv_ana');
    const sent = await box.call('POST', '/conversations-v2/conv_ana/messages', { content_type: 'text', content: 'hi' });
    assert.equal(sent.status, 201);
  });

  describe('messages', () => {
    const send = (body: unknown) => box.call('POST', MESSAGES, body);

    it('lists the newest 50, newest first, whatever is asked for', async () => {
      for (let index = 0; index < 50; index += 1) await send({ content_type: 'text', content: `no ${index}` });
      const { body } = await box.call('GET', `${MESSAGES}?limit=5&page=2&before=msg_ana_1`);
      const list = body.data as Json[];
      assert.deepEqual([list.length, list[0]?.content, list.at(-1)?.content], [50, 'no 49', 'no 0']);
      assert.deepEqual([(body.meta as Json).total_items, (body.meta as Json).has_next], [53, false]);
    });

    it('stores what is sent as pending, where it stays without a provider', async () => {
      const { status, body } = await send({ content_type: 'text', content: 'hi', metadata: { reply_to_id: 'x' } });
      const { id, created_at, ...message } = body.data as Json;
      assert.equal(status, 201);
      assert.deepEqual(message, {
        conversation_id: 'conv_ana',
        sender_type: 'user',
        sender_id: 'user_demo',
        content_type: 'text',
        content: 'hi',
        metadata: { reply_to_id: 'x' },
        status: 'pending',
      });
      assert.ok(created_at);
      const { body: listed } = await box.call('GET', MESSAGES);
      assert.deepEqual((listed.data as Json[])[0], { id, created_at, ...message });
      const told = await box.ask('POST', '/api/v1/webhooks/status/ch_webchat', {
        body: { message_id: id, status: 'delivered' },
      });
      assert.deepEqual([told.status, told.body], [200, { status: 'ok' }]);
      const after = data(await box.call('GET', `/messages/${id}`));
      assert.ok(after.status === 'delivered' && after.delivered_at);
    });

    it('refuses a body that is not what it wants, and never says which field', async () => {
      const bodies = [
        { text: 'hi' },
        { content_type: 'text' },
        { content_type: 'text', content: '' },
        { content: 'hi' },
        { content_type: 'text', content: 'hi', metadata: { n: 1 } },
        { content_type: 'text', content: 'hi', metadata: { deep: {} } },
        '{',
        [],
      ];
      for (const body of bodies) {
        const reply = await send(body);
        assert.equal(reply.status, 400, JSON.stringify(body));
        const error = { code: 'VALIDATION_ERROR', message: 'Invalid request body' };
        assert.deepEqual(reply.body, { success: false, error });
      }
      assert.equal((await box.state()).sends.length, 0);
    });

    it('takes a blank text, and any word for a type', async () => {
      assert.equal((await send({ content_type: 'text', content: ' ' })).status, 201);
      assert.equal(data(await send({ content_type: 'poll', content: 'Which?' })).content_type, 'poll');
    });

    it('shows on the chat page what the metadata of a message say', async () => {
      const metadata = { media_url: 'https://example.com/a.png', filename: 'a.png' };
      await send({ content_type: 'image', content: 'look', metadata });
      await send({ content_type: 'location', content: 'Shop', metadata: { latitude: '-23.5', longitude: '-46.6' } });
      const { body } = await box.ask('GET', '/_sandbox/conversations/conv_ana/messages?limit=2');
      const [place = {}, picture = {}] = body.data as Json[];
      assert.deepEqual([(place.location as Json).latitude, (place.location as Json).longitude], [-23.5, -46.6]);
      assert.deepEqual([(picture.media as Json).url, picture.text], ['https://example.com/a.png', 'look']);
    });

    it('says where a customer is, and what was chosen, in metadata', async () => {
      const say = (body: Json) => box.control('/messages', { conversationId: 'conv_ana', ...body });
      await say({ location: { latitude: 1.5, longitude: 2.5 } });
      await say({ choice: { id: 'yes', title: 'Yes, please' } });
      const [choice = {}, place = {}] = (await box.call('GET', MESSAGES)).body.data as Json[];
      assert.deepEqual(
        [place.content_type, place.content],
        ['location', '{"latitude":1.5,"longitude":2.5,"name":"","address":""}'],
      );
      assert.deepEqual(place.metadata, { latitude: '1.500000', longitude: '2.500000' });
      assert.deepEqual([choice.sender_type, choice.content], ['contact', 'Yes, please']);
      const { interactive_type, button_id } = choice.metadata as Json;
      assert.deepEqual([choice.content_type, interactive_type, button_id], ['interactive', 'button_reply', 'yes']);
    });

    it('shows the file of a customer on a single message alone', async () => {
      await box.control('/messages', {
        conversationId: 'conv_ana',
        media: { type: 'image', url: 'https://example.com/a.png', caption: 'look' },
      });
      const [listed] = (await box.call('GET', MESSAGES)).body.data as Json[];
      assert.deepEqual(
        [listed?.content_type, listed?.content, listed?.attachments, listed?.metadata],
        ['image', 'look', undefined, undefined],
      );
      const { attachments } = data(await box.call('GET', `/messages/${listed?.id}`));
      assert.equal((attachments as Json[])[0]?.url, 'https://example.com/a.png');
    });

    it('keeps one reaction per user until it is taken away', async () => {
      const react = (emoji: string) => box.call('POST', `${MESSAGES}/msg_ana_1/reactions`, { emoji });
      const shown = async () => data(await box.call('GET', '/messages/msg_ana_1')).reactions;
      assert.equal((await react('👍')).status, 200);
      await react('❤️');
      assert.deepEqual(
        ((await shown()) as Json[]).map(({ user_id, emoji }) => [user_id, emoji]),
        [['user_demo', '❤️']],
      );
      await react('');
      assert.equal(await shown(), undefined);
      assert.equal((await box.call('POST', `${MESSAGES}/msg_bruno_1/reactions`, { emoji: 'x' })).status, 404);
    });
  });

  it('never counts unread messages down', async () => {
    await box.control('/messages', { conversationId: 'conv_ana', text: 'and?' });
    await box.call('POST', MESSAGES, { content_type: 'text', content: 'answered' });
    assert.equal(data(await box.call('GET', '/conversations/conv_ana')).unread_count, 2);
  });

  describe('the webhook of a provider', () => {
    const post = (body: Json, channel = 'ch_webchat') =>
      box.ask('POST', `/api/v1/webhooks/generic/${channel}`, { body });
    const hello = { message_id: 'ext-1', sender_id: 'visitor-9', sender_name: 'Nina', content: 'ola', metadata: {} };

    it('stores a message of a customer once per message_id', async () => {
      const { status, body } = await post(hello);
      assert.deepEqual([status, body.status], [200, 'ok']);
      await post(hello);
      await post({ ...hello, message_id: 'ext-2', content: 'again' });
      const [newest] = (await box.call('GET', '/conversations')).body.data as Json[];
      const list = (await box.call('GET', `/conversations/${newest?.id}/messages`)).body.data as Json[];
      assert.deepEqual(
        list.map(({ content, external_id }) => [content, external_id]),
        [
          ['again', 'ext-2'],
          ['ola', 'ext-1'],
        ],
      );
      assert.notEqual(list[1]?.id, body.message_id);
    });

    it('crashes without metadata, and knows no other channel', async () => {
      const { metadata: _, ...bare } = hello;
      const crash = await post(bare);
      assert.deepEqual([crash.status, crash.text, crash.headers.get('content-type')], [500, '', null]);
      const lost = await post(hello, 'ch_x');
      assert.deepEqual([lost.status, lost.body], [404, { error: 'channel not found' }]);
    });
  });
});
