import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { LinktorClient } from '../../../lib/client/index';
import { LocalPace } from '../../../lib/client/pace';
import { json, KEY, type Served, serve } from '../support';

const MINUTE_MS = 60_000;

describe('client: a pace of our own', () => {
  let clock: SinonFakeTimers | undefined;
  afterEach(() => clock?.restore());

  /** Lets calls leave as soon as they may, for three minutes. @returns their times */
  async function run(perMinute: number): Promise<number[]> {
    clock = useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] });
    const pace = new LocalPace(perMinute);
    const end = Date.now() + 3 * MINUTE_MS;
    const times: number[] = [];
    while (Date.now() < end) {
      clock.tick(await pace.take(MINUTE_MS * 2));
      times.push(Date.now());
    }
    return times;
  }

  for (const perMinute of [1, 2, 10, 60, 1000]) {
    it(`${perMinute} a minute: no minute has more, and nine tenths are used`, async () => {
      const times = await run(perMinute);
      for (const [index, at] of times.entries()) {
        const within = times.slice(index).filter((one) => one - at < MINUTE_MS).length;
        assert.ok(within <= perMinute, `${within} in one minute`);
      }
      if (perMinute >= 10) assert.ok(times.length >= 3 * perMinute * 0.9, `${times.length} in three minutes`);
    });
  }

  it('lets a tenth leave at once, and takes no slot for a call that will not wait so long', async () => {
    clock = useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] });
    const pace = new LocalPace(100);
    for (let call = 0; call < 10; call++) assert.equal(await pace.take(0), 0);
    const waitMs = await pace.take(0);
    assert.ok(waitMs > 600 && waitMs < 700, `${waitMs} ms`);
    assert.equal(await pace.take(1000), waitMs);
    assert.ok((await pace.take(0)) > waitMs);
  });

  it('does not hurry after a clock that was set back', async () => {
    clock = useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] });
    const pace = new LocalPace(10);
    await pace.take(0);
    const waitMs = await pace.take(0);
    clock.setSystemTime(Date.now() - MINUTE_MS);
    assert.equal(await pace.take(0), waitMs);
  });

  it('keeps the shared rate as well, and gives its slot back when that has none', async () => {
    const asked: number[] = [];
    const waits = [5000, 90_000, 0];
    const shared = { take: async (longestMs: number) => waits[asked.push(longestMs) - 1] ?? 0, note() {} };
    clock = useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] });
    const pace = new LocalPace(20, shared);
    assert.equal(await pace.take(60_000), 5000);
    assert.equal(await pace.take(60_000), 90_000);
    assert.equal(await pace.take(0), 0);
    assert.deepEqual(asked, [60_000, 60_000, 0]);
  });
});

describe('client: calls a minute', () => {
  let server: Served;
  let client: LinktorClient;
  let clock: SinonFakeTimers | undefined;
  let tick: NodeJS.Timeout | undefined;
  const times: number[] = [];

  beforeEach(async () => {
    times.length = 0;
    server = await serve((_asked, response) => {
      times.push(Date.now());
      json(response, 200, { id: 'x' });
    });
  });
  afterEach(async () => {
    clearInterval(tick);
    clock?.restore();
    await client.close();
    await server.close();
  });

  it('hold back what is too much, evenly', async () => {
    clock = useFakeTimers({ now: Date.now(), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    // Time that runs faster, for the server as well.
    tick = setInterval(() => clock?.tick(10), 1);
    client = new LinktorClient({ baseUrl: server.url, apiKey: KEY, contract: 'api', perMinute: 10 });
    await Promise.all([0, 1, 2].map((index) => client.contacts.get(`ct_${index}`)));
    assert.equal(times.length, 3);
    const [first = 0, second = 0, third = 0] = times;
    assert.ok(second - first > 6000 && third - second > 6000, times.join(' '));
  });
});
