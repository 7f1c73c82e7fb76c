import { strict as assert } from 'node:assert';
import { contractUnderTest, type FlowNode, listening, setUpFlows, until } from '../support/flows';
import { asking, detailsOf, type Loose, sendNode } from './sending';

const msg = { payload: 'Olá', conversationId: 'conv_ana' };

describe('linktor-send: waits for what becomes of it', () => {
  const setup = setUpFlows({ receipts: 'manual' });
  const { play, state, control } = setup;
  const ask = asking(setup);
  const waiting = (more: Record<string, unknown> = {}) => sendNode({ waitFor: 'delivered', ...more });
  const firstSent = async (count = 1) => {
    const { sends } = await until(state, (now) => now.sends.length === count);
    return sends[count - 1]?.messageId as string;
  };
  /** The subscription is there, and the first look has been made. */
  const settled = async (messageId: string) => {
    await listening({ state });
    await until(state, ({ requests }) => requests.some(({ path }) => path.endsWith(messageId)));
  };
  const subscribed = { id: 'ear', type: 'linktor-message-in', config: 'account', wires: [[]] } as FlowNode;
  const set = (messageId: string, status: string, more = {}) => control('status', { messageId, status, ...more });

  it('does not wait unless asked to, and opens no connection', async () => {
    const { total } = (await state()).sockets;
    const { node, probe } = await play(sendNode());
    node('node').receive({ ...msg });
    await probe('out').first();
    assert.equal((await state()).sockets.total, total);
  });

  it('goes on when the message is delivered, and not before', async () => {
    const { node, probe, statuses } = await play([...waiting(), subscribed]);
    await listening({ state });
    node('node').receive({ ...msg });
    const id = await firstSent();
    await settled(id);
    assert.equal(probe('out').all.length, 0);
    await set(id, 'delivered');
    const { sent } = await probe('out').first();
    assert.equal((sent as Loose).status, 'delivered');
    await until(
      async () => statuses.all.map(({ status }) => (status as Loose).text),
      (texts) => texts.includes('linktor.status.delivered'),
    );
    const looks = (await state()).requests.filter(({ path }) => path.endsWith(id));
    if (contractUnderTest === 'api') assert.equal(looks.length, 1, 'heard, not asked for again and again');
  });

  it('takes read for delivered, but not the other way round', async () => {
    const { node, probe } = await play([...waiting({ waitFor: 'read' }), subscribed]);
    await listening({ state });
    node('node').receive({ ...msg });
    const id = await firstSent();
    await settled(id);
    await set(id, 'delivered');
    node('node').receive({ ...msg, payload: 'second' });
    const second = await firstSent(2);
    await set(second, 'read');
    const { sent } = await probe('out').first();
    assert.equal((sent as Loose).messageId, second);
    await set(id, 'read');
    await probe('out').take(2);
  });

  it('finds out by asking where nothing can be heard', async () => {
    const { node, probe } = await play(waiting(), { account: { wsUrl: 'ws://127.0.0.1:9' } });
    node('node').receive({ ...msg });
    const id = await firstSent();
    await set(id, 'delivered');
    const { sent } = await probe('out').first();
    assert.equal((sent as Loose).messageId, id);
  });

  it('misses nothing that happens while the connection is being made', async () => {
    const { node, probe } = await play(waiting());
    node('node').receive({ ...msg });
    await set(await firstSent(), 'delivered');
    await probe('out').first();
  });

  it('waits for all parts of a long text', async () => {
    const { node, probe } = await play([...waiting(), subscribed]);
    await listening({ state });
    node('node').receive({ ...msg, payload: 'word '.repeat(1500) });
    const second = await firstSent(2);
    await settled(second);
    await set(second, 'delivered');
    assert.equal(probe('out').all.length, 0);
    const [first] = (await state()).sends;
    await set(first?.messageId as string, 'delivered');
    const { sent } = await probe('out').first();
    assert.equal((sent as Loose).parts, 2);
  });

  it('is an error when the channel could not deliver it, with the reason', async () => {
    const { node, caught } = await play(waiting());
    node('node').receive({ ...msg });
    const id = await firstSent();
    await set(id, 'failed', { error: 'Number is blocked' });
    const { error } = await caught.first();
    assert.equal(error?.code, 'server');
    assert.match(error?.message ?? '', /Number is blocked/);
    assert.deepEqual([error?.cause.ambiguous, error?.cause.retryable], [false, false]);
    assert.deepEqual(detailsOf(error), { messageId: id, status: 'failed', reason: 'Number is blocked' });
  });

  it('gives up after its time, and says that the message was accepted', async () => {
    const { node, caught } = await play(waiting({ waitTimeout: 1 }));
    node('node').receive({ ...msg });
    const { error } = await caught.first();
    assert.equal(error?.code, 'timeout');
    assert.deepEqual([error?.cause.ambiguous, error?.cause.retryable], [false, false]);
    assert.equal(detailsOf(error).messageId, await firstSent());
    assert.match(String(error?.cause.hint), /accepted/);
  });

  it('lets go of the connection when it closes', async () => {
    const { node, flow, deploy, caught } = await play(waiting());
    node('node').receive({ ...msg });
    await settled(await firstSent());
    const began = Date.now();
    await deploy(flow.filter(({ id }) => id !== 'node' && id !== 'account'));
    await until(state, ({ sockets }) => sockets.open === 0);
    assert.ok(Date.now() - began < 2000);
    assert.equal(caught.all.length, 0);
  });

  it('lets go of the conversation when it has what it waited for', async () => {
    const { node, probe } = await play(waiting());
    node('node').receive({ ...msg });
    const id = await firstSent();
    await settled(id);
    await set(id, 'delivered');
    await probe('out').first();
    await until(state, ({ sockets }) => sockets.subscriptions === 0);
    assert.equal((await ask('GET', `/conversations/conv_ana/messages/${id}`)).status, 'delivered');
  });
});
