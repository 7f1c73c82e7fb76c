import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import { type FlowNode, listening, setUpFlows, until } from '../support/flows';
import { person } from '../support/person';
import { hasSqlite, runMochaWith, sqliteNode } from '../support/sqlite-node';
import { asking, type Loose, sendNode, withTemplate } from './sending';

const conversationId = 'conv_ana';
const closed = '[131047] Re-engagement message: more than 24 hours have passed since the customer last replied';
const statuses: FlowNode = {
  ...{ id: 'told', type: 'linktor-status-in', config: 'account', wires: [['statuses']] },
  statuses: ['pending', 'sent', 'delivered', 'read', 'failed'],
};
const probe: FlowNode = { id: 'statuses', type: 'probe' };

describe('linktor-send: the channel says later that the window has closed', () => {
  const setup = setUpFlows({ receipts: 'manual' });
  const { play, state, control } = setup;
  const ask = asking(setup);
  const sends = async (count: number) => (await until(state, (now) => now.sends.length >= count)).sends;
  const set = (messageId: string, status: string, error?: string) => control('status', { messageId, status, error });
  const templates = async () => {
    const { data } = await ask('GET', `/conversations/${conversationId}/messages?sortOrder=asc`);
    return data
      .map((one: Loose) => one.template?.name ?? one.content?.template?.name ?? one.metadata?.template_name)
      .filter(Boolean);
  };
  /** Sends one message that the server takes. */
  async function sent(more: Loose = {}): Promise<{ id: string; played: Awaited<ReturnType<typeof play>> }> {
    const played = await play([...sendNode({ ...withTemplate, ...more }), statuses, probe]);
    await listening({ state });
    played.node('node').receive({ conversationId, payload: 'Your order left', context: { order: 4711 } });
    const { sent: result } = await played.probe('out').first();
    return { id: (result as Loose).messageId, played };
  }

  it('the template goes out, once, whatever is told how often, and is followed like the message', async () => {
    const { id, played } = await sent();
    await set(id, 'failed', closed);
    const [, instead] = await sends(2);
    await set(id, 'failed', closed);
    await set(String(instead?.messageId), 'delivered');
    const told = await until(
      async () => played.probe('statuses').all,
      (all) => all.some(({ payload, messageId }) => payload === 'delivered' && messageId === instead?.messageId),
    );
    assert.deepEqual(told.at(-1)?.context, { order: 4711 });
    assert.deepEqual(await templates(), ['order_update']);
    assert.equal((await state()).sends.length, 2);
  });

  it('nothing goes out for another reason', async () => {
    const { id, played } = await sent();
    await set(id, 'failed', 'Number is blocked');
    await until(
      async () => played.probe('statuses').all,
      (all) => all.some(({ payload }) => payload === 'failed'),
    );
    const { completed } = played;
    played.node('node').receive({ conversationId, payload: 'next' });
    await completed.take(2);
    assert.deepEqual(await templates(), []);
  });

  it('nothing goes out while a person is in charge', async () => {
    const events = { events: ['takeover.began'], wires: [['began']] };
    const played = await play(
      [
        ...[...sendNode(withTemplate), statuses, probe],
        { id: 'events', type: 'linktor-event-in', config: 'account', ...events },
        { id: 'began', type: 'probe' },
      ],
      { account: { takeover: 'on' } },
    );
    await listening({ state });
    played.node('node').receive({ conversationId, payload: 'Your order left' });
    const { sent: result } = await played.probe('out').first();
    await person(setup).writes(conversationId, 'I take this one.');
    await played.probe('began').first();
    await set((result as Loose).messageId, 'failed', closed);
    await until(
      async () => played.probe('statuses').all,
      (all) => all.some(({ payload }) => payload === 'failed'),
    );
    played.node('node').receive({ conversationId, payload: 'next' });
    const [, next] = await played.probe('out').take(2);
    assert.deepEqual((next?.sent as Loose | undefined)?.status, 'skipped');
    assert.deepEqual(await templates(), []);
  });

  it('the node listens by itself', async () => {
    const { node, probe: out } = await play(sendNode(withTemplate));
    node('node').receive({ conversationId, payload: 'Your order left' });
    const { sent: result } = await out('out').first();
    await listening({ state });
    await set((result as Loose).messageId, 'failed', closed);
    await sends(2);
    assert.deepEqual(await templates(), ['order_update']);
  });

  it('a node that waits for the delivery goes on with that of the template', async () => {
    const played = await play([...sendNode({ ...withTemplate, waitFor: 'delivered' }), statuses, probe]);
    await listening({ state });
    played.node('node').receive({ conversationId, payload: 'Your order left' });
    const [first] = await sends(1);
    await set(String(first?.messageId), 'failed', closed);
    const [, second] = await sends(2);
    await set(String(second?.messageId), 'delivered');
    const { sent: result } = await played.probe('out').first();
    const { messageId, status, adapted } = result as Loose;
    assert.deepEqual([messageId, status, adapted], [second?.messageId, 'delivered', ['template']]);
    assert.equal((await state()).sends.length, 2);
  });

  if (hasSqlite) {
    it('the template goes out once after a restart, too', async () => {
      const userDir = mkdtempSync(path.join(tmpdir(), 'linktor-late-'));
      helper.settings({ userDir });
      try {
        const flow = [...sendNode(withTemplate), statuses, probe];
        const account = { keepIn: 'file' };
        const before = await play(flow, { account });
        await listening({ state });
        before.node('node').receive({ conversationId, payload: 'Your order left' });
        const { sent: result } = await before.probe('out').first();
        await helper.unload();
        await play(flow, { account });
        await listening({ state });
        await set((result as Loose).messageId, 'failed', closed);
        await sends(2);
        await helper.unload();
        const again = await play(flow, { account });
        await listening({ state });
        await set((result as Loose).messageId, 'failed', closed);
        again.node('node').receive({ conversationId, payload: 'next' });
        const { sent: next } = await again.probe('out').first();
        await set((next as Loose).messageId, 'delivered');
        await until(
          async () => again.probe('statuses').all,
          (all) => all.some(({ messageId }) => messageId === (next as Loose).messageId),
        );
        assert.deepEqual(await templates(), ['order_update']);
      } finally {
        await helper.unload();
        helper.settings({});
        rmSync(userDir, { recursive: true, force: true, maxRetries: 5 });
      }
    });
  } else {
    const brought = sqliteNode();
    it('the template goes out once after a restart, too, on a Node.js that has SQLite', async function () {
      if (!brought) return this.skip();
      this.timeout(180_000);
      const { code, passed, report } = await runMochaWith(brought, 'test/nodes/linktor-send-late.test.ts');
      assert.equal(code, 0, report);
      assert.ok(passed >= 6, report);
    });
  }
});
