import { strict as assert } from 'node:assert';
import { askNode } from '../support/chat';
import { contractUnderTest, type FlowNode, listening, setUpFlows, until } from '../support/flows';
import { person } from '../support/person';

const conversationId = 'conv_ana';
const isServer = contractUnderTest === 'server';

/** A flow that answers everything, and tells who is in charge. */
const bot = (more: Record<string, unknown> = {}): FlowNode[] => [
  {
    id: 'in',
    type: 'linktor-message-in',
    config: 'account',
    conversations: 'all',
    outputs: '2',
    wires: [['slow'], ['kept']],
  },
  { id: 'slow', type: 'probe' },
  { id: 'kept', type: 'probe' },
  {
    id: 'events',
    type: 'linktor-event-in',
    config: 'account',
    events: ['takeover.began', 'takeover.ended'],
    wires: [['told']],
  },
  { id: 'told', type: 'probe' },
  { id: 'send', type: 'linktor-send', config: 'account', wires: [['sent']], ...more },
  { id: 'sent', type: 'probe' },
];

describe('a person takes over', () => {
  const setup = setUpFlows();
  const { play, control, state } = setup;

  async function playing(account: Record<string, unknown> = {}, nodes = bot()) {
    const played = await play(nodes, { account: { takeover: 'on', ...account } });
    await listening(setup);
    const told = async (count: number) => {
      const all = await played.probe('told').take(count);
      return all[count - 1]?.payload as Record<string, unknown>;
    };
    return {
      ...played,
      told,
      says: (text: string) => control('messages', { conversationId, text }),
      answer: (text: string, more: object = {}) =>
        played.node('send').receive({ conversationId, payload: text, ...more }),
      sent: async (count: number) => {
        const all = await played.probe('sent').take(count);
        return all[count - 1]?.sent as { status: string; reason?: string };
      },
    };
  }

  it('by writing: nothing comes out of message in, and nothing leaves', async () => {
    const { told, says, answer, sent, probe, caught } = await playing();
    await person(setup).writes(conversationId, 'I take this one.');
    const began = await told(1);
    assert.deepEqual([began.conversationId, began.reason], [conversationId, 'message']);
    assert.equal(Date.parse(String(began.until)) - Date.parse(String(began.since)), 30 * 60_000);
    await says('Thank you!');
    assert.equal((await probe('kept').take(2))[1]?.reason, 'person_in_charge');
    answer('late');
    const { status, reason } = await sent(1);
    assert.deepEqual([status, reason], ['skipped', 'person_in_charge']);
    assert.equal((await state()).sends.filter(({ text }) => text === 'late').length, 0);
    assert.equal(probe('slow').all.length, 0);
    assert.equal(caught.all.length, 0);
  });

  it('our own answers are no sign, whoever they look like', async () => {
    const { says, answer, sent, probe } = await playing();
    await says('Hello');
    await probe('slow').take(1);
    answer('one');
    await sent(1);
    answer('raw', {});
    await sent(2);
    await says('Hello again');
    await probe('slow').take(2);
    assert.equal(probe('told').all.length, 0);
    assert.ok(probe('kept').all.every(({ reason }) => reason === 'sender'));
  });

  it('until the conversation is resolved', async () => {
    const { told, says, probe, answer, sent } = await playing();
    await person(setup).writes(conversationId, 'Here I am.');
    await told(1);
    await person(setup).resolves(conversationId);
    assert.equal((await told(2)).reason, 'resolved');
    await says('One more thing');
    await probe('slow').take(1);
    answer('Yes?');
    assert.notEqual((await sent(1)).status, 'skipped');
  });

  it('for the time after the last sign', async () => {
    const { told, says, probe } = await playing({ resumeAfter: 0.02 });
    await person(setup).writes(conversationId, 'For a moment.');
    await told(1);
    const { reason, from, to } = await told(2);
    assert.equal(reason, 'time');
    assert.ok(Date.parse(String(to)) - Date.parse(String(from)) >= 1200);
    await says('Still there?');
    await probe('slow').take(1);
  });

  it('by the words of the staff, which are no sign themselves', async () => {
    const { told } = await playing({ takeoverBy: [] });
    await person(setup).writes(conversationId, 'Only a word');
    await person(setup).writes(conversationId, '/BOT off ');
    assert.equal((await told(1)).reason, 'word');
    await person(setup).writes(conversationId, '/bot on');
    assert.equal((await told(2)).reason, 'word');
  });

  it('by being assigned, and gives it back by being taken from it', async () => {
    const { told } = await playing({ takeoverBy: ['assigned'] });
    await person(setup).assigns(conversationId);
    assert.equal((await told(1)).reason, 'assigned');
    if (isServer) return;
    await person(setup).unassigns(conversationId);
    assert.equal((await told(2)).reason, 'unassigned');
  });

  it('by pending', async () => {
    const { told } = await playing();
    await person(setup).changes(conversationId, { status: 'pending' });
    assert.equal((await told(1)).reason, 'escalated');
  });

  it('and nothing is asked: the question ends as taken over', async () => {
    const { told, node, probe, caught } = await playing({}, [...bot(), ...askNode()]);
    await person(setup).writes(conversationId, 'Mine.');
    await told(1);
    node('ask').receive({ conversationId, topic: 'kept' });
    const ended = await probe('ended').first();
    assert.deepEqual([ended.reason, ended.topic], ['taken_over', 'kept']);
    assert.deepEqual(ended.sent, { status: 'skipped', reason: 'person_in_charge' });
    assert.equal((await state()).sends.filter(({ text }) => text === 'How many?').length, 0);
    assert.equal(caught.all.length, 0);
  });

  it('and nobody seems to type', async () => {
    const typing = { id: 'type', type: 'linktor-typing', config: 'account', wires: [['typed']] };
    const { told, node, probe } = await playing({}, [...bot(), typing, { id: 'typed', type: 'probe' }]);
    await person(setup).writes(conversationId, 'Mine.');
    await told(1);
    node('type').receive({ conversationId });
    const { sent } = await probe('typed').first();
    assert.equal((sent as { reason: string }).reason, 'person_in_charge');
  });

  it('is nothing to an account that does not want it', async () => {
    const { says, probe, answer, sent } = await playing({ takeover: 'off' });
    await person(setup).writes(conversationId, 'I take this one.');
    await says('Hello');
    await probe('slow').take(1);
    answer('Hi');
    assert.notEqual((await sent(1)).status, 'skipped');
    assert.equal(probe('told').all.length, 0);
  });

  it('is nothing to nodes that do not obey', async () => {
    const nodes = bot({ obeyTakeover: false });
    const { told, answer, sent } = await playing({}, nodes);
    await person(setup).writes(conversationId, 'Mine.');
    await told(1);
    answer('Your parcel is on its way.');
    assert.notEqual((await sent(1)).status, 'skipped');
  });

  it('is not begun by what nodes say that do not obey', async () => {
    const { probe, answer, sent } = await playing({}, bot({ obeyTakeover: false }));
    for (let count = 1; count <= 5; count++) {
      answer(`news ${count}`);
      await sent(count);
    }
    assert.equal(probe('told').all.length, 0);
  });

  it('and no picture is sent', async function () {
    if (isServer) this.skip();
    const picture: FlowNode = {
      ...{ id: 'pic', type: 'linktor-template', config: 'account', operation: 'renderAndSend', wires: [['seen']] },
      ...{ template: 'status_pedido', templateType: 'str' },
    };
    const { told, node, probe } = await playing({}, [...bot(), picture, { id: 'seen', type: 'probe' }]);
    await person(setup).writes(conversationId, 'Mine.');
    await told(1);
    node('pic').receive({ conversationId, payload: { numero_pedido: 'XS1', status_atual: 'transporte' } });
    assert.equal(((await probe('seen').first()).sent as { reason: string }).reason, 'person_in_charge');
  });

  it('while an answer waits for its turn: it does not leave', async () => {
    const { told, answer, sent, caught } = await playing({ maxRetries: 3 });
    // The first try fails for now, and is tried again after the colleague has written.
    await control('fail', {
      count: 1,
      status: 503,
      headers: { 'Retry-After': '1' },
      method: 'POST',
      path: '/messages',
    });
    answer('too late');
    await until(state, ({ requests }) => requests.some(({ status }) => status === 503));
    await person(setup).writes(conversationId, 'I am here.');
    await told(1);
    assert.equal((await sent(1)).status, 'skipped');
    assert.equal((await state()).sends.filter(({ text }) => text === 'too late').length, 0);
    assert.equal(caught.all.length, 0);
  });
});
