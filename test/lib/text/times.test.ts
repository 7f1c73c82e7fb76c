import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { readDay, readTime } from '../../../lib/text';
import { failing } from '../support';

const zone = 'America/Sao_Paulo';
const iso = (given: unknown, more = {}) => readTime(given, 'until', { zone, ...more }).toISOString();

describe('times as people and programs write them', () => {
  const table: [given: unknown, expected: string][] = [
    [1893456000, '2030-01-01T00:00:00.000Z'],
    [1893456000000, '2030-01-01T00:00:00.000Z'],
    ['1893456000', '2030-01-01T00:00:00.000Z'],
    ['1893456000000', '2030-01-01T00:00:00.000Z'],
    [' 1893456000.5 ', '2030-01-01T00:00:00.500Z'],
    [new Date('2030-01-01T00:00:00Z'), '2030-01-01T00:00:00.000Z'],
    ['2030-01-01', '2030-01-01T03:00:00.000Z'],
    ['2030-01-01 09:00', '2030-01-01T12:00:00.000Z'],
    ['2030-01-01T09:00', '2030-01-01T12:00:00.000Z'],
    ['2030-01-01T09:00:30', '2030-01-01T12:00:30.000Z'],
    ['2030-01-01T09:00Z', '2030-01-01T09:00:00.000Z'],
    ['2030-01-01t09:00:00.25z', '2030-01-01T09:00:00.250Z'],
    ['2030-01-01T09:00:00+02:00', '2030-01-01T07:00:00.000Z'],
    ['2030-01-01T09:00-0330', '2030-01-01T12:30:00.000Z'],
    ['2030-01-01 09:00 +02', '2030-01-01T07:00:00.000Z'],
    ['\u200e2030\u201101\u201101', '2030-01-01T03:00:00.000Z'],
    ['٢٠٣٠-٠١-٠١', '2030-01-01T03:00:00.000Z'],
    ['2030-01-01T14:00+14:00', '2030-01-01T00:00:00.000Z'],
    ['２０３０-01-01', '2030-01-01T03:00:00.000Z'],
  ];
  for (const [given, expected] of table) {
    it(`reads ${String(given)}`, () => assert.equal(iso(given), expected));
  }

  for (const given of [
    '01/02/2030',
    '1.2.2030',
    'tomorrow',
    'Jan 1 2030',
    '2030-13-01',
    '2030-00-10',
    '2030-02-30',
    '2030-01-01T25:00',
    '2030-01-01T09:60',
    '2030-01-01T24:00:00Z',
    '2030-06-30T23:59:60Z',
    '2030-01-01T09:00+25:00',
    '2030-01-01T09:00+05:99',
    '2030-W20-1',
    '-000001-01-01',
    '20300101',
    20300101,
    30,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e20,
    1e15,
    '1893456000000000',
    new Date('x'),
    '',
    '   ',
    null,
    undefined,
    {},
    [],
    true,
  ]) {
    it(`refuses ${String(given)}, and says what to write`, async () => {
      const error = await failing(() => readTime(given, 'until'));
      assert.equal(error.code, 'validation');
      assert.match(error.message, /"until"/);
      assert.match(error.cause.hint ?? '', /2026-05-17/);
    });
  }

  it('refuses a time that is over where it makes no sense', async () => {
    for (const given of ['2020-01-01', 1577836800, Date.now() - 1]) {
      const error = await failing(() => readTime(given, 'until', { future: true }));
      assert.match(error.message, /is over/);
    }
    assert.ok(readTime(Date.now() + 60_000, 'until', { future: true }));
  });

  it('goes with the clock of the zone where it is put forward and back', () => {
    const berlin = { zone: 'Europe/Berlin' };
    assert.equal(iso('2026-03-29 01:59', berlin), '2026-03-29T00:59:00.000Z');
    assert.equal(iso('2026-03-29 02:30', berlin), '2026-03-29T01:30:00.000Z');
    assert.equal(iso('2026-03-29 03:00', berlin), '2026-03-29T01:00:00.000Z');
    assert.equal(iso('2026-10-25 01:30', berlin), '2026-10-24T23:30:00.000Z');
    assert.equal(iso('2026-10-25 03:30', berlin), '2026-10-25T02:30:00.000Z');
  });

  it('reads what a clock shows, in every zone', () => {
    const moment = fc.date({ min: new Date('2000-01-01'), max: new Date('2050-01-01'), noInvalidDate: true });
    const zones = fc.constantFrom('UTC', zone, 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Auckland', 'America/St_Johns');
    fc.assert(
      fc.property(moment, zones, (date, timeZone) => {
        const whole = new Date(Math.floor(date.getTime() / 1000) * 1000);
        const shown = whole.toLocaleString('sv-SE', { timeZone });
        const read = readTime(shown, 'x', { zone: timeZone });
        // An hour that comes twice may be either of the two.
        assert.equal(read.toLocaleString('sv-SE', { timeZone }), shown);
        assert.equal(readTime(whole.toISOString(), 'x').getTime(), whole.getTime());
        assert.equal(readTime(whole.getTime(), 'x').getTime(), whole.getTime());
        assert.equal(readTime(whole.getTime() / 1000, 'x').getTime(), whole.getTime());
      }),
    );
  });

  it('throws nothing but its own error', () => {
    fc.assert(
      fc.property(fc.anything(), (given) => {
        try {
          assert.ok(!Number.isNaN(readTime(given, 'x').getTime()));
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, 'validation');
        }
      }),
    );
  });

  it('leaves a day a day', () => {
    assert.equal(readDay('2026-05-17', 'start'), '2026-05-17');
    assert.equal(readDay(' 2026‑05‑17 ', 'start'), '2026-05-17');
    assert.equal(readDay('2026-05-17T10:00Z', 'start'), '2026-05-17T10:00:00.000Z');
    assert.equal(readDay(1893456000, 'start'), '2030-01-01T00:00:00.000Z');
  });
});
