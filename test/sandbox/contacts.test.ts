import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json, type Received } from './support';

describe('sandbox: contacts', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  beforeEach(() => box.control('/reset'));
  after(() => box.close());
  const make = async (body: Json) => (await box.api('POST', '/contacts', body)).body;

  const filters: [query: string, expected: string[]][] = [
    ['search=LIMA', ['ct_bruno']],
    ['search=0003', ['ct_carla']],
    ['email=Ana@example.com', ['ct_ana']],
    ['phone=5511999990002', ['ct_bruno']],
    ['phone=%2B55%2011%2099999-0002', ['ct_bruno']],
    ['channelType=whatsapp', ['ct_bruno', 'ct_carla']],
    ['tags[]=vip&tags[]=plants', ['ct_ana', 'ct_carla']],
    ['tag=vip', ['ct_ana']],
    ['sortBy=name&sortOrder=desc', ['ct_carla', 'ct_bruno', 'ct_ana']],
  ];
  for (const [query, expected] of filters) {
    it(`filters by ${query}`, async () => {
      assert.deepEqual(ids(await box.api('GET', `/contacts?${query}`)), expected);
    });
  }

  it('creates in the words of either family', async () => {
    const first = await box.api('POST', '/contacts', {
      name: 'Dora',
      email: 'dora@example.com',
      avatarUrl: 'https://example.com/d.png',
      identifiers: [{ channelType: 'telegram', channelId: 'ch_x', identifier: '42' }],
      customFields: { size: 3 },
    });
    assert.equal(first.status, 201);
    assert.deepEqual(
      [first.body.avatar, first.body.customFields, first.body.conversationCount],
      [first.body.avatarUrl, { size: 3 }, 0],
    );
    const second = await make({
      phone: '+551100000',
      avatar: 'https://example.com/e.png',
      identifiers: { sms: '+551100000' },
    });
    assert.equal(second.avatarUrl, 'https://example.com/e.png');
    assert.deepEqual(second.identifiers, [{ channelType: 'sms', channelId: '', identifier: '+551100000' }]);
    const third = await make({ name: 'Fay', identifiers: { whatsapp: '+551100001' } });
    assert.equal((third.identifiers as Json[])[0]?.channelId, 'ch_whatsapp', 'the channel of that type');
  });

  it('refuses nobody, nonsense and doubles', async () => {
    for (const [body, field] of [
      [{}, 'name'],
      [{ name: 'x', email: 'x' }, 'email'],
      [{ name: 'x', phone: 'x' }, 'phone'],
      [{ name: 'x', tags: 'y' }, 'tags'],
      [{ name: 'x', identifiers: [{ channelType: 'sms' }] }, 'identifiers[0].identifier'],
    ] as [Json, string][]) {
      const { status, body: error } = await box.api('POST', '/contacts', body);
      assert.deepEqual([status, Object.keys(error.details as Json)], [400, [field]]);
    }
    const double = await box.api('POST', '/contacts', { name: 'Other', phone: '55 11 99999-0001' });
    assert.deepEqual(
      [double.status, double.body.code, double.body.details],
      [409, 'CONFLICT_ERROR', { contactId: 'ct_ana' }],
    );
  });

  it('updates some fields, clears those set to null', async () => {
    const patch = { name: 'Ana S.', email: null, customFields: { plan: 'gold', language: null } };
    const { body } = await box.api('PATCH', '/contacts/ct_ana', patch);
    assert.deepEqual([body.name, body.email, body.phone], ['Ana S.', undefined, '+5511999990001']);
    assert.deepEqual(body.customFields, { plan: 'gold' });
    assert.deepEqual((await box.api('GET', '/contacts/ct_ana')).body, body);
    assert.equal((await box.api('PATCH', '/contacts/ct_ana', { phone: '+5511999990002' })).status, 409);
  });

  it('searches, and finds by external id', async () => {
    const found = await box.api('POST', '/contacts/search', { query: 'souza', limit: 5 });
    assert.deepEqual([ids(found), (found.body.pagination as Json).limit], [['ct_ana'], 5]);
    assert.deepEqual(ids(await box.api('POST', '/contacts/search', { tags: ['plants'] })), ['ct_carla']);
    assert.equal((await box.api('GET', '/contacts/external/crm_ct_bruno')).body.id, 'ct_bruno');
    assert.equal((await box.api('GET', '/contacts/external/none')).status, 404);
  });

  it('adds and removes tags', async () => {
    assert.deepEqual((await box.api('POST', '/contacts/ct_ana/tags', { tags: ['new'] })).body.tags, ['vip', 'new']);
    assert.deepEqual((await box.api('DELETE', '/contacts/ct_ana/tags', { tags: ['vip'] })).body.tags, ['new']);
  });

  it('lists the conversations of a contact', async () => {
    await box.control('/messages', { contact: { phone: '+5511999990001' }, channelId: 'ch_whatsapp', text: 'hi' });
    const all = await box.api('GET', '/contacts/ct_ana/conversations');
    assert.equal(ids(all).length, 2);
    assert.deepEqual(ids(await box.api('GET', '/contacts/ct_ana/conversations?channelId=ch_webchat')), ['conv_ana']);
    assert.equal((await box.api('GET', '/contacts/ct_x/conversations')).status, 404);
  });

  for (const [one, many] of [
    ['primaryContactId', 'secondaryContactIds'],
    ['primaryContactId', 'contactIdsToMerge'],
    ['primaryId', 'secondaryIds'],
  ] as const) {
    it(`merges by ${one} and ${many}`, async () => {
      const { body } = await box.api('POST', '/contacts/merge', { [one]: 'ct_carla', [many]: ['ct_ana'] });
      assert.deepEqual([body.id, body.name, body.email], ['ct_carla', 'Carla Mendes', 'ana@example.com']);
      assert.deepEqual([body.tags, (body.identifiers as Json[]).length], [['plants', 'vip'], 2]);
      assert.equal((await box.api('GET', '/contacts/ct_ana')).status, 404);
      assert.equal((await box.api('GET', '/conversations/conv_ana')).body.contactId, 'ct_carla');
    });
  }

  it('refuses merges that make no sense', async () => {
    for (const body of [
      {},
      { primaryId: 'ct_ana', secondaryIds: [] },
      { primaryId: 'ct_ana', secondaryIds: ['ct_ana'] },
      { primaryId: 'ct_ana', secondaryIds: ['ct_x'] },
    ]) {
      assert.equal((await box.api('POST', '/contacts/merge', body)).status, 400);
    }
  });

  it('deletes with conversations, and tells', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', { url: receiver.url, secret: 's' });
    await box.api('PATCH', '/contacts/ct_ana', { name: 'Ana II' });
    assert.equal((await box.api('DELETE', '/contacts/ct_ana')).status, 204);
    assert.equal((await box.api('GET', '/conversations/conv_ana')).status, 404);
    const [updated, deleted] = (await receiver.deliveries.some(2)) as [Received, Received];
    assert.deepEqual([updated.body.type, deleted.body.type], ['contact.updated', 'contact.deleted']);
    assert.deepEqual((updated.body.data as Json).previousData, {
      name: 'Ana Souza',
      email: 'ana@example.com',
      phone: '+5511999990001',
    });
  });
});
