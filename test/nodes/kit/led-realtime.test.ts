import { strict as assert } from 'node:assert';
import type { Delivery, Memory, Realtime } from '../../../lib/realtime/index';
import { LedRealtime } from '../../../nodes/kit/account/led-realtime';

describe('an instance that leads no more', () => {
  let isHeld: boolean;
  let isReachable: boolean;
  let refuses: boolean;
  let noted: string[][];
  let delivered: Memory;
  let deliver: (delivery: Delivery) => void;
  let led: LedRealtime;

  beforeEach(() => {
    [isHeld, isReachable, refuses, noted, delivered] = [true, true, false, [], []];
    const connection = {
      memory: { export: () => delivered, import() {} },
      onState() {},
      listen(listener: typeof deliver) {
        deliver = listener;
        return () => {};
      },
      close: async () => {},
    };
    led = new LedRealtime({
      make: () => connection as unknown as Realtime,
      makeAlone: () => assert.fail('it is not alone'),
      isAlone: () => false,
      isHeld: () => isHeld,
      isReachable: () => isReachable,
      standing: () => ({ name: 'standby', since: 0 }) as never,
      note: async (keys) => {
        noted.push([...keys]);
        if (refuses) throw new Error('away');
      },
      onEnded() {},
    });
  });
  const arrives = (id: string) => {
    delivered.push([`m:${id}`, Date.now()]);
    deliver({ event: { name: 'message.received', message: { id } } } as unknown as Delivery);
  };

  it('notes what it has delivered as soon as it reaches the store, whoever leads then', async () => {
    const heard: Delivery[] = [];
    led.listen((delivery) => heard.push(delivery));
    led.update();
    delivered.push(['m:old', Date.now() - 3_600_000]);
    arrives('one');
    // As with a store that is away.
    isReachable = false;
    isHeld = false;
    // It has not noticed yet.
    arrives('two');
    led.update();
    assert.deepEqual([noted, heard.length], [[], 1]);
    led.update();
    isReachable = true;
    refuses = true;
    led.update();
    await new Promise(setImmediate);
    refuses = false;
    led.update();
    led.update();
    assert.deepEqual(noted, [['m:one'], ['m:one']]);
  });

  it('has noted it before it reads what has been delivered', () => {
    led.update();
    led.listen(() => {});
    arrives('one');
    [isReachable, isHeld] = [false, false];
    led.update();
    [isReachable, isHeld] = [true, true];
    delivered = [];
    led.update();
    assert.deepEqual(noted, [['m:one']]);
  });
});
