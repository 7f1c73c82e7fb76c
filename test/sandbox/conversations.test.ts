import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json, rows } from './support';

describe('sandbox: conversations', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  beforeEach(() => box.control('/reset'));
  after(() => box.close());

  it('lists the most recent first, with contact, last message and both names of the assignee', async () => {
    const reply = await box.api('GET', '/conversations');
    assert.deepEqual(ids(reply), ['conv_ana', 'conv_bruno', 'conv_carla']);
    const [ana = {}, bruno = {}] = rows(reply);
    assert.equal((ana.contact as Json).name, 'Ana Souza');
    assert.equal((ana.lastMessage as Json).id, 'msg_ana_3');
    assert.equal(ana.channelType, 'webchat');
    assert.deepEqual([bruno.assignedTo, bruno.assignedAgentId], ['user_demo', 'user_demo']);
    assert.ok(!('assignedTo' in ana));
  });

  const filters: [query: string, expected: string[]][] = [
    ['status=open', ['conv_ana', 'conv_bruno']],
    ['status=resolved', ['conv_carla']],
    ['status=closed', []],
    ['priority=high', ['conv_bruno']],
    ['priority=medium', ['conv_ana', 'conv_carla']],
    ['channelId=ch_webchat', ['conv_ana']],
    ['channelType=whatsapp', ['conv_bruno', 'conv_carla']],
    ['contactId=ct_carla', ['conv_carla']],
    ['assignedTo=user_demo', ['conv_bruno']],
    ['assignedAgentId=user_demo', ['conv_bruno']],
    ['tags[]=question&tags[]=other', ['conv_ana']],
    ['tag=question', ['conv_ana']],
    ['search=xs2048', ['conv_bruno']],
    ['search=carla', ['conv_carla']],
    ['status=open&channelType=whatsapp', ['conv_bruno']],
    ['sortBy=createdAt&sortOrder=asc', ['conv_carla', 'conv_bruno', 'conv_ana']],
  ];
  for (const [query, expected] of filters) {
    it(`filters by ${query}`, async () => {
      assert.deepEqual(ids(await box.api('GET', `/conversations?${query}`)), expected);
    });
  }

  it('refuses an order that makes no sense', async () => {
    for (const query of ['sortBy=color', 'sortOrder=up']) {
      assert.equal((await box.api('GET', `/conversations?${query}`)).status, 400);
    }
  });

  it('creates, and refuses unknown channels and contacts', async () => {
    const made = await box.api('POST', '/conversations', {
      channelId: 'ch_whatsapp',
      contactId: 'ct_ana',
      metadata: { a: 1 },
    });
    assert.equal(made.status, 201);
    assert.deepEqual([made.body.status, made.body.priority, made.body.unreadCount], ['open', 'medium', 0]);
    assert.deepEqual((await box.api('GET', `/conversations/${made.body.id}`)).body, made.body);
    const bad = await box.api('POST', '/conversations', { channelId: 'ch_x', contactId: 'ct_ana' });
    assert.deepEqual([bad.status, bad.body.details], [400, { channelId: 'is not a channel' }]);
  });

  it('updates some fields and leaves the others', async () => {
    const patch = { status: 'pending', priority: 'urgent', assignedTo: 'user_demo', metadata: { vip: true } };
    const { body } = await box.api('PATCH', '/conversations/conv_ana', patch);
    assert.deepEqual([body.status, body.priority, body.assignedAgentId], ['pending', 'urgent', 'user_demo']);
    assert.deepEqual([body.tags, body.metadata, body.subject], [['question'], { vip: true }, 'A question about ferns']);
    const second = await box.api('PATCH', '/conversations/conv_ana', { assignedTo: null, metadata: { more: 1 } });
    assert.deepEqual([second.body.assignedTo, second.body.assignedAt], [undefined, undefined]);
    assert.deepEqual(second.body.metadata, { vip: true, more: 1 });
    assert.equal((await box.api('PATCH', '/conversations/conv_ana', { status: 'gone' })).status, 400);
  });

  it('assigns by either name of the user, and refuses others', async () => {
    for (const body of [
      { agentId: 'user_demo' },
      { userId: 'user_demo' },
      { agentId: 'user_demo', userId: 'user_demo' },
    ]) {
      const assigned = await box.api('POST', '/conversations/conv_ana/assign', body);
      assert.deepEqual([assigned.status, assigned.body.assignedTo], [200, 'user_demo']);
      assert.ok(assigned.body.assignedAt);
      assert.equal((await box.api('POST', '/conversations/conv_ana/unassign')).body.assignedTo, undefined);
    }
    for (const body of [{}, { agentId: 'nobody' }, { agentId: 'user_demo', userId: 'other' }]) {
      assert.equal((await box.api('POST', '/conversations/conv_ana/assign', body)).status, 400);
    }
  });

  it('resolves, reopens and snoozes', async () => {
    const act = async (path: string, body?: unknown) =>
      (await box.api('POST', `/conversations/conv_ana/${path}`, body)).body;
    const resolved = await act('resolve', {});
    assert.equal(resolved.status, 'resolved');
    assert.ok(resolved.resolvedAt);
    const reopened = await act('reopen');
    assert.deepEqual([reopened.status, reopened.resolvedAt], ['open', undefined]);
    const snoozed = await act('snooze', { until: '2030-01-01T00:00:00+01:00' });
    assert.deepEqual([snoozed.status, snoozed.snoozedUntil], ['snoozed', '2029-12-31T23:00:00.000Z']);
    assert.equal((await box.api('POST', '/conversations/conv_ana/snooze', { until: 'later' })).status, 400);
  });

  it('adds and removes tags, by DELETE with a body or by POST', async () => {
    const tags = async (method: string, path: string, body: unknown) =>
      (await box.api(method, `/conversations/conv_ana/${path}`, body)).body.tags;
    assert.deepEqual(await tags('POST', 'tags', { tags: ['a', 'b', 'a'] }), ['question', 'a', 'b']);
    assert.deepEqual(await tags('DELETE', 'tags', { tags: ['a'] }), ['question', 'b']);
    assert.deepEqual(await tags('POST', 'tags/remove', { tags: ['b', 'c'] }), ['question']);
    assert.equal((await box.api('POST', '/conversations/conv_ana/tags', { tags: [] })).status, 400);
  });

  it('marks some or all messages read', async () => {
    await box.control('/messages', { conversationId: 'conv_ana', text: 'and?' });
    const some = await box.api('POST', '/conversations/conv_ana/read', { messageIds: ['msg_ana_3'] });
    assert.equal(some.body.unreadCount, 1);
    assert.equal((await box.api('POST', '/conversations/conv_ana/read')).body.unreadCount, 0);
    const { body } = await box.api('GET', '/conversations/conv_ana/messages/msg_ana_3');
    assert.equal(body.status, 'read');
  });

  it('counts', async () => {
    const { body } = await box.api('GET', '/conversations/counts');
    assert.deepEqual(
      [body.total, body.open, body.resolved, body.snoozed, body.unassigned, body.unread],
      [3, 2, 1, 0, 2, 1],
    );
  });

  describe('messages that are deleted', () => {
    const sendTo = async (id: string) =>
      String((await box.api('POST', `/conversations/${id}/messages`, { text: 'Wrong window' })).body.id);
    const remove = async (id: string) => {
      const { status, body } = await box.api('DELETE', `/messages/${id}?forEveryone=true`);
      return [status, body.code];
    };

    it('are gone', async () => {
      const id = await sendTo('conv_ana');
      const { status, body } = await box.api('DELETE', `/messages/${id}`);
      const { deletedAt, ...data } = body.data as Json;
      assert.deepEqual([status, data], [200, { id, deleted: true }]);
      assert.match(String(deletedAt), /^\d{4}-/);
      assert.equal((await box.api('GET', `/conversations/conv_ana/messages/${id}`)).status, 404);
      assert.deepEqual(await remove(id), [404, 'MESSAGE_NOT_FOUND']);
    });

    it('are ours, new enough, and in a channel that can take them back', async () => {
      assert.deepEqual(await remove('msg_ana_1'), [400, 'DELETE_NOT_SUPPORTED']);
      assert.deepEqual(await remove('msg_carla_2'), [400, 'DELETE_WINDOW_EXPIRED']);
      const channel = { name: 'SMS', type: 'sms', config: { type: 'sms' } };
      const { id: channelId } = (await box.api('POST', '/channels', channel)).body;
      const { id } = (await box.api('POST', '/conversations', { channelId, contactId: 'ct_ana' })).body;
      assert.deepEqual(await remove(await sendTo(String(id))), [400, 'DELETE_NOT_SUPPORTED']);
    });
  });

  it('deletes with all messages', async () => {
    assert.equal((await box.api('DELETE', '/conversations/conv_ana')).status, 204);
    assert.equal((await box.api('GET', '/conversations/conv_ana')).status, 404);
    assert.equal((await box.state()).counts.messages, 5);
  });
});
