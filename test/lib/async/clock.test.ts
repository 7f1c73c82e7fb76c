import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { Clock } from '../../../lib/async/clock';

const DAY_MS = 24 * 3_600_000;

describe('the clock of all deadlines', () => {
  let time: SinonFakeTimers;
  let fired: string[];
  let clock: Clock;

  beforeEach(() => {
    time = useFakeTimers({ now: 1_700_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    fired = [];
    clock = new Clock((id) => fired.push(id));
  });

  afterEach(() => {
    clock.stop();
    time.restore();
  });

  it('fires each deadline once, in their order', () => {
    clock.start();
    clock.set('b', Date.now() + 2000);
    clock.set('a', Date.now() + 1000);
    clock.set('c', Date.now() + 1000);
    time.tick(999);
    assert.deepEqual(fired, []);
    time.tick(1);
    assert.deepEqual(fired, ['a', 'c']);
    time.tick(DAY_MS);
    assert.deepEqual(fired, ['a', 'c', 'b']);
  });

  it('goes on after a deadline that fails', () => {
    clock.stop();
    clock = new Clock((id) => {
      fired.push(id);
      throw new Error('broken');
    });
    clock.start();
    for (const [id, after] of Object.entries({ a: 1000, b: 1000, c: 2000 })) clock.set(id, Date.now() + after);
    time.tick(2000);
    assert.deepEqual(fired, ['a', 'b', 'c']);
  });

  it('reaches a deadline that no timer can hold', () => {
    clock.start();
    clock.set('far', Date.now() + 29 * DAY_MS);
    time.tick(29 * DAY_MS - 1);
    assert.deepEqual(fired, []);
    time.tick(1);
    assert.deepEqual(fired, ['far']);
  });

  it('holds everything back until it is started', () => {
    clock.set('over', Date.now() - 1);
    time.tick(DAY_MS);
    assert.deepEqual(fired, []);
    clock.start();
    time.tick(0);
    assert.deepEqual(fired, ['over']);
  });

  it('moves and clears deadlines', () => {
    clock.start();
    clock.set('a', Date.now() + 1000);
    clock.set('a', Date.now() + 5000);
    clock.set('b', Date.now() + 2000);
    clock.clear('b');
    time.tick(4999);
    assert.deepEqual(fired, []);
    time.tick(1);
    assert.deepEqual(fired, ['a']);
    assert.equal(clock.size, 0);
  });

  it('waits longer when the clock is set back, and notices within a minute when it is set forward', () => {
    clock.start();
    clock.set('a', Date.now() + 3_600_000);
    time.setSystemTime(Date.now() - 3_600_000);
    time.tick(3_600_000);
    assert.deepEqual(fired, []);
    time.setSystemTime(Date.now() + 3_600_000);
    time.tick(60_000);
    assert.deepEqual(fired, ['a']);
  });

  it('fires nothing after it is stopped', () => {
    clock.start();
    clock.set('a', Date.now() + 1000);
    clock.stop();
    time.tick(DAY_MS);
    assert.deepEqual(fired, []);
  });
});
