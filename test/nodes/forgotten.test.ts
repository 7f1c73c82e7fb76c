import { strict as assert } from 'node:assert';
import { type AccountLedger, createLedger, SharedLedger } from '../../lib/ledger';
import { HeldJobs, leaveTo, type OutboxJob } from '../../lib/outbox';
import { keyOf, type Recipient } from '../../lib/sending';
import { StoreConnection } from '../../lib/shared/connection';
import { applyForgotten, digestOfAddress, forgetIn, noteForgotten } from '../../nodes/kit/account/forgotten';
import { StoreServer, storeServerPath } from '../support/store';
import { TcpGate } from '../support/tcp-gate';

const ana = { contactId: 'ana', conversationIds: ['c1'], addresses: [digestOfAddress('+55 11 90000-0001')] };

describe('a person who is forgotten while an instance is cut off the store', () => {
  let server: StoreServer;
  let way: TcpGate;
  let own: AccountLedger;
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
    [ours, theirs] = (await Promise.all([way.port, server.port].map(ledgerAt))) as [SharedLedger, SharedLedger];
  });
  afterEach(async () => {
    for (const one of [ours, theirs, own]) await one.close();
    for (const connection of connections.splice(0)) connection.close();
  });

  async function ledgerAt(port: number): Promise<SharedLedger> {
    const connection = await StoreConnection.open({ url: `redis://127.0.0.1:${port}`, prefix: `forgotten${tests}` });
    connections.push(connection);
    await connection.ready();
    return new SharedLedger({ connect: async () => connection, keepDays: 1 });
  }
  const job = (work: string, to: Recipient) => ({ nodeId: 'node', lane: keyOf(to), work, carried: {}, dropped: [] });

  it('no message to them leaves its disk, and all others do', async () => {
    let emptied = () => {};
    const held: HeldJobs = new HeldJobs({
      ...{ shared: ours, local: () => own, prepare: (local) => applyForgotten(local, ours), maxPending: 100 },
      onChange: () => held.pending() === 0 && emptied(),
      onProblem: (error) => assert.fail(error),
    });
    const store = (work: string, to: Recipient) => held.store(job(work, to), (one) => leaveTo(ours, one, 100));
    way.cut();
    await store('by conversation', { conversationId: 'c1' });
    await store('by contact', { contactId: 'ana', channelId: 'whatsapp' });
    await store('by number', { address: '+5511900000001', channelId: 'sms' });
    await store('to another', { conversationId: 'c2' });
    await store('to another contact', { contactId: 'anabel', channelId: 'whatsapp' });
    await noteForgotten(theirs, ana);
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

  it('nor comes back what it knew of them, and what it forgot by itself is forgotten by all', async () => {
    await own.put('var', 'color', 'blue', { tags: ['p:ana'] });
    await noteForgotten(theirs, ana);
    await theirs.put('var', 'size', 'xl', { tags: ['p:bruno'] });
    await theirs.put('outbox', 'x', { id: 'x', lane: 'conversation c9' });
    await noteForgotten(own, { contactId: 'bruno', conversationIds: ['c9'], addresses: [] });
    await applyForgotten(own, ours);
    assert.deepEqual([await own.count('var'), await theirs.count('var'), await theirs.count('outbox')], [0, 0, 0]);
    assert.deepEqual([await own.count('forgotten'), await theirs.count('forgotten')], [0, 2]);
  });

  it('the outbox of a single instance forgets them as well', async () => {
    await own.put('outbox', 'a', { id: 'a', ...job('1', { contactId: 'ana' }) });
    await own.put('outbox', 'b', { id: 'b', ...job('2', { contactId: 'bruno' }), conversationId: 'c1' });
    await own.put('outbox', 'c', { id: 'c', ...job('3', { contactId: 'bruno' }) });
    assert.deepEqual((await forgetIn(own, ana)).deleted, { outbox: 2 });
    assert.equal(await own.count('outbox'), 1);
  });
});
