import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Queue } from '../../../lib/client/queue';
import { failing, settled } from '../support';

/** A task that ends when it is told to. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('client: the queue', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => clock.restore());

  /** Records who is running. */
  function setUpFlows(queue: Queue) {
    const begun: string[] = [];
    const gates = new Map<string, () => void>();
    const enter = (name: string, lane: string | undefined, signal?: AbortSignal, patience = 60_000) =>
      queue.run(
        lane,
        async () => {
          begun.push(name);
          const { open, opened } = gate();
          gates.set(name, open);
          await opened;
          return name;
        },
        patience,
        signal,
      );
    const end = async (name: string) => {
      const open = gates.get(name);
      assert.ok(open, `${name} has not begun: ${begun}`);
      open();
      await settled();
    };
    return { begun, enter, end };
  }

  it('runs calls of one lane one after the other, in the order in which they came', async () => {
    const { begun, enter, end } = setUpFlows(new Queue());
    const all = ['a', 'b', 'c', 'd'].map((name) => enter(name, 'lane'));
    for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
      await settled();
      assert.deepEqual(begun, ['a', 'b', 'c', 'd'].slice(0, index + 1));
      await end(name);
    }
    assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
  });

  it('runs lanes, and calls without one, beside each other', async () => {
    const queue = new Queue();
    const { begun, enter, end } = setUpFlows(queue);
    const all = [enter('a', 'x'), enter('b', 'y'), enter('c', undefined), enter('d', undefined)];
    await settled();
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
    assert.equal(queue.waiting, 0);
    for (const name of begun) await end(name);
    await Promise.all(all);
  });

  it('goes on in a lane after a call that failed', async () => {
    const queue = new Queue();
    const first = queue.run('x', () => Promise.reject(new Error('no')), 1000);
    const second = queue.run('x', () => Promise.resolve('yes'), 1000);
    await assert.rejects(first, /no/);
    assert.equal(await second, 'yes');
    assert.equal(await queue.run('x', () => Promise.resolve('again'), 1000), 'again');
  });

  it('never has more than its width under way', async () => {
    const queue = new Queue({ width: 2 });
    const { begun, enter, end } = setUpFlows(queue);
    const all = ['a', 'b', 'c', 'd'].map((name) => enter(name, undefined));
    await settled();
    assert.deepEqual([begun, queue.waiting], [['a', 'b'], 2]);
    await end('b');
    assert.deepEqual([begun, queue.waiting], [['a', 'b', 'c'], 1]);
    await end('a');
    assert.deepEqual([begun, queue.waiting], [['a', 'b', 'c', 'd'], 0]);
    await end('c');
    await end('d');
    await Promise.all(all);
  });

  it('keeps the order of a lane whose first call waits for a place', async () => {
    const { begun, enter, end } = setUpFlows(new Queue({ width: 1 }));
    const all = [enter('other', undefined), enter('a', 'x'), enter('b', 'x'), enter('c', 'x')];
    for (const name of ['other', 'a', 'b', 'c']) {
      await settled();
      assert.equal(begun.at(-1), name);
      await end(name);
    }
    await Promise.all(all);
  });

  it('does not run two calls of a lane that both waited for a place', async () => {
    const { begun, enter, end } = setUpFlows(new Queue({ width: 2 }));
    const all = [enter('one', undefined), enter('two', undefined), enter('a', 'x'), enter('b', 'x')];
    await settled();
    await end('one');
    await end('two');
    assert.deepEqual(begun, ['one', 'two', 'a']);
    await end('a');
    await end('b');
    await Promise.all(all);
  });

  it('refuses with rate_limit when too many wait, and takes more once there is room', async () => {
    const queue = new Queue({ width: 1, limit: 2 });
    const { begun, enter, end } = setUpFlows(queue);
    const all = ['a', 'b', 'c'].map((name) => enter(name, undefined));
    await settled();
    const error = await failing(enter('d', undefined));
    assert.equal(error.code, 'rate_limit');
    assert.deepEqual([error.cause.retryable, error.cause.ambiguous], [true, false]);
    assert.match(String(error.cause.hint), /queue/);
    await end('a');
    all.push(enter('e', undefined));
    for (const name of ['b', 'c', 'e']) await end(name);
    await Promise.all(all);
    assert.deepEqual(begun, ['a', 'b', 'c', 'e']);
  });

  it('times out who waits too long, without having begun', async () => {
    const { begun, enter, end } = setUpFlows(new Queue());
    const first = enter('a', 'x');
    const late = failing(enter('b', 'x', undefined, 5000));
    const third = enter('c', 'x', undefined, 60_000);
    await settled();
    clock.tick(4999);
    await settled();
    clock.tick(1);
    const error = await late;
    assert.equal(error.code, 'timeout');
    assert.deepEqual([error.cause.retryable, error.cause.ambiguous], [true, false]);
    await end('a');
    assert.deepEqual(begun, ['a', 'c']);
    await end('c');
    await Promise.all([first, third]);
  });

  it('times out each at its own time, whoever came first', async () => {
    const { begun, enter, end } = setUpFlows(new Queue({ width: 1 }));
    const head = enter('head', undefined);
    const late = failing(() => enter('late', undefined, undefined, 2000));
    const soon = failing(() => enter('soon', undefined, undefined, 1000));
    const last = enter('last', undefined, undefined, 3000);
    clock.tick(1000);
    assert.equal((await soon).code, 'timeout');
    clock.tick(1000);
    assert.equal((await late).code, 'timeout');
    await end('head');
    assert.deepEqual(begun, ['head', 'last']);
    await end('last');
    await Promise.all([head, last]);
  });

  it('lets others go past calls that hang, and keeps the order of their lanes', async () => {
    const queue = new Queue({ width: 2 });
    const { begun, enter, end } = setUpFlows(queue);
    const all = [enter('hung', 'x'), enter('too', 'y'), enter('behind', 'x'), enter('other', 'z')];
    await settled();
    clock.tick(4900);
    all.push(enter('last', undefined));
    await settled();
    assert.deepEqual(begun, ['hung', 'too']);
    clock.tick(100);
    await settled();
    assert.deepEqual(begun, ['hung', 'too', 'other', 'last']);
    await end('other');
    await end('last');
    assert.equal(queue.waiting, 1);
    await end('hung');
    assert.equal(begun.at(-1), 'behind');
    await end('behind');
    await end('too');
    await Promise.all(all);
    assert.equal(clock.countTimers(), 0);
  });

  it('has no more than its width and two hundred slow calls under way', async () => {
    const { begun, enter, end } = setUpFlows(new Queue({ width: 50 }));
    const all = Array.from({ length: 300 }, (_, index) => enter(`${index}`, undefined, undefined, 600_000));
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await settled();
      clock.tick(5000);
    }
    await settled();
    assert.equal(begun.length, 250);
    await end('0');
    clock.tick(5000);
    await settled();
    assert.equal(begun.length, 251);
    for (let index = 1; index < 300; index++) await end(`${index}`);
    await Promise.all(all);
    assert.equal(clock.countTimers(), 0);
  });

  it('leaves no timer behind', async () => {
    const { enter, end } = setUpFlows(new Queue());
    const all = [enter('a', 'x'), enter('b', 'x')];
    await settled();
    await end('a');
    await end('b');
    await Promise.all(all);
    assert.equal(clock.countTimers(), 0);
  });

  it('lets who is aborted go at once, and the others keep their order', async () => {
    const queue = new Queue();
    const { begun, enter, end } = setUpFlows(queue);
    const abort = new AbortController();
    const first = enter('a', 'x');
    const gone = failing(enter('b', 'x', abort.signal));
    const third = enter('c', 'x');
    await settled();
    abort.abort();
    const error = await gone;
    assert.equal(error.code, 'unexpected');
    assert.deepEqual([error.cause.retryable, error.cause.ambiguous], [true, false]);
    assert.equal(queue.waiting, 1);
    await end('a');
    await end('c');
    await Promise.all([first, third]);
    assert.deepEqual(begun, ['a', 'c']);
  });

  it('is not blocked by an aborted head of a lane that only waited for a place', async () => {
    const { begun, enter, end } = setUpFlows(new Queue({ width: 1 }));
    const abort = new AbortController();
    const busy = enter('busy', undefined);
    const head = failing(enter('head', 'x', abort.signal));
    const next = enter('next', 'x');
    await settled();
    abort.abort();
    await head;
    await end('busy');
    assert.deepEqual(begun, ['busy', 'next']);
    await end('next');
    await Promise.all([busy, next]);
  });

  it('gives the lane free when all who waited have gone', async () => {
    const { begun, enter, end } = setUpFlows(new Queue({ width: 1 }));
    const abort = new AbortController();
    const busy = enter('busy', undefined);
    const gone = [failing(enter('a', 'x', abort.signal)), failing(enter('b', 'x', abort.signal))];
    await settled();
    abort.abort();
    await Promise.all(gone);
    await end('busy');
    const later = enter('later', 'x');
    await settled();
    assert.deepEqual(begun, ['busy', 'later']);
    await end('later');
    await Promise.all([busy, later]);
  });

  it('does not let somebody wait who was aborted before', async () => {
    const queue = new Queue({ width: 1 });
    const { enter, end } = setUpFlows(queue);
    const busy = enter('busy', undefined);
    const error = await failing(enter('late', undefined, AbortSignal.abort()));
    assert.equal(error.code, 'unexpected');
    assert.equal(queue.waiting, 0);
    await end('busy');
    await busy;
  });

  it('ignores an abort that comes after the call has begun', async () => {
    const { enter, end } = setUpFlows(new Queue());
    const abort = new AbortController();
    const first = enter('a', 'x');
    const second = enter('b', 'x', abort.signal);
    await settled();
    await end('a');
    abort.abort();
    await end('b');
    assert.deepEqual(await Promise.all([first, second]), ['a', 'b']);
  });

  it('keeps every promise in any interleaving of lanes, ends and aborts', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('enter' as const), lane: fc.constantFrom('', 'x', 'y', 'z') }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('time' as const), pick: fc.integer({ min: 1, max: 400 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, width) => {
        const queue = new Queue({ width, limit: 8 });
        const running = new Map<number, { lane: string; open: () => void }>();
        const begun: { number: number; lane: string }[] = [];
        const aborts: AbortController[] = [];
        const calls: Promise<unknown>[] = [];
        const settledCalls = new Set<number>();
        const check = () => {
          assert.ok(running.size <= width, 'more than the width');
          const lanes = [...running.values()].map(({ lane }) => lane).filter((lane) => lane !== '');
          assert.equal(new Set(lanes).size, lanes.length, 'two of one lane');
          assert.ok(queue.waiting >= 0 && queue.waiting <= 8, `${queue.waiting} wait`);
        };
        const enter = (lane: string) => {
          const number = calls.length;
          const abort = new AbortController();
          aborts.push(abort);
          const task = async () => {
            begun.push({ number, lane });
            const { open, opened } = gate();
            running.set(number, { lane, open });
            check();
            await opened;
          };
          const call = queue
            .run(lane === '' ? undefined : lane, task, 1000, abort.signal)
            .catch(() => {})
            .then(() => settledCalls.add(number));
          calls.push(call);
        };
        const end = (pick: number) => {
          const number = [...running.keys()][pick % Math.max(1, running.size)];
          if (number === undefined) return;
          const { open } = running.get(number) as { open: () => void };
          running.delete(number);
          open();
        };
        for (const one of steps) {
          if (one.do === 'enter') enter(one.lane);
          else if (one.do === 'end') end(one.pick);
          else if (one.do === 'time') clock.tick(one.pick);
          else aborts[one.pick % Math.max(1, aborts.length)]?.abort();
          await settled(8);
          check();
        }
        for (let turn = 0; turn <= calls.length; turn++) {
          end(0);
          await settled(8);
          check();
        }
        assert.equal(running.size, 0);
        await Promise.all(calls);
        assert.equal(settledCalls.size, calls.length);
        assert.equal(queue.waiting, 0);
        for (const lane of ['x', 'y', 'z']) {
          const order = begun.filter((one) => one.lane === lane).map(({ number }) => number);
          assert.deepEqual(
            order,
            [...order].sort((a, b) => a - b),
            `lane ${lane} is out of order`,
          );
        }
        assert.equal(new Set(begun.map(({ number }) => number)).size, begun.length, 'something began twice');
      }),
      { numRuns: 600 },
    );
  });
});
