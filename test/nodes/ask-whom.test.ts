import { strict as assert } from 'node:assert';
import { askNode, Chat } from '../support/chat';
import { type FlowNode, listening, setUpFlows, until } from '../support/flows';
import { person } from '../support/person';

const others: FlowNode[] = [
  { id: 'in', type: 'linktor-message-in', config: 'account', conversations: 'all', wires: [['others']] },
  { id: 'others', type: 'probe' },
];

describe('linktor-ask: whom it asks, and what it keeps for the answer', () => {
  const setup = setUpFlows();

  async function play(more: Record<string, unknown> = {}, account: Record<string, unknown> = {}) {
    const played = await setup.play([...askNode({ kind: 'number', ...more }), ...others], { account });
    await listening(setup);
    const chat = new Chat(setup, played);
    return { ...played, chat, bruno: new Chat(setup, played, 'conv_bruno') };
  }

  it('a contact, wherever they are reached: the message keeps its own conversation', async () => {
    const { chat, bruno } = await play({ to: 'contact' });
    chat.begin({ contactId: 'ct_bruno', topic: 'kept' });
    assert.equal(await bruno.botSays(), 'How many?');
    await bruno.customerSays('7');
    const { payload, topic, conversationId, answer } = await chat.answer();
    assert.deepEqual([payload, topic, conversationId], [7, 'kept', 'conv_ana']);
    assert.equal((answer as { conversationId: string }).conversationId, 'conv_bruno');
  });

  it('an address, of which only the send finds out the conversation', async () => {
    const { chat, bruno } = await play({ to: 'address' });
    chat.begin({ address: '+5511999990002' });
    assert.equal(await bruno.botSays(), 'How many?');
    await bruno.customerSays('7');
    assert.equal((await chat.answer()).payload, 7);
  });

  describe('a list at once', () => {
    const toAll = { to: 'list', closedText: 'Thanks, it is settled.' };
    const recipients = [{ conversationId: 'conv_ana' }, { conversationId: 'conv_bruno' }];

    async function asked(more: Record<string, unknown> = {}) {
      const played = await play({ ...toAll, ...more });
      played.chat.begin({ recipients });
      await Promise.all([played.chat.botSays(), played.bruno.botSays()]);
      await played.completed.take(1);
      return played;
    }

    it('the first answer wins, and the others are told', async () => {
      const { chat, bruno, probe } = await asked();
      await bruno.customerSays('7');
      assert.equal((await chat.answer()).payload, 7);
      assert.equal(await chat.botSays(), 'Thanks, it is settled.');
      await chat.customerSays('8');
      await until(
        async () => probe('others').all,
        (all) => all.some(({ payload }) => payload === '8'),
      );
      assert.equal(probe('answer').all.length, 1);
    });

    it('waits for those that could be asked, and names the others in a warning', async () => {
      const { chat, node, completed } = await play(toAll);
      chat.begin({ recipients: [{ conversationId: 'conv_gone', name: 'Zoe' }, ...recipients] });
      await completed.take(1);
      await chat.botSays();
      const { warn } = node('ask') as unknown as { warn: { args: unknown[][] } };
      assert.match(String(warn.args.flat()), /^Not asked:\nZoe conv_gone: .+$/);
      await chat.customerSays('7');
      assert.equal((await chat.answer()).payload, 7);
    });

    it('the answer counts when the others cannot be told, and Catch hears of that', async () => {
      const { chat, bruno, caught } = await asked();
      await setup.control('fail', {
        count: 100,
        status: 400,
        method: 'POST',
        path: '/conversations/conv_ana/messages',
      });
      await bruno.customerSays('7');
      assert.equal((await chat.answer()).payload, 7);
      const [failed] = await caught.take(1);
      assert.equal(failed?.error?.code, 'validation');
    });
  });

  it('nobody in words, if it only waits', async () => {
    const { chat, completed } = await play({ waitOnly: true, question: '', questionType: 'str' });
    chat.begin({ topic: 'kept', question: 'unused' });
    await completed.take(1);
    await chat.customerSays('7');
    const { payload, topic } = await chat.answer();
    assert.deepEqual([payload, topic], [7, 'kept']);
    assert.deepEqual((await setup.state()).sends, []);
  });

  it('one after the other, if the second is to wait', async () => {
    const { chat } = await play({ another: 'queue' });
    chat.begin({ topic: 'first' });
    await chat.botSays();
    chat.begin({ topic: 'second' });
    await chat.customerSays('1');
    assert.deepEqual([(await chat.answer()).topic, await chat.botSays()], ['first', 'How many?']);
    await chat.customerSays('2');
    const { topic, payload } = await chat.answer(2);
    assert.deepEqual([topic, payload], ['second', 2]);
  });

  it('keeps only the named parts of the message, and what it needs itself', async () => {
    const { chat } = await play({ carry: 'only', carryOnly: 'topic' });
    chat.begin({ topic: 'kept', secret: 'not kept', contactId: 'ct_ana' });
    await chat.botSays();
    await chat.customerSays('7');
    const { topic, secret, conversationId, contactId } = await chat.answer();
    assert.deepEqual([topic, secret, conversationId, contactId], ['kept', undefined, 'conv_ana', 'ct_ana']);
  });

  it('names what cannot be kept', async () => {
    const { chat } = await play();
    chat.begin({ topic: 'kept', file: Buffer.from('x'), req: { live: true } });
    await chat.botSays();
    await chat.customerSays('7');
    const { topic, file, linktor } = await chat.answer();
    assert.deepEqual([topic, file], ['kept', undefined]);
    assert.deepEqual((linktor as { dropped: string[] }).dropped.sort(), ['file', 'req']);
  });

  it('joins messages in quick succession', async () => {
    const { chat } = await play({ kind: 'text', join: '1' });
    chat.begin();
    await chat.botSays();
    await chat.customerSays('one');
    await chat.customerSays('two');
    assert.equal((await chat.answer()).payload, 'one\ntwo');
  });

  describe('when a person takes over', () => {
    async function takenOver(onTakeover: string) {
      const played = await play({ onTakeover }, { takeover: 'on' });
      played.chat.begin({ topic: 'kept' });
      await played.chat.botSays();
      await played.completed.take(1);
      await person(setup).writes('conv_ana', 'I take this one.');
      return played;
    }

    it('ends', async () => {
      const { chat } = await takenOver('end');
      const { reason, topic } = await chat.ended();
      assert.deepEqual([reason, topic], ['taken_over', 'kept']);
    });

    it('or stays, if it is to', async () => {
      const { chat, probe } = await takenOver('keep');
      await chat.customerSays('7');
      assert.equal((await chat.answer()).payload, 7);
      assert.equal(probe('ended').all.length, 0);
    });
  });
});
