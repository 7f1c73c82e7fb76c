import { strict as assert } from 'node:assert';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import linktor from '../../nodes';
import type { AccountFigures } from '../../nodes/kit/account/figures';
import type { RED } from '../../nodes/kit/red';
import { type Served, serve } from '../lib/support';
import { type FlowNode, listening, type Message, setUpFlows } from '../support/flows';
import { root } from '../support/red';

const flow: FlowNode[] = [
  { id: 'asks', type: 'linktor-connection', config: 'account', states: [], wires: [['out']] },
  { id: 'out', type: 'probe' },
  { id: 'get', type: 'linktor-contact', config: 'account', operation: 'get', wires: [['got']] },
  { id: 'got', type: 'probe' },
  { id: 'send', type: 'linktor-send', config: 'account', wires: [['got']] },
  { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['heard']] },
  { id: 'heard', type: 'probe' },
];

/** A line of the text format: name, labels, value. */
interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The text format of Prometheus, read by its rules. */
function read(text: string): { samples: Sample[]; types: Map<string, string> } {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  assert.ok(text.endsWith('\n'));
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'TYPE') types.set(about, rest);
    if (kind !== undefined) continue;
    const [, name = '', inner = '', value = ''] = /^([a-z_:]+)\{(.*)\} (\S+)$/.exec(line) ?? assert.fail(line);
    const labels: Record<string, string> = {};
    for (const [, label = '', said = ''] of inner.matchAll(/([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g))
      labels[label] = said;
    samples.push({ name, labels, value: Number(value) });
  }
  return { samples, types };
}

