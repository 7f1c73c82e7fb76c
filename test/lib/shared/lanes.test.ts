import { strict as assert } from 'node:assert';
import { Redis } from 'ioredis';
import { LinktorError } from '../../../lib/errors';
import type { LaneReader } from '../../../lib/shared/lane-worker';
import { LANES, Lanes, laneOf } from '../../../lib/shared/lanes';
import { SharedStore } from '../../../lib/shared/shared-store';
import { setUpStore } from './support';

/** a conversation for each lane */
const places = Array.from({ length: LANES }, (_, lane) => {
  for (let index = 0; ; index++) if (laneOf(`conversation ${index}`) === lane) return `conversation ${index}`;
});

describe('lanes of events that several instances share', function () {
  this.timeout(30_000);
  const store = setUpStore();
  const opened: SharedStore[] = [];
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  let waiting: (() => void)[] = [];
  let prefixes = 0;
  beforeEach(() => {
    waiting = [];
    prefixes++;
  });
  const look = () => {
    for (const one of waiting) one();
  };
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const one = () => isSo() && resolve();
      waiting.push(one);
      one();
    });

  async function instance(
    name: string,
    reader: Partial<LaneReader> = {},
    url = store.server.url,
    triggers: readonly string[] = [],
  ) {
    const told: string[] = [];
    const shared = await SharedStore.open({
      ...{ url, prefix: `lanes${prefixes}`, name },
      ...{ onLeadership() {}, onState: look, onMembers: look },
    });
    opened.push(shared);
    await shared.connection.ready();
    const worker = shared.takePart(
      {
        prepare: async (text) => () => {
          told.push(text);
          look();
        },
        ...{ held: () => undefined, onGained: async () => {}, onHandedIn() {}, onChange: look, onOutdated() {} },
        onProblem(error) {
          // A store that is away, or whose connection is being closed, is none of the reader's business.
          if (!(error instanceof LinktorError && error.code === 'storage')) throw error;
        },
        ...reader,
      },
      triggers,
    );
    const own = () => Array.from({ length: LANES }, (_, lane) => lane).filter((lane) => worker.owns(lane));
    return { shared, worker, lanes: shared.lanes, told, own };
  }

  it('are divided evenly, and divided anew when one comes or goes', async () => {
    const one = await instance('one');
    await until(() => one.own().length === 16);
    const two = await instance('two');
    await until(() => one.own().length === 8 && two.own().length === 8);
    const three = await instance('three');
    await until(() => three.own().length >= 5 && one.own().length <= 6 && two.own().length <= 6);
    const all = [one, two, three].flatMap(({ own }) => own());
    assert.deepEqual(all.length, new Set(all).size);
    await three.shared.close();
    await until(() => one.own().length === 8 && two.own().length === 8);
    one.shared.members.drain(true);
    await until(() => one.own().length === 0 && two.own().length === 16);
  });

  it('go to those that have all triggers of the newest deploy, and from the old ones when these stop', async () => {
    const outdated: Record<string, boolean> = {};
    const start = (name: string, triggers: string[]) => {
      const onOutdated = (is: boolean) => {
        outdated[name] = is;
        look();
      };
      return instance(name, { onOutdated }, store.server.url, triggers);
    };
    const has = (...counts: [{ own(): number[] }, number][]) =>
      until(() => counts.every(([{ own }, count]) => own().length === count));
    const one = await start('one', ['a', 'b']);
    const two = await start('two', ['a', 'b']);
    await has([one, 8], [two, 8]);
    // It comes with one more, and alone has all of them.
    const three = await start('three', ['c', 'b', 'a']);
    await has([one, 0], [two, 0], [three, 16]);
    await until(() => outdated.one === true && outdated.two === true);
    await three.lanes.publish('p', ['e:1'], '1');
    await until(() => three.told.length === 1);
    // One is deployed; the other starts again as it was.
    one.worker.deploy(['a', 'b', 'c']);
    await has([one, 8], [three, 8]);
    await two.shared.close();
    const again = await start('again', ['a', 'b']);
    await until(() => outdated.again === true);
    await has([one, 8], [three, 8], [again, 0]);
    // A node is removed: those that have it still have all others.
    again.worker.deploy(['a']);
    await until(() => [one, three, again].every(({ own }) => own().length >= 5));
    assert.deepEqual([outdated.one, outdated.again], [false, false]);
    // None has any node that could hear events: it takes none.
    const none = await start('none', []);
    await until(() => outdated.none === true);
    assert.deepEqual(none.own(), []);
    for (const { shared } of [one, three, again]) await shared.close();
    await has([none, 16]);
  });

  it('an event is told once, whoever publishes it, and in the order of its conversation', async () => {
    const [one, two] = [await instance('one'), await instance('two')];
    await until(() => one.own().length === 8 && two.own().length === 8);
    const texts = places.flatMap((place) => [1, 2, 3].map((number) => `${place}: ${number}`));
    const published = await Promise.all(
      texts.flatMap((text) => {
        const place = text.split(':')[0] as string;
        return [one, two].map(({ lanes }) => lanes.publish(place, [`m:${text}`], text));
      }),
    );
    assert.deepEqual(published.filter((one) => one === 'new').length, texts.length);
    await until(() => one.told.length + two.told.length >= texts.length);
    assert.deepEqual([...one.told, ...two.told].sort(), [...texts].sort());
    for (const { told } of [one, two]) {
      assert.ok(told.length === texts.length / 2, `${told.length}`);
      for (const place of places) {
        const own = told.filter((text) => text.startsWith(`${place}:`));
        assert.deepEqual(own, [...own].sort());
      }
    }
    const seen = (await one.lanes.seen()).map(([key]) => key);
    assert.deepEqual(seen.sort(), texts.map((text) => `m:${text}`).sort());
  });

  it('of those published in one turn each has its own outcome', async () => {
    const lanes = new Lanes(await store.connect());
    const published = ['e:1', 'e:2', 'e:1', 'e:3'].map((key) => lanes.publish('c', [key, 'm:'.concat(key)], key));
    assert.deepEqual(await Promise.all(published), ['new', 'new', 'known', 'new']);
    const many = Array.from({ length: 250 }, (_, index) => lanes.publish('c', [`n:${index % 240}`], 'x'));
    assert.equal((await Promise.all(many)).filter((one) => one === 'new').length, 240);
  });

  it('what one had not told when it fell silent the other tells, after what was told before', async () => {
    const before: string[] = [];
    let unblock: (() => void) | undefined;
    const one = await instance('one', {
      prepare: async (text) => {
        if (text.endsWith('2')) {
          const blocked = new Promise<void>((resolve) => {
            unblock = resolve;
          });
          look();
          await blocked;
        }
        return () => before.push(text);
      },
    });
    await until(() => one.own().length === 16);
    const [place = ''] = places;
    for (const number of [1, 2, 3]) await one.lanes.publish(place, [], `${number}`);
    await until(() => unblock !== undefined);
    const two = await instance('two');
    // A lane with an event whose turn has come does not move while its owner is there.
    await until(() => two.own().length >= 7);
    assert.deepEqual([before, two.told], [['1'], []]);
    one.shared.connection.close();
    await until(() => two.told.length === 2);
    assert.deepEqual([before, two.told, one.own()], [['1'], ['2', '3'], []]);
    unblock?.();
  });

  it('what the store refuses to publish is told once and tried again, and events are told nevertheless', async () => {
    const admin = new Redis(store.server.url);
    const user = ['ACL', 'SETUSER', 'narrow', 'on', '>secret', '~*', '+@all'] as const;
    await admin.call(...user, 'resetchannels');
    const problems: LinktorError[] = [];
    const onProblem = (error: unknown) => {
      problems.push(error as LinktorError);
      look();
    };
    const one = await instance('one', { onProblem }, store.server.url.replace('//', '//narrow:secret@'));
    await until(() => one.own().length === 16 && problems.length > 0);
    await one.lanes.publish('c', ['e:1'], '1');
    await until(() => one.told.length === 1);
    assert.deepEqual([problems.length, problems[0]?.code], [1, 'authorization']);
    assert.match(problems[0]?.cause.hint ?? '', /SUBSCRIBE/);
    await admin.call(...user, 'allchannels');
    const listens = async () => Number(((await admin.pubsub('NUMSUB', `{lanes${prefixes}}:wake`)) as unknown[])[1]) > 0;
    while (!(await listens())) await new Promise(setImmediate);
    assert.equal(problems.length, 1);
    admin.disconnect();
  });

  it('nothing is told while it is held, and what was held is told afterwards', async () => {
    let release = () => {};
    let held: Promise<void> | undefined = new Promise((resolve) => {
      release = () => {
        held = undefined;
        resolve();
      };
    });
    const one = await instance('one', { held: () => held });
    await until(() => one.own().length === 16);
    for (const place of places) await one.lanes.publish(place, [], place);
    assert.deepEqual(one.told, []);
    release();
    await until(() => one.told.length === places.length);
  });

  it('a lane is bounded, and what has no room is no known event', async () => {
    const lanes = new Lanes(await store.connect());
    let published = 'new';
    let count = 0;
    while (published === 'new') {
      const all = Array.from({ length: 100 }, () => lanes.publish('c', [`e:${count++}`], 'x'));
      published = (await Promise.all(all)).at(-1) ?? '';
    }
    assert.equal(published, 'full');
    assert.equal((await lanes.seen()).length, 2000);
    assert.equal(await lanes.publish('c', [], 'gap', true), 'new');
    assert.equal(await lanes.publish('c', ['e:0'], 'x'), 'known');
    assert.equal(await lanes.publish('another', ['e:another'], 'y'), 'new');
  });

  it('all lanes together are bounded in bytes', async () => {
    const lanes = new Lanes(await store.connect());
    const text = 'x'.repeat(1024 * 1024);
    let room = 0;
    while (await lanes.handIn(text)) room++;
    assert.ok(room >= 60 && room < 64, `${room}`);
    assert.equal(await lanes.publish('c', [], text), 'full');
    for (const { number } of await lanes.handedIn()) await lanes.accepted(number);
    assert.equal(await lanes.publish('c', [], text), 'new');
  });
});
