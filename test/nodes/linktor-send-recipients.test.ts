import { strict as assert } from 'node:assert';
import { setUpFlows } from '../support/flows';
import { failsWell } from './failures';
import { asking, type Loose, sendNode } from './sending';

describe('linktor-send: to people', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  const ask = asking(setup);
  const people = async (search: string): Promise<Loose[]> => (await ask('GET', `/contacts?search=${search}`)).data;
  const talks = async (contact: string): Promise<Loose[]> =>
    (await ask('GET', `/contacts/${contact}/conversations`)).data;

  it('writes into the open conversation of a contact', async () => {
    const { node, probe } = await play(sendNode({ to: 'contact' }));
    node('node').receive({ payload: 'Olá', contactId: 'ct_ana' });
    const { sent } = await probe('out').first();
    assert.equal((sent as Loose).conversationId, 'conv_ana');
    assert.equal((await talks('ct_ana')).length, 1);
  });

  it('takes the newest of the open ones, or the one in the channel that is named', async () => {
    const newer = await ask('POST', '/conversations', { channelId: 'ch_whatsapp', contactId: 'ct_ana' });
    await ask('POST', `/conversations/${newer.id}/messages`, { text: 'newest' });
    const { node, probe } = await play(sendNode({ to: 'contact' }));
    node('node').receive({ payload: 'a', contactId: 'ct_ana' });
    await probe('out').take(1);
    node('node').receive({ payload: 'b', contactId: 'ct_ana', channelId: 'ch_webchat' });
    const [first, second] = await probe('out').take(2);
    assert.equal((first?.sent as Loose | undefined)?.conversationId, newer.id);
    assert.equal((second?.sent as Loose | undefined)?.conversationId, 'conv_ana');
  });

  it('begins a new conversation when the last one is over, once for two messages at a time', async () => {
    const { node, probe } = await play(
      sendNode({ to: 'contact', contact: 'ct_carla', contactType: 'str', channel: 'ch_whatsapp', channelType: 'str' }),
    );
    for (const payload of ['one', 'two', 'three']) node('node').receive({ payload });
    const all = await probe('out').take(3);
    const ids = new Set(all.map(({ sent }) => (sent as Loose).conversationId));
    assert.equal(ids.size, 1);
    assert.equal(ids.has('conv_carla'), false, 'that one is resolved');
    assert.equal((await talks('ct_carla')).length, 2);
    assert.deepEqual(
      (await state()).sends.map(({ text }) => text),
      ['one', 'two', 'three'],
    );
  });

  it('says that a channel is missing when a conversation has to begin', async () => {
    const { node, caught } = await play(sendNode({ to: 'contact' }));
    node('node').receive({ payload: 'x', contactId: 'ct_carla' });
    const { error } = await caught.first();
    assert.equal(error?.code, 'validation');
    assert.match(String(error?.cause.hint), /msg\.channelId/);
    assert.equal((await state()).sends.length, 0);
  });

  const known: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ['a phone number', {}, { address: '+5511999990001' }],
    ['a phone number written otherwise', {}, { address: '+55 (11) 99999-0001' }],
    ['a phone number of the default country', { country: 'br' }, { address: '(11) 99999-0001' }],
    ['an e-mail address', {}, { address: 'ANA@example.com' }],
    ['the name in a channel', {}, { address: 'visitor_ct_ana', channelId: 'ch_webchat' }],
  ];
  for (const [name, fields, msg] of known) {
    it(`finds who is known by ${name}`, async () => {
      const { node, probe, caught } = await play(sendNode({ to: 'address', ...fields }));
      node('node').receive({ payload: 'Olá', ...msg });
      const out = await Promise.race([probe('out').first(), caught.first()]);
      assert.equal((out.sent as Loose | undefined)?.conversationId, 'conv_ana', out.error?.message);
      assert.equal((await ask('GET', '/contacts')).data.length, 3);
    });
  }

  const strangers: [string, string, string, (contact: Loose) => void][] = [
    ['a phone number', 'ch_whatsapp', '+49 1512 3456789', ({ phone }) => assert.equal(phone, '+4915123456789')],
    [
      'the name in a channel',
      'ch_webchat',
      'visitor_new',
      ({ phone, email }) => assert.deepEqual([phone, email], [undefined, undefined]),
    ],
    ['an e-mail address', 'ch_webchat', 'new@example.com', ({ email }) => assert.equal(email, 'new@example.com')],
  ];
  for (const [name, channel, address, expect] of strangers) {
    it(`makes a contact of ${name}, once for many messages`, async () => {
      const { node, probe, caught } = await play(sendNode({ to: 'address' }));
      for (let count = 0; count < 5; count++)
        node('node').receive({ payload: `${count}`, address, channelId: channel });
      const all = await Promise.race([probe('out').take(5), caught.take(1)]);
      assert.equal(all[0]?.error?.message, undefined);
      assert.equal(new Set(all.map(({ sent }) => (sent as Loose).conversationId)).size, 1);
      const contacts = (await ask('GET', '/contacts')).data;
      assert.equal(contacts.length, 4);
      const made = contacts.find(({ id }: Loose) => !['ct_ana', 'ct_bruno', 'ct_carla'].includes(id));
      assert.equal(made.identifiers[0].channelId, channel);
      expect(made);
    });
  }

  it('makes nobody twice when the answer to the first attempt got lost', async () => {
    await control('fail', { count: 1, reset: true, after: true, method: 'POST', path: '/contacts' });
    const { node, probe } = await play(sendNode({ to: 'address' }));
    node('node').receive({ payload: 'x', address: '+4915123456789', channelId: 'ch_whatsapp' });
    await probe('out').first();
    assert.equal((await people('4915123456789')).length, 1);
  });

  const refused: [string, Record<string, unknown>, RegExp][] = [
    ['a number without a country', { address: '1512 3456789', channelId: 'ch_whatsapp' }, /no country/],
    ['what is no number', { address: '+1', channelId: 'ch_whatsapp' }, /not a phone number/],
    ['a name that nobody has, without a channel', { address: 'somebody' }, /Nobody is known/],
    ['an empty address', { address: ' \u200b' }, /"address" holds nothing/],
  ];
  for (const [name, msg, expected] of refused) {
    it(`refuses ${name}, and makes nobody`, async () => {
      const { node, caught } = await play(sendNode({ to: 'address' }));
      node('node').receive({ payload: 'x', ...msg });
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', expected);
      assert.equal((await ask('GET', '/contacts')).data.length, 3);
    });
  }

  failsWell(setup, 'linktor-send', {
    conversation: { node: { to: 'conversation' }, msg: { payload: 'x', conversationId: 'conv_ana' }, kind: 'write' },
    contact: { node: { to: 'contact' }, msg: { payload: 'x', contactId: 'ct_ana' }, kind: 'read' },
    address: { node: { to: 'address' }, msg: { payload: 'x', address: 'ana@example.com' }, kind: 'read' },
    list: {
      node: { to: 'list' },
      msg: {
        recipients: [
          { conversationId: 'conv_ana', text: 'x' },
          { conversationId: 'conv_bruno', text: 'x' },
        ],
      },
      kind: 'write',
    },
  });
});
