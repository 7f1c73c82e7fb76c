import { strict as assert } from 'node:assert';
import { alone, type FlowNode, setUpFlows, until } from '../support/flows';
import { asking, type Loose } from './sending';

const upserting = (id: string, out: string): FlowNode => ({
  ...{ id, type: 'linktor-contact', config: 'account', operation: 'upsert', wires: [[out]] },
});

describe('linktor-contact: find or create', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-contact');
  const ask = asking(set);
  const upsert = (payload: object, node: object = {}) => run({ operation: 'upsert', ...node }, { payload });
  const all = async (): Promise<Loose[]> => (await ask('GET', '/contacts?limit=100')).data;
  const writes = async () => (await set.state()).requests.filter(({ method }) => method !== 'GET');

  it('makes known who is not, under what is given', async () => {
    const { payload, created, contactId } = await upsert({ phone: '+55 11 99999-0009', customFields: { shoe: 38 } });
    const { id, name, phone, customFields } = payload as Loose;
    assert.deepEqual([created, contactId], [true, id]);
    assert.deepEqual([name, phone, customFields], ['+5511999990009', '+5511999990009', { shoe: 38 }]);
  });

  const ways: [by: string, person: Record<string, unknown>][] = [
    ['phone, however it is written', { phone: '+55 (11) 99999-0001' }],
    ['e-mail', { email: 'ANA@example.com' }],
    ['identity', { channelType: 'webchat', identifier: 'visitor_ct_ana' }],
    ['e-mail where the phone is new', { phone: '+551133330001', email: 'ana@example.com' }],
  ];
  for (const [by, person] of ways) {
    it(`finds by ${by}`, async () => {
      const { payload, created, contactId } = await upsert(person);
      assert.deepEqual([(payload as Loose).id, created, contactId], ['ct_ana', false, 'ct_ana']);
      assert.equal((await all()).length, 3);
    });
  }

  it('merges what is given into what is there: tags and own fields are added, the rest is replaced', async () => {
    const { payload } = await upsert({
      ...{ phone: '+5511999990001', name: 'Ana S.', tags: 'new, vip', customFields: { shoe: 38 }, email: '' },
      ...{ channelType: 'telegram', identifier: 'ana77' },
    });
    const { name, email, tags, customFields, identifiers } = payload as Loose;
    assert.deepEqual([name, email, tags], ['Ana S.', 'ana@example.com', ['vip', 'new']]);
    assert.deepEqual(customFields, { language: 'en', shoe: 38 });
    assert.deepEqual(
      identifiers.map((one: Loose) => one.identifier),
      ['visitor_ct_ana', 'ana77'],
    );
  });

  it('does not write what is so already', async () => {
    const { payload, created } = await upsert(
      { phone: '5511999990001', tags: ['vip'], name: 'Ana Souza' },
      { country: 'BR' },
    );
    assert.deepEqual([(payload as Loose).id, created], ['ct_ana', false]);
    assert.deepEqual(await writes(), []);
  });

  it('takes back the contact that a node has given', async () => {
    const { payload } = await upsert(await ask('GET', '/contacts/ct_ana'));
    assert.equal((payload as Loose).id, 'ct_ana');
    assert.deepEqual(await writes(), []);
  });

  it('finds by the one thing that is chosen', async () => {
    const { error } = await upsert({ name: 'Ana', email: 'ana@example.com' }, { by: 'phone' });
    assert.equal(error?.code, 'validation');
    assert.match(String(error?.cause.hint), /phone/);
    assert.equal((await set.state()).requests.length, 0);
  });

  it('says that a part of it is of somebody else', async () => {
    const { error } = await upsert({ phone: '+5511999990001', email: 'bruno@example.com' });
    assert.equal(error?.code, 'conflict');
    assert.match(String(error?.cause.hint), /merge/);
  });

  it('makes nobody twice, however many messages of however many nodes come at once', async () => {
    const { node, probe } = await set.play([
      upserting('one', 'out'),
      upserting('two', 'out'),
      { id: 'out', type: 'probe' },
    ]);
    await set.control('latency', { ms: 20 });
    const people = [{ phone: '+5511999990009' }, { email: 'eva@example.com' }];
    const both = { ...people[0], ...people[1] };
    for (const person of [both, ...people, both, ...people]) {
      node('one').receive({ payload: { ...person, tags: ['one'] } });
      node('two').receive({ payload: { ...person, tags: ['two'] } });
    }
    const done = await probe('out').take(12);
    assert.equal(done.filter(({ created }) => created).length, 1);
    const made = (await all()).filter(({ email }) => email === 'eva@example.com');
    assert.deepEqual(
      made.map(({ phone, tags }) => [phone, tags.sort()]),
      [['+5511999990009', ['one', 'two']]],
    );
  });

  it('keeps the order of messages about the same person', async () => {
    const { node, probe } = await set.play([upserting('node', 'out'), { id: 'out', type: 'probe' }]);
    for (const name of ['A', 'B', 'C', 'D']) node('node').receive({ payload: { phone: '+5511999990009', name } });
    const done = await probe('out').take(4);
    assert.deepEqual(
      done.map(({ payload }) => (payload as Loose).name),
      ['A', 'B', 'C', 'D'],
    );
  });

  it('looks again when somebody else was faster, and merges', async () => {
    const { node, probe } = await set.play([upserting('node', 'out'), { id: 'out', type: 'probe' }]);
    // It has looked, and waits for its turn to write, when the other one is made.
    await set.control('fail', {
      count: 1,
      status: 429,
      headers: { 'Retry-After': '1' },
      method: 'POST',
      path: '/contacts',
    });
    node('node').receive({ payload: { phone: '+5511999990009', tags: ['new'] } });
    await until(set.state, ({ requests }) => requests.some(({ status }) => status === 429));
    const other = await ask('POST', '/contacts', { name: 'Eva', phone: '+5511999990009' });
    const { payload, created } = await probe('out').first();
    assert.deepEqual([(payload as Loose).id, (payload as Loose).tags, created], [other.id, ['new'], false]);
  });

  it('finds what it has made when the answer gets lost', async () => {
    await set.control('fail', { count: 1, reset: true, after: true, method: 'POST', path: '/contacts' });
    const { payload, created } = await upsert({ phone: '+5511999990009', name: 'Eva' });
    assert.deepEqual([(payload as Loose).name, created], ['Eva', true]);
    assert.equal((await writes()).length, 1);
  });

  it('tells that nobody knows, when the look shows nothing either', async () => {
    await set.control('fail', { count: 1, status: 500, method: 'POST', path: '/contacts' });
    const { error } = await upsert({ phone: '+5511999990009', name: 'Eva' });
    assert.deepEqual([error?.code, error?.cause.ambiguous], ['server', true]);
    assert.equal((await writes()).length, 1);
  });
});

