import { strict as assert } from 'node:assert';
import { useFakeTimers } from 'sinon';
import type { LinktorClient } from '../../../lib/client/index';
import { type Bench, bench, failing } from '../support';

const signedIn = { apiKey: undefined, email: 'demo@linktor.local', password: 'sandbox', contract: 'server' } as const;

describe('client: the channels of a self-hosted server, which say of what kind a conversation is', () => {
  let box: Bench;
  let client: LinktorClient;
  let other: LinktorClient;
  before(async () => {
    box = await bench({ contract: 'server', receipts: 'manual' });
  });
  after(() => box.close());
  beforeEach(async () => {
    await box.control('/reset');
    client = box.client({ ...signedIn, maxRetries: 0 });
    other = box.client(signedIn);
  });
  const listed = async () =>
    (await box.state()).requests.filter(({ method, path }) => `${method} ${path}` === 'GET /api/v1/channels').length;
  const typeOf = async (id: string, by = client) => (await by.conversations.get(id)).channelType;
  /** @returns a conversation of a new channel, that somebody else has made */
  const fromNewChannel = async (type = 'telegram') => {
    const { id } = await other.channels.create({ name: 'new', type });
    const contact = { name: 'Eva', phone: '+551199990000' };
    const { conversationId } = await box.control('/messages', { contact, channelId: id, text: 'hi' });
    return { channel: id, conversation: String(conversationId) };
  };

  it('are listed once for many conversations, whether they are read at once or one by one', async () => {
    await Promise.all(Array.from({ length: 60 }, () => typeOf('conv_ana')));
    for (let index = 0; index < 5; index++) assert.equal(await typeOf('conv_ana'), 'webchat');
    const { items } = await client.conversations.list();
    assert.ok(items.every(({ channelType }) => channelType));
    assert.equal(await listed(), 1);
  });

  it('are listed again for a channel that was not there', async () => {
    await typeOf('conv_ana');
    const { conversation } = await fromNewChannel();
    assert.equal(await typeOf(conversation), 'telegram');
    assert.equal(await typeOf('conv_ana'), 'webchat');
    assert.equal(await listed(), 2);
  });

  it('are not listed again and again for one that the list does not show', async () => {
    for (let index = 0; index < 100; index++) await other.channels.create({ name: `c${index}`, type: 'sms' });
    const { conversation } = await fromNewChannel();
    for (let index = 0; index < 5; index++) assert.equal(await typeOf(conversation), undefined);
    assert.equal(await listed(), 1);
  });

  it('are listed again after a minute, since others change them too', async () => {
    const { channel, conversation } = await fromNewChannel();
    const clock = useFakeTimers({ toFake: ['performance'] });
    try {
      assert.equal(await typeOf(conversation), 'telegram');
      await other.channels.update(channel, { type: 'sms' });
      clock.tick(59_000);
      assert.equal(await typeOf(conversation), 'telegram');
      clock.tick(2000);
      assert.equal(await typeOf(conversation), 'sms');
    } finally {
      clock.restore();
    }
  });

  for (const [what, write] of [
    ['an update', (id: string) => client.channels.update(id, { type: 'sms' })],
    [
      'any call to their path',
      (id: string) => {
        const body = { name: 'new', type: 'sms', config: {} };
        return client.request({ method: 'PUT', path: `/channels/${id}`, body });
      },
    ],
  ] as const) {
    it(`are listed again after ${what}`, async () => {
      const { channel, conversation } = await fromNewChannel();
      await typeOf(conversation);
      await write(channel);
      assert.equal(await typeOf(conversation), 'sms');
      assert.equal(await listed(), 2);
    });
  }

  it('are listed by another one if the one who has begun gives up', async () => {
    await client.auth.me();
    await box.control('/latency', { ms: 200 });
    const stop = new AbortController();
    const first = client.conversations.get('conv_ana', { signal: stop.signal });
    const others = Array.from({ length: 5 }, () => typeOf('conv_ana'));
    while ((await listed()) === 0) await new Promise(setImmediate);
    stop.abort();
    await failing(first);
    assert.deepEqual(new Set(await Promise.all(others)), new Set(['webchat']));
  });

  it('that cannot be listed fail a call, and the next one lists them', async () => {
    await box.control('/fail', { count: 1, status: 500, method: 'GET', path: '/channels' });
    assert.equal((await failing(client.conversations.get('conv_ana'))).code, 'server');
    assert.equal(await typeOf('conv_ana'), 'webchat');
  });

  it('leave the facts of an answer as they are', async () => {
    const facts: { requestId?: string }[] = [];
    for (let index = 0; index < 2; index++)
      await client.conversations.get('conv_ana', { onAnswer: (one) => facts.push(one) });
    assert.equal(facts.length, 2);
    assert.ok(facts.every(({ requestId }) => requestId));
  });
});
