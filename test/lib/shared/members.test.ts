import { strict as assert } from 'node:assert';
import { assignLanes, laneOf } from '../../../lib/shared/assign';
import { StoreConnection } from '../../../lib/shared/connection';
import { Members } from '../../../lib/shared/members';
import { StoreServer, storeServerPath } from '../../support/store';

/** a tenth of the real times */
const timing = { beatMs: 100, goneMs: 600, marginMs: 200 };

describe('the instances of an account', () => {
  let server: StoreServer;
  let prefix = 0;
  const connections: StoreConnection[] = [];
  const opened: Members[] = [];

  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
  });
  beforeEach(() => {
    prefix++;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((members) => members.close()));
    for (const connection of connections.splice(0)) connection.close();
  });
  after(() => server?.close());

  async function instance(name: string, triggers: string[] = ['a']) {
    const connection = await StoreConnection.open({ url: server.url, prefix: `m${prefix}` });
    connections.push(connection);
    await connection.ready();
    const waiting = new Set<() => void>();
    const onChange = () => {
      for (const look of waiting) look();
    };
    const members = new Members({ connection, name, lanes: 16, onChange, timing });
    members.deployed(triggers);
    opened.push(members);
    const until = (isSo: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!isSo()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    const owned = () => Array.from({ length: 16 }, (_, lane) => lane).filter((lane) => members.owns(lane));
    return { members, connection, until, owned };
  }

  it('all lanes are shared out in halves, and nobody owns one of another', async () => {
    const one = await instance('one');
    await one.until(() => one.owned().length === 16);
    const two = await instance('two');
    await one.until(
      () => Array.from({ length: 16 }, (_, lane) => lane).filter((lane) => one.members.isLeaving(lane)).length === 8,
    );
    assert.equal(two.owned().length, 0);
    for (let lane = 0; lane < 16; lane++) one.members.giveUp(lane);
    await two.until(() => two.owned().length === 8);
    assert.equal(one.owned().length, 8);
    assert.deepEqual(
      [...one.owned(), ...two.owned()].sort((a, b) => a - b),
      Array.from({ length: 16 }, (_, lane) => lane),
    );
  });

  it('the lanes of one that leaves or falls silent go to the others, and a silent one owns nothing', async () => {
    const one = await instance('one');
    await one.until(() => one.owned().length === 16);
    one.connection.close();
    const two = await instance('two');
    await two.until(() => two.owned().length === 16);
    assert.deepEqual(one.owned(), []);
    await two.members.close();
    const three = await instance('three');
    await three.until(() => three.owned().length === 16);
    assert.deepEqual(
      three.members.all.map(({ name }) => name),
      ['three'],
    );
  });

  it('lanes go to instances that have all triggers of the newest deploy', async () => {
    const old = await instance('old', ['a']);
    await old.until(() => old.owned().length === 16);
    const renewed = await instance('new', ['a', 'b']);
    await old.until(() => old.members.isLeaving(0));
    assert.deepEqual(
      old.members.all.map(({ name, isOutdated }) => [name, isOutdated]),
      [
        ['old', true],
        ['new', false],
      ],
    );
    for (let lane = 0; lane < 16; lane++) old.members.giveUp(lane);
    await renewed.until(() => renewed.owned().length === 16);
    old.members.deployed(['a', 'b', 'c']);
    await old.until(() => !old.members.all[0]?.isOutdated);
  });

  it('one that is drained takes no lanes until it is told to', async () => {
    const one = await instance('one');
    await one.until(() => one.owned().length === 16);
    one.members.drain(true);
    await one.until(() => one.members.isLeaving(3));
    one.members.drain(false);
    await one.until(() => !one.members.isLeaving(3) && one.owned().length === 16);
  });
});

describe('the assignment of lanes', () => {
  it('gives each instance its share, and moves few', () => {
    const shares = (owners: (string | undefined)[]) =>
      [...new Set(owners)].map((owner) => owners.filter((one) => one === owner).length).sort();
    const two = assignLanes(['a', 'b'], 16);
    assert.deepEqual(shares(two), [8, 8]);
    assert.deepEqual(two, assignLanes(['b', 'a'], 16));
    const three = assignLanes(['a', 'b', 'c'], 16);
    assert.ok(
      shares(three).every((share) => share >= 4 && share <= 6),
      String(shares(three)),
    );
    const moved = two.filter((owner, lane) => three[lane] !== owner && three[lane] !== 'c').length;
    assert.ok(moved <= 4, `${moved} moved between those that stayed`);
    assert.deepEqual(assignLanes([], 2), [undefined, undefined]);
  });

  it('a conversation has one lane', () => {
    assert.equal(laneOf('conv_ana', 16), laneOf('conv_ana', 16));
    assert.equal(new Set(Array.from({ length: 200 }, (_, index) => laneOf(`c${index}`, 16))).size, 16);
  });
});
