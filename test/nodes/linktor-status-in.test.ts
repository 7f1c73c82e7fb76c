import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import linktor from '../../nodes';
import type { RED } from '../../nodes/kit/red';
import { eventProbe, untilLive } from '../support/event-probe';
import { type FlowNode, type Message, setUpFlows, shownBy, until } from '../support/flows';
import { secret, send } from '../support/hostile';
import { asking } from './sending';

const node = (more: Record<string, unknown> = {}, outputs = 1): FlowNode[] => [
  {
    id: 'node',
    type: 'linktor-status-in',
    config: 'account',
    outputs,
    wires: Array.from({ length: outputs }, (_, port) => [`out${port}`]),
    ...more,
  },
  ...Array.from({ length: outputs }, (_, port) => ({ id: `out${port}`, type: 'probe' })),
  { id: 'send', type: 'linktor-send', config: 'account', wires: [['sent']] },
  { id: 'sent', type: 'probe' },
  ...eventProbe,
];
const all = ['pending', 'sent', 'delivered', 'read', 'failed'];
const words = (msgs: readonly Message[]) => msgs.map(({ payload }) => payload);

describe('linktor-status-in', () => {
  const setup = setUpFlows({ receipts: 'manual' });
  const { control, state } = setup;
  const play: typeof setup.play = async (...given) => {
    const played = await setup.play(...given);
    await untilLive(setup, played);
    return played;
  };
  const advance = (messageId: string, status: string, error?: string) =>
    control('status', { messageId, status, error });

  /** What a colleague sends. */
  async function sendElsewhere(conversationId = 'conv_ana'): Promise<string> {
    return (await asking(setup)('POST', `/conversations/${conversationId}/messages`, { text: 'hello' })).id;
  }

  it('tells each status once, with what it takes to go on', async () => {
    const { probe, node: get } = await play(node());
    const messageId = await sendElsewhere();
    for (const status of ['delivered', 'read']) await advance(messageId, status);
    const [delivered, read] = (await probe('out0').take(2)) as [Message, Message];
    assert.deepEqual(words([delivered, read]), ['delivered', 'read']);
    assert.equal(delivered.messageId, messageId);
    assert.equal(delivered.conversationId, 'conv_ana');
    assert.equal(delivered.contactId, 'ct_ana');
    assert.equal(delivered.topic, `${String(delivered.channelType)}/conv_ana`);
    assert.equal((delivered.linktor as { event: string }).event, 'message.delivered');
    assert.equal((delivered.event as { messageId: string }).messageId, messageId);
    assert.equal('failure' in delivered || 'elapsed' in delivered || 'context' in delivered, false);
    await until(
      async () => shownBy(get('node')).at(-1),
      (text) => text === 'linktor.status.read',
    );
  });

  it('tells only the statuses that are ticked, each at its own output when asked', async () => {
    const { probe } = await play(node({ statuses: ['sent', 'failed'] }, 5));
    const [one, other] = [await sendElsewhere(), await sendElsewhere()];
    await until(state, ({ requests }) => requests.length > 0);
    await advance(one, 'delivered');
    await advance(one, 'read');
    await advance(other, 'failed', 'The number does not exist');
    const failed = await probe('out4').first();
    assert.deepEqual(failed.failure, { message: 'The channel did not say why.' });
    assert.deepEqual(words(await probe('out1').take(2)), ['sent', 'sent']);
    for (const port of [0, 2, 3]) assert.equal(probe(`out${port}`).all.length, 0);
  });

  it('gives back what the send node was told, and how long it took', async () => {
    const { probe, node: get } = await play(node({ statuses: all }));
    const context = { order: { number: 17 } };
    get('send').receive({ payload: 'Your order', conversationId: 'conv_ana', context });
    const { messageId } = (await probe('sent').first()).sent as { messageId: string };
    await advance(messageId, 'delivered');
    await advance(messageId, 'read');
    const told = await probe('out0').take(3);
    assert.deepEqual(words(told), ['sent', 'delivered', 'read']);
    for (const msg of told) {
      assert.deepEqual(msg.context, context);
      assert.ok((msg.elapsed as number) >= 0 && (msg.elapsed as number) < 5000);
    }
    assert.notEqual(told[0]?.context, told[1]?.context, 'one flow would change what another one gets');
  });

  it('knows its own messages though a status overtakes the answer to the call', async () => {
    const { probe, node: get } = await play(node({ statuses: all, onlyOurs: true }));
    get('send').receive({ payload: 'Hello', conversationId: 'conv_ana', context: 'kept' });
    const msg = await probe('out0').first();
    assert.deepEqual([msg.payload, msg.context], ['sent', 'kept']);
  });

  it('gives a status that cannot be told to Catch', async () => {
    const unclonable = Object.defineProperty(new (class Order {})(), 'total', {
      enumerable: true,
      get() {
        throw new Error('There is no total.');
      },
    });
    const wires = [['out0', 'observed']];
    const { node: get, caught } = await play(node({ statuses: ['sent'], wires }));
    get('send').receive({ payload: 'Hello', conversationId: 'conv_ana', context: unclonable });
    assert.match((await caught.first()).error?.message ?? '', /no total/);
  });

  it('leaves out what others have sent, and other channels', async () => {
    const { probe, node: get } = await play(node({ onlyOurs: true, channels: 'ch_webchat', channelsType: 'str' }));
    await advance(await sendElsewhere(), 'delivered');
    const ids: string[] = [];
    for (const conversationId of ['conv_bruno', 'conv_ana']) {
      get('send').receive({ payload: 'x', conversationId });
      const sent = (await probe('sent').take(ids.length + 1)).at(-1)?.sent as { messageId: string };
      ids.push(sent.messageId);
      await advance(sent.messageId, 'delivered');
    }
    const msg = await probe('out0').first();
    assert.equal(msg.messageId, ids[1]);
  });

  it('keeps its statuses in order', async () => {
    const { probe } = await play(node({ statuses: ['delivered', 'read'], correlate: false }));
    const ids = await Promise.all(Array.from({ length: 20 }, () => sendElsewhere()));
    await Promise.all(
      ids.map(async (id) => {
        await advance(id, 'delivered');
        await advance(id, 'read');
      }),
    );
    const told = await probe('out0').take(40);
    for (const id of ids) {
      assert.deepEqual(words(told.filter(({ messageId }) => messageId === id)), ['delivered', 'read']);
    }
  });

  /** A flow that webhooks bring events to. */
  async function hooked(more: Record<string, unknown>) {
    const server = http.createServer();
    const load = (red: RED) => {
      server.on('request', red.httpNode as never);
      linktor(red);
    };
    const hook = { id: 'hook', type: 'linktor-webhook-in', config: 'account', path: '/linktor/hook', wires: [[]] };
    const played = await play([...node(more), hook], { load, credentials: { webhookSecret: secret } });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const deliver = async (data: object) => {
      const event = { id: 'e9', type: 'message.failed', timestamp: new Date().toISOString(), data };
      assert.equal(await send(url, { body: JSON.stringify(event) }), 200);
    };
    const close = () => {
      server.closeAllConnections();
      server.close();
    };
    return { ...played, deliver, close };
  }
  const failed = { messageId: 'm_9', conversationId: 'conv_ana', status: 'failed' };

  it('says why a message has failed, where a webhook tells', async () => {
    const { probe, deliver, close } = await hooked({ correlate: false });
    await deliver({ ...failed, error: { code: 131026, message: 'No' } });
    const msg = await probe('out0').first();
    assert.deepEqual(msg.failure, { code: '131026', message: 'No' });
    close();
  });

  it('tells of a failure for which the server has an empty place, though nobody knows the message', async () => {
    const { probe, deliver, close } = await hooked({ correlate: true });
    await deliver({ ...failed, error: null });
    const msg = await probe('out0').first();
    assert.deepEqual(msg.failure, { message: 'The channel did not say why.' });
    close();
  });
});
