import { strict as assert } from 'node:assert';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startSandbox } from '../../sandbox';
import { Red, removeFolder, Shop, temporaryFolder, until } from '../support/red';

const size = 200;
const deploys = 50;
const place = { z: 'tab', x: 100, y: 100 };

/** Looks at Node-RED from the inside: what it holds on to, and what reaches its own node. */
const spy = `
require('node:v8').setFlagsFromString('--expose-gc');
const gc = require('node:vm').runInNewContext('gc');
const warnings = [];
process.on('warning', ({ message }) => warnings.push(message));
const count = (names) => names.reduce((sum, name) => ({ ...sum, [name]: (sum[name] ?? 0) + 1 }), {});
const listeners = (of) => Object.fromEntries(of.eventNames().map((name) => [String(name), of.listenerCount(name)]));
module.exports = (RED) => {
  const heard = {};
  const refs = [];
  RED.httpAdmin.get('/spy', (request, response) => {
    const account = RED.nodes.getNode('account');
    response.json({
      heard, warnings,
      resources: count(process.getActiveResourcesInfo()),
      listeners: { process: listeners(process), events: listeners(RED.events), account: account ? listeners(account) : {} },
    });
  });
  RED.httpAdmin.post('/spy/watch', (request, response) => {
    refs.length = 0;
    RED.nodes.eachNode(({ id, type }) => type.startsWith('linktor-') && refs.push(new WeakRef(RED.nodes.getNode(id))));
    response.json({ watched: refs.length });
  });
  RED.httpAdmin.get('/spy/alive', (request, response) => {
    gc();
    response.json({ alive: refs.map((ref) => ref.deref()).filter(Boolean).map(({ id }) => id) });
  });
  RED.nodes.registerType('spy', function (config) {
    RED.nodes.createNode(this, config);
    this.on('input', ({ payload }) => { heard[payload] = (heard[payload] ?? 0) + 1; });
  });
};`;

interface Sight {
  heard: Record<string, number>;
  warnings: string[];
  resources: Record<string, number>;
  listeners: Record<string, Record<string, number>>;
}

describe('two hundred nodes on one account, in a real Node-RED', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let red: Red;
  let shop: Shop;

  before(async () => {
    sandbox = await startSandbox();
    shop = new Shop(sandbox.url);
    const nodesDir = path.join(folder, 'nodes');
    mkdirSync(nodesDir);
    writeFileSync(path.join(nodesDir, 'spy.js'), spy);
    writeFileSync(path.join(nodesDir, 'spy.html'), '');
    red = await Red.start({ settings: { nodesDir } });
    await red.deploy(flow({ credentials: { apiKey: 'sandbox-key' } }));
    await listening();
  });
  after(async () => {
    await red.stop();
    await sandbox.close();
    removeFolder(folder);
  });

  const trigger = (index: number, name = '') => {
    const type = index % 4 === 0 ? 'linktor-message-in' : 'linktor-send';
    return { id: `node${index}`, type, ...place, name, config: 'account', wires: [['spy']] };
  };
  /** As the editor deploys it: credentials only when they are new. */
  function flow(account: object = {}, name = '', users = size): object[] {
    return [
      { id: 'tab', type: 'tab' },
      { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, ...account },
      ...Array.from({ length: users }, (_, index) => trigger(index, index % 2 === 0 ? name : '')),
      { id: 'spy', type: 'spy', ...place },
    ];
  }
  const triggers = size / 4;

  async function deployChanged(nodes: object[]): Promise<void> {
    const starts = () => red.output.split('Started modified nodes').length;
    const before = starts();
    const { status, text } = await red.ask('POST', '/flows', nodes, { 'Node-RED-Deployment-Type': 'nodes' });
    assert.ok(status < 300, text);
    await until('the changed nodes to start', () => starts() > before);
  }
  const look = async (): Promise<Sight> => (await red.ask('GET', '/spy')).json;
  const sockets = async (): Promise<{ open: number; total: number; subscriptions: number }> =>
    (await shop.ask('GET', '/_sandbox/state')).json.sockets;
  const listening = () => until('a flow that listens', async () => (await sockets()).subscriptions > 1);

  /** Every trigger hears of it once, and nobody else does. */
  async function assertHeardOnce(text: string): Promise<void> {
    await shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text });
    await until(`all to hear ${text}`, async () => ((await look()).heard[text] ?? 0) >= triggers);
    // What comes twice would come before what is written now.
    await shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text: `${text}, over` });
    await until('all to hear the end', async () => ((await look()).heard[`${text}, over`] ?? 0) >= triggers);
    assert.equal((await look()).heard[text], triggers);
  }

  it('open one socket, and all of them hear', async () => {
    await assertHeardOnce('one');
    const { open, total } = await sockets();
    assert.deepEqual([open, total], [1, 1]);
    assert.deepEqual((await look()).warnings, []);
  });

  it('keep it over deploys of changed nodes, of which nothing stays behind', async () => {
    const before = await look();
    for (let turn = 0; turn < 5; turn++) {
      // Read before: the watched ones are gone when the next turn begins.
      await red.ask('POST', '/spy/watch');
      await deployChanged(flow({}, `changed ${turn}`));
    }
    await assertHeardOnce('two');
    const { open, total } = await sockets();
    assert.deepEqual([open, total], [1, 1]);
    const kept = ['account', ...Array.from({ length: size / 2 }, (_, index) => `node${index * 2 + 1}`)].sort();
    await until('the replaced nodes to be forgotten', async () => {
      const { alive } = (await red.ask('GET', '/spy/alive')).json as { alive: string[] };
      return alive.length <= kept.length;
    });
    const { alive } = (await red.ask('GET', '/spy/alive')).json as { alive: string[] };
    assert.deepEqual(alive.sort(), kept);
    const { listeners, warnings } = await look();
    assert.deepEqual([listeners, warnings], [before.listeners, []]);
  });

  it(`leave no socket, timer or listener behind in ${deploys} full deploys`, async () => {
    const before = await look();
    for (let turn = 0; turn < deploys; turn++) await red.deploy(flow({}, `full ${turn}`));
    await listening();
    await assertHeardOnce('three');
    assert.equal((await sockets()).open, 1);
    // Some timers are on their way out: those of a status, of a socket that is being closed.
    const grown = async () => {
      const { resources } = await look();
      return Object.entries(resources).filter(([name, count]) => count > (before.resources[name] ?? 0));
    };
    await until('the resources to be as before', async () => (await grown()).length === 0).catch(async () => {
      assert.deepEqual(await grown(), [], JSON.stringify(before.resources));
    });
    const { listeners, warnings } = await look();
    assert.deepEqual([listeners, warnings], [before.listeners, []]);
  });

  it('close it when the last trigger goes', async () => {
    await deployChanged(flow({}, 'last', 0));
    await until('the socket to close', async () => (await sockets()).open === 0);
  });
});
