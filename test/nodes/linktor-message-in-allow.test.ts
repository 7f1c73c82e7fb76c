import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { type FlowNode, listening, setUpFlows, shownBy, until } from '../support/flows';
import { secret, send } from '../support/hostile';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-message-in', config: 'account', outputs: 2, wires: [['out'], ['filtered']], ...more },
  { id: 'out', type: 'probe' },
  { id: 'filtered', type: 'probe' },
];
const zoe = { name: 'Zoe', phone: '+55 11 90000-0001', email: 'Zoe@Example.com' };
const yan = { name: 'Yan', phone: '+55 11 90000-0002' };

describe('linktor-message-in, who is let in', () => {
  const { play, control, state } = setUpFlows();
  const ready = () => listening({ state }, 2);

  before(() => {
    process.env.ALLOWED = '+5511900000001';
  });
  after(() => {
    delete process.env.ALLOWED;
  });

  const lists: [string, Record<string, unknown>][] = [
    ['a phone number, however it is written', { allow: '005511900000001' }],
    ['one of several', { allow: 'x@example.com; (+55) 11 90000.0001' }],
    ['an e-mail address', { allow: 'zoe@example.com' }],
    ['a list in JSON', { allow: '["+5511900000001"]', allowType: 'json' }],
    ['a value of the environment', { allow: 'ALLOWED', allowType: 'env' }],
  ];
  for (const [what, fields] of lists) {
    it(`knows ${what}, and names the reason for all others`, async () => {
      const { probe } = await play(node({ allowType: 'str', ...fields }));
      await ready();
      await control('messages', { contact: yan, text: 'let me in' });
      assert.equal((await probe('filtered').first()).reason, 'sender_not_allowed');
      await control('messages', { contact: zoe, text: 'it is me' });
      assert.equal((await probe('out').first()).payload, 'it is me');
      assert.equal(probe('filtered').all.length, 1);
    });
  }

  for (const allow of ['ct_ana', 'conv_ana']) {
    it(`knows ${allow}`, async () => {
      const { probe } = await play(node({ allow, allowType: 'str' }));
      await ready();
      await control('messages', { conversationId: 'conv_bruno', text: 'no' });
      await control('messages', { conversationId: 'conv_ana', text: 'yes' });
      assert.equal((await probe('out').first()).payload, 'yes');
      assert.equal((await probe('filtered').first()).payload, 'no');
    });
  }

  it('takes an empty list for a mistake, not for everyone', async () => {
    const { caught } = await play(node({ allow: '[]', allowType: 'json' }));
    const { error } = await caught.first();
    assert.equal(error?.code, 'validation');
    assert.match(error?.message ?? '', /allowed/);
  });
});

describe('linktor-message-in, by webhook alone', () => {
  const setup = setUpFlows();
  const server = http.createServer();

  before(async () => {
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(() => server.removeAllListeners('request'));
  after(() => server.close());

  async function open(flow: FlowNode[]) {
    const load = (red: RED) => {
      server.on('request', red.httpNode as never);
      linktor(red);
    };
    const hook = { id: 'hook', type: 'linktor-webhook-in', config: 'account', path: '/linktor/hook', wires: [[]] };
    const played = await setup.play([...flow, hook], { load, credentials: { webhookSecret: secret } });
    await until(
      async () => shownBy(played.node('hook')).length,
      (count) => count > 0,
    );
    return { ...played, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }
  const delivery = (id: string, conversationId: string) =>
    JSON.stringify({
      id: `e_${id}`,
      type: 'message.received',
      timestamp: new Date().toISOString(),
      data: {
        message: { id, conversationId, content: { text: id }, senderType: 'contact', direction: 'inbound' },
        conversationId,
      },
    });

  it('emits what a webhook in node receives, and opens no connection', async () => {
    const { total } = (await setup.state()).sockets;
    const { origin, probe, node: get } = await open(node({ source: 'webhook' }));
    assert.equal(await send(origin, { body: delivery('m1', 'conv_ana') }), 200);
    const msg = await probe('out').first();
    assert.equal(msg.payload, 'm1');
    assert.equal(msg.contactId, 'ct_ana');
    const { source, deliveryId } = msg.linktor as Record<string, unknown>;
    assert.deepEqual([source, deliveryId], ['webhook', 'e_m1']);
    assert.equal((await setup.state()).sockets.total, total);
    assert.equal(shownBy(get('node')).at(-1), 'linktor.status.listening');
  });

  it('takes the conversations that messages ask for without a connection as well', async () => {
    const { total } = (await setup.state()).sockets;
    const {
      origin,
      probe,
      node: get,
      completed,
    } = await open(node({ source: 'webhook', conversations: 'input', inputs: 1 }));
    get('node').receive({ action: 'subscribe', conversationId: 'conv_bruno' });
    await completed.take(1);
    await send(origin, { body: delivery('m2', 'conv_ana') });
    await send(origin, { body: delivery('m3', 'conv_bruno') });
    assert.equal((await probe('out').first()).payload, 'm3');
    assert.equal((await setup.state()).sockets.total, total);
  });
});

describe('linktor-message-in, marking as read', () => {
  const { play, control, state } = setUpFlows();
  const ready = () => listening({ state }, 2);
  const marks = async () => (await state()).requests.filter(({ path }) => path.endsWith('/read'));

  it('marks what it lets through, and nothing else', async () => {
    const { probe, caught } = await play(node({ markRead: true, textRule: 'startsWith', textValue: 'yes' }));
    await ready();
    await control('messages', { conversationId: 'conv_bruno', text: 'no' });
    await probe('filtered').take(1);
    await control('messages', { conversationId: 'conv_ana', text: 'yes' });
    await until(marks, (made) => made.length > 0);
    assert.deepEqual(
      (await marks()).map(({ path }) => path),
      ['/conversations/conv_ana/read'],
    );
    assert.equal(probe('out').all.length, 1);
    assert.equal(caught.all.length, 0);
  });

  it('emits the message though it cannot be marked, and tells Catch', async () => {
    const { probe, caught } = await play(node({ markRead: true }));
    await ready();
    await control('fail', { count: 1, status: 403, path: '/read' });
    await control('messages', { conversationId: 'conv_ana', text: 'hello' });
    assert.equal((await probe('out').first()).payload, 'hello');
    assert.equal((await caught.first()).error?.code, 'authorization');
  });

  it('asks a server that cannot do it no second time', async () => {
    const { probe, caught, node: get } = await play(node({ markRead: true }));
    await ready();
    await control('fail', { count: 9, status: 501, path: '/read' });
    await control('messages', { conversationId: 'conv_ana', text: '1' });
    assert.equal((await caught.first()).error?.code, 'not_supported');
    await control('messages', { conversationId: 'conv_ana', text: '2' });
    await probe('out').take(2);
    await until(
      async () => shownBy(get('node')).at(-1),
      (text) => text === 'linktor.status.not_supported',
    );
    assert.equal((await marks()).length, 1);
  });
});
