import { strict as assert } from 'node:assert';
import { type Colleague, colleague } from '../support/colleague';
import { setUpFlows, until } from '../support/flows';
import { type Loose, sendNode } from './sending';

const conversationId = 'conv_ana';

describe('linktor-send: typing first', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  let other: Colleague;
  beforeEach(async () => {
    other = await colleague(setup, conversationId);
  });
  afterEach(async () => {
    other?.leave();
    await until(state, ({ sockets }) => sockets.open === 0);
  });

  it('shows the sign for so long, takes it away, and then sends', async () => {
    const { node, probe } = await play(sendNode({ typingFirst: 'seconds', typingSeconds: 0.3 }));
    const began = Date.now();
    node('node').receive({ conversationId, payload: 'Hello' });
    await probe('out').first();
    await other.take(2);
    assert.ok(Date.now() - began >= 300);
    assert.deepEqual(other.signs(), [true, false]);
    assert.equal((await state()).sends.length, 1);
  });

  it('takes as long as the text is, and keeps the order of the conversation', async () => {
    const { node, probe } = await play(sendNode({ typingFirst: 'length' }));
    for (const payload of ['A longer one first', 'short']) node('node').receive({ conversationId, payload });
    const out = await probe('out').take(2);
    assert.deepEqual(
      out.map(({ payload }) => payload),
      ['A longer one first', 'short'],
    );
    await other.take(4);
    const [began = 0, ended = 0] = other.seen.map(({ at }) => at);
    assert.ok(ended - began > 500, `${ended - began} ms`);
  });

  it('sends at once where there is no such sign', async () => {
    const { node, probe } = await play(sendNode({ typingFirst: 'seconds', typingSeconds: 60 }));
    node('node').receive({ conversationId, channelType: 'sms', payload: 'Hello' });
    await probe('out').first();
    assert.deepEqual(other.signs(), []);
  });

  it('sends all the same where nobody can be told', async () => {
    const account = { wsUrl: 'ws://127.0.0.1:1/ws' };
    const { node, probe, caught } = await play(sendNode({ typingFirst: 'seconds', typingSeconds: 60 }), { account });
    node('node').receive({ conversationId, payload: 'Hello' });
    const { sent } = (await Promise.race([probe('out').first(), caught.first()])) as Loose;
    assert.equal(sent.conversationId, conversationId);
  });

  it('sends nothing more when the node is removed meanwhile', async () => {
    const { node, deploy, flow, caught } = await play(sendNode({ typingFirst: 'seconds', typingSeconds: 60 }));
    node('node').receive({ conversationId, payload: 'Hello' });
    await other.take(1);
    await deploy(flow.filter(({ id }) => id !== 'node'));
    assert.equal((await state()).sends.length, 0);
    assert.deepEqual(caught.all.map(({ error }) => error?.cause.ambiguous).filter(Boolean), []);
    await control('reset', {});
  });
});
