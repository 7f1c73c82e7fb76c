import { strict as assert } from 'node:assert';
import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { verify } from '../../lib/webhooks';
import { type Sandbox, startSandbox } from '../../sandbox';
import { hook, hostile, now, secret, send, sendRaw, sendSlowly, sign, signTimed } from '../support/hostile';
import { Listener, linkPackage, Red, red4, removeFolder, temporaryFolder, until, versions } from '../support/red';

/** Everything that comes out is posted to the collector: events to one path, refusals to another. */
function flow(collector: string, more: Record<string, unknown> = {}): object[] {
  const post = (id: string) => ({
    id,
    type: 'http request',
    z: 'tab',
    x: 1,
    y: 1,
    method: 'POST',
    url: `${collector}/${id}`,
    wires: [[]],
  });
  return [
    { id: 'tab', type: 'tab', label: 'webhooks' },
    // Nobody listens there: webhooks alone have to be enough.
    { id: 'account', type: 'linktor-config', baseUrl: 'http://127.0.0.1:9', signIn: 'apiKey' },
    {
      id: 'hook',
      type: 'linktor-webhook-in',
      z: 'tab',
      x: 1,
      y: 1,
      config: 'account',
      path: hook,
      maxBodyMb: 0.1,
      outputs: 2,
      wires: [['event'], ['rejected']],
      ...more,
    },
    post('event'),
    post('rejected'),
  ];
}

const credentials = { account: { apiKey: 'key', webhookSecret: secret } };
const event = (id: string, more: object = {}) =>
  JSON.stringify({ id, type: 'message.sent', timestamp: new Date().toISOString(), data: { id }, ...more });

/** A Node-RED whose flows are there from the start: with some settings nothing can be deployed. */
async function start(
  collector: string,
  options: { version?: typeof red4; settings?: Record<string, unknown>; code?: string; node?: object } = {},
) {
  const userDir = temporaryFolder();
  linkPackage(userDir);
  writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flow(collector, options.node as never)));
  writeFileSync(path.join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
  const settings = { credentialSecret: false, ...options.settings };
  const red = await Red.start({ version: options.version ?? red4, userDir, settings, code: options.code });
  return {
    red,
    origin: new URL(red.url).origin,
    stop: async () => {
      await red.stop();
      removeFolder(userDir);
    },
  };
}

/** Every way of setting up the two roots, and what else stands in front of a route. */
const setups: [
  name: string,
  settings: Record<string, unknown>,
  prefix: string,
  more?: { code?: string; basic?: string },
][] = [
  ['both at /', {}, ''],
  ['nodes at /api', { httpNodeRoot: '/api' }, '/api'],
  ['no editor', { disableEditor: true }, ''],
  [
    'a middleware',
    {},
    '',
    { code: 'module.exports.httpNodeMiddleware = (req, res, next) => { res.setHeader("X-Seen", "1"); next(); };' },
  ],
  ['admin at /admin', { httpAdminRoot: '/admin' }, ''],
  ['admin at /red', { httpAdminRoot: '/red' }, ''],
  [
    'admin at /admin, nodes at /api, with a password',
    {
      httpAdminRoot: '/admin',
      httpNodeRoot: '/api',
      httpNodeAuth: { user: 'linktor', pass: '$2a$08$zZWtXTja0fB1pzD4sHCMyOCMYz2Z6dNbM6tl8sJogENOMcxWV9DN.' },
    },
    '/api',
    { basic: 'linktor:password' },
  ],
  ['no admin at all', { httpAdminRoot: false }, ''],
];

for (const version of versions) {
  describe(`webhooks in ${version.name}, however it is set up`, function () {
    this.timeout(60_000);
    let collector: Listener;

    before(async function () {
      if (!version.red) this.skip();
      collector = await Listener.open();
    });
    after(() => collector?.close());

    for (const [name, settings, prefix, { code, basic } = {}] of setups) {
      it(`verifies the very bytes: ${name}`, async () => {
        const { origin, stop } = await start(collector.url, { version, settings, code });
        try {
          const headers: Record<string, string> = basic
            ? { Authorization: `Basic ${Buffer.from(basic).toString('base64')}` }
            : {};
          const target = { path: prefix + hook, headers };
          // Spelled as no JSON.stringify would: only the bytes themselves can be verified.
          const body = `{ "type":"message.sent",\r\n"id" : "${name}", "timestamp":"${new Date().toISOString()}","data":{"n":1.0,"t":"\\u00e1é"} }`;
          assert.equal(await send(origin, { ...target, body }), 200);
          assert.equal(await send(origin, { ...target, body, signature: sign(`${body} `) }), 401);
          if (basic) assert.equal(await send(origin, { path: prefix + hook, body }), 401, 'without the password');
          await until('the event', () =>
            collector.heard.some(({ path: to, json }) => to === '/event' && json?.t === 'áé'),
          );
          collector.heard.length = 0;
        } finally {
          await stop();
        }
      });
    }
  });
}

