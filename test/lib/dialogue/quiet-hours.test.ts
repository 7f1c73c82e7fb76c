import { strict as assert } from 'node:assert';
import { QuietHours } from '../../../lib/dialogue';

const at = (time: string) => Date.parse(time);
const iso = (moment: number | undefined) => moment && new Date(moment).toISOString();

describe('quiet hours', () => {
  const night = new QuietHours('22:00-07:00', 'America/Sao_Paulo');

  for (const [time, end] of [
    ['2026-05-01T00:59:00Z', undefined],
    ['2026-05-01T01:00:00Z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T04:30:00Z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T09:59:00Z', '2026-05-01T10:00:00.000Z'],
    ['2026-05-01T10:00:00Z', undefined],
    ['2026-05-01T15:00:00Z', undefined],
  ] as const) {
    it(`over midnight: ${time} ${end ? 'is one' : 'is none'}`, () => assert.equal(iso(night.endAt(at(time))), end));
  }

  it('within a day', () => {
    const noon = new QuietHours(' 12:00 – 14:30 ', 'UTC');
    assert.equal(iso(noon.endAt(at('2026-05-01T13:00:00Z'))), '2026-05-01T14:30:00.000Z');
    assert.equal(noon.endAt(at('2026-05-01T11:59:00Z')), undefined);
    assert.equal(noon.endAt(at('2026-05-01T14:30:00Z')), undefined);
  });

  it('end when the clock says so in the night in which it goes forward', () => {
    const quiet = new QuietHours('22:00-07:00', 'Europe/Berlin');
    assert.equal(iso(quiet.endAt(at('2026-03-29T00:30:00Z'))), '2026-03-29T05:00:00.000Z');
  });

  for (const span of ['', 'at night', '25:00-07:00', '22:00', '22:60-07:00']) {
    it(`refuse "${span}"`, () => assert.throws(() => new QuietHours(span, 'UTC'), { code: 'validation' }));
  }
});
