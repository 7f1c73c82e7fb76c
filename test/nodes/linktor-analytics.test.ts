import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const operations = ['dashboard', 'conversations', 'messages', 'agents', 'channels', 'realtime'];

describe('linktor-analytics', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-analytics');

  for (const operation of operations) {
    it(`gives the figures: ${operation}`, async () => {
      const { payload } = await run({ operation });
      assert.ok(Object.keys(payload as object).length > 0);
    });
  }

  it('gives those of a period', async () => {
    const { payload } = await run({ operation: 'dashboard' }, { start: '1999-01-01', end: '1999-12-31' });
    assert.equal((payload as { messages: { total: number } }).messages.total, 0);
    const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
    assert.match(query, /startDate=1999-01-01.*endDate=1999-12-31/);
  });

  it('takes a time as a date or as milliseconds', async () => {
    const start = new Date('2020-01-01T00:00:00Z');
    const { payload } = await run({ operation: 'messages' }, { start, end: Date.parse('2020-02-01') });
    assert.ok(payload);
    const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
    assert.match(decodeURIComponent(query), /startDate=2020-01-01T00:00:00.000Z.*endDate=2020-02-01T00:00:00.000Z/);
  });

  it('refuses what is no time, naming the field', async () => {
    const { error } = await run({ operation: 'dashboard' }, { start: 'tomorrow-ish' });
    assert.equal(error?.code, 'validation');
    assert.match(error?.message ?? '', /"start"/);
  });

  failsWell(set, 'linktor-analytics', Object.fromEntries(operations.map((name) => [name, { msg: {}, kind: 'read' }])));
});
