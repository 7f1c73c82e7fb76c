import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { useFakeTimers } from 'sinon';
import { type ClientSettings, LinktorClient } from '../../../lib/client/index';
import { type Bench, bench, failing, json, KEY, type Served, serve, settled } from '../support';

describe('client: the limit of the server', () => {
  const boxes: Bench[] = [];
  const servers: Served[] = [];
  const clients: LinktorClient[] = [];
  let restore: (() => void) | undefined;
  afterEach(async () => {
    restore?.();
    restore = undefined;
    for (const client of clients.splice(0)) await client.close();
    for (const server of servers.splice(0)) await server.close();
    for (const box of boxes.splice(0)) await box.close();
  });

  type Handler = (response: ServerResponse, count: number) => void;
  /** A client of a server that answers as the test says; `times` are those of the requests. */
  const start = async (handler: Handler, settings: ClientSettings = {}) => {
    const times: number[] = [];
    const server = await serve((_asked, response) => handler(response, times.push(Date.now())));
    servers.push(server);
    const client = new LinktorClient({ baseUrl: server.url, apiKey: KEY, ...settings });
    clients.push(client);
    return { client, server, times };
  };
  const limited = (limit: number, remaining: number, reset: number | string) => ({
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(reset),
  });
  const good = { id: 'x' };

  /** Calls with so many in flight. @returns how many were refused for good */
  async function run(calls: number, inFlight: number, call: (index: number) => Promise<unknown>): Promise<number> {
    let next = 0;
    let lost = 0;
    const worker = async () => {
      while (next < calls) {
        const index = next++;
        await call(index).catch(() => lost++);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return lost;
  }

  /** Time that runs faster, as fast for the server, which lives in this process, as for the client. */
  const hurry = (factor: number) => {
    const clock = useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    // A step a turn, however long that turn took, so that a slow machine sees the same as a fast one.
    const tick = setInterval(() => clock.tick(factor), 1);
    restore = () => {
      clearInterval(tick);
      clock.restore();
    };
  };

  it('is followed closely: nothing is lost, next to nothing refused, and little time wasted', async () => {
    const box = await bench({ receipts: 'manual' });
    boxes.push(box);
    const client = box.client();
    hurry(6);
    await box.control('/limit', { perMinute: 60, windowMs: 2000 });
    const before = Date.now();
    const conversations = ['ana', 'bruno', 'carla'];
    const lost = await run(300, 30, async (index) => {
      if (index % 2 === 0) await client.conversations.get('conv_ana');
      else await client.conversations.sendText(`conv_${conversations[index % 3]}`, `m${index}`);
    });
    const took = Date.now() - before;
    const { counts, sends } = await box.state();
    const refused = (counts.requests ?? 0) - 300;
    assert.equal(lost, 0);
    assert.equal(sends.length, 150);
    assert.ok(refused <= 4, `${refused} of ${counts.requests} requests were answered 429`);
    // Four windows have to pass, and the server tells when in whole seconds.
    assert.ok(took >= 8000 - 1 && took < 4 * 3000 + 2000, `it took ${took} ms`);
  });

  it('loses nothing where several clients share it', async () => {
    const box = await bench({ receipts: 'manual' });
    boxes.push(box);
    const all = [box.client(), box.client(), box.client()];
    hurry(6);
    await box.control('/limit', { perMinute: 60, windowMs: 2000 });
    const lost = await run(240, 30, (index) => all[index % 3]?.conversations.get('conv_ana') ?? assert.fail());
    assert.equal(lost, 0);
  });

  it('holds nothing back where no limit is told', async () => {
    let open: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { client, times } = await start((response, count) => {
      // None is answered before all are there: none waits for another one.
      if (count === 50) open();
      all.then(
        () => json(response, 200, good),
        () => {},
      );
    });
    assert.equal(await run(50, 50, () => client.auth.me()), 0);
    assert.equal(times.length, 50);
    assert.equal(await run(500, 50, () => client.auth.me()), 0);
  });

  it('holds nothing back while there is enough left', async () => {
    const { client } = await start((response) => json(response, 200, good, limited(1000, 900, 60)));
    const abort = setTimeout(() => assert.fail('held back'), 5000);
    assert.equal(await run(200, 50, () => client.auth.me()), 0);
    clearTimeout(abort);
  });

  it('never lets more leave than there are left', async () => {
    let window = 0;
    let used = 0;
    let most = 0;
    hurry(20);
    const { client, times } = await start((response) => {
      const now = Date.now();
      if (now >= window) [window, used] = [now + 1000, 0];
      used++;
      most = Math.max(most, used);
      json(response, 200, good, limited(7, Math.max(0, 7 - used), Math.ceil((window - now) / 1000)));
    });
    // Before the first answer nobody knows of a limit.
    await client.auth.me();
    assert.equal(await run(40, 20, () => client.auth.me()), 0);
    assert.equal(times.length, 41);
    assert.ok(most <= 7, `${most} in a window of 7`);
  });

  const resets: [string, (seconds: number) => number | string][] = [
    ['the seconds that are left', (seconds) => seconds],
    ['a time', (seconds) => Math.ceil(Date.now() / 1000 + seconds)],
    ['seconds with a fraction', (seconds) => `${seconds - 0.5}`],
  ];
  for (const [what, reset] of resets) {
    it(`is waited for when its end is told as ${what}`, async () => {
      hurry(30);
      const { client, times } = await start((response, count) =>
        json(response, 200, good, limited(10, count === 1 ? 0 : 9, reset(count === 1 ? 5 : 60))),
      );
      await client.auth.me();
      await Promise.all([client.auth.me(), client.conversations.sendText('c', 'x')]);
      const waited = (times[1] ?? 0) - (times[0] ?? 0);
      assert.ok(waited >= 4000 && waited < 9000, `${waited} ms`);
      assert.ok((times[2] ?? 0) - (times[1] ?? 0) < 2000, 'the second one need not wait');
    });
  }

  it('is looked for by a single call after a window has ended', async () => {
    hurry(30);
    let held: ServerResponse | undefined;
    let arrived: () => void = () => {};
    const probe = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { client, times } = await start((response, count) => {
      if (count === 1) return json(response, 200, good, limited(10, 0, 2));
      if (count > 2) return json(response, 200, good, limited(10, 5, 60));
      held = response;
      arrived();
    });
    await client.auth.me();
    const waiting = Promise.all(Array.from({ length: 5 }, () => client.auth.me()));
    await probe;
    await settled();
    assert.equal(times.length, 2);
    if (held) json(held, 200, good, limited(10, 8, 60));
    await waiting;
    assert.equal(times.length, 6);
  });

  it('is told by a 429 as well, and everybody waits', async () => {
    hurry(30);
    const { client, times } = await start(
      (response, count) => {
        if (count === 1) json(response, 429, {}, { 'Retry-After': '5' });
        else json(response, 200, { ...good, text: 'Hi' });
      },
      { maxRetries: 0 },
    );
    assert.equal((await failing(client.auth.me())).cause.retryAfter, 5);
    await Promise.all([
      client.auth.me(),
      client.conversations.sendText('c', 'x'),
      client.ai.complete('x'),
      client.ai.stream({ messages: [] }).next(),
    ]);
    assert.equal(times.length, 5);
    for (const time of times.slice(1)) assert.ok(time - (times[0] ?? 0) >= 5000, `after ${time - (times[0] ?? 0)} ms`);
  });

  for (const [what, headers] of [
    ['the headers', { ...limited(10, 0, 300) }],
    ['a 429', undefined],
  ] as const) {
    it(`is an error at once when the wait would end after the deadline: ${what}`, async () => {
      const { client, times } = await start(
        (response) => {
          if (headers) json(response, 200, good, headers);
          else json(response, 429, {}, { 'Retry-After': '300' });
        },
        { deadline: 20, timeout: 20 },
      );
      await client.auth.me().catch(() => {});
      const before = performance.now();
      const calls = [client.auth.me(), client.conversations.sendText('c', 'x'), client.ai.complete('x')];
      for (const error of await Promise.all(calls.map((call) => failing(call)))) {
        const { retryAfter = 0, retryable, ambiguous } = error.cause;
        assert.deepEqual([error.code, retryable, ambiguous], ['rate_limit', true, false]);
        assert.ok(retryAfter > 290 && retryAfter <= 300, String(retryAfter));
      }
      assert.ok(performance.now() - before < 2000);
      assert.equal(times.length, 1);
    });
  }

  it('is an error at the deadline when too many wait', async () => {
    hurry(60);
    const { client } = await start(
      (response, count) => {
        // Nothing is left, ever, and the window always ends in 3 seconds.
        if (count > 1) json(response, 429, {}, { 'Retry-After': '3' });
        else json(response, 200, good, limited(1, 0, 3));
      },
      { deadline: 10, timeout: 10 },
    );
    await client.auth.me();
    const errors = await Promise.all(Array.from({ length: 10 }, () => failing(client.conversations.get('c'))));
    for (const error of errors) assert.deepEqual([error.code, error.cause.retryable], ['rate_limit', true]);
  });

  const absurd: Record<string, () => Record<string, string>> = {
    'a reset of the year 2286': () => limited(10, 0, '9999999999'),
    'a reset in milliseconds, a day ahead': () => limited(10, 0, Date.now() + 86_400_000),
    'a reset that is a date of 2099': () => limited(10, 0, 'Sun, 29 Nov 2099 12:00:00 GMT'),
    'a reset in a hundred thousand seconds': () => limited(10, 0, '100000'),
  };
  for (const [what, headers] of Object.entries(absurd)) {
    it(`never switches an account off: ${what}`, async () => {
      hurry(60);
      const { client, times } = await start((response, count) =>
        json(response, 200, good, count === 1 ? headers() : {}),
      );
      const limits: number[] = [];
      client.onLimit((until) => limits.push(until));
      await client.auth.me();
      await Promise.all([client.auth.me(), client.conversations.sendText('c', 'x')]);
      const waited = (times[1] ?? 0) - (times[0] ?? 0);
      assert.ok(waited > 55_000 && waited < 90_000, `${waited} ms`);
      assert.ok((times[2] ?? 0) - (times[1] ?? 0) < 2000, 'the second one need not wait');
      assert.equal(limits.length, 1, 'whoever shows the state of the account hears of it, once');
    });
  }

  it('of a server that asks for thirty years of silence ends within a minute', async () => {
    hurry(60);
    const { client, times } = await start((response, count) => {
      if (count === 1) json(response, 429, {}, { 'Retry-After': '1e9' });
      else json(response, 200, good);
    });
    const error = await failing(client.auth.me());
    assert.deepEqual([error.code, error.cause.retryAfter], ['rate_limit', 3600]);
    await client.auth.me();
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) < 90_000);
  });

  it('in milliseconds is understood', async () => {
    hurry(30);
    const { client, times } = await start((response, count) =>
      json(response, 200, good, limited(10, count === 1 ? 0 : 9, Date.now() + (count === 1 ? 5000 : 60_000))),
    );
    await client.auth.me();
    await client.auth.me();
    const waited = (times[1] ?? 0) - (times[0] ?? 0);
    assert.ok(waited >= 4000 && waited < 9000, `${waited} ms`);
  });

  it('is left at an abort, and the others go on waiting', async () => {
    hurry(30);
    const { client, times } = await start((response, count) =>
      json(response, 200, good, limited(10, count === 1 ? 0 : 9, count === 1 ? 4 : 60)),
    );
    await client.auth.me();
    const abort = new AbortController();
    const { signal } = abort;
    const read = failing(client.auth.me({ signal }));
    const write = failing(client.conversations.sendText('c', 'x', { signal }));
    const stream = failing(client.ai.stream({ messages: [] }, { signal }).next());
    const other = client.contacts.get('stays');
    await settled();
    const before = Date.now();
    abort.abort();
    assert.equal((await read).code, 'unexpected');
    for (const error of [await write, await stream]) {
      assert.deepEqual([error.code, error.cause.retryable, error.cause.ambiguous], ['unexpected', true, false]);
    }
    assert.ok(Date.now() - before < 3000);
    await other;
    assert.equal(times.length, 2);
    // Whoever is aborted before it asks does not wait either.
    assert.equal((await failing(client.auth.me({ signal }))).code, 'unexpected');
  });

  it('is left when the client closes', async () => {
    const { client, times } = await start((response) => json(response, 200, good, limited(10, 0, 60)));
    await client.auth.me();
    const read = failing(client.auth.me());
    const write = failing(client.conversations.sendText('c', 'x'));
    await settled();
    await client.close();
    assert.equal((await read).code, 'unexpected');
    const { code, cause } = await write;
    assert.deepEqual([code, cause.retryable, cause.ambiguous], ['unexpected', true, false]);
    assert.equal(times.length, 1);
  });

  it('keeps the order of a conversation', async () => {
    const box = await bench({ receipts: 'manual' });
    boxes.push(box);
    const client = box.client();
    hurry(20);
    await box.control('/limit', { perMinute: 4, windowMs: 1000 });
    const texts = Array.from({ length: 14 }, (_, index) => `m${index}`);
    await Promise.all(texts.map((text) => client.conversations.sendText('conv_ana', text)));
    assert.deepEqual(
      (await box.state()).sends.map(({ text }) => text),
      texts,
    );
  });

  it('is understood though the clocks differ by an hour', async () => {
    const hour = 3600_000;
    hurry(20);
    for (const ahead of [hour, -hour]) {
      const { client, times } = await start(
        (response) => {
          const now = Date.now() + ahead;
          const reset = Math.ceil((now + 1000) / 1000);
          json(response, 200, good, { ...limited(10, 0, reset), Date: new Date(now).toUTCString() });
        },
        { deadline: 20, timeout: 20 },
      );
      await client.auth.me();
      await client.auth.me();
      assert.equal(times.length, 2);
      assert.ok((times[1] ?? 0) - (times[0] ?? 0) < 4000);
    }
  });

  it('that only ever was a 429 is forgotten once calls succeed', async () => {
    let now = 0;
    let most = 0;
    hurry(30);
    const { client } = await start((response, count) => {
      if (count === 1) return json(response, 429, {}, { 'Retry-After': '1' });
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        json(response, 200, good);
      });
    });
    await client.auth.me();
    assert.equal(await run(60, 30, () => client.auth.me()), 0);
    assert.ok(most > 5, `${most} at a time`);
  });

  it('that makes no sense does no harm', async () => {
    const nonsense: Record<string, string>[] = [
      { 'X-RateLimit-Limit': 'many', 'X-RateLimit-Remaining': '0' },
      { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': 'none' },
      { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': '0' },
      { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': '-5', 'X-RateLimit-Reset': '-1' },
      { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': 'soon' },
      { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '1000000001' },
      { 'X-RateLimit-Limit': '10', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': '0' },
    ];
    for (const headers of nonsense) {
      const { client, times } = await start((response) => json(response, 200, good, headers), {
        deadline: 5,
        timeout: 5,
      });
      assert.equal(await run(10, 5, () => client.auth.me()), 0, JSON.stringify(headers));
      assert.equal(times.length, 10);
    }
  });
});
