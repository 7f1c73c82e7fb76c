import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import WebSocket from 'ws';
import { type Sandbox, startSandbox } from '../../sandbox';
import { closedPort, type FlowNode, Listener, Red, Shop, until } from '../support/red';

/** Nobody but the servers they are for may ever see these. */
const key = 'canary-key-5Jt2vQ8LmZ';
const decoy = 'canary-token-Wq7Xn4RbKd';

describe('secrets', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let echo: Listener;
  let collector: Listener;
  let red: Red;
  let comms: WebSocket;
  let token: string;
  const frames: string[] = [];

  before(async () => {
    sandbox = await startSandbox();
    const shop = new Shop(sandbox.url);
    const login = await shop.ask('POST', '/auth/login', { email: 'demo@linktor.local', password: 'sandbox' });
    token = login.json.accessToken;
    assert.ok(token.length > 10);
    const conversation = await shop.customerWrites({ name: 'Célia Ramos' }, 'Hello');
    collector = await Listener.open();
    // An unkind server: it repeats what it was given.
    echo = await Listener.open(({ path: target, headers }) => ({
      status: target.startsWith('/html') ? 502 : 400,
      headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'r1' },
      body: JSON.stringify({
        code: 'BAD',
        message: `Not right: ${headers['x-api-key'] ?? headers.authorization}`,
        details: headers,
      }),
    }));
    red = await Red.start({ settings: { logging: { console: { level: 'trace', metrics: true, audit: true } } } });
    comms = await listen(red.url);
    comms.on('message', (data) => frames.push(data.toString()));
    await red.deploy(flow(await closedPort()));
    for (const account of accounts) {
      for (const type of actions) {
        const name = `${account} ${type}`;
        await red.inject(`inject ${name}`, {
          case: name,
          payload: 'Hello?',
          conversationId: conversation,
          base: 'kb_shop',
        });
        await until(`what comes of "${name}"`, () => collector.heard.some(({ json }) => json?.case === name));
      }
    }
  });

  after(async () => {
    comms?.terminate();
    if (red) await red.stop();
    for (const server of [sandbox, echo, collector]) await server?.close();
  });

  /** Node-RED replaces such a value when it is deployed, and never in a dialog. */
  const variable = ['$', '{HOME}'].join('');
  const accounts = ['token', 'wrong', 'down', 'echo', 'prefix'];
  const actions = ['linktor-send', 'linktor-knowledge', 'linktor-ai'];

  function flow(nobody: number): FlowNode[] {
    const settings: Record<string, object> = {
      token: { baseUrl: sandbox.url, signIn: 'accessToken', credentials: { accessToken: token, apiKey: key } },
      wrong: { baseUrl: sandbox.url, credentials: { apiKey: key, accessToken: decoy } },
      down: { baseUrl: `http://127.0.0.1:${nobody}`, credentials: { apiKey: key } },
      echo: { baseUrl: echo.url, credentials: { apiKey: key } },
      // Asked which contract it speaks, this server gets no token: it is told.
      prefix: {
        baseUrl: `${echo.url}/html`,
        contract: 'api',
        signIn: 'accessToken',
        credentials: { accessToken: decoy },
      },
    };
    // Ours alone: the node that reports has a status itself.
    const ours = accounts.flatMap((account) => [`in ${account}`, ...actions.map((type) => `${account} ${type}`)]);
    const nodes: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'secrets' },
      { id: 'catch', type: 'catch', z: 'tab', scope: null, x: 1, y: 1, wires: [['pack', 'debug']] },
      { id: 'status', type: 'status', z: 'tab', scope: ours, x: 1, y: 1, wires: [['all', 'debug']] },
      {
        id: 'debug',
        type: 'debug',
        z: 'tab',
        active: true,
        tosidebar: true,
        console: true,
        complete: 'true',
        x: 1,
        y: 1,
      },
      pack('pack', 'msg'),
      pack('all', 'msg'),
      { id: 'post', type: 'http request', z: 'tab', method: 'POST', url: collector.url, x: 1, y: 1, wires: [[]] },
    ];
    for (const account of accounts) {
      const retries = { timeout: 5, maxRetries: 0, reconnectInterval: 100 };
      nodes.push({ id: account, type: 'linktor-config', signIn: 'apiKey', ...retries, ...settings[account] });
      nodes.push({
        id: `in ${account}`,
        type: 'linktor-message-in',
        z: 'tab',
        config: account,
        conversations: 'all',
        senders: ['contact'],
        x: 1,
        y: 1,
        wires: [['pack', 'debug']],
      });
      for (const type of actions) {
        const id = `${account} ${type}`;
        nodes.push({ id: `inject ${id}`, type: 'inject', z: 'tab', x: 1, y: 1, wires: [[id]] });
        const wires = [
          ['pack', 'debug'],
          ['pack', 'debug'],
        ];
        nodes.push({ id, type, z: 'tab', config: account, x: 1, y: 1, wires });
      }
    }
    return nodes;
  }

  function clean(what: string, text: string): void {
    assert.ok(text.length > 0, `${what} is empty: nothing was looked at`);
    for (const [name, secret] of Object.entries({ key, decoy, token })) {
      const at = text.indexOf(secret);
      if (at >= 0) assert.fail(`The ${name} is in ${what}: ${text.slice(Math.max(0, at - 120), at + 60)}`);
    }
  }

  it('reach the servers they are for: the canaries do sing', () => {
    assert.ok(echo.heard.some(({ headers }) => headers['x-api-key'] === key));
    assert.ok(echo.heard.some(({ headers }) => headers.authorization === `Bearer ${decoy}`));
    const works = collector.heard.find(({ json }) => json?.case === 'token linktor-send');
    assert.equal(works?.json.error, undefined);
    assert.equal(works?.json.sent.conversationId !== undefined, true);
  });

  it('are in no answer of the editor API', async () => {
    for (const target of ['/flows', '/settings', '/nodes', '/context/global', '/diagnostics']) {
      clean(target, (await red.ask('GET', target)).text);
    }
    for (const account of accounts) {
      const { json, text } = await red.ask('GET', `/credentials/linktor-config/${account}`);
      clean(`the credentials of ${account}`, text);
      // The e-mail address is no secret: the dialog shows it.
      for (const [name, value] of Object.entries(json))
        assert.match(name + typeof value, /^(has_\w+boolean|emailstring)$/);
    }
    clean('an exported flow', (await red.ask('GET', '/flow/tab')).text);
  });

  it('are in no answer of our own routes, whatever is typed into the dialog', async () => {
    const lists = ['channels', 'contacts', 'conversations', 'knowledgeBases', 'nothing', '__proto__'];
    for (const account of accounts) {
      for (const what of lists) {
        clean(`${what} of ${account}`, (await red.ask('GET', `/linktor/${account}/list/${what}`)).text);
      }
      for (const baseUrl of [sandbox.url, echo.url, `${echo.url}/html`, 'http://', 'nonsense', '', variable]) {
        for (const signIn of ['apiKey', 'accessToken', 'else']) {
          const typed = { baseUrl, signIn, apiKey: '__PWRD__', accessToken: '__PWRD__' };
          clean(
            `a test of ${account} at "${baseUrl}"`,
            (await red.ask('POST', `/linktor/${account}/test`, typed)).text,
          );
        }
      }
      const typedAnew = { baseUrl: echo.url, signIn: 'apiKey', apiKey: key };
      clean(`a test with a new key`, (await red.ask('POST', `/linktor/${account}/test`, typedAnew)).text);
    }
    // What is deployed for one server went to no other, however nicely it was asked for.
    assert.ok(!JSON.stringify(echo.heard).includes(token));
    clean('a test of nobody', (await red.ask('POST', '/linktor/nobody/test', { baseUrl: sandbox.url })).text);
  });

  it('are in no message, no error and no status', () => {
    assert.ok(collector.heard.some(({ json }) => json?.error?.code === 'authentication'));
    assert.ok(collector.heard.some(({ json }) => json?.error?.code === 'network'));
    assert.ok(collector.heard.some(({ json }) => json?.error?.message.includes('Not right: ')));
    assert.ok(collector.heard.some(({ json }) => json?.status));
    for (const { text, json } of collector.heard) clean(`what the flow got (${json?.case})`, text);
  });

  it('are in no frame that the editor gets', async () => {
    await until('a debug message', () => frames.some((frame) => frame.includes('"topic":"debug"')));
    assert.ok(frames.some((frame) => frame.includes('"topic":"status/')));
    clean('the frames', frames.join('\n'));
  });

  it('are in no line that Node-RED prints, even at level trace', () => {
    assert.match(red.output, /\[trace\]|\[metric\]/);
    clean('the log', red.output);
  });

  it('are encrypted in the one file that holds them, and in no other', () => {
    const files = readdirSync(red.userDir, { withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(files.some(({ name }) => name === 'flows_cred.json'));
    for (const { name } of files) clean(`the file ${name}`, readFileSync(path.join(red.userDir, name), 'utf8'));
  });
});

/** The editor's own socket, with all that a debug sidebar and the workspace ask for. */
async function listen(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/comms`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  for (const subscribe of ['debug', 'status/#', 'notification/#', 'event-log/#']) {
    socket.send(JSON.stringify({ subscribe }));
  }
  return socket;
}

/** A function node that hands everything of a message to the test. */
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
