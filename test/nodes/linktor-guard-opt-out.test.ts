import { strict as assert } from 'node:assert';
import { askNode } from '../support/chat';
import { type FlowNode, listening, setUpFlows, until } from '../support/flows';

const conversationId = 'conv_ana';

const flow: FlowNode[] = [
  {
    id: 'in',
    type: 'linktor-message-in',
    config: 'account',
    conversations: 'all',
    outputs: '2',
    wires: [['passed'], ['kept']],
  },
  { id: 'passed', type: 'probe' },
  { id: 'kept', type: 'probe' },
  {
    id: 'events',
    type: 'linktor-event-in',
    config: 'account',
    events: ['contact.opted_out', 'contact.opted_in'],
    wires: [['told']],
  },
  { id: 'told', type: 'probe' },
  { id: 'send', type: 'linktor-send', config: 'account', to: 'list', text: 'News', textType: 'str', wires: [['sent']] },
  { id: 'reply', type: 'linktor-send', config: 'account', wires: [['sent']] },
  { id: 'sent', type: 'probe' },
];

describe('who writes STOP', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;

  async function playing(nodes = flow, account: Record<string, unknown> = {}) {
    const played = await play(nodes, { account: { optOut: 'on', ...account } });
    await listening(setup);
    const texts = async () => (await state()).sends.map(({ text }) => text);
    return {
      ...played,
      texts,
      says: (text: string, id = conversationId) => control('messages', { conversationId: id, text }),
    };
  }

  it('gets no lists any more, reads that once, and can come back', async () => {
    const { says, texts, probe, node, caught } = await playing();
    await says('Stop');
    const told = await probe('told').first();
    assert.equal(told.topic, 'contact.opted_out');
    assert.equal(told.conversationId, conversationId);
    await until(texts, (all) => all.length === 1);
    assert.match((await texts())[0] ?? '', /START/);
    assert.equal((await probe('kept').first()).reason, 'opted_out');

    node('send').receive({ recipients: [{ conversationId }, { conversationId: 'conv_bruno' }] });
    const { sent, skipped } = (await probe('sent').first()).sent as { sent: object[]; skipped: { reason: string }[] };
    assert.deepEqual([sent.length, skipped.map(({ reason }) => reason)], [1, ['opted_out']]);

    node('reply').receive({ conversationId, payload: 'A single answer' });
    await probe('sent').take(2);
    await says('STOP');
    await probe('kept').take(2);
    assert.deepEqual((await texts()).slice(1), ['News', 'A single answer']);

    await says('start');
    assert.equal((await probe('told').take(2))[1]?.topic, 'contact.opted_in');
    node('send').receive({ recipients: [{ conversationId }] });
    await probe('sent').take(3);
    await says('start');
    // It is a word like any other for somebody who has not opted out.
    await probe('passed').first();
    assert.equal(caught.all.length, 0);
  });

  for (const [what, to, msg] of [
    ['by their id', 'contact', { contactId: 'ct_ana' }],
    ['by their phone number', 'address', { address: '+5511999990001' }],
    ['by their e-mail address', 'address', { address: 'ANA@example.com' }],
  ] as const) {
    it(`gets nothing that is sent ${what}, unless the node does not look`, async () => {
      const blind = { ...{ id: 'blind', type: 'linktor-send', config: 'account', to }, wires: [['blindly']] };
      const nodes = [
        ...flow.filter(({ id }) => id !== 'send'),
        { ...blind, id: 'send', obeyOptOut: true, wires: [['sent']] },
        blind,
        { id: 'blindly', type: 'probe' },
      ];
      const { says, texts, probe, node, caught } = await playing(nodes);
      await says('Stop');
      await probe('told').first();
      await until(texts, (all) => all.length === 1);
      node('send').receive({ ...msg, payload: 'News' });
      const { sent } = await Promise.race([
        probe('sent').first(),
        caught.first().then(({ error }) => assert.fail(error?.message)),
      ]);
      const { status, reason } = sent as { status: string; reason?: string };
      assert.deepEqual([status, reason], ['skipped', 'opted_out']);
      node('blind').receive({ ...msg, payload: 'Your invoice' });
      await Promise.race([probe('blindly').first(), caught.first().then(({ error }) => assert.fail(error?.message))]);
      assert.deepEqual((await texts()).slice(1), ['Your invoice']);
      assert.equal(caught.all.length, 0);
    });
  }

  it('says something else in a longer sentence', async () => {
    const { says, probe } = await playing();
    await says('Please stop by tomorrow');
    await probe('passed').first();
    assert.equal(probe('told').all.length, 0);
  });

  it('answers an open question that knows the word', async () => {
    const nodes = [...flow, ...askNode({ question: 'Go on?' })];
    const { says, probe, node, texts } = await playing(nodes);
    node('ask').receive({ conversationId });
    await until(texts, (all) => all.length === 1);
    await says('cancel');
    assert.equal((await probe('ended').first()).reason, 'cancelled');
    assert.equal(probe('told').all.length, 0);
    node('ask').receive({ conversationId });
    await until(texts, (all) => all.length === 2);
    await says('unsubscribe');
    await probe('told').first();
    assert.equal((await probe('ended').take(2))[1]?.reason, 'cancelled');
  });

  it('is a message like any other without the setting', async () => {
    const { says, probe } = await playing(flow, { optOut: 'off' });
    await says('STOP');
    await probe('passed').first();
    assert.equal(probe('told').all.length, 0);
  });
});

describe('a conversation that falls silent', () => {
  const setup = setUpFlows();

  it('is told to the node that waits for it', async () => {
    const idle = (id: string, idleAfter: number): FlowNode => ({
      ...{ id, type: 'linktor-event-in', config: 'account', events: ['conversation.idle'], idleAfter },
      wires: [[`${id}-told`]],
    });
    const probes = ['soon', 'late'].map((id) => ({ id: `${id}-told`, type: 'probe' }));
    const { probe, caught } = await setup.play([idle('soon', 0.01), idle('late', 60), ...probes]);
    await listening(setup);
    await setup.control('messages', { conversationId, text: 'Hello' });
    const told = await probe('soon-told').first();
    assert.deepEqual([told.topic, told.conversationId], ['conversation.idle', conversationId]);
    assert.equal(probe('late-told').all.length, 0);
    assert.equal(caught.all.length, 0);
  });
});
