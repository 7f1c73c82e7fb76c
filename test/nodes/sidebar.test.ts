import { strict as assert } from 'node:assert';
import helper from 'node-red-node-test-helper';
import linktor from '../../nodes';
import { SidebarFeed } from '../../nodes/kit/admin/sidebar-feed';
import type { RED } from '../../nodes/kit/red';
import type { AccountFacts, Line, Report, Talk } from '../../nodes/sidebar/types';
import { type FlowNode, setUpFlows, until } from '../support/flows';
import { asEditor, Listener, Shop } from '../support/red';

const heard: FlowNode = {
  id: 'in',
  type: 'linktor-message-in',
  config: 'account',
  conversations: 'all',
  wires: [['heard']],
};
const flow: FlowNode[] = [heard, { id: 'heard', type: 'probe' }];
const words = 'My card number is 5555 5555 5555 4444';
const contact = { name: 'Private Person', phone: '+5511988887777' };

/** Every test loads the package anew, and what an earlier one has begun to watch is watched for a while. */
function patiently(red: RED): void {
  red.events.setMaxListeners(0);
  linktor(red);
}

// First, for whoever has looked in an earlier test is still nudged for a while.
describe('the nudges that open editors get', () => {
  const { play, control, state } = setUpFlows();
  const listens = () => until(state, ({ sockets }) => sockets.subscriptions > 0);
  let red: RED;
  const nudges: object[] = [];
  const load = (given: RED) => {
    red = given;
    linktor(given);
  };
  const note = (said: { topic: string; data: object }) => {
    if (said.topic === 'linktor/activity') nudges.push(said.data);
  };

  afterEach(() => {
    red.events.off('comms', note);
    nudges.length = 0;
  });

  it('never while nobody looks', async () => {
    const { probe } = await play(flow, { load });
    await listens();
    red.events.on('comms', note);
    await control('messages', { contact, text: words });
    await probe('heard').first();
    assert.deepEqual(nudges, []);
  });

  it('no more when nobody has asked for a while; what happens is noted all the same', async () => {
    const { probe } = await play(flow, { load });
    await listens();
    const watch = new SidebarFeed(red, -1);
    red.events.emit('flows:started', {});
    red.events.on('comms', note);
    await control('messages', { contact, text: words });
    await probe('heard').first();
    assert.deepEqual(nudges, []);
    assert.ok(watch.linesAfter('account', 0).some(({ event }) => event === 'message.received'));
  });

  it('while somebody looks: with nothing but that there is news, and four times a second at most', async () => {
    await play(flow, { load });
    await helper.request().get('/linktor/accounts?watch=account').set(asEditor);
    await listens();
    red.events.on('comms', note);
    const began = Date.now();
    while (nudges.length < 4) await control('messages', { contact, text: words });
    assert.ok(nudges.length <= 2 + (Date.now() - began) / 250, `${nudges.length} nudges`);
    for (const nudge of nudges) assert.deepEqual(nudge, { news: true });
  });
});

