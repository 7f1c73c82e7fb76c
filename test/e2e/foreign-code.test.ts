import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../sandbox';
import { type FlowNode, Listener, Red, red4, Shop, until } from '../support/red';

/** A context store that somebody else has written, and that fails in every way there is. */
const brokenStore = (fails: string) => `(() => {
  const done = (args) => args.find((one) => typeof one === 'function');
  const fail = (...args) => {
    const ways = {
      throws: () => { throw new Error('the store is broken'); },
      refuses: () => done(args)?.(new Error('the store is broken')),
      throwsLater: () => { done(args)?.(new Error('the store is broken')); throw new Error('and again'); },
    };
    return ways['${fails}']();
  };
  return () => ({ open: async () => {}, close: async () => {}, delete: async () => {}, clean: async () => {}, get: fail, set: fail, keys: fail });
})()`;
const place = { z: 'tab', x: 1, y: 1 };
const secret = 'the secret of the webhook';

/** A flow that tells the test, in JSON, what reaches Catch and what comes out. */
function flowFor(baseUrl: string, listener: string, nodes: FlowNode[]): FlowNode[] {
  const told = (id: string, what: string): FlowNode => ({
    ...{ id, type: 'function', ...place, outputs: 1, wires: [['post']] },
    func: `return { payload: ${what} };`,
  });
  return [
    { id: 'tab', type: 'tab', label: 'Foreign' },
    { id: 'account', type: 'linktor-config', baseUrl, credentials: { apiKey: 'sandbox-key' } },
    { id: 'press', type: 'inject', ...place, props: [], wires: [nodes.map(({ id }) => id)] },
    ...nodes.map((node) => ({ ...place, config: 'account', wires: [['out'], ['out'], ['out']], ...node })),
    told('out', '{ from: "flow", topic: msg.topic }'),
    { id: 'catch', type: 'catch', ...place, scope: null, wires: [['caught']] },
    told('caught', '{ from: "catch", source: msg.error.source.id, message: msg.error.message, code: msg.error.code }'),
    { id: 'post', type: 'http request', ...place, method: 'POST', url: listener, ret: 'txt', wires: [[]] },
  ];
}

