import { strict as assert } from 'node:assert';
import helper from 'node-red-node-test-helper';
import linktor from '../../nodes';
import { eventProbe, untilLive } from '../support/event-probe';
import { type FlowNode, listening, type Message, setUpFlows, until } from '../support/flows';
import { mutatingNode, mutations } from '../support/mutating-node';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-message-in', config: 'account', wires: [['out'], ['filtered']], ...more },
  { id: 'out', type: 'probe' },
  { id: 'filtered', type: 'probe' },
];

/** Each filter, a message it lets through, and one that it keeps out. */
const filters: [string, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>][] = [
  ['text', { textRule: 'startsWith', textValue: 'OI' }, { text: 'Oi!' }, { text: 'Olá' }],
  ['text', { textRule: 'contains', textValue: 'price' }, { text: 'The Price?' }, { text: 'Hello' }],
  ['text', { textRule: 'equals', textValue: 'yes' }, { text: ' Yes ' }, { text: 'yes please' }],
  ['text', { textRule: 'regex', textValue: '^\\d{3}$' }, { text: '123' }, { text: '1234' }],
  ['text', { textRule: 'command', textValue: '/help' }, { text: '/help me' }, { text: '/helper' }],
  ['content', { content: ['image'] }, { media: { url: 'https://example.com/a.png', type: 'image' } }, { text: 'x' }],
  [
    'channelType',
    { channelTypes: ['whatsapp'] },
    { channelId: 'ch_whatsapp', text: 'a' },
    { channelId: 'ch_webchat', text: 'a' },
  ],
  [
    'channel',
    { channels: 'ch_webchat', channelsType: 'str' },
    { channelId: 'ch_webchat', text: 'a' },
    { channelId: 'ch_whatsapp', text: 'a' },
  ],
  ['conversationStatus', { conversationStatus: 'open' }, { text: 'x' }, {}],
];

