import { strict as assert } from 'node:assert';
import { type Sandbox, startSandbox } from '../../sandbox';
import { closedPort, type FlowNode, Listener, Red, Shop, until } from '../support/red';

/** What a Catch node passed on. */
interface Caught {
  case: string;
  error: { message: string; code: string; cause: Record<string, unknown>; source: { type: string } };
}

const actions = ['linktor-send', 'linktor-knowledge', 'linktor-ai'];

describe('when things go wrong in a real Node-RED', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let shop: Shop;
  let collector: Listener;
  let odd: Listener;
  let red: Red;
  let conversation: string;

  before(async () => {
    sandbox = await startSandbox();
    shop = new Shop(sandbox.url);
    conversation = await shop.customerWrites({ name: 'Rosa Falcão' }, 'Hello');
    collector = await Listener.open();
    odd = await Listener.open(oddAnswer);
    red = await Red.start({ flow: flow(await closedPort()) });
  });

  after(async () => {
    if (red) await red.stop();
    for (const server of [sandbox, collector, odd]) await server?.close();
  });

  /** Every action against every kind of server. */
  function flow(nobody: number): FlowNode[] {
    const servers: Record<string, object> = {
      good: { baseUrl: sandbox.url },
      key: { baseUrl: sandbox.url, credentials: { apiKey: 'not-the-key' } },
      down: { baseUrl: `http://127.0.0.1:${nobody}` },
      ...Object.fromEntries(Object.keys(odds).map((name) => [name, { baseUrl: `${odd.url}/${name}` }])),
    };
    const nodes: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'failures' },
      { id: 'catch', type: 'catch', z: 'tab', scope: null, x: 1, y: 1, wires: [['pack']] },
      { id: 'complete', type: 'complete', z: 'tab', scope: [], x: 1, y: 1, wires: [[]] },
      pack('pack', '{ case: msg.case, error: msg.error }'),
      pack('done', '{ case: msg.case, sent: msg.sent }'),
      { id: 'post', type: 'http request', z: 'tab', method: 'POST', url: collector.url, x: 1, y: 1, wires: [[]] },
    ];
    for (const [server, settings] of Object.entries(servers)) {
      const account = `account-${server}`;
      const shared = { timeout: 5, maxRetries: 0, autoReconnect: true, reconnectInterval: 60_000 };
      const credentials = { apiKey: 'sandbox-key' };
      nodes.push({ id: account, type: 'linktor-config', ...shared, credentials, ...settings });
      for (const type of actions) {
        const id = `${server} ${type}`;
        nodes.push({ id: `inject ${id}`, type: 'inject', z: 'tab', x: 1, y: 1, wires: [[id]] });
        nodes.push({ id, type, z: 'tab', config: account, x: 1, y: 1, wires: [['done'], ['done']] });
      }
    }
    const listening = { type: 'linktor-message-in', z: 'tab', x: 1, y: 1, wires: [[]] };
    for (const server of ['key', 'down', 'page'])
      nodes.push({ ...listening, id: `in ${server}`, config: `account-${server}` });
    return nodes;
  }

  /** Sends a message into one action of one server. @returns what came of it, by way of Catch or of a wire */
  async function press(server: string, type: string, more: object = {}): Promise<Caught & { sent?: object }> {
    const name = `${server} ${type} ${JSON.stringify(more)}`;
    const msg = { case: name, payload: 'When do you open on Saturday?', conversationId: conversation, base: 'kb_shop' };
    await red.inject(`inject ${server} ${type}`, { ...msg, ...more });
    const heard = await until(`what comes of "${name}"`, () => collector.heard.find(({ json }) => json?.case === name));
    assert.ok(red.running, `Node-RED ended:\n${red.output}`);
    return heard.json;
  }

  /** An error that a flow can act upon. */
  function usable({ error }: Caught, type: string): void {
    assert.equal(typeof error.message, 'string');
    assert.ok(error.message.length > 5, error.message);
    assert.equal(error.source.type, type);
    assert.equal(typeof error.cause.retryable, 'boolean');
    assert.equal(typeof error.cause.ambiguous, 'boolean');
  }

  for (const type of actions) {
    describe(type, () => {
      it('says that the key is not right', async () => {
        const caught = await press('key', type);
        usable(caught, type);
        assert.deepEqual([caught.error.code, caught.error.cause.status], ['authentication', 401]);
        assert.match(String(caught.error.cause.hint), /key/i);
      });

      it('says that nobody is there, and that it is safe to try again', async () => {
        const caught = await press('down', type);
        usable(caught, type);
        const { code, cause } = caught.error;
        assert.deepEqual([code, cause.retryable, cause.ambiguous], ['network', true, false]);
      });

      it('says that the server fails', async () => {
        const caught = await press('broken', type);
        usable(caught, type);
        assert.deepEqual([caught.error.code, caught.error.cause.status], ['server', 500]);
      });

      it('says that a gateway fails, in HTML', async () => {
        const caught = await press('gateway', type);
        usable(caught, type);
        assert.deepEqual([caught.error.code, caught.error.cause.status], ['server', 502]);
        assert.doesNotMatch(JSON.stringify(caught.error), /<html/i);
      });

      it('says that this is no Linktor, when a web page or broken JSON comes', async () => {
        for (const server of ['page', 'halfJson', 'list']) {
          const caught = await press(server, type);
          usable(caught, type);
          assert.equal(caught.error.code, 'serialization', server);
        }
      });

      it('says that the connection broke, and whether it may have happened', async () => {
        const caught = await press('hangUp', type);
        usable(caught, type);
        assert.equal(caught.error.code, 'network');
        assert.equal(caught.error.cause.ambiguous, type !== 'linktor-knowledge');
      });

      it('does not follow a redirect', async () => {
        const caught = await press('moved', type);
        usable(caught, type);
        assert.deepEqual(
          odd.heard.filter(({ path }) => path === '/elsewhere'),
          [],
        );
      });
    });
  }

  describe('and otherwise', () => {
    it('says that there is nothing to send', async () => {
      for (const payload of ['', null]) {
        const caught = await press('good', 'linktor-send', { payload });
        usable(caught, 'linktor-send');
        assert.equal(caught.error.code, 'validation');
      }
    });

    it('says that the conversation is missing, or not there', async () => {
      const missing = await press('good', 'linktor-send', { conversationId: '' });
      assert.equal(missing.error.code, 'validation');
      assert.match(missing.error.message, /conversation/);
      const unknown = await press('good', 'linktor-send', { conversationId: 'nobody' });
      assert.deepEqual([unknown.error.code, unknown.error.cause.status], ['not_found', 404]);
    });

    it('tells the flow of a listening node that its key is refused', async () => {
      const refused = await until('the refusal', () =>
        collector.heard.find(({ json }) => json?.error?.source?.type === 'linktor-config'),
      );
      assert.equal(refused.json.error.code, 'authentication');
    });

    it('still sends where everything is well', async () => {
      const { sent, error } = await press('good', 'linktor-send');
      assert.equal(error, undefined);
      assert.equal((sent as { conversationId: string }).conversationId, conversation);
      await shop.answered(conversation, 'read');
    });

    it('never ended, and ends cleanly when asked', async () => {
      assert.equal(red.program.child.exitCode, null);
      assert.doesNotMatch(red.output, /uncaught|unhandled/i);
      assert.equal(await red.stop(), 0);
    });
  });
});

/** Servers that are none, by the first part of the path. */
const json = { 'Content-Type': 'application/json' };
const odds: Record<string, { status?: number; headers?: Record<string, string>; body?: string } | undefined> = {
  broken: { status: 500, headers: json, body: '{"code":"INTERNAL","message":"it broke"}' },
  gateway: { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html><body>Bad Gateway</body></html>' },
  page: { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html><body>Welcome!</body></html>' },
  halfJson: { status: 200, headers: json, body: '{"id": "m1", "text": "Hel' },
  list: { status: 200, headers: json, body: '[1, 2, 3]' },
  moved: { status: 302, headers: { Location: '/elsewhere' } },
  hangUp: undefined,
};

function oddAnswer({ path }: { path: string }) {
  const name = path.split('/')[1] ?? '';
  return name in odds ? odds[name] : { status: 404 };
}

/** A function node that sends a part of the message to the test. */
function pack(id: string, what: string): FlowNode {
  return {
    id,
    type: 'function',
    z: 'tab',
    func: `return { payload: ${what} };`,
    outputs: 1,
    x: 1,
    y: 1,
    wires: [['post']],
  };
}
