import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { delay, type Failed, isAmbiguous, mayRepeat } from '../../../lib/client/retry';
import type { Kind } from '../../../lib/contract/index';
import { LinktorError } from '../../../lib/errors';

const answered = (status: number, retryAfter?: number): Failed => ({
  error: new LinktorError('unexpected', 'x', { status, retryAfter }),
  left: true,
  silent: false,
});
const silent = (code: 'network' | 'timeout' | 'unexpected' | 'serialization', left: boolean): Failed => ({
  error: new LinktorError(code, 'x'),
  left,
  silent: true,
});

const outcomes = {
  'never left': silent('network', false),
  'reset after it left': silent('network', true),
  'late before it left': silent('timeout', false),
  'late after it left': silent('timeout', true),
  'aborted before it left': silent('unexpected', false),
  'aborted after it left': silent('unexpected', true),
  'too large an answer': silent('serialization', true),
  '400': answered(400),
  '401': answered(401),
  '403': answered(403),
  '404': answered(404),
  '408': answered(408),
  '409': answered(409),
  '422': answered(422),
  '429': answered(429),
  '429 with a wait': answered(429, 3),
  '500': answered(500),
  '501': answered(501),
  '502': answered(502),
  '503': answered(503),
  '503 with a wait': answered(503, 3),
  '503 with no wait at all': answered(503, 0),
  '504': answered(504),
  '520': answered(520),
  '302': answered(302),
} as const;
type Outcome = keyof typeof outcomes;

// R: repeated, r: repeated only where writes are idempotent, -: not repeated; ?: ambiguous when it is reported.
const table: Record<Outcome, Record<Kind, string>> = {
  'never left': { read: 'R', write: 'R', costly: 'R' },
  'reset after it left': { read: 'R', write: 'r?', costly: '-?' },
  'late before it left': { read: 'R', write: 'R', costly: 'R' },
  'late after it left': { read: 'R', write: 'r?', costly: '-?' },
  'aborted before it left': { read: '-', write: '-', costly: '-' },
  'aborted after it left': { read: '-', write: '-?', costly: '-?' },
  'too large an answer': { read: '-', write: '-?', costly: '-?' },
  '400': { read: '-', write: '-', costly: '-' },
  '401': { read: '-', write: '-', costly: '-' },
  '403': { read: '-', write: '-', costly: '-' },
  '404': { read: '-', write: '-', costly: '-' },
  '408': { read: 'R', write: 'r?', costly: '-?' },
  '409': { read: '-', write: '-', costly: '-' },
  '422': { read: '-', write: '-', costly: '-' },
  '429': { read: 'R', write: 'R', costly: 'R' },
  '429 with a wait': { read: 'R', write: 'R', costly: 'R' },
  '500': { read: 'R', write: 'r?', costly: '-?' },
  '501': { read: '-', write: '-', costly: '-' },
  '502': { read: 'R', write: 'r?', costly: '-?' },
  '503': { read: 'R', write: 'r?', costly: '-?' },
  '503 with a wait': { read: 'R', write: 'R', costly: 'R' },
  '503 with no wait at all': { read: 'R', write: 'R', costly: 'R' },
  '504': { read: 'R', write: 'r?', costly: '-?' },
  '520': { read: 'R', write: 'r?', costly: '-?' },
  '302': { read: '-', write: '-', costly: '-' },
};

describe('client: retries', () => {
  for (const [outcome, row] of Object.entries(table)) {
    it(`decides about "${outcome}"`, () => {
      const failed = outcomes[outcome as Outcome];
      for (const [kind, mark] of Object.entries(row) as [Kind, string][]) {
        assert.equal(mayRepeat(kind, failed, false), mark.startsWith('R'), `${kind}, plain server`);
        assert.equal(mayRepeat(kind, failed, true), /^r/i.test(mark), `${kind}, idempotent server`);
        assert.equal(isAmbiguous(kind, failed), mark.endsWith('?'), `${kind}, ambiguous`);
      }
    });
  }

  it('never repeats a write that may have happened, and never calls a read ambiguous', () => {
    const failed = fc.oneof(
      fc
        .record({ status: fc.integer({ min: 300, max: 599 }), wait: fc.option(fc.nat(), { nil: undefined }) })
        .map((one) => answered(one.status, one.wait)),
      fc
        .record({
          code: fc.constantFrom('network' as const, 'timeout', 'unexpected', 'serialization'),
          left: fc.boolean(),
        })
        .map(({ code, left }) => silent(code, left)),
    );
    fc.assert(
      fc.property(failed, fc.constantFrom<Kind>('read', 'write', 'costly'), (one, kind) => {
        if (kind === 'read') assert.equal(isAmbiguous(kind, one), false);
        else assert.ok(!(mayRepeat(kind, one, false) && isAmbiguous(kind, one)));
        if (mayRepeat(kind, one, false)) assert.ok(mayRepeat(kind, one, true));
        if (kind === 'costly') assert.equal(mayRepeat(kind, one, true), mayRepeat(kind, one, false));
      }),
    );
  });

  it('waits for a time that doubles up to 20 s, give or take half', () => {
    const middles = [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000];
    for (const [attempt, middle] of middles.entries()) {
      for (const random of [0, 0.5, 1])
        assert.equal(
          delay(attempt, undefined, () => random),
          middle * (0.5 + random),
        );
    }
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (attempt) => {
        const wait = delay(attempt, undefined);
        assert.ok(wait >= 250 && wait <= 30_000, String(wait));
      }),
    );
  });

  it('waits as long as the server says, be it longer than any ceiling, but never makes a storm', () => {
    assert.equal(delay(0, 7), 7000);
    assert.equal(delay(9, 3600), 3_600_000);
    assert.equal(delay(0, 0.3004), 301);
    assert.equal(delay(0, 0), 250);
    assert.equal(delay(3, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  });
});
