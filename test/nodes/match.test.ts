import { strict as assert } from 'node:assert';
import { SentLog } from '../../nodes/kit/account/sent-log';
import { SentMatcher } from '../../nodes/kit/trigger/match';

describe('what is said of messages', () => {
  const sent = (messageId: string) => ({ messageId, conversationId: 'c', at: 1, context: messageId });

  function setUp(patience: number) {
    const journal = new SentLog();
    const told: [string, unknown][] = [];
    let wake = () => {};
    const match = new SentMatcher<string>(journal, patience, (item, of) => {
      told.push([item, of?.context]);
      wake();
    });
    const take = async (count: number) => {
      while (told.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return told;
    };
    return { journal, match, told, take };
  }

  it('waits for the message to become known, and keeps its order', () => {
    const { journal, match, told } = setUp(60_000);
    match.add('m1', 'sent');
    match.add('m2', 'sent 2');
    match.add('m1', 'delivered');
    assert.deepEqual(told, []);
    journal.add(sent('m1'));
    assert.deepEqual(told, [
      ['sent', 'm1'],
      ['delivered', 'm1'],
    ]);
    match.add('m1', 'read');
    assert.deepEqual(told[2], ['read', 'm1']);
    match.close();
  });

  it('is told of an unknown message after a moment', async () => {
    const { match, told, take } = setUp(50);
    const began = Date.now();
    match.add('m1', 'sent');
    match.add('m1', 'delivered');
    await take(2);
    assert.ok(Date.now() - began >= 45);
    assert.deepEqual(told, [
      ['sent', undefined],
      ['delivered', undefined],
    ]);
    match.close();
  });

  it('is told at the end at the latest, and nothing is heard after it', () => {
    const { journal, match, told } = setUp(60_000);
    match.add('m1', 'sent');
    match.close();
    assert.deepEqual(told, [['sent', undefined]]);
    journal.add(sent('m1'));
    assert.equal(told.length, 1);
  });

  it('keeps no more than it may', () => {
    const { match, told } = setUp(60_000);
    for (let number = 0; number <= 10_000; number++) match.add(`m${number}`, `s${number}`);
    assert.deepEqual(told, [['s0', undefined]]);
    match.close();
    assert.equal(told.length, 10_001);
  });
});
