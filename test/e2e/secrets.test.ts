import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import WebSocket, { WebSocketServer } from 'ws';
import { palette } from '../../nodes';
import type { Field } from '../../nodes/kit/fields';
import { type Sandbox, startSandbox } from '../../sandbox';
import { closedPort, type FlowNode, Listener, Red, Shop, until } from '../support/red';

/** Nobody but the servers they are for may ever see these. */
const key = 'canary-key-5Jt2vQ8LmZ';
const decoy = 'canary-token-Wq7Xn4RbKd';
const password = 'canary-word "p/Zs3Kf9Hd';
const accountSecret = 'canary-whsec-Bn6Tg1VyMw';
const nodeSecret = 'canary-whsec-of-a-node-Lr0Pj8';

/** An operation of an action, as a node of its own. */
interface Operation {
  type: string;
  /** what is stored */
  own: Record<string, unknown>;
}

const actions = palette.flatMap((one) => (one.role === 'action' ? [one] : []));
const triggers = palette.flatMap((one) => (one.role === 'trigger' ? [one.type] : []));
/** Without rules a router has nothing to ask. */
const settings: Record<string, Record<string, unknown>> = {
  'linktor-router': { rules: '[{"rule":"status","value":"open","name":"open"}]' },
};
const everything = actions.flatMap(({ type, fields }): Operation[] => {
  const [name, choice] = Object.entries<Field<unknown>>(fields).find(([one]) => /^(operation|kind)$/.test(one)) ?? [];
  const ticks = Object.entries<Field<unknown>>(fields).filter(([, { kind, required }]) => kind === 'flag' && required);
  const ticked = { ...settings[type], ...Object.fromEntries(ticks.map(([one]) => [one, true])) };
  if (name === undefined) return [{ type, own: ticked }];
  return (choice?.options ?? []).map((option) => ({ type, own: { ...ticked, [name]: option } }));
});
const few = everything.filter(
  ({ type, own }) => type === 'linktor-api' || own.kind === 'text' || own.operation === 'complete',
);

/** Something for every field that takes it from the message. */
const given = {
  payload: 'Hello?',
  base: 'kb_shop',
  contactId: 'ct_ana',
  contactIds: ['ct_bruno'],
  channelId: 'ch_webchat',
  userId: 'usr_demo',
  botId: 'bot_demo',
  flowId: 'flow_demo',
  agentId: 'agt_demo',
  documentId: 'doc_demo',
  templateId: 'status_pedido',
  filename: 'a.txt',
  tags: ['vip'],
  duration: 0,
  attachments: [{ url: 'https://files.example/a.png' }],
  path: '/contacts',
};

