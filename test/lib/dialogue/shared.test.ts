import { strict as assert } from 'node:assert';
import type { Dialogues } from '../../../lib/dialogue';
import { SharedLedger } from '../../../lib/ledger';
import { StoreConnection } from '../../../lib/shared/connection';
import { StoreServer, storeServerPath } from '../../support/store';
import { failing } from '../support';
import { dialoguesOn, question, says, sent, TestAsker } from './support';

// Several instances with the same flows: each has its nodes, and all have one ledger.
describe('a question that another instance has asked', () => {
  let server: StoreServer;
  let places = 0;
  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
  });
  after(() => server?.close());

  const connections: StoreConnection[] = [];
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
  });

  interface Instance {
    dialogues: Dialogues;
    asker: TestAsker;
    problems: unknown[];
  }

  async function instances(): Promise<[Instance, Instance]> {
    const prefix = `dialogues-${places++}`;
    const one = async (): Promise<Instance> => {
      const connect = async () => {
        const connection = await StoreConnection.open({ url: server.url, prefix });
        connections.push(connection);
        return connection;
      };
      const problems: unknown[] = [];
      const dialogues = dialoguesOn(new SharedLedger({ connect, keepDays: 30 }), problems);
      await dialogues.load();
      const asker = new TestAsker();
      dialogues.register('node', asker);
      return { dialogues, asker, problems };
    };
    return [await one(), await one()];
  }

  it('is replaced by a new one here, which says so here', async () => {
    const [there, here] = await instances();
    const first = question();
    await there.dialogues.ask(first, 'replace', sent);
    const second = question();
    await here.dialogues.ask(second, 'replace', sent);
    const { dialogue, ending } = await here.asker.ended_.first();
    assert.deepEqual([dialogue.id, ending], [first.id, { kind: 'ended', reason: 'replaced' }]);
    assert.deepEqual(
      (await there.dialogues.list()).map(({ id }) => id),
      [second.id],
    );
  });

  it('is ended from here', async () => {
    const [there, here] = await instances();
    const asked = question();
    await there.dialogues.ask(asked, 'replace', sent);
    assert.equal(await here.dialogues.end(asked.id, 'closed'), true);
    assert.equal((await here.asker.ended_.first()).dialogue.id, asked.id);
    assert.equal(await here.dialogues.end(asked.id, 'closed'), false);
  });

  it('is answered from here', async () => {
    const [there, here] = await instances();
    const asked = question();
    await there.dialogues.ask(asked, 'replace', sent);
    assert.equal(await here.dialogues.answer(asked.id, says('yes')), true);
    assert.equal((await here.asker.ended_.first()).ending.kind, 'answered');
  });

  it('refuses a second one here', async () => {
    const [there, here] = await instances();
    await there.dialogues.ask(question(), 'replace', sent);
    assert.equal((await failing(here.dialogues.ask(question(), 'refuse', sent))).code, 'conflict');
  });

  it('lets the one that waits here begin when it ends there', async () => {
    const [there, here] = await instances();
    const asked = question();
    await there.dialogues.ask(asked, 'replace', sent);
    const second = question();
    const asking = here.dialogues.ask(second, 'queue', sent);
    await there.dialogues.end(asked.id, 'closed');
    await asking;
    assert.deepEqual(
      (await there.dialogues.list()).map(({ id }) => id),
      [second.id],
    );
  });

  it('is open no more here when it has been answered there', async () => {
    const [there, here] = await instances();
    const asked = question();
    await here.dialogues.ask(asked, 'replace', sent);
    assert.deepEqual(await there.dialogues.claim(says('yes')), { by: 'node', isTaken: true });
    await there.asker.ended_.first();
    await here.dialogues.refresh();
    assert.deepEqual([here.dialogues.size, here.dialogues.countOf('node')], [0, 0]);
  });
});
