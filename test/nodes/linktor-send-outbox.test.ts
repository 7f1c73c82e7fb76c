import { strict as assert } from 'node:assert';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import { contractUnderTest, type Message, type Played, setUpFlows, shownBy, until } from '../support/flows';
import { hasSqlite, runMochaWith, sqliteNode } from '../support/sqlite-node';
import { type Loose, sendNode } from './sending';

const to = { conversationId: 'conv_ana' };
const durable = { outbox: 'durable', keepIn: 'file' };
/** where the sandbox plans failures of sends */
const sending = {
  method: 'POST',
  path: contractUnderTest === 'server' ? '/api/v1/conversations/conv_ana/messages' : '/conversations/conv_ana/messages',
};

describe('linktor-send with a durable outbox that cannot be had', () => {
  const { play, state } = setUpFlows();

  it('is refused at the deploy and with each message, and nothing leaves', async () => {
    const { node, caught } = await play(sendNode(), { account: { outbox: 'durable', keepIn: 'memory' } });
    const [deployed] = await caught.take(1);
    assert.equal(deployed?.error?.source.id, 'node');
    node('node').receive({ ...to, payload: 'Hi' });
    const [, refused] = await caught.take(2);
    assert.equal((refused as Loose).error.message.startsWith('The outbox cannot be durable here'), true);
    assert.equal((await state()).sends.length, 0);
  });
});

