import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import type { ClusterFacts, Report } from '../../nodes/sidebar/types';
import { type Sandbox, startSandbox } from '../../sandbox';
import { Listener, linkPackage, Red, removeFolder, Shop, temporaryFolder, until } from '../support/red';
import { StoreServer, storeServerPath } from '../support/store';

const secret = 'sandbox-secret';
const place = { z: 'tab', x: 100, y: 100 };
/** the clock of a Node-RED is an hour behind */
const anHourBehind = `
  const Right = Date;
  const now = () => Right.now() - 3_600_000;
  globalThis.Date = class Date extends Right {
    constructor(...given) { given.length > 0 ? super(...given) : super(now()); }
    static now() { return now(); }
  };`;
/** a flow can ask which files of ours Node-RED has read */
const tellsFiles = 'module.exports.functionGlobalContext = { files: () => Object.keys(require.cache) };';

/** The same flow for all instances; what happens is told to a listener outside, with the name of the instance. */
function flowFor(name: string, sandbox: Sandbox, listener: Listener, store: StoreServer): object[] {
  const tell = (id: string) => [
    {
      id,
      type: 'function',
      ...place,
      func: `msg.payload = { at: '${name}', text: msg.payload }; return msg;`,
      wires: [[`${id}_out`]],
    },
    {
      id: `${id}_out`,
      type: 'http request',
      ...place,
      method: 'POST',
      url: `${listener.url}/${id}`,
      ret: 'txt',
      wires: [[]],
    },
  ];
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      ...{ id: 'account', type: 'linktor-config', baseUrl: sandbox.url, signIn: 'apiKey' },
      ...{ instances: 'several', redisUrl: store.url, instanceName: name, outbox: 'durable', discoverInterval: 1 },
      credentials: { apiKey: 'sandbox-key', webhookSecret: secret },
    },
    {
      id: 'in',
      type: 'linktor-message-in',
      ...place,
      config: 'account',
      conversations: 'all',
      wires: [['said', 'choice']],
    },
    {
      id: 'hook',
      type: 'linktor-webhook-in',
      ...place,
      config: 'account',
      path: '/hook',
      feedBus: false,
      wires: [['id']],
    },
    { id: 'id', type: 'function', ...place, func: 'msg.payload = msg.event.id; return msg;', wires: [['hooked']] },
    { id: 'inject', type: 'inject', ...place, props: [], wires: [['send']] },
    { id: 'send', type: 'linktor-send', ...place, config: 'account', wires: [['sent']] },
    { id: 'asking', type: 'inject', ...place, props: [], wires: [['ask']] },
    {
      ...{ id: 'ask', type: 'linktor-ask', ...place, config: 'account', kind: 'number' },
      ...{ question: 'How many?', questionType: 'str', wires: [['answer'], [], []] },
    },
    { id: 'offering', type: 'inject', ...place, props: [], wires: [['offer']] },
    {
      ...{ id: 'offer', type: 'linktor-send', ...place, config: 'account', kind: 'buttons', wires: [['offered']] },
      ...{ text: 'What can we do?', textType: 'str', buttonsType: 'json' },
      buttons: '[{"id":"a","title":"Shipping"},{"id":"b","title":"Returns"}]',
    },
    {
      ...{ id: 'choice', type: 'function', ...place, wires: [['chosen']] },
      func: 'msg.payload = msg.choice?.title; return msg.payload && msg;',
    },
    ...['said', 'hooked', 'sent', 'answer', 'offered', 'chosen'].flatMap(tell),
  ];
}

