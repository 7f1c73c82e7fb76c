import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import type { Page } from '../../lib/model';
import { SentLog } from '../../nodes/kit/account/sent-log';
import { runList } from '../../nodes/kit/action/list';
import type { Action, Outcome } from '../../nodes/kit/define';
import { confirmation } from '../../nodes/kit/fields';
import { setUpFlows, until } from '../support/flows';
import { trialNode as node, trial } from '../support/trial';

const require = createRequire(import.meta.url);
const join = require('@node-red/nodes/core/sequence/17-split.js');

/** Gives a list of so many numbers, in the way that it is asked for. */
const numbers =
  (count: number, asked: number[] = []) =>
  async ({ limit = 100, page = 1 }: { limit?: number; page?: number }): Promise<Page<{ id: number }>> => {
    asked.push(page);
    const items = Array.from({ length: count }, (_, id) => ({ id })).slice((page - 1) * limit, page * limit);
    return { items, total: count, page, pageSize: limit, hasNext: page * limit < count };
  };

const listing =
  (count: number, paging: string, limit: number, asked?: number[]): Action['run'] =>
  (context) =>
    runList(context, { paging, limit }, numbers(count, asked));

describe('the kit: runs', () => {
  const { play } = setUpFlows();

  it('sends a message for each item, which the core join node makes one list of again', async () => {
    const [first, ...rest] = node({ wires: [['join']] });
    const run = listing(230, 'each', 1000);
    const {
      node: get,
      probe,
      completed,
    } = await play([first, ...rest, { id: 'join', type: 'join', mode: 'auto', wires: [['out']] }] as never, {
      load: [trial(run), join],
    });
    get('node').receive({ given: 1, topic: 'kept' });
    const msg = await probe('out').first();
    assert.deepEqual(
      (msg.payload as { id: number }[]).map(({ id }) => id),
      Array.from({ length: 230 }, (_, id) => id),
    );
    assert.equal(msg.topic, 'kept');
    await completed.take();
    assert.equal(completed.all.length, 1);
  });

  it('reads no page that nobody wants, and says that there was more', async () => {
    const asked: number[] = [];
    const { node: get, probe, statuses } = await play(node(), { load: trial(listing(500, 'all', 150, asked)) });
    get('node').receive({ given: 1 });
    const msg = await probe('out').first();
    assert.equal((msg.payload as unknown[]).length, 150);
    assert.deepEqual(asked, [1, 2]);
    const { total, hasNext, truncated } = msg.page as Record<string, unknown>;
    assert.deepEqual({ total, hasNext, truncated }, { total: 500, hasNext: true, truncated: true });
    await until(
      async () => statuses.all.at(-1)?.status as { text?: string } | undefined,
      (status) => status?.text === 'linktor.status.truncated',
    );
  });

  it('gives what there is, once, however it is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 350 }),
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom('one', 'all', 'each'),
        async (count, limit, paging) => {
          const parts: Outcome[] = [];
          const context = { emit: async (part: Outcome) => void parts.push(part), progress() {}, msg: {} };
          const last = await runList(context, { paging, limit }, numbers(count));
          const ids = Array.from({ length: Math.min(count, limit) }, (_, id) => id);
          if (paging !== 'each') {
            assert.deepEqual(
              ((last as Outcome).result as { id: number }[]).map(({ id }) => id),
              ids,
            );
            assert.equal(((last as Outcome).properties as { page: { hasNext: boolean } }).page.hasNext, count > limit);
            return;
          }
          const all = last ? [...parts, last] : parts;
          assert.deepEqual(
            all.map(({ result }) => (result as { id: number }).id),
            ids,
          );
          assert.deepEqual(
            all.map(({ properties }) => (properties as { parts: { index: number } }).parts.index),
            ids,
          );
          if (last) assert.equal((last.properties as { parts: { count: number } }).parts.count, ids.length);
        },
      ),
    );
  });

  it('ends what is in flight at msg.reset: of one conversation, or all', async () => {
    const run: Action['run'] = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const { node: get, probe, completed, caught } = await play(node(), { load: trial(run, { resets: true }) });
    for (const conversationId of ['a', 'b', 'c']) get('node').receive({ given: 1, conversationId });
    get('node').receive({ reset: true, conversationId: 'b' });
    const ended = await completed.take(2);
    assert.deepEqual(ended.map(({ conversationId }) => conversationId).sort(), ['b', 'b']);
    get('node').receive({ reset: true });
    await completed.take(5);
    assert.equal(caught.all.length + probe('out').all.length, 0);
  });

  it('does nothing that must be confirmed and is not', async () => {
    const done: unknown[] = [];
    const run: Action['run'] = async () => ({ result: done.push(1) });
    const load = trial(run, { fields: { confirm: confirmation({}) } });
    const { node: get, caught } = await play(node(), { load });
    get('node').receive({});
    const { error } = await caught.first();
    assert.equal(error?.code, 'validation');
    assert.match(error?.message ?? '', /"confirm"/);
    assert.equal(done.length, 0);
  });

  it('does it once it is confirmed', async () => {
    const run: Action['run'] = async () => ({ result: 'gone' });
    const load = trial(run, { fields: { confirm: confirmation({}) } });
    const { node: get, probe } = await play(node({ confirm: true }), { load });
    get('node').receive({});
    assert.equal((await probe('out').first()).payload, 'gone');
  });

  it('sends its message before what it leaves to do, and reports what fails in it', async () => {
    let fail: (error: Error) => void = () => {};
    const run: Action['run'] = async () => ({
      result: 1,
      meanwhile: () => new Promise<void>((_resolve, reject) => (fail = reject)),
    });
    const { node: get, probe, completed, caught, statuses } = await play(node(), { load: trial(run) });
    get('node').receive({ given: 1 });
    await probe('out').first();
    await completed.take();
    assert.equal((statuses.all.at(-1) as { status: { text: string } }).status.text, 'linktor.status.asking');
    fail(new Error('broken'));
    assert.equal((await caught.first()).error?.code, 'unexpected');
  });
});

describe('the journal', () => {
  const sent = (id: number, at: number) => ({ messageId: `m${id}`, conversationId: 'c', at });

  it('keeps the last 10,000 of the last day', () => {
    const journal = new SentLog();
    for (let id = 0; id < 10_001; id++) journal.add(sent(id, 0));
    assert.equal(journal.find('m0'), undefined);
    assert.equal(journal.find('m1')?.messageId, 'm1');
    journal.add(sent(10_001, 24 * 60 * 60 * 1000));
    assert.equal(journal.find('m10000'), undefined);
    assert.equal(journal.find('m10001')?.messageId, 'm10001');
  });

  it('tells those who listen, until they leave', () => {
    const journal = new SentLog();
    const heard: string[] = [];
    const end = journal.onSent(({ messageId }) => heard.push(messageId));
    journal.add(sent(1, 0));
    end();
    journal.add(sent(2, 0));
    assert.deepEqual(heard, ['m1']);
  });
});
