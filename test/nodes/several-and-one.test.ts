import { strict as assert } from 'node:assert';
import { type AccountLedger, createLedger } from '../../lib/ledger';
import { comeBack } from '../../nodes/kit/account/come-back';
import { Instances } from '../../nodes/kit/account/instances';
import { StoreServer, storeServerPath } from '../support/store';

describe('an account that changes between one and several instances', () => {
  let server: StoreServer;
  let own: AccountLedger;
  let lines: string[];
  let keys = 0;
  const opened: Instances[] = [];

  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
  });
  beforeEach(() => {
    own = createLedger({ keepIn: 'memory', keepDays: 30 });
    lines = [];
    keys++;
  });
  afterEach(async () => {
    for (const instances of opened.splice(0)) await instances.close();
    await own.close();
  });
  after(() => server?.close());

  const log = { info: (text: string) => lines.push(text), warn: (text: string) => lines.push(text) };
  const settings = (instanceName: string) => ({
    ...{
      id: 'account',
      baseUrl: 'http://x',
      redisUrl: server.url,
      storePassword: '',
      credential: 'key',
      keepDays: 30,
      log,
    },
    ...{ keyPrefix: `change${keys}`, instanceName, listening: 'one' as const, ifDown: 'wait' as const },
  });

  async function leading(name: string, local = own): Promise<Instances> {
    const instances = new Instances({ ...settings(name), local: () => local });
    opened.push(instances);
    await new Promise<void>((resolve) => {
      instances.whenLeading(resolve);
      void instances.open();
    });
    return instances;
  }

  it('takes along what people rely on, before it leads, and brings it back', async () => {
    await own.put('ask', 'q', { text: 'how many?' }, { tags: ['c1'], due: 5e12 });
    await own.put('optout', 'ana', true);
    await own.put('var', 'n', 1);
    await own.put('seen', 's', 1);
    const several = await leading('one');
    const question = await several.ledger.get('ask', 'q');
    assert.deepEqual([question?.value, question?.due, question?.tags], [{ text: 'how many?' }, 5e12, ['c1']]);
    assert.deepEqual([await own.count('ask'), await own.count('optout'), await own.count('seen')], [0, 0, 1]);
    await several.ledger.put('var', 'n', 2);
    await several.close();
    await comeBack(own, settings('one'));
    assert.deepEqual([(await own.get('var', 'n'))?.value, (await own.get('ask', 'q'))?.tags], [2, ['c1']]);
    assert.ok(lines.includes('as one instance again: 3 records have been fetched from the store'), lines.join('\n'));
    // Once: what another account puts there later is not its own.
    lines.length = 0;
    await comeBack(own, settings('one'));
    assert.deepEqual(lines, []);
  });

  it('says which waiting messages have their files on this disk', async () => {
    const message = (file: object) => ({ id: 'x', work: { request: { message: { type: 'image', ...file } } } });
    await own.put('outbox', 'a', message({ file: { kept: 'f'.repeat(32) } }));
    await own.put('outbox', 'b', message({}));
    await own.put('outbox', 'c', { id: 'c', work: { request: { message: { raw: {} } } } });
    await leading('one');
    assert.deepEqual(
      lines.filter((line) => /disk/.test(line)),
      ['1 of the waiting messages have files on this disk: let this instance lead until they have left'],
    );
  });

  it('what lies in the store already stays as it is', async () => {
    const first = await leading('first', createLedger({ keepIn: 'memory', keepDays: 30 }));
    await first.ledger.put('var', 'n', 'theirs');
    await first.close();
    await own.put('var', 'n', 'ours');
    const second = await leading('second');
    assert.equal((await second.ledger.get('var', 'n'))?.value, 'theirs');
    assert.equal(await own.count('var'), 0);
  });

  it('leaves everything in the store while others share it', async () => {
    await (await leading('one')).close();
    const other = await leading('other', createLedger({ keepIn: 'memory', keepDays: 30 }));
    await other.ledger.put('var', 'n', 1);
    await comeBack(own, settings('one'), 1500);
    assert.equal(await own.count('var'), 0);
    assert.equal((await other.ledger.get('var', 'n'))?.value, 1);
    assert.ok(lines.some((line) => line.startsWith('other instances still share the store')));
  });

  it('messages held on the disk are not lost, and not doubled', async () => {
    const several = await leading('one');
    const once = { writer: 'w', number: 1 };
    await several.ledger.put('outbox', 'a', { id: 'a', origin: once }, { once });
    await several.ledger.delete('outbox', 'a');
    await own.put('held', 'a', { id: 'a', origin: once });
    await own.put('held', 'b', { id: 'b', origin: { writer: 'w', number: 2 } });
    await several.close();
    await comeBack(own, settings('one'));
    assert.deepEqual(
      (await own.list('outbox')).map(({ key }) => key),
      ['b'],
    );
    assert.equal(await own.count('held'), 0);
  });
});
