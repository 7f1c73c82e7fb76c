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
    type: 'linktor-event-in',
    config: 'account',
    outputs,
    wires: Array.from({ length: outputs }, (_, port) => [`out${port}`]),
    ...more,
  },
  ...Array.from({ length: outputs }, (_, port) => ({ id: `out${port}`, type: 'probe' })),
  ...eventProbe,
];
const topics = (msgs: readonly Message[]) => msgs.map(({ topic }) => topic);

describe('linktor-event-in', () => {
  const setup = setUpFlows();
  const { control, state } = setup;
  const play: typeof setup.play = async (...given) => {
    const played = await setup.play(...given);
    await untilLive(setup, played);
    return played;
  };

  /** What an agent does to a conversation. */
  async function change(changes: object, id = 'conv_ana'): Promise<void> {
    await asking(setup)('PATCH', `/conversations/${id}`, changes);
  }

  it('tells of a change by its most telling name, with what was before', async () => {
    const { probe } = await play(node());
    await change({ status: 'resolved' });
    const msg = await probe('out0').first();
    assert.equal(msg.topic, 'conversation.resolved');
    assert.equal(msg.conversationId, 'conv_ana');
    assert.equal(msg.contactId, 'ct_ana');
    assert.equal((msg.contact as { id: string }).id, 'ct_ana');
    const { id, status, channelId } = msg.payload as Record<string, unknown>;
    assert.deepEqual([id, status, channelId], ['conv_ana', 'resolved', msg.channelId]);
    assert.deepEqual([msg.changed, msg.previous], [['status'], { status: 'open' }]);
    assert.equal((msg.linktor as { event: string }).event, 'conversation_update');
    await change({ status: 'open' });
    assert.deepEqual(topics(await probe('out0').take(2)), ['conversation.resolved', 'conversation.reopened']);
  });

  it('tells of a conversation that has come into being', async () => {
    const { probe } = await play(node({ events: ['conversation.created'] }));
    await control('messages', { contact: { name: 'Zoe' }, text: 'Hi' });
    const msg = await probe('out0').first();
    assert.equal(msg.topic, 'conversation.created');
    assert.equal((msg.payload as { id: string }).id, msg.conversationId);
  });

  it('tells only what is ticked', async () => {
    const { probe } = await play(node({ events: ['conversation.reopened'] }));
    await change({ status: 'resolved' });
    await change({ status: 'open' });
    assert.deepEqual(topics(await probe('out0').take(1)), ['conversation.reopened']);
  });

  for (const name of ['onlyChanged', 'changed']) {
    it(`tells only of the changes that are asked for, by the name ${name}`, async () => {
      const { probe } = await play(node({ [name]: ['status'] }));
      await change({ metadata: { vip: true } });
      await change({ status: 'pending' });
      const msg = await probe('out0').first();
      assert.deepEqual(msg.changed, ['status']);
    });
  }

  for (const [what, changes, changed, name] of [
    ['the priority', { priority: 'urgent' }, ['priority'], 'conversation.updated'],
    ['the tags', { tags: ['vip'] }, ['tags'], 'conversation.updated'],
    [
      'a status and the priority',
      { status: 'resolved', priority: 'low' },
      ['priority', 'status'],
      'conversation.resolved',
    ],
  ] as const) {
    it(`looks up what an update does not say: ${what}, in a conversation that is not among the newest`, async () => {
      const contact = (at: number) => ({ contact: { name: `Customer ${at}` }, text: 'Hi' });
      const { probe } = await play(node());
      for (let at = 0; at < 25; at++) await control('messages', contact(at));
      const before = (await probe('out0').take(25)).length;
      await change(changes);
      const msg = (await probe('out0').take(before + 1))[before] as Message;
      assert.deepEqual([msg.topic, msg.conversationId], [name, 'conv_ana']);
      assert.deepEqual([...(msg.changed as string[])].sort(), changed);
      const payload = msg.payload as Record<string, unknown>;
      for (const [field, value] of Object.entries(changes)) assert.deepEqual(payload[field], value);
      assert.deepEqual(Object.keys(msg.previous as object).sort(), changed);
    });
  }

  it('looks up who was taken from a conversation, which an update does not say', async () => {
    const { probe } = await play(node({ onlyChanged: ['assignee'] }));
    const before = (await asking(setup)('GET', '/conversations/conv_bruno')) as { assignedTo: string };
    await change({ assignedTo: null }, 'conv_bruno');
    const msg = await probe('out0').first();
    assert.deepEqual([msg.topic, msg.conversationId], ['conversation.updated', 'conv_bruno']);
    assert.deepEqual(msg.changed, ['assignedTo']);
    assert.deepEqual(msg.previous, { assignedTo: before.assignedTo });
    assert.equal((msg.payload as { assignedTo?: string }).assignedTo, undefined);
  });

  it('tells each of several changes once, however fast they follow one another', async () => {
    const { probe } = await play(node());
    const changes = [{ priority: 'urgent' }, { tags: ['vip'] }, { status: 'pending' }, { priority: 'low' }];
    for (const one of changes) void change(one);
    const events = await probe('out0').take(changes.length);
    const told = events.flatMap(({ changed }) => changed as string[]);
    assert.deepEqual(told.filter((field) => field !== 'priority').sort(), ['status', 'tags']);
    assert.ok(told.filter((field) => field === 'priority').length <= 2, told.join());
    const [, , , last] = events as [Message, Message, Message, Message];
    assert.equal((last.payload as { priority: string }).priority, 'low');
  });

  it('tells only of the channels that are asked for', async () => {
    const { probe } = await play(node({ channels: 'ch_webchat', channelsType: 'str' }));
    await change({ status: 'pending' }, 'conv_bruno');
    await change({ status: 'pending' });
    assert.equal((await probe('out0').first()).conversationId, 'conv_ana');
  });

  it('gives every flow an event of its own', async () => {
    const twin: FlowNode[] = [
      { id: 'twin', type: 'linktor-event-in', config: 'account', wires: [['twin-out']] },
      { id: 'twin-out', type: 'probe' },
    ];
    const { probe } = await play([...node(), ...twin]);
    await change({ status: 'resolved' });
    const [one, other] = [await probe('out0').first(), await probe('twin-out').first()];
    for (const part of ['payload', 'event', 'changed', 'previous', 'contact']) {
      assert.deepEqual(one[part], other[part]);
      assert.notEqual(one[part], other[part], `msg.${part} is shared`);
    }
  });

  it('tells how the connection fares, at its own output', async () => {
    const { probe } = await play(node({ events: ['connection.waiting', 'connection.open'] }, 5), {
      account: { reconnectInterval: 100 },
    });
    const before = probe('out4').all.length;
    await control('sockets/drop', { code: 1012 });
    const told = (await probe('out4').take(before + 2)).slice(before) as [Message, Message];
    assert.deepEqual(topics(told), ['connection.waiting', 'connection.open']);
    const { name, attempt } = told[0].payload as Record<string, unknown>;
    assert.deepEqual([name, attempt], ['waiting', 1]);
    assert.equal(told[0].conversationId, undefined);
    for (const port of [0, 1, 2, 3]) assert.equal(probe(`out${port}`).all.length, 0);
  });

  it('asks for no conversation when it is to tell of none', async () => {
    const { node: get } = await setup.play(node({ events: ['connection.open'] }).slice(0, 2));
    await until(
      async () => shownBy(get('node')).at(-1),
      (text) => text === 'linktor.status.connected',
    );
    assert.equal((await state()).sockets.subscriptions, 0);
  });

  describe('with a webhook in node beside it', () => {
    const server = http.createServer();
    before(async () => {
      server.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
    });
    afterEach(() => server.removeAllListeners('request'));
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    async function open(flow: FlowNode[]) {
      const load = (red: RED) => {
        server.on('request', red.httpNode as never);
        linktor(red);
      };
      const hook = { id: 'hook', type: 'linktor-webhook-in', config: 'account', path: '/linktor/hook', wires: [[]] };
      return play([...flow, hook], { load, credentials: { webhookSecret: secret } });
    }
    const deliver = async (type: string, data: object) => {
      const body = JSON.stringify({ id: `e_${type}`, type, timestamp: new Date().toISOString(), data });
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      assert.equal(await send(origin, { body }), 200);
    };

    it('tells of contacts, channels, bots and flows, each group at its output', async () => {
      const { probe } = await open(node({ events: [] }, 5));
      await deliver('contact.updated', { contactId: 'ct_9', name: 'Zoe', previousData: { name: 'Zoë' } });
      await deliver('channel.error', { channelId: 'ch_9', channelType: 'sms', status: 'error', error: 'No credit' });
      await deliver('bot.started', { botId: 'bot_9' });
      await deliver('test.ping', {});
      const contact = await probe('out1').first();
      assert.equal(contact.topic, 'contact.updated');
      assert.deepEqual([contact.contactId, (contact.payload as { name: string }).name], ['ct_9', 'Zoe']);
      assert.deepEqual(contact.previous, { name: 'Zoë' });
      const channel = await probe('out2').first();
      assert.deepEqual([channel.channelId, channel.channelType], ['ch_9', 'sms']);
      assert.equal((channel.payload as { error: string }).error, 'No credit');
      assert.deepEqual(topics(await probe('out3').take(2)), ['bot.started', 'test.ping']);
    });

    it('looks up what a webhook does not say, where webhooks are all that comes', async () => {
      const load = (red: RED) => {
        server.on('request', red.httpNode as never);
        linktor(red);
      };
      const hook = { id: 'hook', type: 'linktor-webhook-in', config: 'account', path: '/linktor/hook', wires: [[]] };
      const [listener, out] = node({ events: [], onlyChanged: ['priority', 'assignee'] }) as [FlowNode, FlowNode];
      const { probe } = await setup.play([listener, out, hook], {
        ...{ load, account: { receive: 'webhook' }, credentials: { webhookSecret: secret } },
      });
      // The conversation is known from here on.
      await deliver('conversation.assigned', { conversationId: 'conv_ana', assignedTo: 'user_demo' });
      await probe('out0').first();
      await change({ priority: 'urgent' });
      await deliver('conversation.updated', { conversationId: 'conv_ana', status: 'open' });
      const [, told] = (await probe('out0').take(2)) as [Message, Message];
      assert.deepEqual([told.topic, told.changed], ['conversation.updated', ['priority']]);
      assert.deepEqual(told.previous, { priority: 'normal' });
      assert.equal((told.payload as { priority: string }).priority, 'urgent');
    });

    it('knows the names of the documentation, and keeps them', async () => {
      const { probe } = await open(node({ onlyChanged: ['assignee'] }));
      const data = { conversationId: 'conv_ana', assignedTo: 'us_2', previousAssignedTo: 'us_1' };
      await deliver('conversation.transferred', data);
      const msg = await probe('out0').first();
      assert.equal(msg.topic, 'conversation.assigned');
      assert.equal((msg.linktor as { event: string }).event, 'conversation.transferred');
      assert.deepEqual([msg.changed, msg.previous], [['assignedTo'], { assignedTo: 'us_1' }]);
      assert.equal((msg.payload as { assignedTo: string }).assignedTo, 'us_2');
    });
  });
});
