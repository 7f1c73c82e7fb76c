import { strict as assert } from 'node:assert';
import { type FlowNode, setUpFlows, until } from '../support/flows';
import { type Loose, sendNode } from './sending';

const long = 'The quick brown fox jumps over the lazy dog. '.repeat(250).trim();

describe('linktor-send and linktor-typing: with a self-hosted server', () => {
  const setup = setUpFlows({ contract: 'server' });
  const options = {
    apiKey: '',
    account: { signIn: 'password' },
    credentials: { email: 'demo@linktor.local', password: 'sandbox' },
  };
  const ana = { conversationId: 'conv_ana' };
  const { state } = setup;
  const play = (nodes: FlowNode[]) => setup.play(nodes, options);

  const good: [string, Loose, Loose, Loose][] = [
    ['a text', {}, { ...ana, payload: 'x' }, { parts: 1 }],
    ['a long text', {}, { ...ana, payload: long }, { parts: 3, adapted: ['split'] }],
    [
      'too many buttons',
      { kind: 'buttons' },
      { conversationId: 'conv_bruno', payload: 'x', buttons: ['a', 'b', 'c', 'd'] },
      { adapted: ['numbered'] },
    ],
    ['to a contact', { to: 'contact' }, { contactId: 'ct_ana', payload: 'x' }, ana],
    ['to an e-mail address', { to: 'address' }, { address: 'ana@example.com', payload: 'x' }, ana],
    [
      'to a new phone number',
      { to: 'address' },
      { address: '+4915123456789', channelId: 'ch_whatsapp', payload: 'x' },
      { parts: 1 },
    ],
    ['an answer', { replyTo: 'incoming' }, { ...ana, messageId: 'msg_ana_1', payload: 'x' }, ana],
    ['and waits', { waitFor: 'delivered' }, { ...ana, payload: 'x' }, { status: 'delivered' }],
  ];
  for (const [name, fields, msg, expected] of good) {
    it(`sends ${name}`, async () => {
      const { node, probe, caught } = await play(sendNode(fields));
      node('node').receive(msg);
      const { sent, error } = await Promise.race([probe('out').first(), caught.first()]);
      assert.equal(error?.message, undefined);
      const receipt = sent as Loose;
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(receipt[key], value, key);
      const { sends } = await state();
      assert.deepEqual(
        sends.map(({ messageId }) => messageId),
        receipt.messageIds,
      );
    });
  }

  it('does not make a contact of a name that this server finds nobody by', async () => {
    const { node, caught } = await play(sendNode({ to: 'address' }));
    const before = (await state()).counts.contacts;
    node('node').receive({ address: 'visitor_new', channelId: 'ch_webchat', payload: 'x' });
    assert.equal((await caught.first()).error?.code, 'not_supported');
    assert.equal((await state()).counts.contacts, before);
  });

  it('says that only colleagues see the typing', async () => {
    const typing = { type: 'linktor-typing', config: 'account', wires: [['out']] };
    const ear = { id: 'ear', type: 'linktor-message-in', config: 'account', wires: [[]] };
    const { node, statuses } = await play([{ id: 'node', ...typing }, { id: 'out', type: 'probe' }, ear]);
    await until(state, ({ sockets }) => sockets.open === 1);
    const words = async () => statuses.all.map(({ status }) => (status as { text?: string }).text);
    await until(words, (all) => all.includes('linktor.status.connected'));
    node('node').receive({ ...ana });
    await until(words, (all) => all.includes('linktor.status.agents_only'));
  });
});