if (hasSqlite) {
  describe('linktor-send with a durable outbox', () => {
    const setup = setUpFlows();
    const { play, state, control } = setup;
    let userDir: string;

    beforeEach(() => {
      userDir = mkdtempSync(path.join(tmpdir(), 'linktor-outbox-'));
      helper.settings({ userDir });
    });
    afterEach(() => rmSync(userDir, { recursive: true, force: true, maxRetries: 5 }));
    // The tests of other files have no user directory.
    after(() => helper.settings({}));

    const texts = async () => (await state()).sends.map(({ text }) => text);
    const outboxOf = ({ outbox }: Message) => outbox as { id: string; queued: string; attempts: number };
    const changed = ({ flow }: Played, id: string, more: object) =>
      flow.map((node) => (node.id === id ? { ...node, ...more } : node));

    it('is counted among the figures of the account while it waits', async () => {
      await control('fail', { ...sending, count: 1, status: 429, headers: { 'Retry-After': '1' } });
      const asks = { id: 'asks', type: 'linktor-connection', config: 'account', states: [], wires: [['told']] };
      const nodes = [...sendNode(), asks, { id: 'told', type: 'probe' }];
      const { node, probe, completed } = await play(nodes, { account: durable });
      const figures = async (count: number) => {
        node('asks').receive({ action: 'prometheus' });
        const said = String((await probe('told').take(count))[count - 1]?.payload);
        return /^linktor_outbox_messages\{.*\} (\d+)$/m.exec(said)?.[1];
      };
      node('node').receive({ ...to, payload: 'Hi' });
      await completed.first();
      assert.equal(await figures(1), '1');
      await probe('out').first();
      assert.equal(await figures(2), '0');
    });

    it('is done when the message is stored, and the output leaves when the server has taken it', async () => {
      await control('fail', { ...sending, count: 1, status: 429, headers: { 'Retry-After': '1' } });
      const played = await play(sendNode(), { account: durable });
      const { node, probe, completed } = played;
      node('node').receive({ ...to, payload: 'Hi', topic: 'order', req: { secret: 1 } });
      await completed.first();
      assert.equal(probe('out').all.length, 0);
      const out = await probe('out').first();
      assert.deepEqual([out.topic, out.payload, (out.sent as Loose).status !== undefined], ['order', 'Hi', true]);
      assert.deepEqual((out.linktor as Loose).dropped, ['req']);
      assert.equal(outboxOf(out).attempts, 1);
      assert.match(outboxOf(out).id, /^\w+$/);
      assert.ok(Date.parse(outboxOf(out).queued) > 0);
      assert.deepEqual(await texts(), ['Hi']);
      assert.ok(shownBy(node('node')).some((text) => text?.includes('in_outbox?count=1')));
    });

    it('sends a message later in the trace that it came with', async () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const traces: unknown[] = [];
      const hear = (call: unknown) => {
        const { method, traceparent: trace } = call as Loose;
        if (method === 'POST' && trace !== undefined) traces.push(trace);
      };
      subscribe('linktor:call:start', hear);
      try {
        const { node, probe } = await play(sendNode(), { account: durable });
        node('node').receive({ ...to, payload: 'Hi', req: { headers: { traceparent } } });
        await probe('out').first();
        assert.deepEqual(traces, [traceparent]);
      } finally {
        unsubscribe('linktor:call:start', hear);
      }
    });

    it('keeps the order of a conversation over failures', async () => {
      await control('fail', { ...sending, count: 2, reset: true });
      const { node, probe } = await play(sendNode(), { account: { ...durable, idempotent: true } });
      for (const payload of ['1', '2', '3', '4']) node('node').receive({ ...to, payload });
      await probe('out').take(4);
      assert.deepEqual(await texts(), ['1', '2', '3', '4']);
    });

    it('a lost answer: what the server has is found, and not sent again', async () => {
      await control('fail', { ...sending, count: 1, reset: true, after: true });
      const { node, probe } = await play(sendNode(), { account: durable });
      node('node').receive({ ...to, payload: 'once' });
      const { sent } = await probe('out').first();
      const { sends } = await state();
      assert.deepEqual([sends.length, (sent as Loose).messageId], [1, sends[0]?.messageId]);
    });

    it('a lost request: nobody knows, it is told with the message, and not sent again', async () => {
      await control('fail', { ...sending, count: 1, status: 500 });
      const { node, caught } = await play(sendNode(), { account: durable });
      node('node').receive({ ...to, payload: 'maybe', topic: 't' });
      const told = await caught.first();
      assert.equal(told.error?.cause.ambiguous, true);
      assert.deepEqual([told.payload, told.topic, outboxOf(told).attempts], ['maybe', 't', 1]);
      assert.deepEqual(await texts(), []);
    });

    it('what is refused for good is told with the message, at the error output where there is one', async () => {
      await control('fail', { ...sending, count: 1, status: 400, body: '{"error":"no"}' });
      const wires = [['out'], ['failed']];
      const { node, probe } = await play([...sendNode({ errorOutput: true, wires }), { id: 'failed', type: 'probe' }], {
        account: durable,
      });
      node('node').receive({ ...to, payload: 'no', topic: 't' });
      const { error, topic } = await probe('failed').first();
      assert.deepEqual([error?.code, topic], ['validation', 't']);
    });

    it('a message in parts: those that were sent are not sent again', async () => {
      const text = Array.from({ length: 900 }, (_, index) => `word${index}`).join(' ');
      await control('fail', { ...sending, count: 1, status: 429, headers: { 'Retry-After': '1' } });
      const { node, probe } = await play(sendNode(), { account: durable });
      node('node').receive({ ...to, payload: text });
      const { sent } = await probe('out').first();
      const parts = await texts();
      assert.ok(parts.length > 1);
      assert.equal((sent as Loose).parts, parts.length);
      assert.ok(parts.join(' ').replace(/\s+/g, ' ') === text);
    });

    for (const type of ['full', 'nodes'] as const) {
      it(`goes on over a deploy (${type}), with each message once`, async () => {
        await control('fail', { ...sending, count: 2, status: 429, headers: { 'Retry-After': '1' } });
        const played = await play(sendNode(), { account: durable });
        const { node, probe, completed, deploy } = played;
        for (const payload of ['1', '2', '3']) node('node').receive({ ...to, payload });
        await completed.take(3);
        await deploy(changed(played, 'node', { name: 'new' }), type);
        const out = await probe('out').take(3);
        assert.deepEqual(
          out.map(({ payload }) => payload),
          ['1', '2', '3'],
        );
        assert.deepEqual(await texts(), ['1', '2', '3']);
      });
    }

    it('a list: each recipient is stored, and a message leaves for each', async () => {
      const { node, probe, caught } = await play(sendNode({ to: 'list', recipientsOutput: 'each' }), {
        account: durable,
      });
      node('node').receive({
        payload: 'Hello',
        recipients: [{ conversationId: 'conv_ana' }, { conversationId: 'conv_bruno' }],
      });
      const out = await Promise.race([probe('out').take(2), caught.first()]);
      assert.ok(Array.isArray(out), JSON.stringify(out));
      assert.deepEqual(out.map(({ sent }) => (sent as Loose).recipient.conversationId).sort(), [
        'conv_ana',
        'conv_bruno',
      ]);
    });

    it('a list with one summary is refused', async () => {
      const { node, caught } = await play(sendNode({ to: 'list' }), { account: durable });
      node('node').receive({ payload: 'Hello', recipients: [{ conversationId: 'conv_ana' }] });
      assert.equal((await caught.first()).error?.code, 'validation');
      assert.deepEqual(await texts(), []);
    });

    it('waits for the delivery without holding up the next message', async () => {
      const { node, probe } = await play(sendNode({ waitFor: 'delivered' }), { account: durable });
      node('node').receive({ ...to, payload: '1' });
      node('node').receive({ ...to, payload: '2' });
      const out = await probe('out').take(2);
      for (const { sent } of out) assert.ok(['delivered', 'read'].includes((sent as Loose).status));
    });

    it('is full at its limit, and says so', async () => {
      await control('fail', { ...sending, count: 9, status: 429, headers: { 'Retry-After': '5' } });
      const { node, caught, completed } = await play(sendNode(), { account: { ...durable, maxPending: 2 } });
      for (const payload of ['1', '2', '3']) node('node').receive({ ...to, payload });
      assert.equal((await caught.first()).error?.code, 'rate_limit');
      await completed.take(2);
    });

    it('writes nothing of the key anywhere', async () => {
      const { node, probe } = await play(sendNode(), { account: durable });
      node('node').receive({ ...to, payload: 'Hi' });
      const out = await probe('out').first();
      assert.equal(JSON.stringify(out).includes('sandbox-key'), false);
      await until(texts, (sent) => sent.length === 1);
    });
  });
} else {
  const node = sqliteNode();
  if (node) {
    describe('linktor-send with a durable outbox', () => {
      it('passes on a Node.js that has SQLite', async function () {
        this.timeout(180_000);
        const { code, passed, report } = await runMochaWith(node, 'test/nodes/linktor-send-outbox.test.ts');
        assert.equal(code, 0, report);
        assert.ok(passed >= 10, report);
      });
    });
  }
}
