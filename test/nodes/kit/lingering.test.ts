import assert from 'node:assert/strict';
import sinon from 'sinon';
import { LingeringSubscriptions } from '../../../nodes/kit/account/lingering';

describe('the subscription of a question', () => {
  let clock: sinon.SinonFakeTimers;
  let log: string[];
  let subscriptions: LingeringSubscriptions;

  beforeEach(() => {
    clock = sinon.useFakeTimers();
    log = [];
    subscriptions = new LingeringSubscriptions((id) => {
      log.push(`subscribe ${id}`);
      return () => void log.push(`unsubscribe ${id}`);
    });
  });

  afterEach(() => {
    subscriptions.close();
    clock.restore();
  });

  it('serves the next question in the same conversation', () => {
    for (let asked = 0; asked < 5; asked++) {
      const end = subscriptions.use('one');
      clock.tick(10_000);
      end();
      clock.tick(20_000);
    }
    assert.deepEqual(log, ['subscribe one']);
  });

  it('ends half a minute after the last use, and not while another question is open', () => {
    const [first, second] = [subscriptions.use('one'), subscriptions.use('one')];
    first();
    clock.tick(60_000);
    assert.deepEqual(log, ['subscribe one']);
    second();
    clock.tick(29_999);
    assert.deepEqual(log, ['subscribe one']);
    clock.tick(1);
    assert.deepEqual(log, ['subscribe one', 'unsubscribe one']);
    subscriptions.use('one');
    assert.deepEqual(log.slice(2), ['subscribe one']);
  });

  it('ends each at its own time', () => {
    subscriptions.use('one')();
    clock.tick(20_000);
    subscriptions.use('two')();
    clock.tick(10_000);
    assert.deepEqual(log.slice(2), ['unsubscribe one']);
    clock.tick(20_000);
    assert.deepEqual(log.slice(3), ['unsubscribe two']);
  });

  it('ends although the clock is set back meanwhile', () => {
    subscriptions.use('one')();
    clock.setSystemTime(clock.now - 40 * 24 * 3_600_000);
    clock.tick(60_000);
    clock.setSystemTime(clock.now + 40 * 24 * 3_600_000);
    clock.tick(30_000);
    assert.deepEqual(log, ['subscribe one', 'unsubscribe one']);
  });

  it('makes room when a thousand are unused, the oldest first', () => {
    for (let id = 0; id <= 1000; id++) subscriptions.use(String(id))();
    assert.deepEqual(
      log.filter((line) => line.startsWith('un')),
      ['unsubscribe 0'],
    );
  });

  it('ends with the account, once', () => {
    const end = subscriptions.use('one');
    subscriptions.use('two')();
    subscriptions.close();
    end();
    clock.tick(60_000);
    assert.deepEqual(log.slice(2).sort(), ['unsubscribe one', 'unsubscribe two']);
  });
});
