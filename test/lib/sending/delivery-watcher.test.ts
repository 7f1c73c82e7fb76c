import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Message } from '../../../lib/model';
import type { SocketState } from '../../../lib/realtime';
import { DeliveryWatcher } from '../../../lib/sending';
import { settled } from '../support';

describe('waiting for the delivery of a message, while the connection is made', () => {
  let time: SinonFakeTimers;
  beforeEach(() => {
    time = useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => time.restore());

  it('looks in the moment when the server has read the subscription, neither before nor later', async () => {
    const stop = new AbortController();
    let open: (state: SocketState) => void = () => {};
    let read: () => void = () => {};
    let looks = 0;
    let status = 'sent';
    const watcher = new DeliveryWatcher(
      {
        onEvent() {},
        subscribe() {},
        onState: (listener) => {
          open = listener;
        },
        settled: () =>
          new Promise((resolve) => {
            read = resolve;
          }),
        state: { name: 'connecting', since: 0 },
      },
      'c1',
    );
    const look = async () => {
      looks++;
      return { id: 'm1', status } as Message;
    };
    const delivered = watcher.all(['m1'], { status: 'delivered', timeoutS: 60, signal: stop.signal, look });
    await settled();
    assert.equal(looks, 1);
    open({ name: 'open', since: Date.now() });
    await time.tickAsync(900);
    assert.equal(looks, 1);
    // No event tells this: the subscription does not stand yet.
    status = 'delivered';
    read();
    await settled();
    assert.equal(looks, 2);
    assert.equal(await delivered, 'delivered');
  });
});