describe('a webhook that lets nobody in', function () {
  this.timeout(60_000);
  let collector: Listener;
  let running: Awaited<ReturnType<typeof start>>;

  before(async () => {
    collector = await Listener.open();
    running = await start(collector.url);
  });
  after(async () => {
    await running?.stop();
    await collector?.close();
  });
  const events = () => collector.heard.filter(({ path: to }) => to === '/event');

  for (const [name, bad, status] of hostile) {
    it(`refuses ${name}`, async () => {
      assert.ok([status].flat().includes(await send(running.origin, bad)), name);
    });
  }

  it('refuses whatever chance makes of headers and bodies', async () => {
    const byte = (from: number, to: number) => String.fromCharCode(randomInt(from, to));
    const text = (length: number) => Array.from({ length: randomInt(length) }, () => byte(0x20, 0x7f)).join('');
    const hex = (length: number) => randomBytes(length).toString('hex');
    const signatures: (() => string | string[])[] = [
      () => text(90),
      () => hex(32),
      () => `sha256=${hex(32)}`,
      () => hex(randomInt(1, 60)),
      () => [hex(32), text(9)],
    ];
    const times: (() => string | string[])[] = [
      () => text(14),
      () => now(randomInt(-900, 900)),
      () => String(randomInt(2 ** 40)),
      () => [now(), text(3)],
    ];
    const pick = <T>(from: (() => T)[]) => (from[randomInt(from.length)] as () => T)();
    for (let round = 0; round < 500; round++) {
      const body = randomBytes(randomInt(round % 20 === 0 ? 120_000 : 800));
      const headers = {
        [`X-${hex(4)}`]: text(60),
        ...(round % 7 === 0 ? { 'Content-Type': text(30).trim() || 'x' } : {}),
      };
      const status = await send(running.origin, { body, headers, signature: pick(signatures), timestamp: pick(times) });
      assert.ok([401, 413, 415, 431].includes(status), `round ${round}: ${status}`);
    }
  });

  it('refuses two lengths for one body, and takes a body byte by byte', async () => {
    const both =
      'POST /linktor/hook HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.equal(await sendRaw(running.origin, both), 400);
    const body = Buffer.from(event('drip', { data: { id: 'drip', text: 'é👋' } }));
    const head = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Linktor-Signature: ${sign(body)}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;
    const pieces = [...body].flatMap((one) => [Buffer.from('1\r\n'), Buffer.from([one]), Buffer.from('\r\n')]);
    assert.equal(
      await sendRaw(running.origin, Buffer.concat([Buffer.from(head), ...pieces, Buffer.from('0\r\n\r\n')])),
      200,
    );
    await until('the one that dripped', () => events().some(({ json }) => json?.id === 'drip'));
    collector.heard.splice(0, collector.heard.length, ...collector.heard.filter(({ path: to }) => to !== '/event'));
  });

  it('waits no longer than ten seconds for a body', async () => {
    assert.equal(await sendSlowly(running.origin), 408);
  });

  it('is not filled up by what is too large', async () => {
    const before = await memory(running.red.program.child.pid);
    for (let round = 0; round < 20; round++) await send(running.origin, { body: Buffer.alloc(20_000_000) });
    assert.ok((await memory(running.red.program.child.pid)) - before < 60);
  });

  it('let none of them through, said why, and lives', async () => {
    assert.equal(await send(running.origin, { body: event('last') }), 200);
    await until('the good one', () => events().length > 0);
    assert.deepEqual(
      events().map(({ json }) => json),
      [{ id: 'last' }],
    );
    const reasons = new Set(collector.heard.filter(({ path: to }) => to === '/rejected').map(({ text }) => text));
    const all =
      'missing_signature malformed_signature bad_signature missing_timestamp malformed_timestamp too_old in_future bad_json too_large too_slow bad_type bad_encoding';
    assert.deepEqual([...reasons].sort(), all.split(' ').sort());
    assert.equal(running.red.running, true);
    assert.equal(running.red.output.includes(secret), false);
  });

  it('takes upper case digits, both schemes, and the bounds of the tolerance', async () => {
    const upper = event('upper');
    assert.equal(await send(running.origin, { body: upper, signature: sign(upper).toUpperCase() }), 200);
    const timed = event('timed');
    const time = now(-290);
    assert.equal(await send(running.origin, { body: timed, signature: signTimed(timed, time), timestamp: time }), 200);
    assert.equal(await send(running.origin, { body: event('slash'), path: `${hook}/` }), 200);
    assert.equal(await send(running.origin, { body: event('case'), path: hook.toUpperCase() }), 200);
    assert.equal(
      await send(running.origin, {
        body: event('proto', { data: JSON.parse('{"__proto__":{"isAdmin":true},"id":"proto"}') }),
      }),
      200,
    );
    await until('all of them', () => events().length >= 6);
  });
});

