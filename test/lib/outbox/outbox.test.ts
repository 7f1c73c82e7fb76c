import { strict as assert } from 'node:assert';
import sinon from 'sinon';
import { LinktorError } from '../../../lib/errors';
import { type AccountLedger, createLedger } from '../../../lib/ledger';
import { type JobProcessor, Outbox, type OutboxJob, type Progress, type SentPart } from '../../../lib/outbox';
import { Inbox } from '../support';

const HOUR_MS = 3_600_000;

type Answer = 'sent' | LinktorError | Promise<unknown>;

/** A server that takes messages, and what stands between it and us. */
class TestProcessor implements JobProcessor {
  isIdempotent = false;
  /** what the server has, in its order */
  readonly taken: string[] = [];
  readonly tries = new Inbox<string>();
  /** what happens to the next deliveries; afterwards all goes well */
  readonly answers: Answer[] = [];
  looks = 0;
  lookFails = false;

  async deliver(job: OutboxJob, { leaving, taken }: Progress, signal: AbortSignal) {
    const text = String(job.work);
    if (job.sent.length > 0) return { messageIds: job.sent.map(({ id }) => id) };
    const answer = this.answers.shift() ?? 'sent';
    await leaving('c1');
    this.tries.add(text);
    if (answer instanceof Promise) await Promise.race([answer, closed(signal)]);
    if (answer instanceof LinktorError) throw answer;
    this.taken.push(text);
    await taken({ id: text }, true);
    return { messageIds: [text] };
  }

  async find({ work }: OutboxJob): Promise<SentPart | undefined> {
    this.looks++;
    if (this.lookFails) throw new LinktorError('network', 'nobody there', { retryable: true });
    const id = String(work);
    return this.taken.includes(id) ? { id } : undefined;
  }

  isWatched(): boolean {
    return false;
  }

  watch(): Promise<Record<string, unknown>> {
    throw new Error('nothing is watched');
  }
}

const closed = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(lost()), { once: true }));
const down = (retryAfter?: number) => new LinktorError('network', 'down', { retryable: true, retryAfter });
const refused = () => new LinktorError('validation', 'no');
const lost = () => new LinktorError('timeout', 'no answer', { ambiguous: true });

