import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { askNode } from '../support/chat';
import { type FlowNode, type Message, setUpFlows, shownBy, until } from '../support/flows';
import { secret, send, sign } from '../support/hostile';
import { mutatingNode, mutations } from '../support/mutating-node';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  {
    id: 'node',
    type: 'linktor-webhook-in',
    config: 'account',
    path: '/linktor/hook',
    outputs: 2,
    wires: [['out'], ['rejected']],
    ...more,
  },
  { id: 'out', type: 'probe' },
  { id: 'rejected', type: 'probe' },
];
const account = { webhookSecret: secret };
const event = (id: string, type = 'message.sent', data: object = {}) =>
  JSON.stringify({ id, type, timestamp: new Date().toISOString(), data });

describe('linktor-webhook-in', () => {
  const setup = setUpFlows();
  let server: http.Server | undefined;

  /** Loads the palette, and serves Node-RED's httpNode as Node-RED would. */
  async function open(flow: FlowNode[], credentials: Record<string, string> = account) {
    let app: http.RequestListener = () => {};
    const load = (red: RED) => {
      app = red.httpNode as never;
      linktor(red);
      mutatingNode(red as never);
    };
    const played = await setup.play(flow, { load, credentials });
    server = http.createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await until(
      async () => shownBy(played.node('node')).length,
      (count) => count > 0,
    );
    return { ...played, origin };
  }

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  it('knows a delivery with an id of any length, and keeps no such id', async () => {
    const { origin, probe } = await open(node());
    const [one, other] = ['x', 'y'].map((end) => event('a'.repeat(50_000) + end));
    for (const body of [one, other, one]) assert.equal(await send(origin, { body }), 200);
    assert.equal(await send(origin, { body: event('last') }), 200);
    const events = await probe('out').take(3);
    assert.deepEqual(
      events.map((msg) => (msg.event as { id: string }).id.length),
      [50_001, 50_001, 4],
    );
  });

  it('emits the event, with what it takes to answer', async () => {
    const { origin, probe, node: get } = await open(node());
    const message = {
      id: 'm1',
      conversationId: 'conv_ana',
      contentType: 'text',
      content: { text: 'Oi' },
      senderType: 'contact',
      direction: 'inbound',
    };
    const body = event('e1', 'message.received', { message, conversationId: 'conv_ana', contactId: 'ct_ana' });
    assert.equal(await send(origin, { body }), 200);
    const msg = await probe('out').first();
    assert.equal(msg.topic, 'message.received');
    assert.equal(msg.conversationId, 'conv_ana');
    assert.equal(msg.messageId, 'm1');
    assert.equal(msg.text, 'Oi');
    assert.equal((msg.payload as { contactId: string }).contactId, 'ct_ana');
    assert.deepEqual((msg.linktor as { scheme: string; deliveryId: string }).scheme, 'body');
    assert.ok(shownBy(get('node')).includes('linktor.status.listening'));
  });

  for (const [what, traceparent, passed] of [
    ['that is one', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
    ['that is none', 'mine', false],
  ] as const) {
    it(`passes on the trace of a delivery, ${what}`, async () => {
      const { origin, probe } = await open(node());
      assert.equal(await send(origin, { body: event('traced'), headers: { traceparent } }), 200);
      assert.equal((await probe('out').first()).traceparent, passed ? traceparent : undefined);
    });
  }

  it('says what it refused and why, without anything secret', async () => {
    const { origin, probe, caught } = await open(node());
    assert.equal(await send(origin, { signature: '0'.repeat(64), headers: { Authorization: 'Bearer canary' } }), 401);
    const msg = await probe('rejected').first();
    assert.equal(msg.reason, 'bad_signature');
    assert.equal(JSON.stringify(msg).includes('canary'), false);
    assert.equal(JSON.stringify(msg).includes(secret), false);
    assert.equal(probe('out').all.length, 0);
    assert.equal(caught.all.length, 0);
  });

  it('drops what it has told already, or marks it', async () => {
    const marking = {
      id: 'other',
      type: 'linktor-webhook-in',
      config: 'account',
      path: '/linktor/other',
      duplicates: 'mark',
      wires: [['marked']],
    };
    const { origin, probe } = await open([...node(), marking, { id: 'marked', type: 'probe' }]);
    for (const path of ['/linktor/hook', '/linktor/hook', '/linktor/other', '/linktor/other']) {
      assert.equal(await send(origin, { body: event('same'), path }), 200);
    }
    const marked = await probe('marked').take(2);
    assert.deepEqual(
      marked.map(({ duplicate }) => duplicate),
      [undefined, true],
    );
    assert.equal(probe('out').all.length, 1);
  });

  it('remembers over a deploy', async () => {
    const { origin, probe, deploy, flow } = await open(node());
    assert.equal(await send(origin, { body: event('e1') }), 200);
    await probe('out').take(1);
    await deploy(
      flow.map((one) => (one.id === 'account' || one.id === 'node' ? { ...one, name: 'changed' } : one)),
      'nodes',
    );
    assert.equal(await send(origin, { body: event('e1') }), 200);
    assert.equal(await send(origin, { body: event('e2') }), 200);
    assert.deepEqual(
      (await probe('out').take(2)).map(({ linktor: facts }) => (facts as { deliveryId: string }).deliveryId),
      ['e1', 'e2'],
    );
  });

  for (const [what, change, status] of [
    ['is passed on by the node that is there by then', (flow: FlowNode[]) => flow, 200],
    [
      'is to be sent again when nobody is there any more',
      (flow: FlowNode[]) => flow.filter(({ id }) => id !== 'node'),
      503,
    ],
  ] as const) {
    it(`a delivery whose end arrives after a full deploy ${what}`, async () => {
      const { origin, probe, deploy, flow } = await open(node());
      const body = event('e1');
      const headers = { 'content-type': 'application/json', 'x-linktor-signature': sign(body) };
      const request = http.request(`${origin}/linktor/hook`, { method: 'POST', headers });
      const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
      const arrived = once(server as http.Server, 'request');
      request.write(body.slice(0, 10));
      await arrived;
      await deploy(change(flow), 'full');
      request.end(body.slice(10));
      const [answer] = await answered;
      assert.equal(answer.statusCode, status);
      if (status === 200) assert.equal((await probe('out').first()).topic, 'message.sent');
      else assert.equal(answer.headers['retry-after'], '30');
    });
  }

  it('answers at once, however many stars its pattern has', async () => {
    const { origin, probe } = await open(node({ events: '*a*a*a*a*a*a*a*a*b；message.*' }));
    await send(origin, { body: event('e1', 'a'.repeat(100)) });
    await send(origin, { body: event('e2', 'message.read') });
    assert.equal((await probe('out').first()).topic, 'message.read');
  });

  it('passes on the events that are wanted', async () => {
    const { origin, probe } = await open(node({ events: 'conversation.*, message.READ' }));
    for (const [id, type] of [
      ['1', 'message.sent'],
      ['2', 'conversation.created'],
      ['3', 'message.read'],
      ['4', 'conversation.x'],
    ]) {
      assert.equal(await send(origin, { body: event(id as string, type) }), 200);
    }
    assert.deepEqual(
      (await probe('out').take(3)).map(({ topic }) => topic),
      ['conversation.created', 'message.read', 'conversation.x'],
    );
  });

  it('feeds the other triggers, once, whether or not the socket brings it too', async () => {
    const heard: FlowNode = { id: 'heard', type: 'linktor-message-in', config: 'account', wires: [['messages']] };
    const { origin, probe } = await open([...node(), heard, { id: 'messages', type: 'probe' }]);
    await until(setup.state, ({ sockets }) => sockets.subscriptions > 1);
    const written = await setup.control('messages', { conversationId: 'conv_ana', text: 'twice?' });
    const body = event('e1', 'message.received', { message: written, conversationId: 'conv_ana' });
    assert.equal(await send(origin, { body }), 200);
    await probe('out').take(1);
    await setup.control('messages', { conversationId: 'conv_ana', text: 'last' });
    const texts = (await probe('messages').take(2)).map(({ payload }) => payload);
    assert.deepEqual(texts, ['twice?', 'last']);
  });

  it('brings answers to open questions, which the triggers do not get', async () => {
    const heard: FlowNode = { id: 'heard', type: 'linktor-message-in', config: 'account', wires: [['messages']] };
    const flow = [...node(), ...askNode({ kind: 'number' }), heard, { id: 'messages', type: 'probe' }];
    const { origin, probe, node: get, completed } = await open(flow);
    get('ask').receive({ conversationId: 'conv_ana', topic: 'kept' });
    await completed.take(1);
    const says = async (id: string, text: string) => {
      const createdAt = new Date().toISOString();
      const message = { id, conversationId: 'conv_ana', content: { text }, senderType: 'contact', createdAt };
      const body = event(id, 'message.received', { message, conversationId: 'conv_ana' });
      assert.equal(await send(origin, { body }), 200);
    };
    await says('m1', '7');
    const { payload, topic } = await probe('answer').first();
    assert.deepEqual([payload, topic], [7, 'kept']);
    await says('m2', 'thanks');
    assert.equal((await probe('messages').first()).payload, 'thanks');
    assert.equal(probe('messages').all.length, 1);
  });

  it('feeds the other triggers at once also when an action has just let go of the connection', async () => {
    const heard = { id: 'heard', type: 'linktor-message-in', config: 'account', source: 'webhook', wires: [['told']] };
    const typing = { id: 'typing', type: 'linktor-typing', config: 'account', untilSent: false, wires: [[]] };
    const {
      origin,
      probe,
      node: get,
      completed,
    } = await open([...node(), heard, typing, { id: 'told', type: 'probe' }]);
    get('typing').receive({ conversationId: 'conv_ana' });
    await completed.take(1);
    await until(setup.state, ({ sockets }) => sockets.open === 1);
    // Somewhere among these it lets go, and keeps the connection for a while in case that somebody comes back.
    const words = Array.from({ length: 30 }, (_, number) => `Oi ${number}`);
    for (const text of words) {
      const message = { id: text, conversationId: 'conv_ana', content: { text }, senderType: 'contact' };
      const body = event(text, 'message.received', { message, conversationId: 'conv_ana' });
      assert.equal(await send(origin, { body }), 200);
    }
    const told = await probe('told').take(words.length);
    assert.deepEqual(
      told.map(({ payload }) => payload),
      words,
    );
    assert.equal((await setup.state()).sockets.open, 1);
  });

  it('keeps what its own flow does with an event from the flows of the other triggers', async () => {
    const heard = {
      id: 'heard',
      type: 'linktor-message-in',
      config: 'account',
      source: 'webhook',
      wires: [['mutate']],
    };
    const mutate = { id: 'mutate', type: 'mutate', wires: [['mutations']] };
    const flow = [...node({ wires: [['mutate'], []] }), heard, mutate, { id: 'mutations', type: 'probe' }];
    const { origin, probe } = await open(flow);
    // The other trigger tells it once it knows the conversation, long after the first.
    await setup.control('latency', { ms: 50 });
    const message = { id: 'm1', conversationId: 'conv_ana', content: { text: 'Oi' }, senderType: 'contact' };
    const body = event('e1', 'message.received', { message, conversationId: 'conv_ana' });
    assert.equal(await send(origin, { body }), 200);
    const [own, others] = await probe('mutations').take(2);
    assert.deepEqual(new Set(mutations(others as Message)), new Set([1]));
    assert.equal(others?.payload, 'Oi');
    assert.ok(own?.event);
  });

  it('takes the old secret as well while it is being changed, and its own before the account', async () => {
    const { origin, probe } = await open(node(), { webhookSecret: 'new', previousWebhookSecret: secret });
    const body = event('e1');
    assert.equal(await send(origin, { body, signature: sign(body, 'new') }), 200);
    assert.equal(await send(origin, { body: event('e2') }), 200);
    await probe('out').take(2);
  });

  it('lets go of its path when it is removed, and takes another when it changes', async () => {
    const { origin, deploy, flow } = await open(node());
    await deploy(flow.map((one) => (one.id === 'node' ? { ...one, path: 'moved/here' } : one)));
    await until(
      () => send(origin, { path: '/moved/here', body: event('e1') }),
      (status) => status === 200,
    );
    assert.equal(await send(origin, {}), 404);
    await deploy(flow.filter(({ id }) => id !== 'node'));
    assert.equal(await send(origin, { path: '/moved/here', body: event('e2') }), 404);
  });

  for (const [name, flow, credentials, code] of [
    [
      'another node has the path',
      [...node(), { ...(node()[0] as FlowNode), id: 'second', path: '/LINKTOR/hook/' }],
      account,
      'conflict',
    ],
    ['there is no secret', node(), { webhookSecret: '' }, 'validation'],
    ['the path is none', node({ path: '/a b' }), account, 'validation'],
    ['the path climbs', node({ path: '/a/../b' }), account, 'validation'],
  ] as [string, FlowNode[], Record<string, string>, string][]) {
    it(`says so when ${name}`, async () => {
      const { caught } = await open(flow, credentials);
      assert.equal((await caught.first()).error?.code, code);
    });
  }
});
