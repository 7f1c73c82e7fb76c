import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import type { Report } from '../../nodes/sidebar/types';
import { Cluster, noting, webhookSecret } from '../support/cluster';
import { until } from '../support/red';
import { storeServerPath } from '../support/store';

const names = ['A', 'B'];

const flow = [
  { id: 'in', type: 'linktor-message-in', conversations: 'all', wires: [['said']] },
  noting('said', `{ what: 'said', text: msg.payload, conversationId: msg.conversationId }`),
  { id: 'hook', type: 'linktor-webhook-in', path: '/hook', feedBus: false, wires: [['hooked']] },
  noting('hooked', `{ what: 'hooked', text: msg.event.id }`),
  { id: 'connection', type: 'linktor-connection', states: ['connected', 'disconnected'], wires: [['told']] },
  noting('told', `{ what: 'told', text: msg.payload + (msg.connection.alone ? ' alone' : '') }`),
  { id: 'keep', type: 'inject', props: [], wires: [['context']] },
  {
    ...{ id: 'context', type: 'linktor-context', operation: 'set', scope: 'account', wires: [['kept']] },
    ...{ key: 'greeting', keyType: 'str' },
  },
  noting('kept', `{ what: 'kept', text: '' }`),
];

for (const listening of ['one', 'all']) {
  describe(`instances that work alone while the store is away (listening: ${listening})`, function () {
    this.timeout(90_000);
    let cluster: Cluster;

    before(async function () {
      const storeProgram = await storeServerPath();
      if (!storeProgram) return this.skip();
      cluster = await Cluster.start({ names, storeProgram, flow, account: { listening, ifDown: 'alone' } });
      await until('both to be there', async () => (await standing('B')).startsWith('st') || listening === 'all');
    });
    after(() => cluster?.end());

    const sockets = async () => (await cluster.shop.ask('GET', '/_sandbox/state')).json.sockets.open as number;
    const says = (text: string) => cluster.shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text });
    const heard = (text: string) =>
      cluster
        .notes('said')
        .filter((note) => note.text === text)
        .map(({ at }) => at)
        .sort();
    /** what the sidebar says of an instance */
    async function standing(name: string): Promise<string> {
      const [account] = ((await cluster.red(name).ask('GET', '/linktor/accounts')).json as Report).accounts;
      return account?.alone ? 'alone' : account?.leads ? 'leads' : String(account?.state);
    }
    const isSo = async (wanted: string) => (await Promise.all(names.map(standing))).sort().join() === wanted;
    function deliver(name: string, id: string): Promise<Response> {
      const body = JSON.stringify({ id, type: 'message.received', timestamp: new Date().toISOString(), data: {} });
      const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
      const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
      return fetch(`${cluster.red(name).url}/hook`, { method: 'POST', headers, body });
    }

    it('each hears and does everything by itself, and says so', async () => {
      await says('before');
      await until('it', () => heard('before').length === 1);
      await cluster.store.down();
      await until('both to work alone', () => isSo('alone,alone'), 20);
      await until('two sockets', async () => (await sockets()) === 2);
      // A conversation that an instance has not seen yet has no news for it.
      await until('both to know the conversation', async () => {
        await says('known');
        return new Set(heard('known')).size === 2;
      });
      await says('meanwhile');
      await until('both to hear it', () => heard('meanwhile').length === 2);
      assert.deepEqual(heard('meanwhile'), names);
      const told = cluster.notes('told').filter(({ text }) => text === 'connected alone');
      assert.deepEqual(told.map(({ at }) => at).sort(), names);
      assert.equal((await deliver('A', 'evt-1')).status, 200);
      assert.equal((await deliver('A', 'evt-1')).status, 200);
      await until('the webhook', () => cluster.notes('hooked').length > 0);
      await cluster.red('B').inject('keep', { payload: 'hello' });
      await until('it to be kept', () => cluster.notes('kept').length > 0);
    });

    it('when the store is back they are together again, and nothing is told once more', async () => {
      await cluster.store.up();
      await until('one to lead', () => isSo(listening === 'all' ? 'leads,sharing' : 'leads,standby'), 25);
      await until('one socket', async () => (await sockets()) === 1);
      assert.equal((await deliver('B', 'evt-1')).status, 200);
      await says('after');
      await until('it', () => heard('after').length > 0, 20);
      assert.deepEqual([heard('before').length, heard('meanwhile').length, heard('after').length], [1, 2, 1]);
      assert.equal(cluster.notes('hooked').length, 1);
    });
  });
}
