import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

const operations = ['dashboard', 'conversations', 'messages', 'agents', 'bots', 'channels', 'realtime'];

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

  for (const [start, end] of [
    ['2026-05-02', '2026-05-01'],
    ['2026-05-02T12:00:00Z', '2026-05-02T11:00:00Z'],
    ['2026-05-02', '2026-05-01T23:00:00Z'],
    ['2026-05-02T12:00:00Z', '2026-05-02T12:00:00Z'],
  ]) {
    it(`refuses a period that ends before it begins: ${start} to ${end}`, async () => {
      const { error } = await run({ operation: 'dashboard' }, { start, end });
      assert.equal(error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('takes one day as both', async () => {
    const { error } = await run({ operation: 'dashboard' }, { start: '2026-05-02', end: '2026-05-02' });
    assert.equal(error, undefined);
  });

  failsWell(set, 'linktor-analytics', Object.fromEntries(operations.map((name) => [name, { msg: {}, kind: 'read' }])));
});

describe('linktor-analytics: reports and files', () => {
  const set = setUpFlows({ contract: 'api' });
  const run = alone(set, 'linktor-analytics');
  const period = { start: '2026-05-01', end: '2026-05-31' };

  for (const [what, more, isSome] of [
    ['of all', {}, true],
    ['of those that it filters', { filters: '{"contactId":"ct_none"}', filtersType: 'json' }, false],
  ] as const) {
    it(`gives a report as rows in groups, ${what}`, async () => {
      const node = { operation: 'report', about: 'conversations', groupBy: 'month', groupByType: 'str' };
      const { payload } = await run({ ...node, ...more }, { start: '2020-01-01', end: '2030-01-01' });
      const { data } = payload as { data: { date: string; count: number }[] };
      assert.ok(data.every(({ date }) => /^\d{4}-\d\d-01$/.test(date)));
      assert.equal(data.reduce((sum, { count }) => sum + count, 0) > 0, isSome);
    });
  }

  for (const format of ['csv', 'json', 'xlsx']) {
    it(`gives the address of a file: ${format}`, async () => {
      const { payload } = await run({ operation: 'export', format }, period);
      const { downloadUrl, expiresAt } = payload as Record<string, string>;
      const file = await fetch(String(downloadUrl));
      assert.equal(file.status, 200);
      assert.ok((await file.arrayBuffer()).byteLength > 0);
      assert.ok(Date.parse(String(expiresAt)) > Date.now());
    });
  }

  for (const [given, missing] of [
    [{}, 'start'],
    [{ start: '2026-05-01' }, 'end'],
  ] as const) {
    it(`makes no report without the ${missing} of its period`, async () => {
      const { error } = await run({ operation: 'report' }, given);
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', new RegExp(`"${missing}" is missing`));
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  failsWell(set, 'linktor-analytics', {
    report: { msg: period, kind: 'read' },
    export: { msg: period, kind: 'write' },
  });
});

describe('linktor-analytics on the self-hosted server, which counts whole days', () => {
  const set = setUpFlows({ contract: 'server' });
  const run = alone(set, 'linktor-analytics');

  for (const [start, end, days] of [
    ['2026-05-01', '2026-05-03', ['2026-05-01', '2026-05-03']],
    ['2026-05-01T00:00:00Z', '2026-05-04T00:00:00Z', ['2026-05-01', '2026-05-03']],
    ['2026-05-01T00:00:00+00:00', '2026-05-02T00:00:00Z', ['2026-05-01', '2026-05-01']],
    ['2026-05-01T18:00:00Z', '2026-05-08T18:00:00Z', ['2026-05-01', '2026-05-08']],
    ['2026-05-01T23:30:00-03:00', '2026-05-04', ['2026-05-02', '2026-05-04']],
  ] as const) {
    for (const operation of ['dashboard', 'conversations', 'channels']) {
      it(`says which days it counted, ${operation}: ${start} to ${end}`, async () => {
        const { payload } = await run({ operation }, { start, end });
        const { startDate, endDate } = payload as Record<string, string>;
        assert.deepEqual([startDate, endDate], days);
        const asked = (await set.state()).requests.find(({ path }) => path.includes('/analytics/'));
        const query = new URLSearchParams((asked as unknown as { query: string }).query);
        assert.deepEqual([query.get('start_date'), query.get('end_date')], days);
      });
    }
  }

  for (const [start, end] of [
    ['2026-05-01T10:00:00Z', '2026-05-01T11:00:00Z'],
    ['2026-05-01T23:00:00Z', '2026-05-02T01:00:00Z'],
    ['2026-05-01', '2026-05-01T11:00:00Z'],
    ['2026-05-01T10:00:00Z', '2026-05-01'],
  ]) {
    it(`tells nothing of a part of a day, and asks nothing: ${start} to ${end}`, async () => {
      const { error } = await run({ operation: 'dashboard' }, { start, end });
      assert.equal(error?.code, 'not_supported');
      assert.match(String(error?.cause.hint), /whole days/);
      assert.equal((await set.state()).requests.filter(({ path }) => path.includes('/analytics/')).length, 0);
    });
  }
});