describe('linktor-contact: on the self-hosted server', () => {
  const set = setUpFlows({ contract: 'server' });
  const account = { signIn: 'password' };
  const options = { account, apiKey: '', credentials: { email: 'demo@linktor.local', password: 'sandbox' } };

  /** The messages one after the other, to one node. @returns what comes of each */
  const run = async (node: object, ...messages: object[]): Promise<Loose[]> => {
    const flow = [{ id: 'node', type: 'linktor-contact', config: 'account', wires: [['out']], ...node }];
    const { node: get, probe, caught } = await set.play([...flow, { id: 'out', type: 'probe' }], options);
    for (const [index, msg] of messages.entries()) {
      get('node').receive({ ...msg });
      await until(
        async () => probe('out').all.length + caught.all.length,
        (count) => count > index,
      );
    }
    return [...probe('out').all, ...caught.all];
  };
  const upsert = (...people: object[]) => run({ operation: 'upsert' }, ...people.map((payload) => ({ payload })));

  it('makes somebody known with an identity, and adds another one the next time', async () => {
    const eva = { phone: '+5511999990009', channelType: 'telegram', identifier: 'eva' };
    const [first, again] = await upsert(eva, {
      ...{ ...eva, identifier: 'eva77' },
      ...{ customFields: { shoe: 38 }, tags: ['new'] },
    });
    assert.deepEqual([first?.created, again?.created], [true, false]);
    const { id, identifiers, customFields, tags } = (again as Loose).payload;
    assert.equal(id, first?.payload.id);
    assert.deepEqual(
      identifiers.map((one: Loose) => one.identifier),
      ['eva', 'eva77'],
    );
    assert.deepEqual([customFields, tags], [{ shoe: '38' }, ['new']]);
  });

  it('says how far it has come where one of several writes fails, and writes the rest the next time', async () => {
    const identifiers = [
      { channelType: 'telegram', identifier: 'ana_s' },
      { channelType: 'facebook', identifier: 'ana.souza' },
    ];
    const person = { phone: '+5511999990001', name: 'Ana S.', identifiers };
    await set.control('fail', { count: 1, status: 400, method: 'POST', path: '/identities' });
    const [again, told] = await upsert(person, person);
    assert.match(told?.error.message, /1 fields and 0 identities of the contact are written/);
    assert.deepEqual(told?.error.cause.details.written, ['name']);
    const types = again?.payload.identifiers.map(({ channelType }: Loose) => channelType);
    assert.deepEqual(types.sort(), ['facebook', 'telegram', 'webchat']);
  });

  it('does not find by an identity alone, and says so before it makes anybody twice', async () => {
    const [told] = await upsert({ channelType: 'telegram', identifier: 'eva' });
    assert.equal(told?.error.code, 'not_supported');
    assert.match(told?.error.cause.hint, /phone or e-mail/);
  });

  it('says that it cannot merge', async () => {
    const msg = { contactId: 'ct_ana', contactIds: ['ct_bruno'] };
    const [told] = await run({ operation: 'merge', confirm: true }, msg);
    assert.equal(told?.error.code, 'not_supported');
  });
});
