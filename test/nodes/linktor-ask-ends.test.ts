import { strict as assert } from 'node:assert';
import { askNode, Chat } from '../support/chat';
import { type FlowNode, type Message, setUpFlows } from '../support/flows';

const menu = JSON.stringify([
  { title: 'Sales', id: 'sales' },
  { title: 'Support', id: 'support' },
]);
const asMenu = { kind: 'choice', choices: menu, choicesType: 'json', question: 'What is it about?' };
const others: FlowNode[] = [
  { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['others']] },
  { id: 'others', type: 'probe' },
];

describe('linktor-ask: where it goes on, and what comes after the end', () => {
  const setup = setUpFlows();

  async function play(more: Record<string, unknown> = {}, nodes: FlowNode[] = [], options = {}) {
    const played = await setup.play([...askNode(more), ...nodes], options);
    return { ...played, chat: new Chat(setup, played) };
  }

  describe('with an output for each choice', () => {
    const probes = ['sales', 'support', 'nobody', 'ended', 'failed'];
    const byChoice = { ...asMenu, branch: 'byChoice', errorOutput: true, wires: probes.map((id) => [id]) };
    const more = ['sales', 'support'].map((id) => ({ id, type: 'probe' }));

    it('goes on at the line of the choice, then nobody, ended and the error', async () => {
      const { chat, probe } = await play(byChoice, more);
      chat.begin();
      await chat.botSays();
      await chat.customerPressesSent('Support');
      assert.equal((await probe('support').first()).payload, 'support');
      chat.begin();
      await chat.botSays();
      await chat.customerSays('cancel');
      assert.equal((await probe('ended').first()).reason, 'cancelled');
      chat.begin({ timeout: 1 });
      await chat.botSays();
      await probe('nobody').first();
      chat.begin({ timeout: -1 });
      await probe('failed').first();
      assert.equal(probe('sales').all.length, 0);
    });

    it('follows a choice to its line when the table has changed meanwhile', async () => {
      const { chat, probe, flow, deploy } = await play(byChoice, more);
      chat.begin();
      await chat.botSays();
      const turned = JSON.stringify([...JSON.parse(menu)].reverse());
      const wires = ['support', 'sales', 'nobody', 'ended', 'failed'].map((id) => [id]);
      const node = (one: FlowNode) => (one.id === 'ask' ? { ...one, choices: turned, wires } : one);
      await deploy(flow.map(node), 'full');
      await chat.customerPressesSent('Sales');
      assert.equal((await probe('sales').first()).payload, 'sales');
    });

    it('takes the first line for yes in other words, and the second for no', async () => {
      const { chat, probe } = await play({ ...byChoice, kind: 'yesNo' }, more);
      chat.begin();
      await chat.botSays();
      await chat.customerSays('claro');
      assert.equal((await probe('sales').first()).payload, true);
      chat.begin();
      await chat.botSays();
      await chat.customerSays('nope');
      assert.equal((await probe('support').first()).payload, false);
    });

    it('keeps the one output where the choices come with the message', async () => {
      const { chat } = await play({ ...asMenu, branch: 'byChoice', choices: 'list', choicesType: 'msg' });
      chat.begin({ list: ['Red', 'Blue'] });
      await chat.botSays();
      await chat.customerSays('blue');
      assert.equal((await chat.answer()).payload, 'Blue');
    });
  });

  it('leaves a press on an old button to the others, and takes none of it for an answer', async () => {
    const { chat, probe } = await play(asMenu, others);
    chat.begin({ topic: 'first' });
    await chat.botSays();
    chat.begin({ topic: 'second' });
    await chat.botSays();
    await chat.customerPressesSent('Sales', 0);
    const left = await probe('others').first();
    assert.deepEqual([(left.choice as { id: string }).id, left.asked], ['sales', 'ask']);
    await chat.customerPressesSent('Support', 1);
    const answered = await chat.answer();
    assert.deepEqual([answered.topic, answered.payload], ['second', 'support']);
  });

  it('tells who presses after the end, if it is to', async () => {
    const { chat, probe } = await play({ ...asMenu, late: 'tell' }, others);
    chat.begin();
    await chat.botSays();
    await chat.customerPressesSent('Sales');
    await chat.answer();
    await chat.customerPressesSent('Sales');
    assert.equal(await chat.botSays(), 'This question is closed.');
    assert.equal(probe('others').all.length, 0);
  });

  it('tells once who answers after the time was up, and then lets everything pass', async () => {
    const { chat, probe } = await play({ late: 'tell' }, others);
    chat.begin({ timeout: 1 });
    await chat.botSays();
    await probe('nobody').first();
    await chat.customerSays('seven');
    assert.equal(await chat.botSays(), 'This question is closed.');
    await chat.customerSays('Hello?');
    assert.equal((await probe('others').first()).payload, 'Hello?');
  });

  it('lets everything pass after the end unless it is to tell', async () => {
    const { chat, probe } = await play({}, others);
    chat.begin({ timeout: 1 });
    await chat.botSays();
    await probe('nobody').first();
    await chat.customerSays('seven');
    assert.equal((await probe('others').first()).payload, 'seven');
  });

  it('tells others, once, that the question is for somebody else', async () => {
    const who = { who: 'these', whoIds: '["ct_bruno"]', whoIdsType: 'json', notYouText: 'Only Bruno can say that.' };
    const { chat, probe } = await play(who, others);
    chat.begin();
    await chat.botSays();
    await chat.customerSays('me, me');
    assert.equal(await chat.botSays(), 'Only Bruno can say that.');
    await chat.customerSays('why?');
    const heard = await probe('others').take(2);
    assert.deepEqual(
      heard.map(({ payload }) => payload),
      ['me, me', 'why?'],
    );
    const { sends } = await setup.state();
    assert.equal(sends.length, 2);
    assert.equal(probe('answer').all.length, 0);
  });

  it('reminds nobody in the quiet hours', async () => {
    const now = new Date();
    const clock = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString().slice(11, 16);
    const account = { quietHours: `${clock(-5)}-${clock(30)}`, zone: 'UTC' };
    const { chat, probe } = await play({ reminders: '[{"after":0.01,"text":"Still there?"}]' }, [], { account });
    chat.begin({ timeout: 3 });
    await chat.botSays();
    await probe('nobody').first();
    assert.equal((await setup.state()).sends.length, 1);
  });

  it('refuses quiet hours that are none', async () => {
    const { chat, caught } = await play({}, [], { account: { quietHours: 'at night' } });
    chat.begin();
    const [first, second] = await caught.take(2);
    for (const { error } of [first, second] as Message[]) assert.match(String(error?.message), /quiet hours/);
    assert.deepEqual((await setup.state()).sends, []);
  });

  it('says at the deploy that it waits longer than the account keeps it, and refuses to ask', async () => {
    const { chat, caught, node } = await play({ timeout: 3, timeoutUnit: 'd' }, [], { account: { keepDays: 2 } });
    const at = await caught.first();
    assert.equal(at.error?.code, 'validation');
    assert.match(String(at.error?.message), /3 days waits longer than the account keeps it: 2 days/);
    assert.equal(node('ask').id, 'ask');
    chat.begin();
    await caught.take(2);
    assert.deepEqual((await setup.state()).sends, []);
  });

  it('ends when the conversation is resolved', async () => {
    const close = { id: 'close', type: 'linktor-conversation', config: 'account', operation: 'resolve', wires: [[]] };
    const { chat, node, probe } = await play({}, [close, ...others]);
    chat.begin();
    await chat.botSays();
    // Where messages are asked for, only what has been looked at can change.
    await chat.customerSays('/help');
    await probe('others').first();
    node('close').receive({ conversationId: 'conv_ana' });
    assert.equal((await chat.ended()).reason, 'resolved');
  });

  it('goes on with the answer of a person whose contact has been merged meanwhile', async () => {
    const merge = {
      ...{ id: 'merge', type: 'linktor-contact', config: 'account', operation: 'merge', wires: [['merged']] },
      ...{ confirm: true, contact: 'ct_bruno', contactType: 'str', others: '["ct_ana"]', othersType: 'json' },
    };
    const { chat, node, completed } = await play({}, [merge, { id: 'merged', type: 'probe' }]);
    chat.begin({ contactId: 'ct_ana' });
    await chat.botSays();
    await completed.first();
    node('merge').receive({});
    await completed.take(2);
    await chat.customerSays('4');
    assert.equal((await chat.answer()).payload, '4');
  });

  describe('with the AI', () => {
    const asNumber = { kind: 'number', understand: true };
    const modelSays = (value: unknown) => {
      const message = { role: 'assistant', content: JSON.stringify({ value }) };
      return setup.control('fail', {
        method: 'POST',
        path: '/ai/',
        status: 200,
        body: { id: 'c1', model: 'm', message },
      });
    };

    it('takes what it reads, once it fits', async () => {
      const { chat } = await play(asNumber);
      chat.begin();
      await chat.botSays();
      await modelSays('12');
      await chat.customerSays('a dozen');
      const msg = await chat.answer();
      assert.equal(msg.payload, 12);
      assert.equal((msg.answer as { text: string }).text, 'a dozen');
    });

    it('asks again when it does not understand it either, or makes something up', async () => {
      const { chat } = await play({ ...asNumber, most: '5', mostType: 'num', tries: 5 });
      chat.begin();
      await chat.botSays();
      for (const value of [null, '12', 'a dozen', { made: 'up' }]) {
        await modelSays(value);
        await chat.customerSays('whatever');
        assert.match(await chat.botSays(), /^Please enter a number/);
      }
    });
  });
});
