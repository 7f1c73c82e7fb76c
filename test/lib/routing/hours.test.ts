import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LinktorError } from '../../../lib/errors';
import { type HoursSettings, OpeningHours } from '../../../lib/routing/hours';
import { Zone } from '../../../lib/text';

const office: HoursSettings['week'] = [{ day: 'weekdays', from: '09:00', to: '18:00' }];
const MINUTE_MS = 60_000;

/** Twenty zones with whole, half and quarter offsets, both hemispheres, and changes at odd times. */
const zones = [
  'America/Sao_Paulo',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'America/Mexico_City',
  'America/Los_Angeles',
  'Europe/Lisbon',
  'Europe/Berlin',
  'Europe/Dublin',
  'Africa/Casablanca',
  'Africa/Johannesburg',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Asia/Shanghai',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'Pacific/Chatham',
  'Pacific/Apia',
];

function at(iso: string): number {
  return Date.parse(iso);
}

function hours(settings: Partial<HoursSettings>): OpeningHours {
  return new OpeningHours({ zone: 'UTC', week: office, ...settings });
}

describe('opening hours', () => {
  it('follow the week in their own zone', () => {
    const shop = hours({ zone: 'America/Sao_Paulo' });
    assert.equal(shop.isOpen(at('2026-11-30T11:59:59-00:00')), false);
    assert.equal(shop.isOpen(at('2026-11-30T12:00:00Z')), true);
    assert.equal(shop.isOpen(at('2026-11-30T20:59:59Z')), true);
    assert.equal(shop.isOpen(at('2026-11-30T21:00:00Z')), false);
    assert.equal(shop.isOpen(at('2026-11-29T15:00:00Z')), false);
  });

  it('say when they change next, over a week end', () => {
    const shop = hours({});
    assert.equal(shop.next(at('2026-11-27T18:00:00Z')), at('2026-11-30T09:00:00Z'));
    assert.equal(shop.next(at('2026-11-30T09:00:00Z')), at('2026-11-30T18:00:00Z'));
  });

  it('join shifts that touch or overlap', () => {
    const shop = hours({
      week: [
        { day: 'mon', from: '08:00', to: '12:00' },
        { day: 'mon', from: '12:00', to: '17:00' },
        { day: 'mon', from: '16:00', to: '24:00' },
        { day: 'tue', from: '00:00', to: '01:00' },
      ],
    });
    assert.equal(shop.next(at('2026-11-30T09:00:00Z')), at('2026-12-01T01:00:00Z'));
  });

  it('reach over midnight, and belong to the day on which they begin', () => {
    const bar = hours({ week: [{ day: 'fri', from: '20:00', to: '02:00' }], closed: ['2026-11-28'] });
    assert.equal(bar.isOpen(at('2026-11-28T01:59:00Z')), true);
    assert.equal(bar.isOpen(at('2026-11-28T02:00:00Z')), false);
    assert.equal(bar.isOpen(at('2026-11-28T20:00:00Z')), false);
    const closed = hours({ week: [{ day: 'fri', from: '20:00', to: '02:00' }], closed: ['2026-11-27'] });
    assert.equal(closed.isOpen(at('2026-11-28T01:00:00Z')), false);
  });

  it('know closed dates, ranges, every year, and across New Year', () => {
    const shop = hours({ closed: ['2026-12-08', '12-25', '2027-02-01..2027-02-05', '12-31..01-02', ' '] });
    const open = (date: string) => shop.isOpen(at(`${date}T10:00:00Z`));
    assert.deepEqual(
      ['2026-12-08', '2026-12-25', '2028-12-25', '2027-02-01', '2027-02-05', '2026-12-31', '2027-01-01'].map(open),
      Array(7).fill(false),
    );
    assert.deepEqual(['2026-12-09', '2027-12-08', '2027-02-08', '2027-01-04'].map(open), Array(4).fill(true));
  });

  it('open on special days, closed or not', () => {
    const shop = hours({ closed: ['12-24'], extra: [{ date: '12-24', from: '09:00', to: '12:00' }] });
    assert.equal(shop.isOpen(at('2026-12-24T11:59:00Z')), true);
    assert.equal(shop.isOpen(at('2026-12-24T12:00:00Z')), false);
    const sunday = hours({ extra: [{ date: '2026-12-20', from: '10:00', to: '16:00' }] });
    assert.equal(sunday.isOpen(at('2026-12-20T10:00:00Z')), true);
    assert.equal(sunday.next(at('2026-12-19T00:00:00Z')), at('2026-12-20T10:00:00Z'));
  });

  it('have no next change when there is none', () => {
    assert.equal(hours({ week: [] }).next(at('2026-11-30T00:00:00Z')), undefined);
    assert.equal(
      hours({ week: [{ day: 'daily', from: '00:00', to: '24:00' }] }).next(at('2026-11-30T00:00:00Z')),
      undefined,
    );
  });

  it('keep their length of the clock when clocks go forward and back', () => {
    const berlin = hours({ zone: 'Europe/Berlin', week: [{ day: 'sun', from: '02:30', to: '04:00' }] });
    // 02:30 does not exist on 29 March 2026: it is the moment of the change, 03:00 summer time.
    assert.equal(berlin.next(at('2026-03-29T00:00:00Z')), at('2026-03-29T01:00:00Z'));
    assert.equal(berlin.next(at('2026-03-29T01:00:00Z')), at('2026-03-29T02:00:00Z'));
    // 02:30 comes twice on 25 October 2026: it opens with the first and closes once.
    assert.equal(berlin.next(at('2026-10-25T00:00:00Z')), at('2026-10-25T00:30:00Z'));
    assert.equal(berlin.next(at('2026-10-25T00:30:00Z')), at('2026-10-25T03:00:00Z'));
    const night = hours({ zone: 'Europe/Berlin', week: [{ day: 'sat', from: '22:00', to: '02:30' }] });
    assert.equal(night.next(at('2026-10-24T22:00:00Z')), at('2026-10-25T00:30:00Z'));
    assert.equal(night.isOpen(at('2026-10-25T01:10:00Z')), false);
  });

  it('open and close at what the clock shows, in twenty zones, through both changes of a year', () => {
    for (const name of zones) {
      const zone = new Zone(name);
      const shop = hours({ zone: name, week: [{ day: 'daily', from: '09:00', to: '18:00' }] });
      let time = at('2026-01-01T00:00:00Z');
      for (let change = 0; change < 700; change++) {
        time = shop.next(time) ?? assert.fail(`${name}: no change`);
        assert.equal(
          zone.read(time).minute,
          shop.isOpen(time) ? 9 * 60 : 18 * 60,
          `${name} ${new Date(time).toISOString()}`,
        );
      }
    }
  }).timeout(60_000);

  it('are the same before the next change as now, and other after it', () => {
    const time = fc.integer({ min: at('2026-01-01'), max: at('2028-01-01') });
    const minute = fc
      .integer({ min: 0, max: 1439 })
      .map((m) => `${Math.floor(m / 60)}:${String(m % 60).padStart(2, '0')}`);
    const row = fc.record({
      day: fc.constantFrom('mon', 'wed', 'sat', 'sun', 'weekdays', 'daily'),
      from: minute,
      to: minute,
    });
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.array(row, { minLength: 1, maxLength: 4 }), time, (zone, week, now) => {
        const shop = hours({ zone, week });
        const next = shop.next(now);
        if (next === undefined) return;
        assert.ok(next > now);
        assert.notEqual(shop.isOpen(next), shop.isOpen(now));
        assert.equal(shop.isOpen(next - MINUTE_MS < now ? now : next - MINUTE_MS), shop.isOpen(now));
      }),
      { numRuns: 150 },
    );
  }).timeout(60_000);

  for (const [what, settings, text] of [
    ['zone', { zone: 'Mars/Olympus' }, /Mars\/Olympus/],
    ['day', { week: [{ day: 'someday', from: '1:00', to: '2:00' }] }, /someday/],
    ['time', { week: [{ day: 'mon', from: '25:00', to: '2:00' }] }, /25:00/],
    ['minute', { week: [{ day: 'mon', from: '9:60', to: '2:00' }] }, /9:60/],
    ['date', { closed: ['2026-02-30'] }, /2026-02-30/],
    ['range', { closed: ['2026-02-01..2026-01-01'] }, /before it begins/],
    ['mixed range', { closed: ['2026-02-01..03-01'] }, /not a range/],
    ['special day', { extra: [{ date: 'Christmas', from: '1:00', to: '2:00' }] }, /Christmas/],
  ] as const) {
    it(`refuse a ${what} that is none`, () => {
      assert.throws(
        () => hours(settings),
        (error) => error instanceof LinktorError && error.code === 'validation' && text.test(error.message),
      );
    });
  }
});
