import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { hook, secret, send, sendRaw, sign } from '../support/hostile';
import { Listener, Red, until } from '../support/red';

const place = { z: 'tab', x: 1, y: 1 };
const delivery = (id: string) =>
  JSON.stringify({ id, type: 'message.sent', timestamp: new Date().toISOString(), data: { id } });

/** A webhook node whose events and refusals are posted to the collector. */
function flow(collector: string, more: object[] = [], path: string = hook): object[] {
  const post = (id: string) => ({
    id,
    type: 'http request',
    ...place,
    method: 'POST',
    url: `${collector}/${id}`,
    wires: [[]],
  });
  const node = { id: 'hook', type: 'linktor-webhook-in', ...place, config: 'account', outputs: 2 };
  return [
    { id: 'tab', type: 'tab', label: 'webhooks' },
    {
      id: 'account',
      type: 'linktor-config',
      baseUrl: 'http://127.0.0.1:9',
      credentials: { apiKey: 'k', webhookSecret: secret },
    },
    { ...node, path, maxBodyMb: 5, maxAge: 24, wires: [['event'], ['rejected']] },
    post('event'),
    post('rejected'),
    ...more,
  ];
}

/** What a process holds, in megabytes. */
function memoryOf(pid = 0): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** Settings code: a process that prints, at a signal, the milliseconds of work of the longest turn of its event loop. */
const longestTurn = `
  let before = process.cpuUsage(), longest = 0;
  setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    longest = Math.max(longest, (user + system) / 1000);
  }, 1);
  process.on('SIGWINCH', () => {
    console.log('the longest turn: ' + longest + ' ms');
    longest = 0;
  });
`;

/** @returns milliseconds, since the last call */
async function longestTurnOf({ program }: Red): Promise<number> {
  const from = program.output.length;
  program.child.kill('SIGWINCH');
  const found = await until('the longest turn', () => /the longest turn: ([\d.]+) ms/.exec(program.output.slice(from)));
  return Number(found[1]);
}