describe('webhooks, each once', function () {
  this.timeout(60_000);

  it("tells the sandbox's own deliveries once, with retries and repeats, and over a redeploy", async () => {
    const sandbox: Sandbox = await startSandbox();
    const collector = await Listener.open();
    const nodes = flow(collector.url).map((node) => {
      const { id } = node as { id: string };
      if (id === 'account')
        return { ...node, baseUrl: sandbox.url, credentials: { apiKey: 'sandbox-key', webhookSecret: secret } };
      return id === 'event' ? { ...node, url: `${collector.url}/event` } : node;
    });
    const heard = {
      id: 'heard',
      type: 'linktor-message-in',
      z: 'tab',
      x: 1,
      y: 1,
      config: 'account',
      wires: [['number']],
    };
    // Requests of the core node overtake one another.
    const number = {
      id: 'number',
      type: 'function',
      z: 'tab',
      x: 1,
      y: 1,
      func: `const n = (context.get('n') ?? 0) + 1; context.set('n', n); msg.payload = n + ': ' + msg.payload; return msg;`,
      wires: [['message']],
    };
    const post = {
      id: 'message',
      type: 'http request',
      z: 'tab',
      x: 1,
      y: 1,
      method: 'POST',
      url: `${collector.url}/message`,
      wires: [[]],
    };
    const red = await Red.start({ flow: [...nodes, heard, number, post] });
    const control = (route: string, body: object) =>
      fetch(`${sandbox.url}/_sandbox/${route}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const told = (to: string) => collector.heard.filter((one) => one.path === to);
    try {
      await until(
        'the socket',
        async () => (await (await fetch(`${sandbox.url}/_sandbox/state`)).json()).sockets.subscriptions > 1,
      );
      // One as the button of the dialog does it, one beside it, so that everything comes twice.
      const url = `${red.url}${hook}`;
      for (const outcome of ['created', 'updated']) {
        const asked = { url, events: 'message.received', node: 'hook' };
        const { text } = await red.ask('POST', '/linktor/account/webhook', asked);
        assert.deepEqual(JSON.parse(text), { ok: true, outcome });
      }
      await control('webhooks', { url, secret, scheme: 'timestamp', events: ['message.received'] });
      for (let n = 0; n < 20; n++) await control('messages', { conversationId: 'conv_ana', text: `number ${n}` });
      await until('all of them', () => told('/message').length >= 20 && told('/event').length >= 20);
      const body = event('again');
      for (let n = 0; n < 5; n++) assert.equal(await send(red.url, { body }), 200);
      await red.deploy([...nodes, heard, number, post]);
      assert.equal(await send(red.url, { body }), 200);
      assert.equal(await send(red.url, { body: event('after') }), 200);
      await until('the last', () => told('/event').some(({ json }) => json.id === 'after'));
      assert.deepEqual(
        told('/message')
          .map(({ text }) => text)
          .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10)),
        Array.from({ length: 20 }, (_, n) => `${n + 1}: number ${n}`),
      );
      assert.equal(told('/event').filter(({ json }) => json.id === 'again').length, 1);
    } finally {
      await red.stop();
      await collector.close();
      await sandbox.close();
    }
  });
});

describe('webhooks, over a restart', function () {
  this.timeout(60_000);

  it('are told once when the context store is a lasting one', async () => {
    const collector = await Listener.open();
    const userDir = temporaryFolder();
    linkPackage(userDir);
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flow(collector.url)));
    writeFileSync(path.join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
    const settings = { credentialSecret: false, contextStorage: { default: { module: 'localfilesystem' } } };
    try {
      for (const last of ['one', 'two']) {
        const red = await Red.start({ userDir, settings });
        assert.equal(await send(red.url, { body: event('same') }), 200);
        assert.equal(await send(red.url, { body: event(last) }), 200);
        await until('the last', () => collector.heard.some(({ json }) => json?.id === last));
        await red.stop();
      }
      assert.deepEqual(
        collector.heard.map(({ json }) => json?.id),
        ['same', 'one', 'two'],
      );
    } finally {
      removeFolder(userDir);
      await collector.close();
    }
  });
});

describe('the verdict', () => {
  it('equals an HMAC made elsewhere, for ten thousand random bodies', () => {
    for (let round = 0; round < 10_000; round++) {
      // Mostly short, now and then up to 64 KB, binary throughout.
      const body = randomBytes(randomInt(round % 10 === 0 ? 65_537 : 600));
      const key = randomBytes(1 + (round % 80)).toString('latin1');
      const signature = createHmac('sha256', key).update(body).digest('hex');
      const tampered = round % 2 === 1;
      const given = tampered ? Buffer.concat([body, Buffer.from([round % 256])]) : body;
      const { valid } = verify({ body: given, signature: [signature], secrets: [key] });
      assert.equal(valid, !tampered, `key ${key}, body ${body.toString('base64')}`);
    }
  }).timeout(60_000);
});

/** @returns megabytes of a process */
async function memory(pid = 0): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'VmRSS: 0 kB');
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}
