import { strict as assert } from 'node:assert';
import helper from 'node-red-node-test-helper';
import { contractUnderTest, listening, setUpFlows, until } from '../support/flows';
import { removeFolder, temporaryFolder } from '../support/red';
import { hasSqlite, runMochaWith, sqliteNode } from '../support/sqlite-node';
import { asking, type Loose, sendNode, withTemplate } from './sending';

const conversationId = 'conv_ana';
const closed = '[131047] Re-engagement message: more than 24 hours have passed since the customer last replied';
const account = { outbox: 'durable', keepIn: 'file' };
const sending = {
  method: 'POST',
  path: contractUnderTest === 'server' ? '/api/v1/conversations/conv_ana/messages' : '/conversations/conv_ana/messages',
};

if (hasSqlite) {
  describe('linktor-send: a durable outbox, and the channel says later that the window has closed', () => {
    const setup = setUpFlows({ receipts: 'manual' });
    const { play, state, control } = setup;
    const ask = asking(setup);
    let userDir: string;

    beforeEach(() => {
      userDir = temporaryFolder();
      helper.settings({ userDir });
    });
    afterEach(() => removeFolder(userDir));
    after(() => helper.settings({}));

    const sends = async (count: number) => (await until(state, (now) => now.sends.length >= count)).sends;
    const set = (messageId: unknown, status: string, error?: string) =>
      control('status', { messageId: String(messageId), status, error });
    const templates = async () => {
      const { data } = await ask('GET', `/conversations/${conversationId}/messages?sortOrder=asc`);
      return data
        .map((one: Loose) => one.template?.name ?? one.content?.template?.name ?? one.metadata?.template_name)
        .filter(Boolean);
    };
    const start = async (more: object = {}) => {
      const played = await play(sendNode({ ...withTemplate, ...more }), { account });
      const send = (payload: string) => played.node('node').receive({ conversationId, payload, context: { order: 1 } });
      return { ...played, send };
    };
    /** Nothing is sent for a failure that was answered already: a message that comes after it is. */
    const nothingMore = async ({ send }: Awaited<ReturnType<typeof start>>) => {
      const { length } = (await state()).sends;
      send('the next');
      const all = await sends(length + 1);
      await set(all.at(-1)?.messageId, 'delivered');
      assert.deepEqual(await templates(), ['order_update']);
      assert.equal((await state()).sends.length, length + 1);
    };
    const isDone = ({ probe, caught }: Awaited<ReturnType<typeof start>>) =>
      Promise.race([probe('out').first(), caught.first()]);

    it('the template goes out once, and not again after a restart', async () => {
      const played = await start();
      played.send('Your order left');
      const { sent } = await played.probe('out').first();
      await listening({ state });
      await set((sent as Loose).messageId, 'failed', closed);
      await sends(2);
      await helper.unload();
      const again = await start();
      await set((sent as Loose).messageId, 'failed', closed);
      await nothingMore(again);
    });

    it('the template goes out once for what failed while Node-RED was stopped', async () => {
      const played = await start();
      played.send('Your order left');
      const { sent } = await played.probe('out').first();
      await helper.unload();
      await set((sent as Loose).messageId, 'failed', closed);
      const again = await start();
      await sends(2);
      await nothingMore(again);
    });

    it('the template goes out once for what failed before its answer came', async () => {
      const played = await start();
      await control('fail', { ...sending, count: 1, reset: true, after: true });
      played.send('Your order left');
      const [first] = await sends(1);
      await helper.unload();
      await set(first?.messageId, 'failed', closed);
      const again = await start();
      await isDone(again);
      await sends(2);
      await nothingMore(again);
    });

    it('a message that waits for its delivery goes on with that of the template', async () => {
      const played = await start({ waitFor: 'delivered' });
      played.send('Your order left');
      const [first] = await sends(1);
      await listening({ state });
      await set(first?.messageId, 'failed', closed);
      const [, second] = await sends(2);
      await set(second?.messageId, 'delivered');
      const { error, sent, context } = await isDone(played);
      assert.equal(error, undefined, error?.message);
      const { messageId, status, adapted } = sent as Loose;
      assert.deepEqual([messageId, status, adapted], [second?.messageId, 'delivered', ['template']]);
      assert.deepEqual(context, { order: 1 });
      await nothingMore(played);
    });

    it('so it does when both happen while Node-RED is stopped', async () => {
      const played = await start({ waitFor: 'delivered' });
      played.send('Your order left');
      const [first] = await sends(1);
      await until(async () => (await ask('GET', `/conversations/${conversationId}/messages`)).data, Boolean);
      await helper.unload();
      await set(first?.messageId, 'failed', closed);
      const again = await start({ waitFor: 'delivered' });
      const [, second] = await sends(2);
      await helper.unload();
      await set(second?.messageId, 'delivered');
      const last = await start({ waitFor: 'delivered' });
      const { error, sent } = await isDone(last);
      assert.equal(error, undefined, error?.message);
      const { messageId, status, adapted } = sent as Loose;
      assert.deepEqual([messageId, status, adapted], [second?.messageId, 'delivered', ['template']]);
      assert.equal(again.caught.all.length, 0);
      await nothingMore(last);
    });

    it('a template that fails as well is told, and no second one goes out', async () => {
      const played = await start({ waitFor: 'delivered' });
      played.send('Your order left');
      const [first] = await sends(1);
      await set(first?.messageId, 'failed', closed);
      const [, second] = await sends(2);
      await set(second?.messageId, 'failed', closed);
      const { error, payload } = await played.caught.first();
      assert.deepEqual([error?.code, payload], ['server', 'Your order left']);
      await nothingMore(played);
    });
  });
} else {
  const node = sqliteNode();
  if (node) {
    describe('linktor-send: a durable outbox, and the channel says later that the window has closed', () => {
      it('passes on a Node.js that has SQLite', async function () {
        this.timeout(180_000);
        const { code, passed, report } = await runMochaWith(node, 'test/nodes/linktor-send-late-outbox.test.ts');
        assert.equal(code, 0, report);
        assert.ok(passed >= 6, report);
      });
    });
  }
}