describe('code of others that fails, in a real Node-RED', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let listener: Listener;
  let red: Red | undefined;

  before(async () => {
    [sandbox, listener] = await Promise.all([startSandbox(), Listener.open()]);
  });
  afterEach(async () => {
    const stopped = red;
    red = undefined;
    await stopped?.stop();
    listener.heard.length = 0;
  });
  after(() => Promise.all([sandbox?.close(), listener?.close()]));

  const heard = (from: string) => listener.heard.map(({ json }) => json).filter((json) => json?.from === from);

  for (const fails of ['throws', 'refuses', 'throwsLater']) {
    it(`a context store that ${fails} is told to Catch, and ends nothing`, async () => {
      const api = { type: 'linktor-api', method: 'GET', path: '/contacts', pathType: 'str' };
      const nodes: FlowNode[] = [
        { id: 'toFlow', ...api, result: '#:(broken)::answer', resultType: 'flow' },
        { id: 'toGlobal', ...api, result: '#:(broken)::a.b', resultType: 'global' },
        {
          id: 'fromFlow',
          type: 'linktor-contact',
          operation: 'get',
          contact: '#:(broken)::id',
          contactType: 'flow',
        },
      ];
      const code = `module.exports.contextStorage = { default: { module: 'memory' }, broken: { module: ${brokenStore(fails)} } };`;
      red = await Red.start({ code, flow: flowFor(sandbox.url, listener.url, nodes) });
      const running = red;
      for (let round = 1; round <= 2; round++) {
        await red.ask('POST', '/inject/press', {});
        await until('what goes wrong', () => heard('catch').length >= 3 * round);
      }
      const told = heard('catch');
      assert.deepEqual([...new Set(told.map(({ source }) => source))].sort(), nodes.map(({ id }) => id).sort());
      for (const { message, code: known } of told) {
        assert.match(message, /the store is broken|place for the result|evaluated/);
        assert.equal(known, 'validation');
      }
      assert.ok(running.running, running.output);
    });
  }

  // Fails three times for what a node of ours does, and then no more.
  const failing = (body: string) => `
    let left = 3;
    const isOurs = (node) => String(node && node.type).startsWith('linktor');
    const fail = (given) => {
      if (!isOurs(given) || left-- <= 0) return;
      ${body}
    };
    const util = require('node:module').createRequire(${JSON.stringify(red4.red)})('@node-red/util');
  `;
  const thrown = "throw new Error('not mine');";
  const hooks: [what: string, code: string][] = [
    'onSend',
    'preRoute',
    'onReceive',
    'postReceive',
    'onComplete',
  ].flatMap((hook): [string, string][] => {
    const read =
      hook === 'onSend'
        ? 'events[0].source.node'
        : hook === 'preRoute'
          ? 'events.source.node'
          : 'events.node ?? events.destination.node';
    return [
      [`a hook ${hook} that throws`, `${failing(thrown)} util.hooks.add('${hook}', (events) => { fail(${read}); });`],
      [
        `a hook ${hook} that rejects`,
        `${failing(thrown)} util.hooks.add('${hook}', async (events) => { fail(${read}); });`,
      ],
    ];
  });
  for (const [what, code] of [
    ...hooks,
    [
      'a handler of the log that throws',
      `${failing(thrown)} Object.assign(module.exports, { logging: { console: { level: 'info' }, bad: { level: 'trace', metrics: true, handler: () => fail } } });`,
    ],
    [
      'a listener of the status that throws',
      `${failing(thrown)} util.events.on('node-status', ({ id }) => fail({ type: ['in', 'send'].includes(id) ? 'linktor' : '' }));`,
    ],
  ] as const) {
    it(`${what} ends nothing, and the flow goes on`, async () => {
      const nodes: FlowNode[] = [
        { id: 'in', type: 'linktor-message-in' },
        {
          id: 'send',
          type: 'linktor-send',
          conversation: 'nobody',
          conversationType: 'str',
          text: 'x',
          textType: 'str',
        },
      ];
      red = await Red.start({ code, flow: flowFor(sandbox.url, listener.url, nodes) });
      const shop = new Shop(sandbox.url);
      await shop.heard();
      for (let round = 0; round < 4; round++) {
        await red.ask('POST', '/inject/press', {});
        await shop.customerWrites({ name: 'Ana', phone: '+5511999990001' }, `round ${round}`);
      }
      await until('the flow to go on', async () => {
        await red?.ask('POST', '/inject/press', {});
        await shop.customerWrites({ name: 'Ana', phone: '+5511999990001' }, 'again');
        return heard('flow').length > 0 && heard('catch').length > 0;
      });
      assert.ok(red.running, red.output);
    });
  }

  for (const [what, middleware, status] of [
    ['throws', '() => { throw new Error("not today"); }', 500],
    ['throws nothing that is an error', '() => { throw undefined; }', 500],
    ['rejects', 'async () => { throw new Error("not today"); }', 500],
    ['goes on with an error', '(req, res, next) => next(new Error("not today"))', 500],
    ['goes on and then throws', '(req, res, next) => { next(); throw new Error("too late"); }', 200],
    ['goes on and then rejects', 'async (req, res, next) => { next(); throw new Error("too late"); }', 200],
    ['goes on twice', '(req, res, next) => { next(); next(); }', 200],
    ['is one of several that fail', '[(req, res, next) => next(), async () => { throw new Error("not today"); }]', 500],
    ['answers by itself', '(req, res) => { res.statusCode = 418; res.end(); }', 418],
  ] as const) {
    it(`a middleware that ${what} ends nothing`, async () => {
      const hook = { id: 'hook', type: 'linktor-webhook-in', path: '/linktor/hook', credentials: { secret } };
      const code = `module.exports.httpNodeMiddleware = ${middleware};`;
      red = await Red.start({ code, flow: flowFor(sandbox.url, listener.url, [hook]) });
      const at = red;
      const deliver = async (id: string) => {
        const body = JSON.stringify({ id, type: 'message.received', timestamp: new Date().toISOString(), data: {} });
        const signature = createHmac('sha256', secret).update(body).digest('hex');
        const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
        return (await fetch(`${at.url}/linktor/hook`, { method: 'POST', body, headers })).status;
      };
      assert.deepEqual([await deliver('e1'), await deliver('e2')], [status, status]);
      if (status === 200) await until('both events', () => heard('flow').length === 2);
      assert.equal(heard('flow').length, status === 200 ? 2 : 0);
      assert.ok(at.running, at.output);
    });
  }
});
