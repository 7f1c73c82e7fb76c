import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';
import { asking, type Loose } from './sending';

const contactId = 'ct_ana';

describe('linktor-contact', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-contact');
  const ask = asking(set);
  const names = (payload: unknown) => (payload as Loose[]).map(({ name }) => name).sort();

  it('lists them with nothing set, and says how many there are', async () => {
    const { payload, page } = await run({});
    assert.deepEqual(names(payload), ['Ana Souza', 'Bruno Lima', 'Carla Mendes']);
    assert.equal((page as Loose).hasNext, false);
  });

  it('lists those of a search, a tag, a channel type, a phone, whoever wrote the message', async () => {
    const { node, probe } = await set.play([
      ...[{ search: 'Bruno' }, { tagged: 'plants' }, { channelType: 'webchat' }, { phone: '+55 11 99999-0003' }].map(
        (filter, index) => ({
          id: `list${index}`,
          type: 'linktor-contact',
          config: 'account',
          operation: 'list',
          ...filter,
          ...Object.fromEntries(Object.keys(filter).map((key) => [`${key}Type`, 'str'])),
          wires: [[`out${index}`]],
        }),
      ),
      ...[0, 1, 2, 3].map((index) => ({ id: `out${index}`, type: 'probe' })),
    ]);
    const found = [];
    for (const index of [0, 1, 2, 3]) {
      node(`list${index}`).receive({ phone: '+5511999990001', payload: 'Hello' });
      found.push(names((await probe(`out${index}`).first()).payload));
    }
    assert.deepEqual(found, [['Bruno Lima'], ['Carla Mendes'], ['Ana Souza'], ['Carla Mendes']]);
  });

  it('gets the one of the message', async () => {
    const { payload } = await run({ operation: 'get' }, { contactId });
    assert.equal((payload as Loose).name, 'Ana Souza');
  });

  it('creates one from the message, and gives its id to the nodes that follow', async () => {
    const person = {
      name: 'Dora',
      phone: '+55 (11) 99999-0007',
      customFields: { shoe: 38 },
      metadata: { from: 'fair' },
    };
    const msg = await run({ operation: 'create' }, { payload: person, contactId });
    const { id, phone, customFields, metadata } = msg.payload as Loose;
    assert.deepEqual([phone, customFields, metadata], ['+5511999990007', { shoe: 38 }, { from: 'fair' }]);
    assert.equal(msg.contactId, id);
  });

  it('creates one from its fields, in the country that numbers are from', async () => {
    const { payload } = await run(
      {
        operation: 'create',
        ...{ title: 'Dora', titleType: 'str', phone: 'who.number', phoneType: 'msg', country: 'br' },
        ...{ channelType: 'telegram', channelTypeType: 'str', identifier: 'dora77', identifierType: 'str' },
        ...{ tagged: 'fair, 2026', taggedType: 'str' },
      },
      { who: { number: '11 99999-0007' }, payload: { name: 'ignored' } },
    );
    const { name, phone, identifiers, tags } = payload as Loose;
    assert.deepEqual([name, phone, tags], ['Dora', '+5511999990007', ['fair', '2026']]);
    assert.deepEqual([identifiers[0].channelType, identifiers[0].identifier], ['telegram', 'dora77']);
  });

  const bad: [what: string, person: Record<string, unknown>, named: RegExp][] = [
    ['a number that is none', { name: 'Dora', phone: '+55 12' }, /phone number/],
    ['a number without a country', { name: 'Dora', phone: '11 99999-0007' }, /country/],
    ['an address that is none', { name: 'Dora', email: 'dora' }, /e-mail/],
    ['own fields that are no object', { name: 'Dora', customFields: 'a=1' }, /customFields/],
    ['tags that are no texts', { name: 'Dora', tags: [{ a: 1 }] }, /tags/],
    ['half an identity', { name: 'Dora', identifier: 'dora77' }, /channelType/],
    ['the other half', { name: 'Dora', channelType: 'telegram' }, /identifier/],
    ['nothing', {}, /nothing to write/],
  ];
  for (const [what, payload, named] of bad) {
    it(`refuses ${what} before it asks anybody, and names it`, async () => {
      const { error } = await run({ operation: 'create' }, { payload });
      assert.equal(error?.code, 'validation');
      assert.match(`${error?.message} ${error?.cause.hint}`, named);
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('changes what is filled in, and nothing else', async () => {
    const fields = { email: 'ana@new.example', emailType: 'str' };
    const { payload } = await run({ operation: 'update', ...fields }, { contactId, payload: { name: 'ignored' } });
    const { name, email, phone, tags } = payload as Loose;
    assert.deepEqual([name, email, phone, tags], ['Ana Souza', 'ana@new.example', '+5511999990001', ['vip']]);
  });

  it('deletes one, once it is confirmed', async () => {
    const msg = await run({ operation: 'delete', confirm: true }, { contactId });
    assert.deepEqual(msg.payload, { id: contactId, deleted: true });
    assert.deepEqual(names((await ask('GET', '/contacts')).data), ['Bruno Lima', 'Carla Mendes']);
  });

  for (const operation of ['delete', 'merge']) {
    it(`does not ${operation} without the tick`, async () => {
      const { error } = await run({ operation }, { contactId, contactIds: ['ct_bruno'] });
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /"confirm"/);
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('makes one of several', async () => {
    const msg = await run(
      { operation: 'merge', confirm: true },
      { contactId, contactIds: ['ct_bruno', 'ct_carla', 'ct_bruno'] },
    );
    const { id, tags } = msg.payload as Loose;
    assert.deepEqual([id, tags.sort()], [contactId, ['plants', 'vip']]);
    assert.deepEqual(names((await ask('GET', '/contacts')).data), ['Ana Souza']);
  });

  it('never merges a contact into itself', async () => {
    const { error } = await run(
      { operation: 'merge', confirm: true },
      { contactId, contactIds: ['ct_bruno', contactId] },
    );
    assert.equal(error?.code, 'validation');
    assert.equal((await set.state()).requests.length, 0);
  });

  it('lists the conversations of one', async () => {
    const { payload } = await run({ operation: 'conversations' }, { contactId });
    assert.deepEqual([...new Set((payload as Loose[]).map((one) => one.contactId))], [contactId]);
  });

  it('tags one', async () => {
    const { payload } = await run({ operation: 'addTags' }, { contactId, tags: ['new', 'vip'] });
    assert.deepEqual((payload as Loose).tags.sort(), ['new', 'vip']);
  });

  it('takes tags away', async () => {
    const { payload } = await run({ operation: 'removeTags' }, { contactId, tags: 'vip' });
    assert.deepEqual((payload as Loose).tags, []);
  });

  const msg = { contactId, contactIds: ['ct_carla'], tags: ['new'] };
  const dora = { payload: { name: 'Dora', email: 'dora@example.com' } };
  failsWell(set, 'linktor-contact', {
    list: { msg, kind: 'read' },
    get: { msg, kind: 'read' },
    create: { msg: dora, kind: 'write' },
    update: { msg: { ...msg, payload: { name: 'New' } }, kind: 'write' },
    delete: { msg: { contactId: 'ct_bruno' }, node: { confirm: true }, kind: 'write' },
    upsert: { msg: { payload: { name: 'Ana', phone: '+5511999990001' } }, kind: 'read' },
    merge: { msg, node: { confirm: true }, kind: 'write' },
    conversations: { msg, kind: 'read' },
    addTags: { msg, kind: 'write' },
    removeTags: { msg, kind: 'write' },
    addIdentity: { msg: { contactId, channelType: 'telegram', identifier: 'ana_souza' }, kind: 'read' },
    removeIdentity: { msg: { contactId, channelType: 'webchat', identifier: 'visitor_ct_ana' }, kind: 'read' },
  });
});