describe('the outbox', () => {
  let ledger: AccountLedger;
  let processor: TestProcessor;
  let clock: sinon.SinonFakeTimers;
  let problems: LinktorError[];
  const open: Outbox[] = [];

  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: Date.parse('2026-01-01'), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
    processor = new TestProcessor();
    problems = [];
  });

  afterEach(async () => {
    const closing = Promise.all(open.splice(0).map((outbox) => outbox.close()));
    await pass(2000);
    await closing;
    clock.restore();
    await ledger.close();
  });

  /** Time passes, and the ledger gets to write meanwhile. */
  async function pass(ms: number): Promise<void> {
    const step = Math.max(500, ms / 200);
    for (let left = ms; left > 0; left -= step) {
      await clock.tickAsync(Math.min(step, left));
      for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
    }
  }

  function start({ maxPending = 10_000, maxAgeMs = 24 * HOUR_MS, nodes = ['node'] } = {}) {
    const outbox = new Outbox({
      ...{ ledger, processor, maxPending, maxAgeMs },
      onChange() {},
      onProblem: (error) => problems.push(error),
    });
    open.push(outbox);
    const told = new Inbox<string>();
    for (const node of nodes) {
      outbox.register(node, {
        sent: ({ work, attempts }, { messageIds }) => told.add(`${work} sent ${attempts} ${messageIds}`),
        failed: ({ work }, { code, cause }) => told.add(`${work} ${code}${cause.ambiguous ? ' ambiguous' : ''}`),
      });
    }
    outbox.start();
    return { outbox, told };
  }

  const job = (work: string, lane = 'c1', nodeId = 'node') => ({ nodeId, lane, work, carried: {}, dropped: [] });
  const kept = async () => (await ledger.list<OutboxJob>('outbox')).map(({ value }) => value);

  it('takes a job with the key of one that waits as the same, whatever its state', async () => {
    let answer = () => {};
    processor.answers.push(new Promise<void>((resolve) => (answer = resolve)));
    const { outbox, told } = start();
    const keyed = (work: string) => ({ ...job(work), sameAs: 'k' });
    await outbox.add(keyed('a'));
    await processor.tries.some(1);
    await outbox.add(keyed('again'));
    assert.equal((await kept()).length, 1);
    answer();
    await told.some(1);
    await pass(500);
    assert.equal(outbox.pending(), 0);
    await outbox.add(keyed('later'));
    await told.some(2);
    assert.deepEqual(processor.taken, ['a', 'later']);
  });

  it('stores a job before it says so, and forgets it when it is sent', async () => {
    let answer = () => {};
    processor.answers.push(new Promise<void>((resolve) => (answer = resolve)));
    const { outbox, told } = start();
    await outbox.add(job('a'));
    assert.equal((await kept()).length, 1);
    await processor.tries.some(1);
    assert.equal((await kept())[0]?.state, 'leaving');
    assert.equal(outbox.pending('node'), 1);
    answer();
    assert.deepEqual(await told.some(1), ['a sent 0 a']);
    assert.deepEqual(await kept(), []);
    assert.equal(outbox.pending(), 0);
  });

  for (const [what, answer] of Object.entries({
    'fails for now': down(),
    'is lost': lost(),
    'is refused': refused(),
  })) {
    it(`writes nothing again that is deleted during an attempt that ${what}, and tells nobody`, async () => {
      let end = () => {};
      processor.answers.push(new Promise<void>((_resolve, reject) => (end = () => reject(answer))));
      const { outbox, told } = start();
      await outbox.add(job('a'));
      await outbox.add(job('b'));
      await processor.tries.some(1);
      for (const { id, work } of await kept()) if (work === 'a') await ledger.delete('outbox', id);
      end();
      await pass(15_000);
      assert.deepEqual([await kept(), processor.taken, told.all, outbox.pending()], [[], ['b'], ['b sent 0 b'], 0]);
    });
  }

  it('sends nothing that is deleted right before its request leaves', async () => {
    const { deliver } = processor;
    processor.deliver = async (given, ...more) => {
      if (given.work === 'a') await ledger.delete('outbox', given.id);
      return deliver.call(processor, given, ...more);
    };
    const { outbox, told } = start();
    await outbox.add(job('a'));
    await outbox.add(job('b'));
    await pass(15_000);
    assert.deepEqual([await kept(), processor.tries.all, told.all], [[], ['b'], ['b sent 0 b']]);
  });

  it('tries again what surely was not sent, and lets nothing of its lane overtake', async () => {
    processor.answers.push(down(), down());
    const { outbox, told } = start();
    await outbox.add(job('a'));
    await outbox.add(job('b'));
    await outbox.add(job('other', 'c2'));
    await pass(10_000);
    await told.some(3);
    assert.deepEqual(
      processor.taken.filter((text) => text !== 'other'),
      ['a', 'b'],
    );
    assert.ok(processor.looks === 0);
  });

  it('waits as long as the server asks', async () => {
    processor.answers.push(down(20));
    const { outbox, told } = start();
    await outbox.add(job('a'));
    await processor.tries.some(1);
    await pass(19_000);
    assert.deepEqual(processor.taken, []);
    await pass(1500);
    assert.deepEqual(await told.some(1), ['a sent 1 a']);
  });

  it('sends nothing a second time that may have been sent: it looks, and tells', async () => {
    processor.answers.push(lost(), lost());
    const { outbox, told } = start();
    await outbox.add(job('a'));
    await processor.tries.some(1);
    // The server had taken it all the same.
    processor.taken.push('a');
    await pass(3000);
    assert.deepEqual(await told.some(1), ['a sent 1 a']);
    await outbox.add(job('b'));
    await pass(3000);
    assert.deepEqual((await told.some(2))[1], 'b unexpected ambiguous');
    assert.deepEqual(processor.taken, ['a']);
    assert.deepEqual(await kept(), []);
  });

  it('sends again what may have been sent where the server honours the key', async () => {
    processor.isIdempotent = true;
    processor.answers.push(lost());
    const { outbox, told } = start();
    await outbox.add(job('a'));
    await pass(3000);
    assert.deepEqual(await told.some(1), ['a sent 1 a']);
  });

  it('decides nothing while the server cannot be asked', async () => {
    processor.answers.push(lost());
    processor.lookFails = true;
    const { outbox, told } = start();
    await outbox.add(job('a'));
    await pass(60_000);
    assert.ok(processor.looks > 2);
    assert.equal((await kept())[0]?.state, 'leaving');
    processor.lookFails = false;
    await pass(100_000);
    assert.deepEqual(await told.some(1), ['a unexpected ambiguous']);
  });

  it('gives up what is refused for good, and what is too old', async () => {
    processor.answers.push(new LinktorError('validation', 'no such template'));
    const { outbox, told } = start({ maxAgeMs: HOUR_MS });
    await outbox.add(job('a'));
    assert.deepEqual(await told.some(1), ['a validation']);
    processor.answers.push(...Array.from({ length: 2000 }, () => down()));
    await outbox.add(job('b'));
    await pass(HOUR_MS + 60_000);
    assert.deepEqual((await told.some(2))[1], 'b timeout');
    assert.deepEqual(await kept(), []);
  });

  it('takes no more than its limit', async () => {
    processor.answers.push(new Promise(() => {}));
    const { outbox } = start({ maxPending: 2 });
    await outbox.add(job('a'));
    await outbox.add(job('b'));
    await assert.rejects(outbox.add(job('c')), { code: 'rate_limit' });
  });

  it('goes on in the next life, in its order, and asks what became of the one that was leaving', async () => {
    processor.answers.push(new Promise(() => {}));
    const first = start();
    for (const text of ['a', 'b', 'c']) await first.outbox.add(job(text));
    await processor.tries.some(1);
    const closing = first.outbox.close();
    await pass(2000);
    // As after a kill: the server has taken what nobody was told of.
    processor.taken.push('a');
    const next = start();
    await pass(3000);
    assert.deepEqual(await next.told.some(3), ['a sent 0 a', 'b sent 0 b', 'c sent 0 c']);
    assert.deepEqual(processor.taken, ['a', 'b', 'c']);
    assert.equal(processor.looks, 1);
    await closing;
  });

  it('a clock that is set back changes no order', async () => {
    processor.answers.push(new Promise(() => {}));
    const { outbox } = start();
    await outbox.add(job('a'));
    const before = await outbox.add(job('b'));
    clock.setSystemTime(1);
    const after = await outbox.add(job('c'));
    assert.ok(before.id < after.id);
  });

  it('keeps what became of a job until its node is back, once', async () => {
    const { outbox } = start({ nodes: [] });
    await outbox.add(job('a'));
    await processor.tries.some(1);
    await pass(10);
    assert.equal((await kept())[0]?.state, 'ended');
    await outbox.close();
    const next = start();
    assert.deepEqual(await next.told.some(1), ['a sent 0 a']);
    assert.deepEqual(await kept(), []);
    assert.deepEqual(processor.taken, ['a']);
  });

  it('a node that does not come back: a result is dropped, a failure is told to the account', async () => {
    processor.answers.push('sent', new LinktorError('validation', 'no'));
    const { outbox } = start({ nodes: [] });
    await outbox.add(job('a'));
    await outbox.add(job('b'));
    await pass(61_000);
    assert.deepEqual(await kept(), []);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['validation'],
    );
  });
});