describe('linktor-figures: what an account counts', () => {
  const set = setUpFlows();
  const { play, control, state } = set;

  async function figures(played: Awaited<ReturnType<typeof play>>, action: string): Promise<unknown> {
    const before = played.probe('out').all.length;
    played.node('asks').receive({ action });
    return ((await played.probe('out').take(before + 1))[before] as Message).payload;
  }

  it('are calls by what they came to, sent messages, failures and events', async () => {
    const played = await play(flow, { account: { maxRetries: 1 } });
    await listening({ state });
    played.node('get').receive({ contactId: 'ct_ana' });
    await played.probe('got').take(1);
    played.node('get').receive({ contactId: 'ct_nobody' });
    await played.caught.take(1);
    played.node('send').receive({ conversationId: 'conv_ana', payload: 'Hi' });
    await played.probe('got').take(2);
    await control('messages', { conversationId: 'conv_ana', text: 'My number is +55 11 98888 7777' });
    await played.probe('heard').take(1);
    const { calls, durations, sent, failures, connection } = (await figures(played, 'metrics')) as AccountFigures;
    const count = (outcome: string, resource = 'contacts') =>
      calls.find((one) => one.method === 'GET' && one.resource === resource && one.outcome === outcome)?.count ?? 0;
    assert.ok(count('ok') >= 1);
    assert.equal(count('not_found'), 1);
    assert.equal(
      durations.count,
      calls.reduce((sum, one) => sum + one.count, 0),
    );
    assert.equal(sent, 1);
    assert.deepEqual(failures, [{ nodeType: 'linktor-contact', code: 'not_found', count: 1 }]);
    assert.equal(connection?.up, 1);
    assert.ok((connection?.counters.events ?? 0) >= 1);
  });

  it('count every attempt after the first', async () => {
    const played = await play(flow, { account: { maxRetries: 1 } });
    await listening({ state });
    const before = ((await figures(played, 'metrics')) as AccountFigures).retries;
    await control('fail', { count: 1, status: 503, path: 'ct_ana' });
    played.node('get').receive({ contactId: 'ct_ana' });
    await played.probe('got').take(1);
    assert.equal(((await figures(played, 'metrics')) as AccountFigures).retries, before + 1);
  });

  it('are told to Prometheus by its rules, with nothing about anybody in them', async () => {
    const played = await play(flow, { account: { name: 'Shop "A"\\B' } });
    await listening({ state });
    played.node('get').receive({ contactId: 'ct_ana' });
    await played.probe('got').take(1);
    played.node('send').receive({ conversationId: 'conv_ana', payload: 'Secret words' });
    await played.probe('got').take(2);
    const text = String(await figures(played, 'prometheus'));
    const { samples, types } = read(text);
    assert.ok(samples.length > 10);
    for (const { name, labels, value } of samples) {
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
      const type = types.get(family);
      assert.match(name, /^linktor_[a-z_]+$/);
      assert.equal(type === 'counter', family.endsWith('_total'), name);
      assert.equal(labels.account, 'Shop \\"A\\"\\\\B', name);
      assert.ok(Number.isFinite(value) && value >= 0, `${name} ${value}`);
    }
    const buckets = samples
      .filter(({ name }) => name === 'linktor_call_duration_seconds_bucket')
      .map(({ value }) => value);
    assert.deepEqual(
      buckets,
      [...buckets].sort((one, other) => one - other),
    );
    assert.equal(buckets.at(-1), samples.find(({ name }) => name === 'linktor_call_duration_seconds_count')?.value);
    for (const private_ of ['ana', 'conv_', 'ct_', 'msg_', '98888', 'Secret', 'sandbox-key', set.sandbox.url]) {
      assert.ok(!text.includes(private_), private_);
    }
  });

  it('have the names that the guide and the dashboard call them by', async () => {
    const played = await play(flow);
    await listening({ state });
    played.node('get').receive({ contactId: 'ct_nobody' });
    await played.caught.take(1);
    await control('limit', { perMinute: 1000, windowMs: 60_000 });
    await figures(played, 'health');
    const known = new Set(read(String(await figures(played, 'prometheus'))).types.keys());
    for (const file of ['watching.md', 'grafana.json']) {
      const text = readFileSync(path.join(root, 'docs', file), 'utf8');
      const named = [...text.matchAll(/\blinktor_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''));
      assert.ok(named.length > 5, file);
      assert.deepEqual(
        named.filter((name) => !known.has(name)),
        [],
        file,
      );
    }
  });

  it('are in the log, call by call, where somebody wants that: no words, no ids, no key', async () => {
    const played = await play(flow, { account: { log: 'calls' } });
    await listening({ state });
    played.node('get').receive({ contactId: 'ct_nobody' });
    await played.caught.take(1);
    played.node('send').receive({ conversationId: 'conv_ana', payload: 'Secret words' });
    await played.probe('got').take(1);
    const lines = played.node('account').log.args.map(([line]) => String(line));
    const found = lines.find((line) => /^GET \/contacts\/:id: 404 not_found, \d+ ms, request \S+$/.test(line));
    assert.ok(found, lines.join('\n'));
    assert.ok(lines.some((line) => /^POST \/conversations\/:id\/messages: 20[01], \d+ ms, request \S+$/.test(line)));
    assert.doesNotMatch(lines.join('\n'), /Secret|conv_|ct_|sandbox-key/);
  });

  it('are not in the log where nobody wants them', async () => {
    const played = await play(flow);
    played.node('get').receive({ contactId: 'ct_ana' });
    await played.probe('got').take(1);
    assert.ok(played.node('account').log.args.every(([line]) => !/\/contacts/.test(String(line))));
  });

  describe('fetched by Prometheus', () => {
    const token = 'a token of our own';
    const served = { metricsPath: '/linktor/metrics' };
    const server = http.createServer();
    before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
    afterEach(() => server.removeAllListeners('request'));
    after(() => {
      server.closeAllConnections();
      server.close();
    });
    const get = async (path: string, authorization?: string, method = 'GET') => {
      const { port } = server.address() as AddressInfo;
      const headers = authorization === undefined ? undefined : { Authorization: authorization };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
      return { status: response.status, text: await response.text(), headers: response.headers };
    };
    const load = (red: RED) => {
      server.on('request', red.httpNode as never);
      linktor(red);
    };
    const open = (account: Record<string, unknown>, credentials: Record<string, string> = { metricsToken: token }) =>
      play(flow, { account, credentials, load });

    it('are given to whoever has the token, and to nobody else', async () => {
      await open(served);
      for (const wrong of [
        undefined,
        'Bearer',
        'Bearer wrong',
        `Basic ${token}`,
        `Bearer ${token}x`,
        `bearer ${token}`,
      ]) {
        const { status, text } = await get('/linktor/metrics', wrong);
        assert.deepEqual([status, text], [401, ''], wrong);
      }
      const { status, text, headers } = await get('/linktor/metrics', `Bearer ${token}`);
      assert.equal(status, 200);
      assert.match(String(headers.get('content-type')), /^text\/plain; version=0\.0\.4/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.ok(read(text).samples.length > 3);
      const head = await get('/linktor/metrics', `Bearer ${token}`, 'HEAD');
      assert.deepEqual([head.status, head.text], [200, '']);
      assert.equal((await get('/linktor/metrics', `Bearer ${token}`, 'POST')).status, 404);
      assert.equal((await get('/linktor/metrics/more', `Bearer ${token}`)).status, 404);
    });

    it('are nowhere unless somebody says where', async () => {
      await open({});
      assert.equal((await get('/linktor/metrics', `Bearer ${token}`)).status, 404);
    });

    it('are gone with the deploy that takes them away', async () => {
      const played = await open(served);
      assert.equal((await get('/linktor/metrics', `Bearer ${token}`)).status, 200);
      await played.deploy(
        played.flow.map((node) => (node.id === 'account' ? { ...node, metricsPath: '' } : node)),
        'full',
      );
      assert.equal((await get('/linktor/metrics', `Bearer ${token}`)).status, 404);
    });

    for (const [what, account, credentials, code] of [
      ['without a token', served, {}, 'validation'],
      ['outside of our own paths', { metricsPath: '/flows' }, { metricsToken: token }, 'validation'],
      ['at no path', { metricsPath: '/linktor/../flows' }, { metricsToken: token }, 'validation'],
    ] as const) {
      it(`are not given ${what}, and Catch is told`, async () => {
        const played = await open(account, credentials);
        const { error } = await played.caught.first();
        assert.equal(error?.code, code);
        assert.equal((await get('/linktor/metrics')).status, 404);
      });
    }
  });
});

describe('linktor-figures: what programs that watch get to know', () => {
  const set = setUpFlows();
  const told: Record<string, unknown>[] = [];
  const hear = (message: unknown, name: string | symbol) =>
    told.push({ ...(message as object), channel: String(name) });
  const channels = ['linktor:call:start', 'linktor:call:end', 'linktor:event'];
  let recorder: Served;

  before(async () => {
    recorder = await serve((_asked, response) => response.end('{"data":{"id":"ct_ana","name":"Ana"}}'));
    for (const name of channels) subscribe(name, hear);
  });
  beforeEach(() => {
    told.length = 0;
    recorder.asked.length = 0;
  });
  after(async () => {
    for (const name of channels) unsubscribe(name, hear);
    await recorder.close();
  });

  it('is the beginning and the end of every call, and every event, without words and ids', async () => {
    const played = await set.play(flow, { account: { maxRetries: 0 } });
    await listening({ state: set.state });
    played.node('get').receive({ contactId: 'ct_nobody' });
    await played.caught.take(1);
    await set.control('messages', { conversationId: 'conv_ana', text: 'Secret words' });
    await played.probe('heard').take(1);
    const of = (channel: string) => told.filter((one) => one.channel === channel);
    const end = of('linktor:call:end').find((one) => one.outcome === 'not_found' && one.resource === 'contacts');
    assert.deepEqual([end?.method, end?.resource, end?.status], ['GET', 'contacts', 404]);
    assert.equal(typeof end?.durationMs, 'number');
    assert.ok(of('linktor:call:start').length >= of('linktor:call:end').length);
    const event = of('linktor:event').find(({ name }) => name === 'message.received');
    assert.deepEqual(Object.keys(event ?? {}).sort(), ['channel', 'name', 'receivedAt', 'recovered', 'source']);
    assert.doesNotMatch(JSON.stringify(told), /Secret|conv_|ct_|sandbox/);
  });

  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  for (const [what, msg, sent] of [
    ['of the message', { traceparent: trace }, trace],
    ['of the request that it came with', { req: { headers: { traceparent: trace } } }, trace],
    ['that is none', { traceparent: 'x\r\nX-Own: 1' }, undefined],
    ['that nobody gives', {}, undefined],
  ] as const) {
    it(`passes on a trace ${what}`, async () => {
      const played = await set.play(flow.slice(2, 4), { account: { baseUrl: recorder.url, contract: 'api' } });
      played.node('get').receive({ contactId: 'ct_ana', ...msg });
      await played.probe('got').take(1);
      const asked = recorder.asked.find(({ url }) => url === '/contacts/ct_ana');
      assert.equal(asked?.headers.traceparent, sent);
    });
  }

  it('lets a program that watches set the trace', async () => {
    const inject = (record: unknown) => Object.assign(record as object, { traceparent: trace });
    subscribe('linktor:call:start', inject);
    try {
      const played = await set.play(flow.slice(2, 4), { account: { baseUrl: recorder.url, contract: 'api' } });
      played.node('get').receive({ contactId: 'ct_ana' });
      await played.probe('got').take(1);
      assert.ok(recorder.asked.every(({ headers }) => headers.traceparent === trace));
    } finally {
      unsubscribe('linktor:call:start', inject);
    }
  });
});
