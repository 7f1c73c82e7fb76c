import { strict as assert } from 'node:assert';
import { useFakeTimers } from 'sinon';
import { ServerClock } from '../../../lib/client/server-clock';

const HOUR_MS = 3_600_000;
const date = (aheadMs: number) => new Date(Date.now() + aheadMs).toUTCString();

describe('client: the clock of the server', () => {
  const isAhead = (clock: ServerClock, aheadMs: number) => Math.abs(clock.now - Date.now() - aheadMs) < 1500;

  it('is ours until two answers agree on another one', () => {
    const clock = new ServerClock();
    assert.ok(isAhead(clock, 0));
    clock.note(date(5 * HOUR_MS));
    assert.ok(isAhead(clock, 0), 'one answer alone');
    clock.note(date(5 * HOUR_MS));
    assert.ok(isAhead(clock, 5 * HOUR_MS));
    clock.note(date(0));
    assert.ok(isAhead(clock, 5 * HOUR_MS), 'one answer of a cache');
    clock.note(date(5 * HOUR_MS));
    clock.note(date(-7 * HOUR_MS));
    clock.note(date(-7 * HOUR_MS));
    assert.ok(isAhead(clock, -7 * HOUR_MS));
  });

  it('takes whole seconds and the way of an answer for no difference, and ignores what is no date', () => {
    const clock = new ServerClock();
    const time = useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    try {
      for (const given of [date(-400), date(-900), undefined, '', 'now', 'Thu, 99 Jan 2099']) clock.note(given);
      assert.equal(clock.now, Date.now());
    } finally {
      time.restore();
    }
  });
});
