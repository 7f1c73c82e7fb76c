import { strict as assert } from 'node:assert';
import { useFakeTimers } from 'sinon';
import type { Event } from '../../../lib/model';
import { Bus } from '../../../lib/realtime/bus/bus';
import { type Claim, MAX_CLAIM_MS } from '../../../lib/realtime/bus/claims';
import type { Delivery } from '../../../lib/realtime/bus/delivery';
import { settled } from '../support';

const taken: Claim = { by: 'ask', isTaken: true };

function event(id: string, conversationId = 'c1'): Event {
  const message = { id, conversationId, direction: 'inbound', contentType: 'text', text: id };
  return { name: 'message.received', conversationId, messageId: id, message, original: {} };
}

describe('realtime: claims', () => {
  let bus: Bus;
  let heard: Delivery[];
  let problems: unknown[];

  beforeEach(() => {
    heard = [];
    problems = [];
    const conversations = { get: (id: string) => ({ id }), takeNew: () => false, peek: () => undefined };
    bus = new Bus(conversations, { onError: (error) => problems.push(error) });
    bus.listen((delivery) => heard.push(delivery));
  });

  const seen = () =>
    heard.map(({ event: { messageId }, claimedBy }) => `${messageId}${claimedBy ? `:${claimedBy}` : ''}`);

  it('are asked in their order until one takes the message, and listeners hear who it was', () => {
    const asked: number[] = [];
    bus.claim(3, () => {
      asked.push(3);
      return taken;
    });
    bus.claim(1, () => {
      asked.push(1);
      return undefined;
    });
    bus.claim(4, () => {
      asked.push(4);
      return taken;
    });
    bus.feed(event('a'), 'ws');
    assert.deepEqual(asked, [1, 3]);
    assert.deepEqual(seen(), ['a:ask']);
  });

  it('may leave a message to the others, and say that it was awaited', () => {
    bus.claim(1, () => ({ by: 'ask', isTaken: false }));
    bus.feed(event('a'), 'ws');
    assert.deepEqual([heard[0]?.claimedBy, heard[0]?.askedBy], [undefined, 'ask']);
  });

  it('hear each message once, of whichever way it comes, and nothing else', () => {
    const asked: string[] = [];
    bus.claim(1, ({ event: { messageId = '' } }) => {
      asked.push(messageId);
      return undefined;
    });
    bus.feed(event('a'), 'ws');
    bus.feed(event('a'), 'webhook');
    bus.feed({ name: 'typing', conversationId: 'c1', original: {} }, 'ws');
    bus.feed(event('b'), 'poll', Date.now(), true);
    assert.deepEqual(asked, ['a', 'b']);
  });

  it('a message that is still decided on counts as delivered for nobody who comes later', async () => {
    const journal: string[] = [];
    const conversations = { get: (id: string) => ({ id }), takeNew: () => false, peek: () => undefined };
    const own = new Bus(conversations, { onError: assert.fail, onKey: (key) => journal.push(key) });
    own.listen((delivery) => heard.push(delivery));
    let decide = () => {};
    own.claim(1, ({ event: { messageId } }) =>
      messageId === 'a' ? new Promise((resolve) => (decide = () => resolve(undefined))) : undefined,
    );
    own.feed({ ...event('a'), id: 'evt-a' }, 'ws');
    own.feed({ ...event('b', 'c2'), id: 'evt-b' }, 'ws');
    const known = () => own.memory.export().map(([key]) => key);
    assert.deepEqual([seen(), journal, known()], [['b'], ['m:b'], ['e:evt-b', 'm:b']]);
    own.feed({ ...event('a'), id: 'evt-a' }, 'webhook');
    decide();
    await settled();
    assert.deepEqual(
      [seen(), journal],
      [
        ['b', 'a'],
        ['m:b', 'm:a'],
      ],
    );
    assert.deepEqual(known().sort(), ['e:evt-a', 'e:evt-b', 'm:a', 'm:b']);
  });

  it('make only their own conversation wait', async () => {
    let decide: (claim: Claim | undefined) => void = () => {};
    bus.claim(1, ({ event: { messageId } }) =>
      messageId === 'a' ? new Promise((resolve) => (decide = resolve)) : undefined,
    );
    bus.feed(event('a'), 'ws');
    bus.feed(event('b'), 'ws');
    bus.feed({ name: 'message.read', conversationId: 'c1', messageId: 'a', status: 'read', original: {} }, 'ws');
    bus.feed(event('x', 'c2'), 'ws');
    await settled();
    assert.deepEqual(seen(), ['x']);
    decide(taken);
    await settled();
    assert.deepEqual(seen(), ['x', 'a:ask', 'b', 'a']);
  });

  it('keep the order of what was fetched', async () => {
    bus.claim(1, async () => undefined);
    bus.insert('c1', Promise.resolve([event('a'), event('b')]));
    bus.feed(event('c'), 'ws');
    await settled(60);
    assert.deepEqual(seen(), ['a', 'b', 'c']);
  });

  it('go on with the next one when one fails, and say so', async () => {
    bus.claim(1, () => {
      throw new Error('first');
    });
    bus.claim(2, async () => {
      throw new Error('second');
    });
    bus.claim(3, () => taken);
    bus.feed(event('a'), 'ws');
    await settled();
    assert.deepEqual(seen(), ['a:ask']);
    assert.deepEqual(problems.map(String), ['Error: first', 'Error: second']);
  });

  it('that take too long lose the message, and say so', async () => {
    const time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      bus.claim(1, () => new Promise(() => {}));
      bus.feed(event('a'), 'ws');
      await time.tickAsync(MAX_CLAIM_MS - 1);
      assert.deepEqual(seen(), []);
      await time.tickAsync(1);
      assert.deepEqual(seen(), ['a']);
      assert.match(String(problems[0]), /too long/);
    } finally {
      time.restore();
    }
  });

  it('end', () => {
    const end = bus.claim(1, () => taken);
    end();
    end();
    bus.feed(event('a'), 'ws');
    assert.deepEqual(seen(), ['a']);
  });
});
