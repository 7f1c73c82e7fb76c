import { strict as assert } from 'node:assert';
import { Bursts } from '../../../nodes/kit/trigger/burst';

describe('bursts', () => {
  it('end early, the oldest first, when a server names more conversations than are kept', () => {
    const told: unknown[] = [];
    const bursts = new Bursts({
      ...{ quietMs: 60_000, longestMs: 60_000, maxMessages: 10 },
      emit: (msg) => told.push(msg.conversationId),
      fenced: (act) => act,
    });
    for (let index = 0; index < 10_003; index++) bursts.add({ conversationId: `c${index}`, payload: 'x' });
    assert.deepEqual(told, ['c0', 'c1', 'c2']);
    assert.equal(bursts.drain().length, 10_000);
  });
});
