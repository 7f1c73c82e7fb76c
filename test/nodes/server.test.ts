import { strict as assert } from 'node:assert';
import { setUpFlows, until } from '../support/flows';

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
