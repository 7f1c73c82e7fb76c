import { strict as assert } from 'node:assert';
import { createHash, createHmac } from 'node:crypto';
import { type AccountLedger, createLedger, SharedLedger } from '../../lib/ledger';
import { HeldJobs, leaveTo, type OutboxJob } from '../../lib/outbox';
import { keyOf, type Recipient } from '../../lib/sending';
import { StoreConnection } from '../../lib/shared/connection';
import { ForgottenPeople, forgetIn } from '../../nodes/kit/account/forgotten';
import { StoreServer, storeServerPath } from '../support/store';
import { TcpGate } from '../support/tcp-gate';

const ana = { contactId: 'ana', conversationIds: ['c1'], addresses: ['+55 11 90000-0001'] };
const toAna = { address: '+5511900000001', channelId: 'sms' };

describe('a person who is forgotten while an instance is cut off the store', () => {
  let server: StoreServer;
  let way: TcpGate;
  let own: AccountLedger;
  let others: AccountLedger;
  let ours: SharedLedger;
  let theirs: SharedLedger;
  const connections: StoreConnection[] = [];
  let tests = 0;

  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
    way = await TcpGate.open(server.port);
  });
  after(async () => {
    await way?.close();
    await server?.close();
  });
  beforeEach(async () => {
    tests++;
    own = createLedger({ keepIn: 'memory', keepDays: 30 });
    others = createLedger({ keepIn: 'memory', keepDays: 30 });
    [ours, theirs] = (await Promise.all([way.port, server.port].map(ledgerAt))) as [SharedLedger, SharedLedger];
  });
  afterEach(async () => {
    for (const one of [ours, theirs, own, others]) await one.close();
    for (const connection of connections.splice(0)) connection.close();
  });

  async function ledgerAt(port: number): Promise<SharedLedger> {
    const connection = await StoreConnection.open({ url: `redis://127.0.0.1:${port}`, prefix: `forgotten${tests}` });
    connections.push(connection);
    await connection.ready();
    return new SharedLedger({ connect: async () => connection, keepDays: 1 });
  }
  const here = (credential = 'key', aheadMs = 0) =>
    new ForgottenPeople({ own: () => own, shared: ours, credential, ahead: () => aheadMs });
  const there = (credential = 'key', aheadMs = 0) =>
    new ForgottenPeople({ own: () => others, shared: theirs, credential, ahead: () => aheadMs });
  const job = (work: string, to: Recipient) => ({ nodeId: 'node', lane: keyOf(to), work, carried: {}, dropped: [] });

  it('no message to them leaves its disk, and all others do', async () => {
    let emptied = () => {};
    const held: HeldJobs = new HeldJobs({
      ...{ shared: ours, local: () => own, prepare: () => here().apply(), maxPending: 100 },
      onChange: () => held.pending() === 0 && emptied(),
      onProblem: (error) => assert.fail(error),
    });
    const store = (work: string, to: Recipient) => held.store(job(work, to), (one) => leaveTo(ours, one, 100));
    way.cut();
    await store('by conversation', { conversationId: 'c1' });
    await store('by contact', { contactId: 'ana', channelId: 'whatsapp' });
    await store('by number', toAna);
    await store('to another', { conversationId: 'c2' });
    await store('to another contact', { contactId: 'anabel', channelId: 'whatsapp' });
    await there().note(ana, false);
    assert.equal(held.pending('node'), 5);
    // What is said to them after that is not what was to be forgotten.
    while (Date.now() <= ((await theirs.get<{ at: number }>('forgotten', 'ana'))?.value.at ?? 0));
    await store('later', { conversationId: 'c1' });
    way.mend();
    await connections[0]?.ready();
    await new Promise<void>((resolve) => {
      emptied = resolve;
      held.drain();
    });
    const left = (await theirs.list<OutboxJob>('outbox')).map(({ value }) => value.work);
    assert.deepEqual(left, ['to another', 'to another contact', 'later']);
    assert.equal(await own.count('held'), 0);
    await held.close();
  });

  it('nor does one that is handed over in the very moment', async () => {
    const forgotten = here();
    let confirmed = () => {};
    const held: HeldJobs = new HeldJobs({
      ...{ shared: ours, local: () => own, maxPending: 100, onChange() {}, onProblem: (error) => assert.fail(error) },
      // They are forgotten when what is to be handed over has been looked through.
      prepare: () => forgotten.apply().then(() => there().note(ana, false)),
      confirm: (handed) => forgotten.takeBack(handed).then(() => confirmed()),
    });
    way.cut();
    await held.store(job('to her', toAna), (one) => leaveTo(ours, one, 100));
    await held.store(job('to another', { conversationId: 'c2' }), (one) => leaveTo(ours, one, 100));
    way.mend();
    await connections[0]?.ready();
    await new Promise<void>((resolve) => {
      confirmed = resolve;
      held.drain();
    });
    await held.close();
    const left = (await theirs.list<OutboxJob>('outbox')).map(({ value }) => value.work);
    assert.deepEqual([left, await own.count('held')], [['to another'], 0]);
  });

  it('nor comes back what it knew of them, and what it forgot by itself is forgotten by all', async () => {
    await own.put('var', 'color', 'blue', { tags: ['p:ana'] });
    await there().note(ana, false);
    await theirs.put('var', 'size', 'xl', { tags: ['p:bruno'] });
    await theirs.put('outbox', 'x', { id: 'x', lane: 'conversation c9' });
    await here().note({ contactId: 'bruno', conversationIds: ['c9'], addresses: [] }, true);
    await here().apply();
    assert.deepEqual([await own.count('var'), await theirs.count('var'), await theirs.count('outbox')], [0, 0, 0]);
    assert.deepEqual([await own.count('forgotten'), await theirs.count('forgotten')], [0, 2]);
  });

  it('what is written after it stays, whatever the clock of the store says', async () => {
    const hour = 3_600_000;
    await own.put('var', 'before', 1, { tags: ['p:ana'] });
    await there('key', hour).note(ana, false);
    // The clock tells milliseconds.
    for (const noted = Date.now(); Date.now() <= noted; );
    await own.put('var', 'after', 1, { tags: ['p:ana'] });
    await here('key', hour).apply();
    assert.deepEqual(
      (await own.list('var')).map(({ key }) => key),
      ['after'],
    );
  });

  it('the store does not tell their number, not even to somebody who tries them all', async () => {
    await there().note(ana, false);
    const everything = JSON.stringify([await theirs.list('forgotten'), await theirs.list('account')]);
    assert.ok(!everything.includes('900000001'), everything);
    const { value } = (await theirs.get<{ addresses: string[] }>('forgotten', 'ana')) ?? assert.fail();
    const stored = (await theirs.list('account')).map((entry) => String(entry.value));
    const guesses = ['', 'key', ...stored].flatMap((key) =>
      [key, Buffer.from(key, 'base64')].flatMap((one) =>
        ['+5511900000001', '5511900000001'].map((number) => createHmac('sha256', one).update(number).digest('hex')),
      ),
    );
    const plain = ['+5511900000001', '5511900000001'].map((number) =>
      createHash('sha256').update(number).digest('hex'),
    );
    for (const guess of [...guesses, ...plain]) assert.ok(!value.addresses.includes(guess));
  });

  for (const [what, credential] of Object.entries({ 'after it as well': 'new', 'before it': 'old' })) {
    it(`who is forgotten after the account got another key is known to one that comes back ${what}`, async () => {
      await Promise.all([here('old').learn(), there('old').learn()]);
      way.cut();
      await own.put('held', 'x', { id: 'x', ...job('1', toAna) });
      await there('new').note(ana, false);
      way.mend();
      await connections[0]?.ready();
      await here(credential).apply();
      assert.equal(await own.count('held'), 0);
    });
  }

  it('by one that was alone from the first is known to all when it meets them', async () => {
    await theirs.put('outbox', 'x', { id: 'x', ...job('1', toAna) });
    await there().learn();
    await here().note(ana, true);
    await here().apply();
    assert.equal(await theirs.count('outbox'), 0);
  });

  it('the outbox of a single instance forgets them as well', async () => {
    await own.put('outbox', 'a', { id: 'a', ...job('1', { contactId: 'ana' }) });
    await own.put('outbox', 'b', { id: 'b', ...job('2', { contactId: 'bruno' }), conversationId: 'c1' });
    await own.put('outbox', 'c', { id: 'c', ...job('3', { contactId: 'bruno' }) });
    assert.deepEqual((await forgetIn(own, ana)).deleted, { outbox: 2 });
    assert.equal(await own.count('outbox'), 1);
  });
});