describe('secrets', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let echo: Listener;
  let socket: WebSocketServer;
  let collector: Listener;
  let red: Red;
  let comms: WebSocket;
  let token: string;
  let conversation: string;
  const frames: string[] = [];
  const settled = (name: string) => collector.heard.some(({ json }) => json?.case === name);

  before(async () => {
    sandbox = await startSandbox();
    const shop = new Shop(sandbox.url);
    const login = await shop.ask('POST', '/auth/login', { email: 'demo@linktor.local', password: 'sandbox' });
    token = login.json.accessToken;
    assert.ok(token.length > 10);
    conversation = await shop.customerWrites({ name: 'Célia Ramos' }, 'Hello');
    collector = await Listener.open();
    // An unkind server: it repeats what it was given, in refusals and elsewhere in all that it says.
    echo = await Listener.open(({ method, path: target, headers, text }) => ({
      status: target.startsWith('/html') ? 502 : target.startsWith('/parrot') || isListing(method, target) ? 200 : 400,
      headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'r1', 'X-Echo': String(headers['x-api-key']) },
      body: JSON.stringify({
        ...(isListing(method, target) && { data: [] }),
        code: 'BAD',
        message: `Not right: ${headers['x-api-key'] ?? headers.authorization} ${readable(text)}`,
        details: { headers, text, said: readable(text) },
        ...(target.startsWith('/parrot') &&
          !isListing(method, target) && {
            data: { id: 'x', name: 'Parrot', headers, text: JSON.stringify(headers) },
          }),
      }),
    }));
    // And one that closes with the words it was asked with.
    socket = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    socket.on('connection', (one, { url = '' }) => one.close(4000, Buffer.from(url).subarray(0, 120)));
    await once(socket, 'listening');
    red = await Red.start({ settings: { logging: { console: { level: 'trace', metrics: true, audit: true } } } });
    comms = await listen(red.url);
    comms.on('message', (data) => frames.push(data.toString()));
    await red.deploy(flow(await closedPort()));
    await shop.heard();
    await shop.customerWrites({ name: 'Célia Ramos' }, 'Is anybody there?');
    for (const secret of [nodeSecret, 'another']) await deliver(secret);
    for (const [account, operations] of Object.entries(played)) {
      const names = operations.map((one) => nameOf(account, one));
      const msg = { ...given, conversationId: conversation };
      await Promise.all(names.map((name) => red.inject(`inject ${name}`, { ...msg, case: name })));
      for (const name of names) await until(`what comes of "${name}"`, () => settled(name), 30);
    }
  });

  after(async () => {
    comms?.terminate();
    if (red) await red.stop();
    socket?.close();
    for (const server of [sandbox, echo, collector]) await server?.close();
  });

  /** Node-RED replaces such a value when it is deployed, and never in a dialog. */
  const variable = ['$', '{HOME}'].join('');
  const played: Record<string, readonly Operation[]> = {
    token: everything,
    wrong: everything,
    echo: everything,
    parrot: everything,
    down: few,
    prefix: few,
    member: few,
    loud: few,
  };
  const accounts = Object.keys(played);
  const nameOf = (account: string, { type, own }: Operation) =>
    [account, type, own.operation ?? own.kind].filter(Boolean).join(' ');

  /** What a webhook brings, signed with this. */
  async function deliver(secret: string): Promise<void> {
    const body = JSON.stringify({ id: `by ${secret.length}`, type: 'message.sent', data: { id: 'm1' } });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
    const answer = await fetch(`${red.url}/hook-token`, { method: 'POST', headers, body });
    clean('what the sender of a webhook gets', `${answer.status} ${await answer.text()}`);
    assert.equal(answer.status, secret === nodeSecret ? 200 : 401);
  }

  function flow(nobody: number): FlowNode[] {
    const secrets = { webhookSecret: accountSecret };
    const settings: Record<string, object> = {
      token: {
        baseUrl: sandbox.url,
        signIn: 'accessToken',
        credentials: { ...secrets, accessToken: token, apiKey: key },
      },
      wrong: { baseUrl: sandbox.url, credentials: { ...secrets, apiKey: key, accessToken: decoy } },
      down: { baseUrl: `http://127.0.0.1:${nobody}`, credentials: { ...secrets, apiKey: key } },
      echo: { baseUrl: echo.url, credentials: { ...secrets, apiKey: key } },
      parrot: { baseUrl: `${echo.url}/parrot`, contract: 'api', credentials: { ...secrets, apiKey: key } },
      // Asked which contract it speaks, this server gets no token: it is told.
      prefix: {
        baseUrl: `${echo.url}/html`,
        contract: 'api',
        signIn: 'accessToken',
        credentials: { ...secrets, accessToken: decoy },
      },
      member: {
        baseUrl: echo.url,
        contract: 'api',
        signIn: 'password',
        credentials: { ...secrets, email: 'ana@example.com', password },
      },
      loud: {
        baseUrl: echo.url,
        contract: 'api',
        wsUrl: `ws://127.0.0.1:${(socket.address() as AddressInfo).port}/ws`,
        credentials: { ...secrets, apiKey: key },
      },
    };
    const place = { z: 'tab', x: 1, y: 1 };
    const outcome = ['pack', 'debug'];
    // Ours alone: the node that reports has a status itself.
    const ours = accounts.flatMap((account) => [
      ...triggers.map((type) => `in ${account} ${type}`),
      ...(played[account] ?? []).map((one) => nameOf(account, one)),
    ]);
    const nodes: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'secrets' },
      { id: 'catch', type: 'catch', ...place, scope: null, wires: [outcome] },
      { id: 'status', type: 'status', ...place, scope: ours, wires: [['all', 'debug']] },
      { id: 'debug', type: 'debug', ...place, active: true, tosidebar: true, console: true, complete: 'true' },
      pack('pack', 'msg'),
      pack('all', 'msg'),
      { id: 'post', type: 'http request', ...place, method: 'POST', url: collector.url, wires: [[]] },
    ];
    for (const account of accounts) {
      const retries = { timeout: 5, maxRetries: 0, reconnectInterval: 100, maxReconnectAttempts: 20 };
      nodes.push({ id: account, type: 'linktor-config', signIn: 'apiKey', ...retries, ...settings[account] });
      for (const type of triggers) {
        const own =
          type === 'linktor-webhook-in' ? { path: `/hook-${account}`, credentials: { secret: nodeSecret } } : {};
        const id = `in ${account} ${type}`;
        nodes.push({ id, type, ...place, config: account, ...own, wires: Array.from({ length: 6 }, () => outcome) });
      }
      for (const one of played[account] ?? []) {
        const id = nameOf(account, one);
        nodes.push({ id: `inject ${id}`, type: 'inject', ...place, wires: [[id]] });
        const wires = [outcome, outcome];
        nodes.push({ id, type: one.type, ...place, config: account, ...one.own, wires });
      }
    }
    return nodes;
  }

  function clean(what: string, text: string): void {
    assert.ok(text.length > 0, `${what} is empty: nothing was looked at`);
    for (const [name, secret] of Object.entries({ key, decoy, token, password, accountSecret, nodeSecret })) {
      const at = text.indexOf(secret);
      if (at >= 0) assert.fail(`The ${name} is in ${what}: ${text.slice(Math.max(0, at - 120), at + 60)}`);
    }
  }

  it('reach the servers they are for: the canaries do sing', () => {
    assert.ok(echo.heard.some(({ headers }) => headers['x-api-key'] === key));
    assert.ok(echo.heard.some(({ headers }) => headers.authorization === `Bearer ${decoy}`));
    assert.ok(echo.heard.some(({ json }) => json?.password === password));
    const works = collector.heard.find(({ json }) => json?.case === 'token linktor-send text');
    assert.equal(works?.json.error, undefined);
    assert.equal(works?.json.sent.conversationId !== undefined, true);
  });

  it('are asked for by every action and every trigger', () => {
    for (const { type } of actions) {
      const own = collector.heard.filter(({ json }) => json?.case?.startsWith(`echo ${type}`));
      assert.ok(own.length > 0, type);
      // The one works over the connection alone, the other with what the account remembers.
      if (type === 'linktor-typing' || type === 'linktor-guard') continue;
      const refused = own.filter(({ json }) => json.error?.message.includes('Not right: ***'));
      assert.ok(refused.length > 0, `${type} has not asked the server that repeats the key`);
    }
    const shown = collector.heard.map(({ json }) => json?.status?.source?.id);
    for (const type of triggers) assert.ok(shown.includes(`in token ${type}`), type);
    assert.ok(collector.heard.some(({ json }) => json?.payload === 'Is anybody there?'));
  });

  it('are in no answer of the editor API', async () => {
    for (const target of ['/flows', '/settings', '/nodes', '/context/global', '/diagnostics']) {
      clean(target, (await red.ask('GET', target)).text);
    }
    for (const account of accounts) {
      const { json, text } = await red.ask('GET', `/credentials/linktor-config/${account}`);
      clean(`the credentials of ${account}`, text);
      // Addresses and names are no secrets: the dialog shows them.
      for (const [name, value] of Object.entries(json))
        assert.match(name + typeof value, /^(has_\w+boolean|(email|natsUser)string)$/);
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
    const typedWord = { baseUrl: echo.url, contract: 'api', signIn: 'password', email: 'ana@example.com', password };
    clean('a test with a password', (await red.ask('POST', '/linktor/member/test', typedWord)).text);
    // What is deployed for one server went to no other, however nicely it was asked for.
    assert.ok(!JSON.stringify(echo.heard).includes(token));
    clean('a test of nobody', (await red.ask('POST', '/linktor/nobody/test', { baseUrl: sandbox.url })).text);
  });

  it('are in no diagnostics that are copied for others', async () => {
    const stored = { apiKey: '__PWRD__', accessToken: '__PWRD__', email: 'ana@example.com', password: '__PWRD__' };
    const places: [account: string, settings: Record<string, string>][] = [
      ['token', { baseUrl: sandbox.url, signIn: 'accessToken' }],
      ['wrong', { baseUrl: sandbox.url, signIn: 'apiKey' }],
      ['echo', { baseUrl: echo.url, signIn: 'apiKey' }],
      ['parrot', { baseUrl: `${echo.url}/parrot`, signIn: 'apiKey', contract: 'api' }],
      ['member', { baseUrl: echo.url, signIn: 'password', contract: 'api' }],
    ];
    for (const [account, settings] of places) {
      const { json } = await red.ask('POST', `/linktor/${account}/test`, { ...stored, ...settings });
      assert.match(json.diagnostics, /Server: .*\nSign-in: /, account);
      clean(`the diagnostics of ${account}`, json.diagnostics);
      clean(`the findings of ${account}`, JSON.stringify(json.findings));
    }
  });

  it('are in no answer to the sidebar, nor in those about webhooks', async () => {
    const url = `${red.url}/hook-token`;
    for (const account of accounts) {
      for (const target of [
        `/linktor/accounts?watch=${account}&after=0`,
        `/linktor/${account}/twin`,
        `/linktor/${account}/sandbox?conversation=${conversation}`,
      ]) {
        clean(target, (await red.ask('GET', target)).text);
      }
      for (const deed of [{ text: 'Hi' }, { read: true }, { choice: { id: 'a', title: 'A' } }, {}]) {
        const { text } = await red.ask('POST', `/linktor/${account}/sandbox`, {
          ...deed,
          conversationId: conversation,
        });
        clean(`a deed in ${account}`, text);
      }
      for (const node of [`in ${account} linktor-webhook-in`, 'in token linktor-webhook-in', 'nobody']) {
        const { text } = await red.ask('POST', `/linktor/${account}/webhook`, { url, node, events: '*' });
        clean(`the registration of ${node} at ${account}`, text);
      }
    }
    // Each server knows the secrets of its own account, if it was asked to.
    assert.ok(echo.heard.some(({ json }) => json?.secret === nodeSecret));
  });

  it('are in no message, no error and no status', () => {
    assert.ok(collector.heard.some(({ json }) => json?.error?.code === 'authentication'));
    assert.ok(collector.heard.some(({ json }) => json?.error?.code === 'network'));
    assert.ok(collector.heard.some(({ json }) => json?.error?.message.includes('Not right: ')));
    assert.ok(collector.heard.some(({ json }) => json?.status));
    assert.ok(collector.heard.some(({ json }) => json?.payload?.data?.headers?.['x-api-key'] === '***'));
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

/** Before a webhook is registered it is looked whether it is there. */
function isListing(method: string, target: string): boolean {
  return method === 'GET' && /\/webhooks(\?|$)/.test(target);
}

/** What a server would say of what it was sent: the values, as they are. */
function readable(text: string): string {
  try {
    return Object.values(JSON.parse(text)).join(' ');
  } catch {
    return text;
  }
}

/** The editor's own socket, with all that a debug sidebar and the workspace ask for. */
async function listen(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/comms`);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  for (const subscribe of ['debug', 'status/#', 'notification/#', 'event-log/#', 'linktor/#']) {
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