describe('a webhook that strangers send to', function () {
  this.timeout(60_000);
  let collector: Listener;
  let red: Red;

  before(async () => {
    collector = await Listener.open();
    red = await Red.start({ flow: flow(collector.url), code: longestTurn });
  });
  after(async () => {
    await red?.stop();
    await collector?.close();
  });
  afterEach(() => void collector.heard.splice(0));
  const heard = (what: string) => collector.heard.filter(({ path }) => path === `/${what}`).map(({ text }) => text);

  it('refuses a body in thousands of tiny pieces, keeps nothing of it, and goes on with its work', async () => {
    const head = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const pieces = Buffer.from('1\r\nx\r\n'.repeat(1_000_000));
    const before = memoryOf(red.program.child.pid);
    await longestTurnOf(red);
    const attack = () => sendRaw(red.url, Buffer.concat([Buffer.from(head), pieces]));
    const statuses = await Promise.all(Array.from({ length: 12 }, attack));
    // The connection ends while the sender still sends: not everybody gets to read why.
    assert.ok(
      statuses.every((status) => status === 400 || status === 0),
      String(statuses),
    );
    const grown = memoryOf(red.program.child.pid) - before;
    assert.ok(grown < 30, `${grown} MB`);
    const turn = await longestTurnOf(red);
    assert.ok(turn < 100, `${turn} ms`);
    await until('the reason', () => heard('rejected').includes('too_fragmented'));
    assert.equal(await send(red.url, { body: delivery('after') }), 200);
  });

  it('takes a large body in many small pieces, when they are not tiny', async () => {
    const body = JSON.stringify({ ...JSON.parse(delivery('large')), data: { text: 'x'.repeat(400_000) } });
    const head = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Linktor-Signature: ${sign(body)}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const chunks = body.match(/.{1,50}/gs) ?? [];
    const wire = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
    assert.equal(await sendRaw(red.url, `${head}${wire}0\r\n\r\n`), 200);
  });

  for (const [name, head, status] of [
    ['415', 'Content-Type: text/plain\r\nContent-Length: 2', 415],
    ['413', 'Content-Type: application/json\r\nContent-Length: 99999999', 413],
  ] as const) {
    it(`is deaf to what comes behind a refused request: ${name}`, async () => {
      const body = delivery(`behind ${name}`);
      const next = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Linktor-Signature: ${sign(body)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      assert.equal(await sendRaw(red.url, `POST ${hook} HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n{}${next}`), status);
      assert.equal(await send(red.url, { body: delivery(`later ${name}`) }), 200);
      const ids = () => heard('event').map((text) => JSON.parse(text).id);
      await until('the later one', () => ids().includes(`later ${name}`));
      assert.equal(ids().includes(`behind ${name}`), false);
    });
  }

  it('lets deliveries pass while others fill the memory slowly', async () => {
    const { hostname, port } = new URL(red.url);
    const head = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n`;
    const piece = Buffer.alloc(4_000_000, 0x20);
    let refused = 0;
    const sockets = Array.from({ length: 30 }, () => {
      const socket = net.connect(Number(port), hostname);
      socket.on('data', (data) => {
        if (/^HTTP\/1\.1 503/.test(String(data))) refused++;
      });
      socket.on('error', () => {});
      socket.write(head);
      socket.write(piece);
      return socket;
    });
    await until('a refusal', () => refused > 0);
    assert.equal(await send(red.url, { body: delivery('small') }), 200);
    for (const socket of sockets) socket.destroy();
    await until('the small one', () => heard('event').length > 0);
    assert.ok(heard('rejected').includes('too_busy'));
  });

  it('refuses what its signed body calls older than a day, and knows a delivery without an id', async () => {
    const old = new Date(Date.now() - 25 * 3_600_000).toISOString();
    assert.equal(
      await send(red.url, { body: delivery('old').replace(/"timestamp":"[^"]+"/, `"timestamp":"${old}"`) }),
      401,
    );
    const nameless = JSON.stringify({ type: 'message.sent', timestamp: new Date().toISOString(), data: { id: 'm1' } });
    for (const id of ['one', 'two']) {
      assert.equal(await send(red.url, { body: nameless, headers: { 'X-Linktor-Delivery-Id': id } }), 200);
    }
    assert.equal(await send(red.url, { body: delivery('last') }), 200);
    await until('the last one', () => heard('event').length > 1);
    assert.equal(heard('event').length, 2);
    assert.ok(heard('rejected').includes('too_old'));
  });
});

describe('a webhook path that belongs to somebody else', function () {
  this.timeout(60_000);
  const httpIn = {
    id: 'in',
    type: 'http in',
    ...place,
    url: '/orders/:id',
    method: 'post',
    name: 'Orders',
    wires: [['out']],
  };
  const answer = { id: 'out', type: 'http response', ...place, statusCode: '201', wires: [] };

  for (const [path, owner] of [
    ['/flows', /Node-RED itself/],
    ['auth/token', /Node-RED itself/],
    ['/', /Node-RED itself/],
    ['/inject/x', /Node-RED itself/],
    ['/orders/7', /"Orders"/],
  ] as const) {
    it(`${path} stays theirs, and the error names them`, async () => {
      const collector = await Listener.open();
      const red = await Red.start({ flow: flow(collector.url, [httpIn, answer], path) });
      try {
        // This asks Node-RED's own route, which would not answer otherwise.
        await red.deploy(flow(collector.url, [httpIn, answer], path));
        await until('the error', () => red.output.match(/The path .* is taken/));
        assert.match(/The path .* is taken: .*/.exec(red.output)?.[0] ?? '', owner);
        assert.equal((await fetch(`${red.url}/orders/7`, { method: 'POST' })).status, 201);
      } finally {
        await red.stop();
        await collector.close();
      }
    });
  }

  it('is theirs again when ours goes, and a free path elsewhere works as it always has', async () => {
    const collector = await Listener.open();
    const red = await Red.start({ flow: flow(collector.url, [], '/hooks/shop') });
    try {
      assert.equal(await send(red.url, { path: '/hooks/shop', body: delivery('free') }), 200);
    } finally {
      await red.stop();
      await collector.close();
    }
  });
});
