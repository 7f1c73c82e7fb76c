import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell, type Operation } from './failures';

const conversationId = 'conv_ana';
type Found = Record<string, unknown>;

describe('linktor-conversation', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-conversation');
  const say = (text: string) => set.control('messages', { conversationId, text });

  it('gets the one of the message, with nothing set', async () => {
    const { payload } = await run({}, { conversationId, payload: 'Hello' });
    assert.equal((payload as Found).id, conversationId);
  });

  it('lists those that are open, whoever wrote the message', async () => {
    const { payload } = await run({ operation: 'list', state: 'open', stateType: 'str' }, { contactId: 'ct_ana' });
    const found = payload as { status: string; contactId: string }[];
    assert.ok(found.every(({ status }) => status === 'open'));
    assert.ok(new Set(found.map((one) => one.contactId)).size > 1);
  });

  it('takes the status under the name that the API has for it, in flows written by hand', async () => {
    const { payload } = await run({ operation: 'list', status: 'resolved', statusType: 'str' }, {});
    assert.deepEqual(new Set((payload as Found[]).map(({ status }) => status)), new Set(['resolved']));
  });

  it('lists those of a contact', async () => {
    const { payload } = await run(
      { operation: 'list', contactId: 'contactId', contactIdType: 'msg' },
      { contactId: 'ct_ana' },
    );
    assert.deepEqual([...new Set((payload as Found[]).map((one) => one.contactId))], ['ct_ana']);
  });

  it('opens one', async () => {
    const { payload } = await run({ operation: 'create' }, { contactId: 'ct_carla', channelId: 'ch_webchat' });
    const { contactId, channelId } = payload as Found;
    assert.deepEqual([contactId, channelId], ['ct_carla', 'ch_webchat']);
  });

  it('changes what is filled in', async () => {
    const fields = { priority: 'high', priorityType: 'str' };
    const { payload } = await run({ operation: 'update', ...fields }, { conversationId });
    assert.equal((payload as Found).priority, 'high');
  });

  it('changes what the message says', async () => {
    const { payload } = await run({ operation: 'update' }, { conversationId, payload: { metadata: { order: '1' } } });
    assert.equal(((payload as Found).metadata as Found).order, '1');
  });

  it('hands it to somebody, and takes it back', async () => {
    const { payload } = await run({ operation: 'assign' }, { conversationId, userId: 'user_demo' });
    assert.equal((payload as Found).assignedTo, 'user_demo');
  });

  it('takes it back', async () => {
    assert.equal(((await run({ operation: 'unassign' }, { conversationId })).payload as Found).assignedTo, undefined);
  });

  it('settles it', async () => {
    assert.equal(((await run({ operation: 'resolve' }, { conversationId })).payload as Found).status, 'resolved');
  });

  it('opens it again', async () => {
    const { node, probe } = await set.play([
      { id: 'a', type: 'linktor-conversation', config: 'account', operation: 'resolve', wires: [['b']] },
      { id: 'b', type: 'linktor-conversation', config: 'account', operation: 'reopen', wires: [['out']] },
      { id: 'out', type: 'probe' },
    ]);
    node('a').receive({ conversationId });
    assert.equal(((await probe('out').first()).payload as Found).status, 'open');
  });

  it('lets it sleep until a time', async () => {
    const until = new Date(Date.now() + 3_600_000);
    assert.equal(((await run({ operation: 'snooze' }, { conversationId, until })).payload as Found).status, 'snoozed');
  });

  it('gives its messages, the newest first', async () => {
    await say('one');
    await say('two');
    const { payload } = await run({ operation: 'messages', limit: 2 }, { conversationId });
    assert.deepEqual(
      (payload as { text: string }[]).map(({ text }) => text),
      ['two', 'one'],
    );
  });

  it('gives those before one', async () => {
    await say('one');
    const { id } = await say('two');
    const { payload } = await run(
      { operation: 'messages', limit: 1, before: 'before', beforeType: 'msg' },
      { conversationId, before: id },
    );
    assert.deepEqual(
      (payload as { text: string }[]).map(({ text }) => text),
      ['one'],
    );
  });

  it('gives what was said, ready for a language model', async () => {
    await say('Is it open?');
    const { payload } = await run({ operation: 'transcript', last: 3 }, { conversationId });
    const said = payload as { role: string; content: string }[];
    assert.equal(said.length, 3);
    assert.deepEqual(said.at(-1), { role: 'user', content: 'Is it open?' });
    assert.ok(said.every(({ role }) => ['user', 'assistant', 'system'].includes(role)));
  });

  it('gives what was said, for a person to read', async () => {
    await say('Is it open?');
    const { payload } = await run({ operation: 'transcript', format: 'text' }, { conversationId });
    assert.match(String(payload).split('\n').at(-1) ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d Ana Souza: Is it open\?$/);
  });

  it('gives what was said, as Markdown', async () => {
    await set.control('messages', { conversationId, media: { type: 'image', url: 'https://example.com/a.png' } });
    const { payload } = await run({ operation: 'transcript', format: 'markdown', last: 1 }, { conversationId });
    assert.match(String(payload), /^\*\*Ana Souza\*\* [\d: -]+\n\n> \[image\]/);
  });

  for (const [zone, times] of [
    ['', ['11:30', '12:00', '12:15']],
    ['America/Sao_Paulo', ['08:30', '09:00', '09:15']],
    ['Asia/Kolkata', ['17:00', '17:30', '17:45']],
  ] as const) {
    it(`tells all times on one clock, wherever they were written: ${zone || 'UTC'}`, async () => {
      const at = ['2026-05-01T09:15:00-03:00', '2026-05-01T12:00:00Z', '2026-05-01T14:30:00+03:00'];
      const data = at.map((createdAt, row) => ({
        ...{ id: `m${row}`, conversationId, direction: 'inbound', contentType: 'text', content: { text: 'Hi' } },
        createdAt,
      }));
      await set.control('fail', { count: 1, path: `*/${conversationId}/messages`, status: 200, body: { data } });
      const { payload } = await run({ operation: 'transcript', format: 'text', zone }, { conversationId });
      const told = String(payload).split('\n');
      assert.deepEqual(
        told.map((line) => line.slice(0, 16)),
        times.map((time) => `2026-05-01 ${time}`),
      );
    });
  }

  it('refuses a zone that is none', async () => {
    const node = { operation: 'transcript', format: 'text', zone: 'Mars/Olympus' };
    assert.equal((await run(node, { conversationId })).error?.code, 'validation');
  });

  it('adds and removes tags', async () => {
    const added = await run({ operation: 'addTags' }, { conversationId, tags: ['late', 'vip'] });
    assert.ok(((added.payload as Found).tags as string[]).includes('late'));
  });

  it('removes tags', async () => {
    const { payload } = await run({ operation: 'removeTags' }, { conversationId, tags: 'vip' });
    assert.equal(((payload as Found).tags as string[] | undefined)?.includes('vip') ?? false, false);
  });

  it('marks it as read, and leaves the message alone', async () => {
    assert.equal((await run({ operation: 'markRead' }, { conversationId, payload: 'Hello' })).payload, 'Hello');
  });

  it('counts them', async () => {
    const { payload } = await run({ operation: 'counts' });
    assert.ok(Object.values(payload as object).every((count) => typeof count === 'number'));
  });

  it('refuses a time that is none', async () => {
    const { error } = await run({ operation: 'snooze' }, { conversationId, until: 'soon' });
    assert.equal(error?.code, 'validation');
  });

  const msg = {
    ...{ conversationId, contactId: 'ct_carla', channelId: 'ch_webchat', userId: 'user_demo', tags: ['a'] },
    payload: { metadata: { a: '1' } },
  };
  const all = (kind: Operation['kind'], ...names: string[]) => names.map((name) => [name, { msg, kind }]);
  failsWell(
    set,
    'linktor-conversation',
    Object.fromEntries([
      ...all('read', 'get', 'list', 'messages', 'transcript', 'counts'),
      ...all('write', 'create', 'update', 'assign', 'unassign', 'resolve', 'reopen', 'snooze'),
      ...all('write', 'addTags', 'removeTags', 'markRead'),
      ['deleteMessages', { msg: { sent: { messageIds: ['msg_ana_2'] } }, node: { confirm: true }, kind: 'write' }],
    ]),
  );
});