describe('what the sidebar asks', () => {
  const box = setUpFlows({ receipts: 'manual' });
  const { control, state } = box;
  const play: typeof box.play = (nodes, options) => box.play(nodes, { load: patiently, ...options });

  async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
    const request = helper.request();
    const { status, body: answer } = await (body
      ? request.post(path).set(asEditor).send(body)
      : request.get(path).set(asEditor));
    assert.equal(status, 200);
    return answer;
  }
  const report = async (after = 0) =>
    (await ask(`/linktor/accounts?watch=account&after=${after}`)) as unknown as Report;
  const account = async () => (await report()).accounts.find(({ id }) => id === 'account') as AccountFacts;
  /** What is written before the conversations are subscribed to may count as older than the flow. */
  const connected = () =>
    until(account, ({ state: now, since, counters }) => {
      return now === 'open' && since !== undefined && (counters.subscriptions ?? 0) > 0;
    });
  const talk = async (body?: object) =>
    (await ask(`/linktor/account/sandbox${body ? '' : '?conversation=conv_ana'}`, body)) as unknown as Talk & {
      ok: boolean;
      message: string;
    };

  it('how each account is, and since when', async () => {
    const before = Date.now();
    await play(flow, { account: { name: 'Shop' } });
    const { since = 0, counters, ...facts } = await connected();
    assert.ok(since >= before && since <= Date.now());
    await until(account, (one) => (one.counters.subscriptions ?? 0) > 0);
    assert.deepEqual(
      { ...facts, latency: undefined },
      {
        id: 'account',
        name: 'Shop',
        host: new URL(box.sandbox.url).host,
        state: 'open',
        users: 1,
        attempts: 0,
        latency: undefined,
      },
    );
  });

  it('what is wrong with an account that cannot work', async () => {
    await play(flow, { apiKey: '' });
    const { state: name, problem } = await account();
    assert.deepEqual([name, problem], ['refused', 'validation']);
  });

  for (const variable of ['{LINKTOR_TEST_URL}', '(LINKTOR_TEST_URL)']) {
    it(`nothing of what the environment variable $${variable} holds`, async () => {
      process.env.LINKTOR_TEST_URL = box.sandbox.url;
      try {
        await play(flow, { account: { baseUrl: `$${variable}` } });
        await connected();
        const { text } = await helper.request().get('/linktor/accounts').set(asEditor);
        assert.ok(text.includes(variable));
        assert.equal(text.includes(new URL(box.sandbox.url).host), false);
      } finally {
        delete process.env.LINKTOR_TEST_URL;
      }
    });
  }

  it('the events since the last question, once each, and not a word of what was said', async () => {
    const { probe } = await play(flow, { credentials: { webhookSecret: 'canary-secret' } });
    await connected();
    await control('messages', { contact, text: words });
    await probe('heard').first();
    const { text } = await helper.request().get('/linktor/accounts?watch=account&after=0').set(asEditor);
    for (const secret of [words, '5555', contact.name, contact.phone, 'sandbox-key', 'canary-secret']) {
      assert.equal(text.includes(secret), false, secret);
    }
    const { lines } = JSON.parse(text) as Report;
    const line = lines.find(({ event }) => event === 'message.received') as Line;
    assert.deepEqual(
      [line.senderType, line.contentType, line.channelType, line.length, line.recovered],
      ['contact', 'text', 'webchat', words.length, line.source === 'poll'],
    );
    assert.equal(line.conversationId, (await probe('heard').first()).conversationId);
    const last = lines.at(-1)?.number ?? 0;
    assert.ok((await report(last)).lines.every(({ number }) => number > last));
  });

  it('the last hundred events and no more, those before anybody looked too', async () => {
    const { probe } = await play(flow);
    await until(state, ({ sockets }) => sockets.subscriptions > 0);
    for (let index = 0; index < 110; index++) await control('messages', { contact, text: `Line ${index}` });
    await probe('heard').take(110);
    const { lines } = await report();
    assert.equal(lines.length, 100);
    assert.deepEqual(
      lines.map(({ number }) => number),
      lines.map((_, index) => (lines[0]?.number ?? 0) + index),
    );
  });

  describe('what waits for an answer', () => {
    const asking = (): FlowNode[] => [
      {
        ...{ id: 'ask', type: 'linktor-ask', config: 'account', name: 'how many', kind: 'number' },
        ...{ question: 'How many, in secret?', questionType: 'str', wires: [['answer'], [], ['ended']] },
      },
      { id: 'answer', type: 'probe' },
      { id: 'ended', type: 'probe' },
    ];
    const waiting = (count: number) => until(report, ({ waitingInAll }) => waitingInAll === count);
    const steer = (body: object) => ask('/linktor/account/waiting', body) as Promise<{ ok: boolean; code?: string }>;

    it('is told by node, conversation and times, and without its words', async () => {
      const before = Date.now();
      const { node, completed } = await play(asking());
      assert.deepEqual((await report()).waiting, []);
      node('ask').receive({ conversationId: 'conv_ana' });
      await completed.first();
      const { waiting: all } = await waiting(1);
      const [{ id, asked = 0, deadline = 0, ...line } = { id: '' }] = all;
      assert.deepEqual(line, {
        ...{ node: 'how many', nodeType: 'linktor-ask', attempts: 0, isOrphan: false, conversationId: 'conv_ana' },
      });
      assert.ok(id !== '' && asked >= before && deadline - asked === 3_600_000);
      assert.equal(JSON.stringify(await report()).includes('secret'), false);
    });

    it('is answered in the place of the person, or ended, once', async () => {
      const { node, probe, completed } = await play(asking());
      node('ask').receive({ conversationId: 'conv_ana' });
      node('ask').receive({ conversationId: 'conv_bruno' });
      await completed.take(2);
      const [first, second] = (await waiting(2)).waiting;
      assert.equal((await steer({ id: first?.id, text: '7' })).ok, true);
      assert.equal((await probe('answer').first()).payload, 7);
      assert.equal((await steer({ id: second?.id })).ok, true);
      assert.equal((await probe('ended').first()).reason, 'closed');
      assert.equal((await steer({ id: second?.id })).code, 'not_found');
      assert.equal((await steer({})).code, 'validation');
      await waiting(0);
    });
  });

  describe('shows which conversations people have', () => {
    const back = (body: object) => ask('/linktor/account/takeover', body) as Promise<{ ok: boolean; code?: string }>;

    it('and gives one back, once', async () => {
      const { node, completed } = await play([{ id: 'guard', type: 'linktor-guard', config: 'account' }]);
      assert.deepEqual((await report()).takenOver, []);
      node('guard').receive({ conversationId: 'conv_ana', action: 'pause', minutes: 5 });
      node('guard').receive({ conversationId: 'conv_bruno', action: 'pause', minutes: 0 });
      await completed.take(2);
      const { takenOver, takenOverInAll } = await report();
      assert.equal(takenOverInAll, 2);
      const ana = takenOver.find(({ conversationId }) => conversationId === 'conv_ana');
      assert.equal(ana?.reason, 'flow');
      assert.equal((ana?.until ?? 0) - (ana?.since ?? 0), 5 * 60_000);
      assert.equal(takenOver.find(({ conversationId }) => conversationId === 'conv_bruno')?.until, undefined);
      assert.equal((await back({ conversationId: 'conv_ana' })).ok, true);
      assert.deepEqual(
        (await report()).takenOver.map(({ conversationId }) => conversationId),
        ['conv_bruno'],
      );
      assert.equal((await back({ conversationId: 'conv_ana' })).code, 'not_found');
      assert.equal((await back({})).code, 'validation');
    });
  });

  it('no instances with a single one, which cannot hand over', async () => {
    await play(flow);
    assert.equal((await report()).cluster, undefined);
    for (const action of ['handOver', 'drain', 'join']) {
      const { ok, code } = (await ask('/linktor/account/instances', { action })) as { ok: boolean; code: string };
      assert.deepEqual([ok, code], [false, 'validation']);
    }
  });

  it('without a connection of its own', async () => {
    const { sockets } = await state();
    await play([{ id: 'send', type: 'linktor-send', config: 'account' }]);
    const { state: name, users } = await account();
    assert.deepEqual([name, users], ['idle', 1]);
    assert.equal((await state()).sockets.total, sockets.total);
  });

  it('goes on with the new connection after a deploy', async () => {
    const { probe, flow: deployed, deploy } = await play(flow);
    await connected();
    await deploy(
      deployed.map((node) => (node.id === 'account' ? { ...node, timeout: 31 } : node)),
      'full',
    );
    await connected();
    // Whoever asks now has missed nothing: no question was needed to begin with the new connection.
    const number = (await report()).lines.at(-1)?.number ?? 0;
    await control('messages', { contact, text: words });
    await probe('heard').first();
    assert.ok((await report(number)).lines.some(({ event }) => event === 'message.received'));
  });

  describe('to play the customer', () => {
    it('only of a sandbox', async () => {
      await play(flow);
      assert.equal((await report()).sandbox, true);
    });

    it('of no other server, which sees neither the key nor anything else', async () => {
      const stranger = await Listener.open(() => ({ body: '{}' }));
      try {
        await play([{ id: 'send', type: 'linktor-send', config: 'account' }], { account: { baseUrl: stranger.url } });
        assert.equal((await report()).sandbox, false);
        const { ok, message } = await talk({ conversationId: 'conv_ana', text: 'Hello' });
        assert.deepEqual([ok, /no sandbox/.test(message)], [false, true]);
        assert.deepEqual(
          stranger.heard.map(({ method, path, headers }) => [method, path, headers['x-api-key']]),
          [['GET', '/_sandbox/state', undefined]],
        );
      } finally {
        await stranger.close();
      }
    });

    it('and not on another machine', async () => {
      await play([{ id: 'send', type: 'linktor-send', config: 'account' }], {
        account: { baseUrl: 'http://linktor.example' },
      });
      assert.equal((await report()).sandbox, false);
    });

    it('writes, presses what was offered, and reads', async () => {
      const { probe } = await play(flow);
      await connected();
      const said = await talk({ conversationId: 'conv_ana', text: 'Where is my order?' });
      assert.equal(said.ok, true);
      assert.equal((await probe('heard').first()).payload, 'Where is my order?');

      const shop = new Shop(box.sandbox.url);
      const interactive = {
        type: 'button',
        body: { text: 'Shall we look?' },
        action: { buttons: [{ type: 'reply', id: 'look', title: 'Please' }] },
      };
      await shop.ask('POST', '/conversations/conv_ana/messages', { contentType: 'interactive', interactive });
      const offered = await talk();
      assert.deepEqual([offered.said, offered.offers], ['Shall we look?', [{ id: 'look', title: 'Please' }]]);
      assert.ok(offered.unread > 0);

      await talk({ conversationId: 'conv_ana', choice: offered.offers[0] });
      const [, pressed] = await probe('heard').take(2);
      assert.deepEqual(pressed?.choice, { kind: 'button', id: 'look', title: 'Please' });
      assert.equal((await talk({ conversationId: 'conv_ana', read: true })).unread, 0);
    });

    it('who must say something, in a conversation that there is', async () => {
      await play(flow);
      for (const [body, complaint] of [
        [{}, /conversationId/],
        [{ conversationId: 'conv_ana' }, /nothing to say/],
        [{ conversationId: 'conv_ana', text: '  ' }, /nothing to say/],
        [{ conversationId: 'nowhere', text: 'Hello' }, /refused/],
      ] as const) {
        const { ok, message } = await talk(body);
        assert.equal(ok, false);
        assert.match(message, complaint);
      }
    });
  });
});
