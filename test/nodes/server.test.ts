import { strict as assert } from 'node:assert';
import { askNode, Chat } from '../support/chat';
import { setUpFlows, shownBy, until } from '../support/flows';

/** The customer asks, the shop knows, a model answers, the answer is sent and the conversation closed. */
const flow = [
  { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['ask']] },
  {
    id: 'ask',
    type: 'linktor-knowledge',
    config: 'account',
    base: 'kb_shop',
    baseType: 'str',
    wires: [['ai'], ['ai']],
  },
  { id: 'ai', type: 'linktor-ai', config: 'account', model: 'ollama/llama3', modelType: 'str', wires: [['send']] },
  { id: 'send', type: 'linktor-send', config: 'account', wires: [['close']] },
  {
    id: 'close',
    type: 'linktor-conversation',
    config: 'account',
    operation: 'resolve',
    wires: [['end']],
  },
  { id: 'end', type: 'probe' },
];

const signIn = { account: { signIn: 'password' }, credentials: { email: 'demo@linktor.local', password: 'sandbox' } };

for (const contract of ['api', 'server'] as const) {
  describe(`one flow, whichever server: ${contract}`, () => {
    const { play, control, state } = setUpFlows({ contract, announces: contract === 'server', receipts: 'manual' });

    it('hears, knows, answers and resolves', async () => {
      const { probe, caught } = await play(flow, signIn);
      await until(state, ({ sockets }) => sockets.open === 1 && (contract === 'server' || sockets.subscriptions > 1));
      await control('messages', { conversationId: 'conv_ana', text: 'How often should I water a fern?' });
      const end = await Promise.race([probe('end').first(), caught.first()]);
      assert.equal(end.error, undefined, JSON.stringify(end.error));
      assert.deepEqual([end.topic, end.contactId], ['webchat/conv_ana', 'ct_ana']);
      const { sends } = await state();
      assert.deepEqual(
        sends.map(({ conversationId }) => conversationId),
        ['conv_ana'],
      );
    });
  });
}

describe('a transcript of more than the server shows', () => {
  const { play, control } = setUpFlows({ contract: 'server' });
  const node = {
    id: 'node',
    type: 'linktor-conversation',
    config: 'account',
    operation: 'transcript',
    wires: [['out']],
  };
  const ask = async (last: number) => {
    const { node: get, probe } = await play([
      { ...node, last },
      { id: 'out', type: 'probe' },
    ]);
    get('node').receive({ conversationId: 'conv_ana' });
    return { msg: await probe('out').first(), shown: () => shownBy(get('node')).join() };
  };

  it('says that it is cut', async () => {
    for (let index = 0; index < 60; index++)
      await control('messages', { conversationId: 'conv_ana', text: `${index}` });
    const { msg, shown } = await ask(55);
    assert.equal((msg.payload as unknown[]).length, 50);
    assert.deepEqual(msg.page, { truncated: true });
    await until(
      async () => shown(),
      (said) => said.includes('truncated'),
    );
  });

  it('says nothing when it is all that was asked for', async () => {
    for (let index = 0; index < 60; index++)
      await control('messages', { conversationId: 'conv_ana', text: `${index}` });
    const { msg } = await ask(20);
    assert.deepEqual([(msg.payload as unknown[]).length, msg.page], [20, undefined]);
  });
});

describe('an emoji that somebody puts on a message', () => {
  const setup = setUpFlows({ contract: 'server' });
  const react = (messageId: string, emoji: string) =>
    setup.control('messages', { conversationId: 'conv_ana', reaction: { messageId, emoji } });
  const questionId = async () => String((await setup.state()).sends.at(-1)?.messageId);

  it('is no answer, and no attempt', async () => {
    const heard = {
      id: 'in',
      type: 'linktor-message-in',
      config: 'account',
      content: 'reaction,text',
      wires: [['heard']],
    };
    const played = await setup.play([...askNode({ kind: 'number' }), heard, { id: 'heard', type: 'probe' }]);
    const chat = new Chat(setup, played);
    chat.begin();
    await chat.botSays();
    await react(await questionId(), '👍');
    assert.equal((await played.probe('heard').first()).asked, 'ask');
    await chat.customerSays('4');
    const { payload, answer } = await chat.answer();
    assert.deepEqual([payload, (answer as { attempts: number }).attempts], [4, 1]);
  });

  it('is an answer where it means yes or no to the question that it is put on', async () => {
    const chat = new Chat(setup, await setup.play(askNode({ kind: 'yesNo' })));
    chat.begin();
    await chat.botSays();
    const own = await questionId();
    await react('msg_other', '👎');
    await react(own, '❤️');
    await react(own, '👍');
    const { payload, answer } = await chat.answer();
    assert.deepEqual([payload, (answer as { attempts: number }).attempts], [true, 1]);
  });
});
