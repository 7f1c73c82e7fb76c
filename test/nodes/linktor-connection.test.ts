import { strict as assert } from 'node:assert';
import linktor from '../../nodes';
import { type FlowNode, type Message, setUpFlows, shownBy, until } from '../support/flows';
import { mutatingNode, mutations } from '../support/mutating-node';

const every = ['connected', 'disconnected', 'reconnecting', 'unauthorized', 'rate_limited', 'health'];
const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-connection', config: 'account', states: every, wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
const words = (msgs: readonly Message[]) => msgs.map(({ payload }) => payload);
const facts = (msg: Message | undefined) => msg?.connection as Record<string, unknown>;

describe('linktor-connection', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;

  it('tells of every change of the connection, with how it is', async () => {
    const { probe } = await play(node(), { account: { reconnectInterval: 100 } });
    const first = await probe('out').first();
    assert.equal(first.payload, 'connected');
    assert.equal(first.topic, 'connection');
    const { state: name, since, attempts, subscriptions, counters, queue, rate } = facts(first);
    assert.deepEqual([name, attempts, subscriptions, queue], ['open', 0, 0, 0]);
    assert.ok(Math.abs(Date.parse(String(since)) - Date.now()) < 5000);
    assert.equal(typeof (counters as { frames: number }).frames, 'number');
    assert.deepEqual(rate, { waiting: 0 });
    await control('sockets/drop', { code: 1012 });
    const told = await probe('out').take(4);
    assert.deepEqual(words(told), ['connected', 'disconnected', 'reconnecting', 'connected']);
    assert.match(String(facts(told[1]).lastError), /1012/);
  });

  it('tells only what is ticked', async () => {
    const { probe } = await play(node({ states: ['disconnected'] }), { account: { reconnectInterval: 100 } });
    const { total } = (await until(state, ({ sockets }) => sockets.open === 1)).sockets;
    for (const count of [1, 2]) {
      await control('sockets/drop', { code: 1012 });
      await until(state, ({ sockets }) => sockets.open === 1 && sockets.total === total + count);
      await probe('out').take(count);
    }
    assert.deepEqual(words(probe('out').all), ['disconnected', 'disconnected']);
  });

  it('tells that it is not let in', async () => {
    const { probe } = await play(node(), { apiKey: 'wrong' });
    const msg = await probe('out').first();
    assert.equal(msg.payload, 'unauthorized');
    assert.equal(facts(msg).state, 'refused');
  });

  it('lets go of the connection and takes it up again when asked', async () => {
    const { probe, node: get, completed } = await play(node());
    await probe('out').take(1);
    get('node').receive({ action: 'disconnect' });
    await until(state, ({ sockets }) => sockets.open === 0);
    const [, gone] = await probe('out').take(2);
    assert.deepEqual([gone?.payload, facts(gone).state], ['disconnected', 'paused']);
    await until(
      async () => shownBy(get('node')).at(-1),
      (text) => text === 'linktor.status.paused',
    );
    get('node').receive({ action: 'connect' });
    await until(state, ({ sockets }) => sockets.open === 1);
    await probe('out').take(3);
    get('node').receive({ action: 'reconnect' });
    assert.deepEqual(words(await probe('out').take(5)), [
      'connected',
      'disconnected',
      'connected',
      'disconnected',
      'connected',
    ]);
    await completed.take(3);
  });

  it('answers how the connection is, and keeps what the question holds', async () => {
    const { probe, node: get } = await play(node({ states: [] }));
    await until(state, ({ sockets }) => sockets.open === 1);
    await until(
      async () => shownBy(get('node')).at(-1),
      (text) => text === 'linktor.status.connected',
    );
    get('node').receive({ topic: 'mine', kept: true });
    get('node').receive({ action: 'whoami' });
    get('node').receive({ action: 'health' });
    const all = await probe('out').take(3);
    const found = (payload: unknown) => all.find((msg) => msg.payload === payload);
    assert.deepEqual([found('connected')?.topic, found('connected')?.kept], ['mine', true]);
    const healthy = facts(found('healthy')).rest as { ok: boolean; latency: number };
    assert.equal(healthy.ok, true);
    assert.ok(healthy.latency >= 0);
    const who = all.find(({ payload }) => typeof payload === 'object')?.payload as Record<string, { id: string }>;
    assert.ok(who.user?.id && who.tenant?.id);
  });

  it('knows how well the server is, whatever flows do with its answers', async () => {
    const { probe, node: get } = await play(
      [...node({ states: [], wires: [['mutate']] }), { id: 'mutate', type: 'mutate', wires: [['out']] }],
      { load: [linktor, mutatingNode] },
    );
    get('node').receive({ action: 'health' });
    await probe('out').take(1);
    get('node').receive({});
    const [, later] = await probe('out').take(2);
    assert.deepEqual(new Set(mutations(later as Message)), new Set([1]));
  });

  it('refuses what it cannot do', async () => {
    const { probe, node: get, caught } = await play(node({ states: [] }));
    await until(state, ({ sockets }) => sockets.open === 1);
    get('node').receive({ action: 'dance' });
    const { error } = await caught.first();
    assert.equal(error?.code, 'validation');
    assert.match(error?.message ?? '', /reconnect/);
    assert.equal(probe('out').all.length, 0);
  });

  it('gives a failed question to Catch', async () => {
    const { node: get, caught } = await play(node({ states: [] }), { account: { maxRetries: 0 } });
    await until(state, ({ sockets }) => sockets.open === 1);
    await control('fail', { count: 1, status: 500, path: '/auth/me' });
    get('node').receive({ action: 'whoami' });
    assert.equal((await caught.first()).error?.code, 'server');
  });

  it('looks after the health of the server by itself, and tells when it changes', async () => {
    const {
      probe,
      caught,
      node: get,
    } = await play(node({ states: ['health'], healthEvery: 0.2 }), {
      account: { maxRetries: 0 },
    });
    const asked = async () => (await state()).requests.filter(({ path }) => path === '/auth/me').length;
    await until(asked, (count) => count > 1);
    assert.equal(probe('out').all.length, 0);
    await control('fail', { count: 2, status: 503, path: '/auth/me' });
    const [ill, well] = await probe('out').take(2);
    assert.deepEqual([ill?.payload, well?.payload], ['unhealthy', 'healthy']);
    assert.equal((facts(ill).rest as { error: { code: string } }).error.code, 'server');
    assert.equal(caught.all.length, 0);
    await until(
      async () => shownBy(get('node')).at(-1),
      (text) => text === 'linktor.status.connected',
    );
  });

  it('tells once that the server takes no more calls', async () => {
    const { probe, node: get } = await play(node({ states: ['rate_limited'] }));
    await until(state, ({ sockets }) => sockets.open === 1);
    await control('limit', { perMinute: 1, windowMs: 60_000 });
    for (const action of ['health', 'health', 'health']) get('node').receive({ action });
    const limited = (await probe('out').take()).filter(({ payload }) => payload === 'rate_limited');
    assert.equal(limited.length, 1);
    assert.equal(typeof (facts(limited[0]).rate as { resetAt: number }).resetAt, 'number');
  });
});