describe('several instances', function () {
  this.timeout(120_000);
  let store: StoreServer;
  let sandbox: Sandbox;
  let listener: Listener;
  let shop: Shop;
  const instances = new Map<string, { red: Red; userDir: string }>();

  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    store = await StoreServer.start(file);
    sandbox = await startSandbox();
    listener = await Listener.open();
    shop = new Shop(sandbox.url);
    for (const name of ['A', 'B']) {
      const userDir = temporaryFolder();
      linkPackage(userDir);
      const red = await Red.start({ userDir, code: name === 'A' ? tellsFiles : tellsFiles + anHourBehind });
      instances.set(name, { red, userDir });
      await red.deploy(flowFor(name, sandbox, listener, store));
      if (name === 'A') await leads('A');
    }
    await until('B to know', () => redOf('B').output.includes('standby: A leads'));
    await until('the socket', async () => (await sockets()) === 1);
  });

  after(async () => {
    for (const { red, userDir } of instances.values()) {
      await red.program.end('SIGKILL');
      removeFolder(userDir);
    }
    await listener?.close();
    await sandbox?.close();
    await store?.close();
  });

  const redOf = (name: string) => (instances.get(name) as { red: Red }).red;
  const heard = (what: string) =>
    listener.heard.flatMap((one) => (one.path === `/${what}` ? [one.json as { at: string; text: string }] : []));
  const texts = (what: string, begin: string) =>
    heard(what)
      .map(({ text }) => String(text))
      .filter((text) => text.startsWith(begin));
  const state = async () => (await shop.ask('GET', '/_sandbox/state')).json;
  const sockets = async () => (await state()).sockets.open as number;
  const says = (text: string, conversationId = 'conv_ana') =>
    shop.ask('POST', '/_sandbox/messages', { conversationId, text });
  const leads = (name: string) =>
    until(`${name} to lead`, () => /(\w) leads(?![\s\S]*(?:standby|leads))/.exec(redOf(name).output)?.[1] === name, 30);

  async function restart(name: string): Promise<void> {
    const { userDir } = instances.get(name) as { userDir: string };
    instances.set(name, { red: await Red.start({ userDir }), userDir });
  }

  function deliver(name: string, id: string): Promise<Response> {
    const body = JSON.stringify({ id, type: 'message.received', timestamp: new Date().toISOString(), data: {} });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
    return fetch(`${redOf(name).url}/hook`, { method: 'POST', headers, body });
  }

  it('the driver of the store is read by accounts with several instances, and by no others', async () => {
    const [several] = flowFor('C', sandbox, listener, store).slice(1) as Record<string, unknown>[];
    const one = { ...several, instances: 'one', outbox: 'memory' };
    const looks = (id: string) => [
      { id: `${id}_look`, type: 'inject', ...place, props: [], wires: [[id]] },
      {
        id,
        type: 'function',
        ...place,
        func: "msg.payload = global.get('files')().join(); return msg;",
        wires: [[`${id}_out`]],
      },
      {
        id: `${id}_out`,
        type: 'http request',
        ...place,
        method: 'POST',
        url: `${listener.url}/${id}`,
        ret: 'txt',
        wires: [[]],
      },
    ];
    const uses = [
      { id: 'in', type: 'linktor-message-in', ...place, config: 'account', conversations: 'all', wires: [[]] },
    ];
    const red = await Red.start({ code: tellsFiles });
    try {
      const read = async (account: object, id: string) => {
        const before = red.output.length;
        await red.deploy([{ id: 'tab', type: 'tab' }, account, ...uses, ...looks(id)]);
        await until('the connection', async () => red.output.slice(before).includes('realtime connected'));
        await red.inject(`${id}_look`, {});
        await until('the files', () => listener.heard.some(({ path }) => path === `/${id}`));
        return listener.heard.find(({ path }) => path === `/${id}`)?.text.includes('on-demand/ioredis.js');
      };
      assert.equal(await read(one, 'files_one'), false);
      assert.equal(await read({ ...several, keyPrefix: 'another' }, 'files_several'), true);
    } finally {
      await red.stop();
    }
  });

  it('the test of the connection says what the store is', async () => {
    const body = { baseUrl: sandbox.url, signIn: 'apiKey', apiKey: 'sandbox-key' };
    const { json } = await redOf('A').ask('POST', '/linktor/account/test', body);
    const found = json.findings.filter(({ what }: { what: string }) => what.startsWith('store'));
    assert.deepEqual(
      found.map(({ what, ok }: { what: string; ok: boolean }) => [what, ok]),
      [['store', true]],
    );
    assert.match(found[0].facts.version, /^\d+\./);
  });

  it('one listens, and what is said comes out once', async () => {
    for (let index = 1; index <= 5; index++) await says(`one-${index}`);
    await until('all to come', () => texts('said', 'one-').length >= 5);
    assert.deepEqual(
      texts('said', 'one-'),
      [1, 2, 3, 4, 5].map((index) => `one-${index}`),
    );
    assert.deepEqual([...new Set(heard('said').map(({ at }) => at))], ['A']);
    assert.equal(await sockets(), 1);
  });

  it('of many webhooks at both each is taken once', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `evt-${index}`);
    const deliveries = ids.flatMap((id, index) =>
      index % 3
        ? [[id, 'AB'[index % 2]]]
        : [
            [id, 'A'],
            [id, 'B'],
          ],
    );
    const statuses = await Promise.all(
      deliveries.map(async ([id = '', name = '']) => {
        for (;;) {
          const { status } = await deliver(name, id);
          if (status !== 503) return status;
        }
      }),
    );
    assert.deepEqual([...new Set(statuses)], [200]);
    await until('all to come', () => texts('hooked', 'evt-').length >= ids.length);
    assert.deepEqual(texts('hooked', 'evt-').sort(), [...ids].sort());
  });

  it('what one that does not lead stores is sent by the one that leads', async () => {
    await redOf('B').inject('inject', { conversationId: 'conv_ana', payload: 'from B' });
    await until('the output', () => texts('sent', 'from B').length > 0);
    const { sends } = await state();
    assert.equal(sends.filter(({ text }: { text: string }) => text === 'from B').length, 1);
  });

  it('a question of one that does not lead is answered', async () => {
    await redOf('B').inject('asking', { conversationId: 'conv_bruno' });
    await until('the question', async () =>
      (await state()).sends.some(({ text }: { text: string }) => text === 'How many?'),
    );
    await says('7', 'conv_bruno');
    await until('the answer', () => heard('answer').length > 0);
    assert.deepEqual(
      heard('answer').map(({ text }) => String(text)),
      ['7'],
    );
  });

  it('a question of one takes the place of that of another, and after its answer none is open anywhere', async () => {
    const asked = async () =>
      (await state()).sends.filter(({ text }: { text: string }) => text === 'How many?').length as number;
    const before = await asked();
    const answers = heard('answer').length;
    for (const [index, name] of ['A', 'B'].entries()) {
      await redOf(name).inject('asking', { conversationId: 'conv_bruno' });
      await until(`the question of ${name}`, async () => (await asked()) === before + index + 1);
    }
    await says('8', 'conv_bruno');
    await until('the answer', () => heard('answer').length > answers);
    assert.equal(heard('answer').length, answers + 1);
    for (const name of ['A', 'B']) {
      await until(`${name} to wait for nothing`, async () => {
        const { json } = await redOf(name).ask('GET', '/linktor/accounts?watch=account');
        return (json as Report).waitingInAll === 0;
      });
    }
  });

  /** What the sidebar of an instance shows. */
  async function seenBy(name: string): Promise<ClusterFacts> {
    const { json } = await redOf(name).ask('GET', '/linktor/accounts?watch=account');
    return (json as Report).cluster as ClusterFacts;
  }
  const act = async (name: string, action: string) =>
    (await redOf(name).ask('POST', '/linktor/account/instances', { action })).json as { ok: boolean; code?: string };
  const marks = async (name: string) =>
    (await seenBy(name)).instances.map((one) => [
      one.name,
      Object.entries(one).flatMap(([mark, value]) => (value === true ? [mark] : [])),
    ]);
  const see = (name: string, wanted: [string, string[]][]) =>
    until(`${name} to see ${JSON.stringify(wanted)}`, async () =>
      JSON.stringify(await marks(name)) === JSON.stringify(wanted) ? true : undefined,
    );

  it('the sidebar of each knows all of them, since when they are there, and who leads', async () => {
    await see('A', [
      ['A', ['isSelf', 'leads']],
      ['B', []],
    ]);
    await see('B', [
      ['A', ['leads']],
      ['B', ['isSelf']],
    ]);
    const { instances: all, instancesInAll, outbox } = await seenBy('B');
    assert.deepEqual([instancesInAll, outbox], [2, 0]);
    const [a, b] = all.map(({ since }) => since) as [number, number];
    assert.ok(a < b && b <= Date.now(), `${a} ${b}`);
  });

  it('the one that leads hands over within 2 s, when it is told to', async () => {
    assert.equal((await act('B', 'handOver')).code, 'not_found');
    assert.equal((await act('A', 'nonsense')).code, 'validation');
    const began = Date.now();
    assert.equal((await act('A', 'handOver')).ok, true);
    await leads('B');
    const took = Date.now() - began;
    console.log(`        takeover after a hand-over: ${took} ms`);
    assert.ok(took <= 2000, `${took} ms`);
    await says('handed-1');
    await until('it', () => texts('said', 'handed-').length > 0);
    assert.deepEqual(
      heard('said').filter(({ text }) => String(text).startsWith('handed-')),
      [{ at: 'B', text: 'handed-1' }],
    );
  });

  it('one that is drained leads no more, until it takes part again; the last one is not drained', async () => {
    assert.equal((await act('A', 'drain')).ok, true);
    await see('B', [
      ['A', ['isDraining']],
      ['B', ['isSelf', 'leads']],
    ]);
    for (const action of ['drain', 'handOver']) assert.equal((await act('B', action)).code, 'not_found');
    assert.equal((await act('A', 'join')).ok, true);
    await see('B', [
      ['A', []],
      ['B', ['isSelf', 'leads']],
    ]);
    assert.equal((await act('B', 'drain')).ok, true);
    await leads('A');
    assert.equal((await act('B', 'join')).ok, true);
    await see('A', [
      ['A', ['isSelf', 'leads']],
      ['B', []],
    ]);
    await until('one socket', async () => (await sockets()) === 1);
  });

  it('when the one that leads is killed another one leads within 20 s, and nothing is lost or doubled', async () => {
    await says('kill-1');
    await until('it', () => texts('said', 'kill-1').length > 0);
    // With a durable outbox the one that leads sends it.
    await redOf('B').inject('offering', { conversationId: 'conv_ana', payload: 'offer' });
    await until('the offer', () => heard('offered').length > 0);
    await redOf('A').program.end('SIGKILL');
    const began = Date.now();
    for (let index = 2; index <= 6; index++) await says(`kill-${index}`);
    await leads('B');
    await until('what was missed', () => texts('said', 'kill-').length >= 6, 20);
    const took = Date.now() - began;
    // What was missed comes at once, and the requests that tell it here may overtake each other.
    assert.deepEqual(
      texts('said', 'kill-').sort(),
      [1, 2, 3, 4, 5, 6].map((index) => `kill-${index}`),
    );
    assert.ok(took <= 20_000, `${took} ms`);
    await until('one socket', async () => (await sockets()) === 1);
    console.log(`        takeover after SIGKILL: ${took} ms`);
    // What another one offered is chosen by its number.
    await says('2');
    await until('the choice', () => heard('chosen').length > 0);
    assert.deepEqual(heard('chosen'), [{ at: 'B', text: 'Returns' }]);
    await restart('A');
    await until('A to know', () => redOf('A').output.includes('standby: B leads'));
  });

  it('after a clean stop another one leads within 2 s', async () => {
    const { program } = redOf('B');
    program.child.kill('SIGINT');
    const began = Date.now();
    await leads('A');
    const took = Date.now() - began;
    console.log(`        takeover after a clean stop: ${took} ms`);
    assert.ok(took <= 2000, `${took} ms`);
    await program.ended;
    await says('stop-1');
    await until('it', () => texts('said', 'stop-1').length > 0);
    await restart('B');
    await until('B to know', () => redOf('B').output.includes('standby: A leads'));
  });

  it('one that stood still for 20 s says nothing any more, and closes its socket within 1 s', async () => {
    const { child } = redOf('A').program;
    child.kill('SIGSTOP');
    const stopped = Date.now();
    await leads('B');
    for (let index = 1; index <= 3; index++) await says(`still-${index}`);
    await until('them', () => texts('said', 'still-').length >= 3);
    await until('20 s to pass', () => Date.now() - stopped >= 20_000, 25);
    child.kill('SIGCONT');
    const continued = Date.now();
    await until('one socket', async () => (await sockets()) === 1, 1);
    console.log(`        one socket after SIGCONT: ${Date.now() - continued} ms`);
    await says('still-4');
    await until('it', () => texts('said', 'still-4').length > 0);
    const said = heard('said').filter(({ text }) => text.startsWith('still-'));
    assert.deepEqual(
      said.map(({ at, text }) => `${at} ${text}`),
      [1, 2, 3, 4].map((index) => `B still-${index}`),
    );
  });

  it('while the store is away nothing is taken that could be taken twice, and soon after nothing is lost', async () => {
    await store.down();
    // Nothing could note that it was delivered.
    await says('down-0');
    const { status, headers } = await deliver('A', 'evt-down');
    assert.deepEqual([status, headers.get('retry-after')], [503, '30']);
    await until('the socket to close', async () => (await sockets()) === 0, 3);
    await says('down-1');
    await store.up();
    const began = Date.now();
    await until('what was missed', () => texts('said', 'down-1').length > 0, 10);
    const took = Date.now() - began;
    console.log(`        back after the store's return: ${took} ms`);
    assert.ok(took <= 5000, `${took} ms`);
    assert.equal((await deliver('B', 'evt-down')).status, 200);
    await until('the webhook', () => texts('hooked', 'evt-down').length > 0);
    assert.deepEqual(texts('said', 'down-'), ['down-0', 'down-1']);
    assert.deepEqual([texts('hooked', 'evt-down').length, await sockets()], [1, 1]);
  });

  it('what was told while it could not be noted is known to the next one that leads', async () => {
    const [leader, other] = (await seenBy('A')).instances.some(({ isSelf, leads: own }) => isSelf && own)
      ? (['A', 'B'] as const)
      : (['B', 'A'] as const);
    await store.down();
    const texted = Array.from({ length: 60 }, (_, index) => `twice-${index + 1}`);
    for (const text of texted) await says(text);
    await store.up();
    // It is fetched now, and noted.
    await until('the first of them', () => texts('said', 'twice-').length > 0, 10);
    store.freeze();
    try {
      await until('the socket to close', async () => (await sockets()) === 0, 20);
    } finally {
      store.thaw();
    }
    await until('all of them', () => texts('said', 'twice-').length >= texted.length, 20);
    await until('one socket', async () => (await sockets()) === 1, 10);
    await redOf(leader).program.end('SIGKILL');
    await leads(other);
    await says('twice-61');
    await until('it', () => texts('said', 'twice-61').length > 0, 20);
    assert.deepEqual(texts('said', 'twice-'), [...texted, 'twice-61']);
  });
});
