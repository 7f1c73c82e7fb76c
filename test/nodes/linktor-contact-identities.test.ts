import { strict as assert } from 'node:assert';
import { alone, contractUnderTest, type FlowNode, type Message, setUpFlows } from '../support/flows';
import type { Loose } from './sending';

const contactId = 'ct_ana';
const webchat = 'webchat visitor_ct_ana';

describe('linktor-contact: identities', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-contact');
  /** Runs one operation after the other, each with this message. */
  const inTurn = async (msg: object, ...steps: Record<string, unknown>[]): Promise<Message[]> => {
    const nodes = steps.map((step, index): FlowNode => {
      return { id: `node${index}`, type: 'linktor-contact', config: 'account', wires: [['out']], ...step };
    });
    const { node, probe } = await set.play([...nodes, { id: 'out', type: 'probe' }]);
    for (const index of steps.keys()) {
      node(`node${index}`).receive({ ...msg });
      await probe('out').take(index + 1);
    }
    return probe('out').all;
  };
  const shown = (payload: unknown) =>
    (payload as Loose).identifiers.map(({ channelType, identifier }: Loose) => `${channelType} ${identifier}`);
  const writes = async () =>
    (await set.state()).requests.filter(({ method, path }) => method !== 'GET' && !/auth/.test(path));
  const fields = (channelType: string, identifier: string, more: Record<string, unknown> = {}) => ({
    ...{ inChannelType: channelType, inChannelTypeType: 'str', knownAs: identifier, knownAsType: 'str' },
    ...more,
  });
  /** WhatsApp's own spelling, which the server keeps */
  const phone = contractUnderTest === 'server' ? '5511988887777' : '+5511988887777';

  it('adds one to the contact of the message, and gives the contact', async () => {
    const { payload } = await run({ operation: 'addIdentity', ...fields('telegram', ' ana_souza ') }, { contactId });
    assert.equal((payload as Loose).id, contactId);
    assert.deepEqual(shown(payload), [webchat, 'telegram ana_souza']);
  });

  it('takes both from the message, with nothing set', async () => {
    const msg = { contactId, channelType: 'telegram', identifier: 'ana_souza' };
    const told = await inTurn(msg, { operation: 'addIdentity' }, { operation: 'removeIdentity' });
    assert.deepEqual(
      told.map(({ payload }) => shown(payload)),
      [[webchat, 'telegram ana_souza'], [webchat]],
    );
  });

  for (const [written, country] of [
    ['+55 (11) 98888-7777', ''],
    ['11 98888-7777', 'BR'],
    ['0055 11 98888 7777', ''],
  ] as const) {
    it(`reads a phone number as a person writes it: ${written}`, async () => {
      const operation = { operation: 'addIdentity', ...fields('whatsapp', written, { country }) };
      assert.deepEqual(shown((await run(operation, { contactId })).payload), [webchat, `whatsapp ${phone}`]);
    });
  }

  it('does not add the one that is there, however it is written', async () => {
    const [, told] = await inTurn(
      { contactId },
      { operation: 'addIdentity', ...fields('whatsapp', '+55 11 98888-7777') },
      { operation: 'addIdentity', ...fields('whatsapp', '11988887777', { country: 'br' }) },
    );
    assert.deepEqual(shown(told?.payload), [webchat, `whatsapp ${phone}`]);
    assert.equal((await writes()).length, 1);
  });

  it('takes away the one that is meant, however it is written, and keeps the others', async () => {
    const [, told] = await inTurn(
      { contactId },
      { operation: 'addIdentity', ...fields('whatsapp', '+55 11 98888-7777') },
      { operation: 'removeIdentity', ...fields('whatsapp', '(11) 98888-7777', { country: 'BR' }) },
    );
    assert.deepEqual(shown(told?.payload), [webchat]);
  });

  it('says that there is no such identity, and writes nothing', async () => {
    const { error } = await run({ operation: 'removeIdentity', ...fields('telegram', 'nobody') }, { contactId });
    assert.equal(error?.code, 'not_found');
    assert.match(String(error?.cause.hint), /"identifiers"/);
    assert.deepEqual(await writes(), []);
  });

  for (const operation of ['addIdentity', 'removeIdentity']) {
    for (const [what, more, named] of [
      ['a number that is none', fields('whatsapp', '+55 12'), /phone number/],
      ['a number without a country', fields('sms', '11 98888-7777'), /country/],
      ['no type of channel', { knownAs: 'ana', knownAsType: 'str' }, /"inChannelType"/],
      ['no address', { inChannelType: 'telegram', inChannelTypeType: 'str' }, /"knownAs"/],
    ] as const) {
      it(`${operation}: refuses ${what} before it asks anybody, and names it`, async () => {
        const { error } = await run({ operation, ...more }, { contactId });
        assert.equal(error?.code, 'validation');
        assert.match(`${error?.message} ${error?.cause.hint}`, named);
        assert.equal((await set.state()).requests.length, 0);
      });
    }
  }
});