for (const broadcast of [false, true]) {
  describe(`linktor-message-in, the server ${broadcast ? 'sends everything' : 'sends what was asked for'}`, () => {
    const setup = setUpFlows({ broadcast });
    const { play, control, state } = setup;
    const ready = () => listening({ state }, 2);
    const write = (body: Record<string, unknown>) => control('messages', body);

    it('emits what a customer writes, with everything that it takes to answer', async () => {
      const { probe } = await play(node());
      await ready();
      await write({ conversationId: 'conv_ana', text: 'Olá' });
      const msg = await probe('out').first();
      assert.equal(msg.payload, 'Olá');
      assert.equal(msg.conversationId, 'conv_ana');
      assert.equal(msg.contactId, 'ct_ana');
      assert.equal(msg.topic, `${String(msg.channelType)}/conv_ana`);
      assert.equal(msg.contentType, 'text');
      assert.deepEqual(msg.attachments, []);
      assert.equal((msg.contact as { id: string }).id, 'ct_ana');
      assert.equal((msg.sender as { type: string }).type, 'contact');
      const { configId, event, source, direction, recovered } = msg.linktor as Record<string, unknown>;
      assert.deepEqual([configId, event, direction], ['account', 'message.received', 'inbound']);
      // What is written while the subscriptions are being made is fetched, what comes later is heard.
      assert.equal(recovered, source !== 'ws');
      assert.equal(typeof msg.event, 'object');
    });

    it('emits what a brand-new customer writes, once', async () => {
      const { probe } = await play(node());
      await ready();
      await write({ contact: { name: 'Zoe' }, text: 'first' });
      await write({ contact: { name: 'Zoe' }, text: 'second' });
      const all = await probe('out').take(2);
      assert.deepEqual(
        all.map(({ payload }) => payload),
        ['first', 'second'],
      );
      await write({ contact: { name: 'Zoe' }, text: 'third' });
      assert.deepEqual(
        (await probe('out').take(3)).map(({ payload }) => payload),
        ['first', 'second', 'third'],
      );
    });

    it('emits what was picked, and media as attachments', async () => {
      const { probe } = await play(node());
      await ready();
      await write({ conversationId: 'conv_ana', choice: { id: 'y', title: 'Yes' } });
      await write({
        conversationId: 'conv_ana',
        media: { url: 'https://example.com/a.png', type: 'image', caption: 'look' },
      });
      const [picked, image] = (await probe('out').take(2)) as [Message, Message];
      assert.equal(picked.payload, 'Yes');
      assert.deepEqual(picked.choice, { kind: 'button', id: 'y', title: 'Yes' });
      assert.equal(image.contentType, 'image');
      assert.equal((image.attachments as { url: string }[])[0]?.url, 'https://example.com/a.png');
    });

    it('never emits what the flow itself sends', async () => {
      const send: FlowNode[] = [{ id: 'send', type: 'linktor-send', config: 'account', wires: [] }];
      const { probe } = await play([...node({ wires: [['send', 'out'], []] }), ...send]);
      await ready();
      await write({ conversationId: 'conv_ana', text: 'echo?' });
      await until(state, ({ sends }) => sends.length === 1);
      await write({ conversationId: 'conv_ana', text: 'last' });
      assert.deepEqual(
        (await probe('out').take(2)).map(({ payload }) => payload),
        ['echo?', 'last'],
      );
    });

    for (const runtimeSyncDelivery of [false, true, 1]) {
      it(`gives each flow a message of its own, where flows run at once: ${runtimeSyncDelivery}`, async () => {
        helper.settings({ runtimeSyncDelivery });
        const mutate = { id: 'mutate', type: 'mutate', wires: [['out']] };
        const second = { id: 'second', type: 'linktor-message-in', config: 'account', wires: [['mutate']] };
        const played = await play([...node({ wires: [['mutate'], []] }), second, mutate, ...eventProbe], {
          load: [linktor, mutatingNode],
        });
        // What is fetched is copied for everybody.
        await untilLive(setup, played);
        await write({ conversationId: 'conv_ana', text: 'Olá' });
        const told = await until(
          async () => played.probe('out').all.filter(({ payload }) => payload === 'Olá'),
          ({ length }) => length === 2,
        );
        for (const msg of told) {
          assert.deepEqual(new Set(mutations(msg)), new Set([1]), 'one has seen what the other has done');
        }
        helper.settings({});
      });
    }

    it('takes these conversations only', async () => {
      const { probe } = await play(
        node({ conversations: 'these', conversationIds: '["conv_bruno"]', conversationIdsType: 'json' }),
      );
      await listening({ state });
      await write({ conversationId: 'conv_ana', text: 'no' });
      await write({ conversationId: 'conv_bruno', text: 'yes' });
      assert.deepEqual(
        (await probe('out').take(1)).map(({ payload }) => payload),
        ['yes'],
      );
    });

    it('takes the conversations that messages ask for', async () => {
      const { node: get, probe, caught, completed } = await play(node({ conversations: 'input', inputs: 1 }));
      await until(state, ({ sockets }) => sockets.open === 1);
      get('node').receive({ action: 'subscribe', conversationId: 'conv_ana' });
      await listening({ state });
      await write({ conversationId: 'conv_ana', text: 'yes' });
      await probe('out').take(1);
      get('node').receive({ action: 'unsubscribe', conversationId: 'conv_ana' });
      await until(state, ({ sockets }) => sockets.subscriptions === 0);
      await completed.take(2);
      get('node').receive({ action: 'dance', conversationId: 'conv_ana' });
      assert.equal((await caught.first()).error?.code, 'validation');
    });

    it('fills the gap that a lost socket left, in order and once', async () => {
      const { probe } = await play(node(), { account: { reconnectInterval: 400 } });
      await ready();
      await write({ conversationId: 'conv_ana', text: '1' });
      await probe('out').take(1);
      await control('sockets/drop', { code: 1012 });
      for (const text of ['2', '3', '4']) await write({ conversationId: 'conv_ana', text });
      await until(state, ({ sockets }) => sockets.open === 1);
      await write({ conversationId: 'conv_ana', text: '5' });
      const all = await probe('out').take(5);
      assert.deepEqual(
        all.map(({ payload }) => payload),
        ['1', '2', '3', '4', '5'],
      );
      assert.deepEqual(
        all.slice(1, 4).map(({ linktor }) => (linktor as { recovered: boolean }).recovered),
        [true, true, true],
      );
    });

    for (const [reason, fields, good, bad] of filters) {
      it(`filters by ${reason} ${JSON.stringify(fields)}`, async () => {
        const { probe } = await play(node({ ...fields, outputs: 2 }));
        await ready();
        const person = { contact: { name: 'Zoe', phone: '+5511900000001' } };
        const other = { contact: { name: 'Yan', phone: '+5511900000002' } };
        await write({ ...person, ...good });
        await probe('out').take(1);
        if (Object.keys(bad).length === 0) return;
        await write({ ...other, ...bad });
        assert.equal((await probe('filtered').first()).reason, reason);
        assert.equal(probe('out').all.length, 1);
      });
    }

    it('refuses an expression that is none', async () => {
      const { caught } = await play(node({ textRule: 'regex', textValue: '(' }));
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', /regular expression/);
    });
  });
}
