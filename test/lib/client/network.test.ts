import { strict as assert } from 'node:assert';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { createAgents } from '../../../lib/client/agents';
import { type ClientSettings, LinktorClient } from '../../../lib/client/index';
import { Realtime } from '../../../lib/realtime/index';
import { startSandbox } from '../../../sandbox/index';
import { Authority } from '../../support/certificates';
import { httpProxy, type Resolve, socksProxy, tlsFront } from '../../support/network';
import { assertSilent, failing, KEY } from '../support';

const authority = new Authority();
const server = authority.issue('linktor.test', ['linktor.test', '127.0.0.1']);
const strangers = new Authority('Somebody else');
const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

describe('client: networks', () => {
  const endings: (() => Promise<unknown>)[] = [];
  const environment = new Map<string, string | undefined>();
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  before(async () => {
    sandbox = await startSandbox({ receipts: 'manual' });
  });
  after(() => sandbox.close());
  beforeEach(() => {
    for (const name of proxyVariables) {
      environment.set(name, process.env[name]);
      delete process.env[name];
    }
  });
  afterEach(async () => {
    for (const [name, value] of environment) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    for (const end of endings.splice(0).reverse()) await end();
  });

  const held = <T extends { close(): Promise<unknown> }>(made: T): T => {
    endings.push(() => made.close());
    return made;
  };
  const connect = (settings: ClientSettings) => held(new LinktorClient({ apiKey: KEY, maxRetries: 0, ...settings }));
  const proxy = async (settings: Parameters<typeof httpProxy>[0] = {}) => held(await httpProxy(settings));
  const socks = async (settings: Parameters<typeof socksProxy>[0] = {}) => held(await socksProxy(settings));
  const secured = async (options: object = {}) => held(await tlsFront(sandbox.port, { ...server, ...options }));
  /** linktor.test is known to proxies alone, so whoever gets there went through one. */
  const towards =
    (port: number): Resolve =>
    (host, asked) =>
      host === 'linktor.test' ? { host: '127.0.0.1', port } : { host, port: asked };

  /** Everything that goes over the network: a read, a write, a stream and the socket. */
  async function works(client: LinktorClient): Promise<void> {
    assert.equal((await client.auth.me()).id, 'user_demo');
    const text = `m${Math.random()}`;
    assert.equal((await client.conversations.sendText('conv_ana', text)).text, text);
    let said = '';
    const messages = [{ role: 'user', content: 'How often should I water a fern?' }];
    for await (const { delta } of client.ai.stream({ messages, knowledgeBaseIds: ['kb_shop'] })) said += delta;
    assert.ok(said.length > 0);
    assert.equal(await heard(client), 'open');
  }

  /** Opens the socket and receives a message over it. @returns the name of the state it came to */
  async function heard(client: LinktorClient): Promise<string> {
    const { contract, url, connection } = client.realtime;
    const problems: string[] = [];
    const realtime = new Realtime({
      contract,
      url,
      connection,
      rest: client,
      autoReconnect: false,
      onProblem: (text) => problems.push(text),
    });
    try {
      const received = new Promise<string>((resolve) => {
        realtime.onState(({ name }) => {
          if (name === 'refused' || name === 'waiting') resolve(name);
        });
        realtime.listen(({ event }) => {
          if (event.message?.text === 'over the socket') resolve('open');
        });
        realtime.subscribe('conv_ana');
        const off = realtime.onState(({ name }) => {
          if (name !== 'open') return;
          off();
          // The subscription has to be there before the customer writes.
          const write = async () => {
            for (;;) {
              const state = await (await fetch(`${sandbox.url}/_sandbox/state`)).json();
              if ((state as { sockets: { subscriptions: number } }).sockets.subscriptions > 0) break;
            }
            const body = JSON.stringify({ conversationId: 'conv_ana', text: 'over the socket' });
            const headers = { 'Content-Type': 'application/json' };
            await fetch(`${sandbox.url}/_sandbox/messages`, { method: 'POST', headers, body });
          };
          write().catch((error: unknown) => problems.push(String(error)));
        });
      });
      const name = await received;
      assert.deepEqual(problems, []);
      return name;
    } finally {
      await realtime.close();
    }
  }

  const refusedByTls = async (client: LinktorClient) => {
    const read = await failing(client.auth.me());
    assert.deepEqual([read.code, read.cause.retryable], ['network', true]);
    const write = await failing(client.conversations.sendText('conv_ana', 'x'));
    // Before the handshake is over nothing of the request can have left.
    assert.deepEqual([write.code, write.cause.retryable, write.cause.ambiguous], ['network', true, false]);
    for (const error of [read, write]) assertSilent(error, [KEY]);
    assert.notEqual(await heard(client), 'open');
  };

  describe('TLS', () => {
    it('trusts a private authority that it is given, and nothing without', async () => {
      const { url: baseUrl } = await secured();
      await works(connect({ baseUrl, tls: { ca: authority.ca } }));
      await works(connect({ baseUrl, tls: { ca: [strangers.ca, Buffer.from(authority.ca)] } }));
      await refusedByTls(connect({ baseUrl }));
      await refusedByTls(connect({ baseUrl, tls: { ca: strangers.ca } }));
    });

    it('minds the name in the certificate, or the one it is told', async () => {
      const { cert, key } = authority.issue('elsewhere.test', ['elsewhere.test']);
      const { url: baseUrl } = await secured({ cert, key });
      await refusedByTls(connect({ baseUrl, tls: { ca: authority.ca } }));
      await works(connect({ baseUrl, tls: { ca: authority.ca, servername: 'elsewhere.test' } }));
    });

    it('takes any certificate only when it is told to', async () => {
      const { url: baseUrl } = await secured();
      await refusedByTls(connect({ baseUrl, tls: { rejectUnauthorized: true } }));
      await works(connect({ baseUrl, tls: { rejectUnauthorized: false } }));
    });

    it('shows its own certificate where one is wanted', async () => {
      const front = await secured({ ca: authority.ca, requestCert: true, rejectUnauthorized: true });
      const { cert, key } = authority.issue('node-red');
      await works(connect({ baseUrl: front.url, tls: { ca: authority.ca, cert, key } }));
      assert.ok(front.shown.length >= 2);
      assert.deepEqual([...new Set(front.shown)], ['node-red']);
      const stranger = strangers.issue('node-red');
      for (const own of [{}, stranger]) {
        const error = await failing(connect({ baseUrl: front.url, tls: { ca: authority.ca, ...own } }).auth.me());
        assert.equal(error.code, 'network');
        assertSilent(error, [KEY]);
      }
    });

    it('answers a certificate that cannot be read with an error of ours', async () => {
      const { url: baseUrl } = await secured();
      for (const tls of [
        { ca: authority.ca, cert: 'junk', key: 'junk' },
        { ca: authority.ca, key: 'junk' },
      ]) {
        assertSilent(await failing(connect({ baseUrl, tls }).auth.me()), [KEY]);
      }
    });
  });

  describe('HTTP proxies', () => {
    it('reach a plain server', async () => {
      const through = await proxy({ resolve: towards(sandbox.port) });
      await works(connect({ baseUrl: 'http://linktor.test', proxy: { url: through.url } }));
      assert.ok(through.asked.includes('GET http://linktor.test/auth/me'), through.asked.join('\n'));
      assert.ok(through.asked.includes('CONNECT linktor.test:80'), 'a socket is a tunnel');
    });

    it('reach a server behind TLS, and learn nothing but its name', async () => {
      const front = await secured();
      const through = await proxy({ resolve: towards(front.port) });
      await works(connect({ baseUrl: 'https://linktor.test', tls: { ca: authority.ca }, proxy: { url: through.url } }));
      assert.deepEqual([...new Set(through.asked)], ['CONNECT linktor.test:443']);
      assert.ok(through.seen().length > 1000);
      for (const secret of [KEY, 'conv_ana', 'api_key']) assert.ok(!through.seen().includes(secret), secret);
    });

    it('carry the TLS settings on to the server behind them', async () => {
      const front = await secured({ ca: authority.ca, requestCert: true, rejectUnauthorized: true });
      const through = await proxy({ resolve: towards(front.port) });
      const common = { baseUrl: 'https://linktor.test', proxy: { url: through.url } };
      const { cert, key } = authority.issue('node-red');
      await works(connect({ ...common, tls: { ca: authority.ca, cert, key } }));
      await works(connect({ ...common, tls: { rejectUnauthorized: false, cert, key } }));
      assert.deepEqual([...new Set(front.shown)], ['node-red']);
      await refusedByTls(connect({ ...common, tls: { cert, key } }));
    });

    it('carry on the name that the certificate must have', async () => {
      const { cert, key } = authority.issue('elsewhere.test', ['elsewhere.test']);
      const front = await secured({ cert, key });
      const through = await proxy({ resolve: towards(front.port) });
      const common = { baseUrl: 'https://linktor.test', proxy: { url: through.url } };
      await refusedByTls(connect({ ...common, tls: { ca: authority.ca } }));
      await works(connect({ ...common, tls: { ca: authority.ca, servername: 'elsewhere.test' } }));
    });

    it('may speak TLS themselves', async () => {
      const front = await secured();
      const forPlain = await proxy({ resolve: towards(sandbox.port), tls: server });
      const forSecure = await proxy({ resolve: towards(front.port), tls: server });
      const tls = { ca: authority.ca };
      await works(connect({ baseUrl: 'http://linktor.test', tls, proxy: { url: forPlain.url } }));
      await works(connect({ baseUrl: 'https://linktor.test', tls, proxy: { url: forSecure.url } }));
      assert.ok(forPlain.asked.length > 0 && forSecure.asked.length > 0);
    });

    it('get the user and password that they want, and the server does not', async () => {
      const front = await secured();
      const auth = 'ana:pa ss@word';
      const plain = await proxy({ resolve: towards(sandbox.port), auth });
      const tunnel = await proxy({ resolve: towards(front.port), auth });
      const withUser = (url: string) => url.replace('//', '//ana:pa%20ss%40word@');
      await works(connect({ baseUrl: 'http://linktor.test', proxy: { url: withUser(plain.url) } }));
      const tls = { ca: authority.ca };
      await works(connect({ baseUrl: 'https://linktor.test', tls, proxy: { url: withUser(tunnel.url) } }));
      for (const { credentials } of [plain, tunnel]) {
        assert.deepEqual([...new Set(credentials)], [`Basic ${Buffer.from(auth).toString('base64')}`]);
      }
    });

    it('that refuse a tunnel get nothing of the request, and nothing has happened', async () => {
      for (const refuse of [403, 407, 502, 503]) {
        const through = await proxy({ refuse });
        const url = through.url.replace('//', '//ana:hunter2@');
        const client = connect({ baseUrl: 'https://linktor.test', proxy: { url } });
        const error = await failing(client.conversations.sendText('conv_ana', 'x'));
        assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], ['network', true, false]);
        assert.match(error.message, new RegExp(String(refuse)));
        assert.ok(!through.seen().includes(KEY));
        assertSilent(error, [KEY, 'hunter2', Buffer.from('ana:hunter2').toString('base64')]);
      }
    });

    it('that are not there are a network error', async () => {
      const gone = await httpProxy();
      await gone.close();
      for (const baseUrl of ['http://linktor.test', 'https://linktor.test']) {
        for (const url of [gone.url, gone.url.replace('http', 'socks5')]) {
          const error = await failing(connect({ baseUrl, proxy: { url } }).conversations.sendText('conv_ana', 'x'));
          assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], ['network', true, false], url);
        }
      }
    });

    it('with a URL that is none are an error that does not quote it', async () => {
      for (const url of ['//ana:hunter2@', 'http://ana:hunter2@', 'socks5://ana:hunter2@:x']) {
        const error = await failing(connect({ baseUrl: sandbox.url, proxy: { url } }).auth.me());
        assertSilent(error, [KEY, 'hunter2']);
        assert.ok(!inspect(error).includes('ana:'));
      }
    });
  });

  describe('SOCKS5 proxies', () => {
    it('reach a plain server and one behind TLS', async () => {
      const front = await secured({ ca: authority.ca, requestCert: true, rejectUnauthorized: true });
      const through = await socks();
      await works(connect({ baseUrl: sandbox.url, proxy: { url: through.url } }));
      assert.deepEqual([...new Set(through.asked)], [`127.0.0.1:${sandbox.port}`]);
      const tunnel = await socks();
      const tls = { ca: authority.ca, ...authority.issue('node-red') };
      await works(connect({ baseUrl: front.url, tls, proxy: { url: tunnel.url } }));
      assert.deepEqual([...new Set(tunnel.asked)], [`127.0.0.1:${front.port}`]);
      assert.ok(!tunnel.seen().includes(KEY));
      await refusedByTls(connect({ baseUrl: front.url, proxy: { url: tunnel.url } }));
    });

    it('look names up themselves with socks5h', async () => {
      const through = await socks({ resolve: towards(sandbox.port) });
      await works(
        connect({ baseUrl: 'http://linktor.test', proxy: { url: through.url.replace('socks5', 'socks5h') } }),
      );
      assert.deepEqual([...new Set(through.asked)], ['linktor.test:80']);
    });

    it('get the user and password that they want', async () => {
      const through = await socks({ auth: 'ana:hunter2' });
      const url = through.url.replace('//', '//ana:hunter2@');
      await works(connect({ baseUrl: sandbox.url, proxy: { url } }));
      const wrong = through.url.replace('//', '//ana:wrong-one@');
      const client = connect({ baseUrl: sandbox.url, proxy: { url: wrong } });
      const error = await failing(client.conversations.sendText('conv_ana', 'x'));
      assert.deepEqual([error.code, error.cause.ambiguous], ['network', false]);
      assertSilent(error, [KEY, 'wrong-one']);
    });
  });

  describe('quiet connections', () => {
    // A connection that waits for an answer, or for an event, is not idle; only one that nobody uses is let go.
    for (const kind of ['none', 'http', 'socks5'] as const) {
      it(`have no time limit of their own while they are used: proxy ${kind}`, async () => {
        const port = held(await silentServer()).port;
        const through = kind === 'socks5' ? await socks() : await proxy();
        const agents = await createAgents(
          `https://127.0.0.1:${port}`,
          { rejectUnauthorized: false },
          kind === 'none' ? undefined : { url: through.url },
        );
        endings.push(async () => agents.destroy());
        for (const agent of [agents.rest, agents.realtime ?? agents.rest]) {
          const { timeout, options } = agent as { timeout?: number | null; options?: { timeout?: number } };
          assert.ok(!timeout, 'an agent that ends its connections itself');
          assert.equal(options?.timeout, 15_000, 'how long a free connection is kept');
        }
      });
    }
  });

  describe('the environment', () => {
    it('names the proxy, by the kind of server', async () => {
      const front = await secured();
      const forPlain = await proxy({ resolve: towards(sandbox.port) });
      const forSecure = await proxy({ resolve: towards(front.port) });
      const tls = { ca: authority.ca };
      for (const [plainly, securely] of [
        ['HTTP_PROXY', 'HTTPS_PROXY'],
        ['http_proxy', 'https_proxy'],
      ] as const) {
        process.env[plainly] = forPlain.url;
        process.env[securely] = forSecure.url;
        await works(connect({ baseUrl: 'http://linktor.test', tls }));
        await works(connect({ baseUrl: 'https://linktor.test', tls }));
        delete process.env[plainly];
        delete process.env[securely];
      }
      assert.ok(forPlain.asked.some((line) => line.startsWith('GET http:')));
      assert.deepEqual([...new Set(forSecure.asked)], ['CONNECT linktor.test:443']);
    });

    it('names hosts that need none', async () => {
      const through = await proxy();
      process.env.HTTP_PROXY = through.url;
      for (const value of ['127.0.0.1', '*', `127.0.0.1:${sandbox.port}`, 'elsewhere.test, 127.0.0.1']) {
        process.env.NO_PROXY = value;
        await works(connect({ baseUrl: sandbox.url }));
        assert.deepEqual(through.asked, [], value);
      }
      process.env.NO_PROXY = 'elsewhere.test';
      await works(connect({ baseUrl: sandbox.url }));
      assert.ok(through.asked.length > 0);
    });

    it('has nothing to say where the settings name a proxy', async () => {
      const [own, other] = [await proxy(), await proxy()];
      Object.assign(process.env, { HTTP_PROXY: other.url, NO_PROXY: '*' });
      await works(connect({ baseUrl: sandbox.url, proxy: { url: own.url } }));
      assert.ok(own.asked.length > 0);
      assert.deepEqual(other.asked, []);
    });

    it('has nothing to say either where the settings except the host', async () => {
      const [own, other] = [await proxy(), await proxy()];
      process.env.HTTP_PROXY = other.url;
      await works(connect({ baseUrl: sandbox.url, proxy: { url: own.url, noProxy: ['127.0.0.1'] } }));
      assert.deepEqual([...own.asked, ...other.asked], []);
    });
  });

  describe('hosts without proxy', () => {
    const cases: [base: string, pattern: string, direct: boolean][] = [
      ['https://linktor.test', 'linktor.test', true],
      ['https://linktor.test', 'LINKTOR.test', true],
      ['https://linktor.test', ' linktor.test ', true],
      ['https://linktor.test', '.linktor.test', true],
      ['https://api.linktor.test', 'linktor.test', true],
      ['https://api.linktor.test', '.linktor.test', true],
      ['https://api.linktor.test', '*.linktor.test', true],
      ['https://api.linktor.test:8443', 'linktor.test', true],
      ['https://api.linktor.test:8443', 'api.linktor.test:8443', true],
      ['https://api.linktor.test:8443', '*.linktor.test:8443', true],
      ['https://api.linktor.test', 'api.linktor.test:443', true],
      ['http://api.linktor.test', 'api.linktor.test:80', true],
      ['http://[::1]:4010', '::1', true],
      ['http://[::1]:4010', '[::1]', true],
      ['https://linktor.test', '*', true],
      ['https://linktor.test', ' * ', true],
      ['https://linktor.test', '', false],
      ['https://linktor.test', '  ', false],
      ['https://linktor.test', '.', false],
      ['https://linktor.test', 'test.linktor', false],
      ['https://mylinktor.test', 'linktor.test', false],
      ['https://linktor.test.evil', 'linktor.test', false],
      ['https://linktor.test', 'api.linktor.test', false],
      ['https://api.linktor.test:8443', 'api.linktor.test:443', false],
      ['https://api.linktor.test', 'api.linktor.test:8443', false],
      ['https://linktorXtest', 'linktor.test', false],
    ];
    for (const [base, pattern, direct] of cases) {
      it(`${base} is ${direct ? '' : 'not '}meant by "${pattern}"`, async () => {
        const agents = await createAgents(base, {}, { url: 'http://127.0.0.1:1', noProxy: ['x.test', pattern] });
        agents.destroy();
        assert.equal(agents.realtime === undefined, direct);
      });
    }
  });
});

/** Takes connections and says nothing. */
async function silentServer() {
  const silent = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  return {
    port: (silent.address() as { port: number }).port,
    close: () => new Promise<void>((resolve) => silent.close(() => resolve())),
  };
}
