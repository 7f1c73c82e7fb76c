import { strict as assert } from 'node:assert';
import { type Colleague, colleague } from '../support/colleague';
import { type FlowNode, type Probe, setUpFlows, until } from '../support/flows';

const node = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-typing', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];
type Shown = { text?: string; source: { id: string } };
const to = { conversationId: 'conv_ana' };

/** What the typing node shows. */
const shownBy = (statuses: Probe) => async () =>
  statuses.all.map(({ status }) => status as Shown).findLast(({ source }) => source.id === 'node');

describe('linktor-typing', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  let other: Colleague;
  beforeEach(async () => {
    other = await colleague(setup, to.conversationId);
  });
  afterEach(async () => {
    other?.leave();
    await until(state, ({ sockets }) => sockets.open === 0);
  });

  it('shows the sign at once and passes the message on as it is, without waiting for anything', async () => {
    const { node: get, probe, completed } = await play(node());
    get('node').receive({ ...to, payload: { deep: [1] }, topic: 'kept' });
    const { payload, topic } = await probe('out').first();
    assert.deepEqual([payload, topic], [{ deep: [1] }, 'kept']);
    await completed.first();
    await other.take(1);
    assert.deepEqual(other.signs(), [true]);
  });

  it('repeats it before it fades, and ends when the time is over', async () => {
    const { node: get } = await play(node({ duration: '5', durationType: 'num' }));
    get('node').receive({ ...to });
    const [first, second, last] = await other.take(3);
    assert.deepEqual(other.signs(), [true, true, false]);
    assert.ok(Math.abs(Number(second?.at) - Number(first?.at) - 4000) < 500);
    assert.ok(Math.abs(Number(last?.at) - Number(first?.at) - 5000) < 500);
  });

  it('goes on until a send node answers in this conversation, and no other', async () => {
    const send: FlowNode = { id: 'send', type: 'linktor-send', config: 'account', wires: [['sent']] };
    const { node: get, probe, statuses } = await play([...node(), send, { id: 'sent', type: 'probe' }]);
    get('node').receive({ ...to });
    await other.take(1);
    get('send').receive({ conversationId: 'conv_bruno', payload: 'another' });
    await probe('sent').take(1);
    assert.equal((await shownBy(statuses)())?.text, 'linktor.status.typing');
    get('send').receive({ ...to, payload: 'the answer' });
    await other.take(2);
    assert.deepEqual(other.signs(), [true, false]);
    await until(shownBy(statuses), (status) => status?.text === undefined);
  });

  it('shows it once, and no more, with a duration of 0', async () => {
    const { node: get, statuses } = await play(node());
    get('node').receive({ ...to, duration: 0 });
    await other.take(1);
    await until(
      async () => statuses.all.at(-1)?.status as { text?: string },
      (status) => status && status.text === undefined,
    );
    assert.deepEqual(other.signs(), [true]);
  });

  it('is taken over by a newer message, without a flicker', async () => {
    const { node: get } = await play(node({ duration: '1', durationType: 'num' }));
    get('node').receive({ ...to });
    await other.take(1);
    get('node').receive({ ...to, duration: 1 });
    await other.take(3);
    assert.deepEqual(other.signs(), [true, true, false]);
  });

  it('stops when told to, by whatever node, and does not begin again', async () => {
    const stop: FlowNode = { id: 'stop', type: 'linktor-typing', config: 'account', action: 'stop', wires: [[]] };
    const { node: get, statuses } = await play([...node(), stop]);
    get('node').receive({ ...to });
    await other.take(1);
    get('stop').receive({ ...to });
    await other.take(2);
    assert.deepEqual(other.signs(), [true, false]);
    await until(shownBy(statuses), (status) => status?.text === undefined);
  });

  it('stops when the node is removed, and lets go of the connection', async () => {
    const { node: get, flow, deploy } = await play(node());
    get('node').receive({ ...to });
    await other.take(1);
    const began = Date.now();
    await deploy(flow.filter(({ id }) => id !== 'node'));
    assert.ok(Date.now() - began < 2000);
    await other.take(2);
    assert.deepEqual(other.signs(), [true, false]);
  });

  it('says so where the customer cannot see it, and asks nobody', async () => {
    const { node: get, probe, statuses } = await play(node());
    const { total } = (await state()).sockets;
    get('node').receive({ ...to, channelType: 'sms' });
    await probe('out').first();
    await until(
      async () => statuses.all.map(({ status }) => (status as { text?: string }).text),
      (texts) => texts.includes('linktor.status.no_typing'),
    );
    assert.equal((await state()).sockets.total, total);
  });

  it('passes the message on where nobody can be told, and says so to Catch', async () => {
    const { node: get, probe, caught, statuses } = await play(node(), { account: { wsUrl: 'ws://127.0.0.1:9' } });
    get('node').receive({ ...to, payload: 'first' });
    assert.equal((await probe('out').first()).payload, 'first');
    assert.equal((await caught.first()).error?.code, 'websocket');
    get('node').receive({ ...to, payload: 'second' });
    const [, second] = await probe('out').take(2);
    assert.equal(second?.payload, 'second');
    const [, told] = await caught.take(2);
    assert.equal(told?.error?.code, 'websocket');
    assert.match(String(told?.error?.cause.hint), /realtime/);
    await until(
      async () => statuses.all.at(-1)?.status as { text?: string },
      (status) => status?.text === 'linktor.status.websocket',
    );
  });

  it('says that it is not let in', async () => {
    const { node: get, probe, caught } = await play(node(), { apiKey: 'wrong' });
    get('node').receive({ ...to });
    await probe('out').first();
    assert.equal((await caught.first()).error?.code, 'authentication');
  });

  for (const [name, msg, field] of [
    ['no conversation', {}, /conversation/],
    ['a duration that is none', { ...to, duration: -1 }, /duration/],
  ] as [string, Record<string, unknown>, RegExp][]) {
    it(`refuses ${name}`, async () => {
      const { node: get, caught } = await play(node());
      get('node').receive(msg);
      const { error } = await caught.first();
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', field);
    });
  }

  it('goes on typing after the connection was lost', async () => {
    const { node: get } = await play(node(), { account: { reconnectInterval: 1000 } });
    get('node').receive({ ...to });
    await other.take(1);
    await control('sockets/drop', { code: 1012 });
    await until(state, ({ sockets }) => sockets.open === 0);
    other = await colleague(setup, to.conversationId);
    await other.take(1);
    assert.deepEqual(other.signs(), [true]);
  });
});
