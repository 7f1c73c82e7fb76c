import { strict as assert } from 'node:assert';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { askNode } from '../support/chat';
import { type FlowNode, setUpFlows, shownBy, until } from '../support/flows';
import { secret, send } from '../support/hostile';
import { sendNode } from './sending';

const listeners = ['message-in', 'status-in', 'event-in', 'typing-in'];
const triggers: FlowNode[] = listeners.flatMap((name) => [
  { id: name, type: `linktor-${name}`, config: 'account', wires: [[`${name}-out`]] },
  { id: `${name}-out`, type: 'probe' },
]);
const hook: FlowNode = {
  id: 'hook',
  type: 'linktor-webhook-in',
  config: 'account',
  path: '/linktor/hook',
  wires: [['hooked']],
};
const hooked: FlowNode = { id: 'hooked', type: 'probe' };
const inbound = (text: string) => {
  const message = { id: `m-${text}`, conversationId: 'conv_ana', content: { text }, senderType: 'contact' };
  const data = { message, conversationId: 'conv_ana' };
  return JSON.stringify({ id: `e-${text}`, type: 'message.received', timestamp: new Date().toISOString(), data });
};

describe('how an account receives', () => {
  const setup = setUpFlows();
  const { state } = setup;
  const servers: http.Server[] = [];
  const end: (() => void)[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    for (const act of end.splice(0)) act();
  });

  async function play(nodes: FlowNode[], account: Record<string, unknown>) {
    const server = http.createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const load = (red: RED) => {
      server.on('request', red.httpNode as never);
      linktor(red);
    };
    const before = await state();
    const played = await setup.play(nodes, { load, account, credentials: { webhookSecret: secret } });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { ...played, before, hear: (text: string) => send(origin, { body: inbound(text), path: '/linktor/hook' }) };
  }

  it('by webhooks only: no socket, no poll; what a webhook brings reaches the triggers', async () => {
    const { node, probe, before, hear } = await play([...triggers, hook, hooked], { receive: 'webhook' });
    for (const name of listeners) {
      const word = name === 'typing-in' ? 'no_realtime' : 'webhooks_only';
      assert.deepEqual(shownBy(node(name)), [`linktor.status.${word}`], name);
    }
    assert.equal(await hear('one'), 200);
    assert.equal((await probe('message-in-out').first()).payload, 'one');
    const { sockets, requests } = await state();
    assert.equal(sockets.total, before.sockets.total);
    // It looks up the conversation of the message, and lists nothing.
    assert.deepEqual(
      requests.map(({ path }) => path).filter((path) => path.endsWith('/conversations')),
      [],
    );
  });

  it('by webhooks only: a deploy of the trigger loses nothing, and the answer to a question arrives', async () => {
    const nodes = [...triggers, ...askNode(), hook, hooked];
    const { node, probe, hear, flow, deploy, completed } = await play(nodes, { receive: 'webhook' });
    assert.equal(await hear('one'), 200);
    await probe('message-in-out').first();
    await deploy(flow.map((one) => (one.id === 'message-in' ? { ...one, name: 'again' } : one)));
    assert.equal(await hear('two'), 200);
    assert.equal((await probe('message-in-out').take(2))[1]?.payload, 'two');
    node('ask').receive({ conversationId: 'conv_ana' });
    await completed.first();
    assert.equal(await hear('five'), 200);
    assert.equal((await probe('answer').first()).payload, 'five');
  });

  it('nothing: triggers say so, webhooks are not passed on, and nobody can connect', async () => {
    const nodes = [
      ...triggers,
      hook,
      hooked,
      { id: 'link', type: 'linktor-connection', config: 'account', healthEvery: 0, wires: [[]] },
    ];
    const { node, probe, before, hear, caught } = await play(nodes, { receive: 'nothing' });
    for (const name of listeners) assert.deepEqual(shownBy(node(name)), ['linktor.status.no_realtime'], name);
    assert.equal(await hear('one'), 200);
    await probe('hooked').first();
    node('link').receive({ action: 'connect' });
    assert.match((await caught.first()).error?.message ?? '', /opens no connection/);
    assert.equal(probe('message-in-out').all.length, 0);
    const { sockets, requests } = await state();
    assert.equal(sockets.total, before.sockets.total);
    // Typing in asks who its own user is.
    const asked = requests.slice(before.requests.length).map(({ path }) => path);
    assert.deepEqual(
      asked.filter((path) => !path.endsWith('/me')),
      [],
    );
  });

  it('nothing: sending works, with its delivery looked up; a question is refused', async () => {
    const nodes = [...sendNode({ waitFor: 'delivered' }), ...askNode()];
    const { node, probe, before, caught } = await play(nodes, { receive: 'nothing' });
    node('node').receive({ conversationId: 'conv_ana', payload: 'Hi' });
    const { sent } = await probe('out').first();
    assert.match((sent as { status: string }).status, /delivered|read/);
    node('ask').receive({ conversationId: 'conv_ana' });
    assert.match((await caught.first()).error?.message ?? '', /no answer could arrive/);
    assert.equal((await state()).sockets.total, before.sockets.total);
  });

  it('gives up connecting after the time that is set', async () => {
    // A server that takes the connection and never answers.
    const held = new Set<net.Socket>();
    const mute = net.createServer((socket) => held.add(socket.on('error', () => {})));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    end.push(() => {
      for (const socket of held) socket.destroy();
      mute.close();
    });
    const wsUrl = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}/ws`;
    const link: FlowNode = { id: 'link', type: 'linktor-connection', config: 'account', wires: [['out']] };
    const began = Date.now();
    const { node } = await play([link, { id: 'out', type: 'probe' }], { wsUrl, handshakeTimeout: 1 });
    await until(
      async () => shownBy(node('link')),
      (words) => words.includes('linktor.status.reconnecting'),
    );
    assert.ok(Date.now() - began < 8000, 'it waited for its usual time');
  });
});
