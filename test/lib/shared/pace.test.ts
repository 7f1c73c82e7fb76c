import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../../lib/client';
import { SharedPace } from '../../../lib/shared/pace';
import { json, KEY, type Served, serve } from '../support';
import { setUpStore } from './support';

describe('one rate for several instances', () => {
  const store = setUpStore();

  async function pace(set?: string): Promise<SharedPace> {
    const connection = await store.connect(set);
    return new SharedPace(async () => connection);
  }

  it('nothing waits before a limit is known; then all are spaced, whoever asks', async () => {
    const [one, two] = [await pace(), await pace()];
    assert.deepEqual([await one.take(9e6), await two.take(9e6)], [0, 0]);
    one.note({ limit: 100, endsIn: 30_000 });
    const began = Date.now();
    const waits: number[] = [];
    for (let index = 0; index < 30; index++) waits.push(await (index % 2 ? two : one).take(9e6));
    const took = Date.now() - began;
    // Ten leave at once, the others 667 milliseconds apart.
    assert.deepEqual(waits.slice(0, 10), Array(10).fill(0));
    for (let index = 10; index < 30; index++) {
      const expected = ((index - 9) * 60_000) / 90;
      const wait = waits[index] as number;
      assert.ok(wait <= expected && wait >= expected - took - 2, `${index}: ${wait} of ${expected}, took ${took}`);
    }
  });

  it('four instances use more than 85 % of the limit, and never more than all of it', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => pace()));
    all[0]?.note({ limit: 600, endsIn: 60_000 });
    await all[0]?.take(0);
    const began = Date.now();
    let count = 0;
    // As many as leave within the next minute.
    for (let leaves = 0; leaves <= 60_000; count++) {
      const wait = await (all[count % 4] as SharedPace).take(90_000);
      leaves = Date.now() - began + wait;
    }
    assert.ok(count >= 510 && count <= 600, String(count));
  });

  it('no slot is taken by a call that would wait too long', async () => {
    const one = await pace();
    one.note({ limit: 10, endsIn: 30_000 });
    await one.take(9e6);
    const refused = await one.take(1000);
    assert.ok(refused > 1000, String(refused));
    assert.ok((await one.take(9e6)) <= refused);
  });

  it('a refusal holds all instances back, and a shorter window is found out', async () => {
    const [one, two] = [await pace(), await pace()];
    one.note({ refusedFor: 20_000 });
    let waited = 0;
    for (let left = 50; left > 0 && waited === 0; left--) waited = await two.take(9e6);
    assert.ok(waited > 15_000 && waited <= 20_000, String(waited));
    const [three, four] = [await pace(), await pace()];
    const five = await pace('other');
    const began = Date.now();
    five.note({ limit: 10, endsIn: 1000 });
    await five.take(9e6);
    five.note({ limit: 10, endsIn: 5000 });
    // The next window ends four seconds after the last: ten calls in four seconds, nine of which are used.
    const wait = await five.take(9e6);
    const took = Date.now() - began;
    assert.ok(wait >= 4000 / 9 - took - 2 && wait <= (4000 + took) / 9 + 1, `${wait}, took ${took}`);
    assert.ok((await three.take(0)) > 0 && (await four.take(0)) > 0);
  });

  it('without the store calls leave at once, and a frozen store holds nothing up for long', async () => {
    const one = await pace();
    one.note({ limit: 1, endsIn: 60_000 });
    await one.take(9e6);
    store.server.freeze();
    try {
      const began = Date.now();
      assert.equal(await one.take(9e6), 0);
      assert.equal(await one.take(9e6), 0);
      assert.ok(Date.now() - began < 2000);
    } finally {
      store.server.thaw();
    }
  });

  it('two clients together stay within the limit that the server states', async () => {
    const times: number[] = [];
    const served: Served = await serve((_asked, response) => {
      times.push(Date.now());
      response.setHeader('X-RateLimit-Limit', '600');
      response.setHeader('X-RateLimit-Remaining', '5000');
      response.setHeader('X-RateLimit-Reset', '60');
      json(response, 200, { data: { id: 'x' } });
    });
    const clients = [await pace(), await pace()].map(
      (shared) => new LinktorClient({ baseUrl: served.url, apiKey: KEY, contract: 'api', pace: shared }),
    );
    try {
      // What an answer says is told with the next call.
      for (const client of [...clients, ...clients]) await client.contacts.get('c1');
      // Use up what may leave at once.
      const third = await pace();
      for (let left = 700; left > 0 && (await third.take(0)) === 0; left--);
      times.length = 0;
      const began = Date.now();
      await Promise.all(Array.from({ length: 12 }, (_, index) => clients[index % 2]?.contacts.get(`c${index}`)));
      const spread = (times.at(-1) as number) - began;
      // Nine calls a second: eleven steps take 1222 milliseconds.
      assert.ok(spread > 1100, `12 calls within ${spread} ms`);
    } finally {
      for (const client of clients) await client.close();
      await served.close();
    }
  });
});
