import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { codeOf, toServerError } from '../../../lib/contract/envelope';
import { decodeList } from '../../../lib/contract/paging';
import { secondsFromNow } from '../../../lib/contract/server-time';
import { type ErrorCode, LinktorError } from '../../../lib/errors';
import type { Page } from '../../../lib/model';
import { failing, ours } from '../support';

const now = Date.parse('2026-05-01T12:00:00Z');
const item = (wire: unknown) => {
  const { id } = wire as { id: string };
  return { id };
};
const read = decodeList(item, 'things');
const rows = [{ id: 'a' }, { id: 'b' }];

describe('contract: lists', () => {
  const shapes: [string, unknown, Partial<Page<unknown>>][] = [
    [
      'offset paging',
      { data: rows, pagination: { total: 9, limit: 2, offset: 4, hasMore: true, nextCursor: 'c2' } },
      { total: 9, page: 3, pageSize: 2, hasNext: true, nextCursor: 'c2' },
    ],
    [
      'page paging',
      { data: rows, pagination: { total: 9, page: 2, limit: 2, totalPages: 5, hasMore: true, prevCursor: 'c0' } },
      { total: 9, page: 2, pageSize: 2, hasNext: true },
    ],
    [
      'the last page',
      { data: rows, pagination: { total: 2, limit: 20, offset: 0, hasMore: false } },
      { hasNext: false, page: 1 },
    ],
    [
      'flat',
      { data: rows, nextCursor: 'c2', prevCursor: 'c0', total: 9, hasMore: true },
      { total: 9, hasNext: true, nextCursor: 'c2' },
    ],
    ['flat without a word about more', { data: rows, nextCursor: 'c2' }, { hasNext: true, nextCursor: 'c2' }],
    ['flat and complete', { data: rows }, { hasNext: false }],
    [
      'the documentation',
      { data: rows, meta: { requestId: 'r', pagination: { page: 1, perPage: 2, total: 9, totalPages: 5 } } },
      { total: 9, page: 1, pageSize: 2, hasNext: true },
    ],
    [
      'the last page of the documentation',
      { data: rows, meta: { pagination: { page: 5, perPage: 2, total: 9, totalPages: 5 } } },
      { hasNext: false, page: 5 },
    ],
    [
      'the cursor of the documentation',
      { data: rows, meta: { cursor: { next: 'c2', hasMore: true } } },
      { hasNext: true, nextCursor: 'c2' },
    ],
    [
      'the last cursor of the documentation',
      { data: rows, meta: { cursor: { next: null, hasMore: false } } },
      { hasNext: false },
    ],
    [
      'wrapped',
      { success: true, data: rows, meta: { page: 1, totalItems: 2, hasNext: false } },
      { hasNext: false, total: 2 },
    ],
    [
      'wrapped twice',
      { success: true, data: { data: rows, pagination: { total: 9, limit: 2, offset: 0, hasMore: true } } },
      { total: 9, hasNext: true, page: 1 },
    ],
    ['wrapped without meta', { success: true, data: rows }, { hasNext: false }],
    ['bare', rows, { hasNext: false }],
    [
      'a total and no word about more',
      { data: rows, pagination: { total: 9, limit: 2, offset: 0 } },
      { hasNext: true, page: 1 },
    ],
    [
      'a total that is reached',
      { data: rows, pagination: { total: 4, limit: 2, offset: 2 } },
      { hasNext: false, page: 2 },
    ],
  ];

  for (const [shape, body, expected] of shapes) {
    it(`reads a list: ${shape}`, () => {
      const page = read(body);
      assert.deepEqual(page.items, rows);
      for (const [key, value] of Object.entries(expected)) assert.deepEqual(page[key as keyof typeof page], value, key);
      if (!('nextCursor' in expected)) assert.ok(!('nextCursor' in page));
      for (const value of Object.values(page)) assert.notEqual(value, undefined);
    });
  }

  it('reads an empty list as one', () => {
    for (const body of [
      [],
      { data: [] },
      { success: true, data: [] },
      { data: [], pagination: { total: 0, hasMore: false } },
    ]) {
      assert.deepEqual(read(body).items, []);
      assert.equal(read(body).hasNext, false);
    }
  });

  it('calls everything else a serialization error, never an empty list', async () => {
    for (const body of [
      undefined,
      null,
      '',
      'text',
      7,
      {},
      { data: null },
      { data: {} },
      { data: 'a,b' },
      { items: rows },
      { results: rows },
      { conversations: rows },
      { success: true },
      { success: false, error: { code: 'X' } },
      { success: true, data: { items: rows } },
      { data: { data: rows } },
      { code: 'NOT_FOUND', message: 'x' },
    ]) {
      const error = await failing(() => read(body));
      assert.equal(error.code, 'serialization', JSON.stringify(body));
      assert.match(error.message, /things/);
    }
  });
});

interface Expected {
  code: ErrorCode;
  message: string;
  serverCode?: string;
  requestId?: string;
  retryAfter?: number;
  details?: unknown;
}

describe('contract: refusals', () => {
  const cases: [string, number, Record<string, string>, string, Expected][] = [
    [
      'A1, flat',
      400,
      { 'x-request-id': 'req_1' },
      '{"code":"VALIDATION_ERROR","message":"No text","details":{"text":"is required"}}',
      {
        code: 'validation',
        message: 'No text',
        serverCode: 'VALIDATION_ERROR',
        requestId: 'req_1',
        details: { text: 'is required' },
      },
    ],
    [
      'A1 without a message',
      409,
      {},
      '{"code":"CONFLICT_ERROR"}',
      { code: 'conflict', message: 'The server answered 409.', serverCode: 'CONFLICT_ERROR' },
    ],
    [
      'A1 without a code',
      404,
      {},
      '{"message":"Conversation not found"}',
      { code: 'not_found', message: 'Conversation not found' },
    ],
    [
      'B1, nested',
      422,
      {},
      '{"error":{"code":"OUTSIDE_MESSAGE_WINDOW","message":"Too late","details":[{"field":"to","message":"closed"}]},"meta":{"requestId":"req_2"}}',
      {
        code: 'validation',
        message: 'Too late',
        serverCode: 'OUTSIDE_MESSAGE_WINDOW',
        requestId: 'req_2',
        details: [{ field: 'to', message: 'closed' }],
      },
    ],
    [
      'B2, a rate limit',
      429,
      {},
      '{"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Slow down","retryAfter":60}}',
      { code: 'rate_limit', message: 'Slow down', serverCode: 'RATE_LIMIT_EXCEEDED', retryAfter: 60 },
    ],
    [
      'C1',
      401,
      { 'x-request-id': 'req_3' },
      '{"success":false,"error":{"code":"TOKEN_EXPIRED","message":"expired","details":{"a":"b"}}}',
      {
        code: 'authentication',
        message: 'expired',
        serverCode: 'TOKEN_EXPIRED',
        requestId: 'req_3',
        details: { a: 'b' },
      },
    ],
    [
      'C2, details null',
      403,
      {},
      '{"code":"FORBIDDEN","message":"no","details":null}',
      { code: 'authorization', message: 'no', serverCode: 'FORBIDDEN' },
    ],
    [
      'C3',
      429,
      { 'x-ratelimit-limit': '100' },
      '{"code":"RATE_LIMITED","message":"slow","retry_after":12}',
      { code: 'rate_limit', message: 'slow', serverCode: 'RATE_LIMITED', retryAfter: 12 },
    ],
    [
      'C4, a text for an error',
      400,
      {},
      '{"error":"invalid signature"}',
      { code: 'validation', message: 'invalid signature' },
    ],
    [
      'C5, plain text',
      404,
      { 'content-type': 'text/plain' },
      '404 page not found',
      { code: 'not_found', message: '404 page not found' },
    ],
    ['C6, nothing', 500, {}, '', { code: 'server', message: 'The server answered 500.' }],
    [
      'C7',
      503,
      {},
      '{"status":"not ready","error":"database unavailable"}',
      { code: 'server', message: 'database unavailable' },
    ],
    [
      'a page of HTML',
      502,
      { 'content-type': 'text/html' },
      '<html><h1>Bad gateway</h1></html>',
      { code: 'server', message: 'The server answered 502.' },
    ],
    [
      'HTML that says nothing about itself',
      502,
      {},
      '\n<!doctype html><h1>x</h1>',
      { code: 'server', message: 'The server answered 502.' },
    ],
    [
      'HTML with short text in it',
      502,
      { 'content-type': 'text/html; charset=utf-8' },
      'Bad gateway',
      { code: 'server', message: 'The server answered 502.' },
    ],
    ['a long text', 500, {}, 'x'.repeat(301), { code: 'server', message: 'The server answered 500.' }],
    ['a broken JSON', 500, {}, '{"code":"X"', { code: 'server', message: 'The server answered 500.' }],
    ['an array', 400, {}, '[{"message":"x"}]', { code: 'validation', message: 'x', details: [{ message: 'x' }] }],
    [
      'a code that is a number',
      400,
      {},
      '{"code":1010,"message":"x"}',
      { code: 'validation', message: 'x', serverCode: '1010' },
    ],
    [
      'a header and a body that both name the request',
      500,
      { 'x-request-id': 'a' },
      '{"error":{},"meta":{"requestId":"b"}}',
      { code: 'server', message: 'The server answered 500.', requestId: 'a' },
    ],
    [
      'a wait in both',
      429,
      { 'retry-after': '3' },
      '{"message":"x","retryAfter":60}',
      { code: 'rate_limit', message: 'x', retryAfter: 3 },
    ],
    [
      'a list of messages',
      400,
      {},
      '{"message":["name must be a string","phone is too short"],"error":"Bad Request","statusCode":400}',
      { code: 'validation', message: 'name must be a string; phone is too short' },
    ],
    [
      'a list of errors',
      422,
      {},
      '{"errors":[{"message":"No such field","path":["a"]},{"detail":"Too long"}]}',
      {
        code: 'validation',
        message: 'No such field; Too long',
        details: [{ message: 'No such field', path: ['a'] }, { detail: 'Too long' }],
      },
    ],
    [
      'a map of errors by field',
      422,
      {},
      '{"errors":{"phone":["is invalid"],"name":"is missing"}}',
      {
        code: 'validation',
        message: 'phone: is invalid; name: is missing',
        details: { phone: ['is invalid'], name: 'is missing' },
      },
    ],
    [
      'problem details',
      403,
      { 'content-type': 'application/problem+json' },
      '{"type":"https://x.test/p","title":"Forbidden","status":403,"detail":"Your plan does not include it."}',
      { code: 'authorization', message: 'Your plan does not include it.' },
    ],
    ...(
      [
        ['{"error":"invalid_grant","error_description":"It has expired"}', 'It has expired', 'invalid_grant'],
        ['{"Message":"Not for you"}', 'Not for you', undefined],
        ['{"non_field_errors":["Wrong number"]}', 'non_field_errors: Wrong number', undefined],
        ['{"name":["This field is required."]}', 'name: This field is required.', undefined],
        ['{"timestamp":"2026","status":400,"path":"/x","errorText":"Too old"}', 'errorText: Too old', undefined],
        ['{"data":{"errors":[{"message":"No such tag"}]}}', 'No such tag', undefined],
        ['{"errorMessage":"Task timed out","errorType":"Runtime"}', 'Task timed out', undefined],
        ['{"status":"fail","data":{"message":"A title is required"}}', 'A title is required', undefined],
        ['{"violations":[{"propertyPath":"name","message":"too short"}]}', 'too short', undefined],
        ['{"issues":[{"path":["name"],"message":"too short"}]}', 'too short', undefined],
        ['{"error":1,"error_msg":"too short"}', 'too short', undefined],
        ['{"result":{"error":"too short"}}', 'too short', undefined],
        ['{"err":"too short"}', 'too short', undefined],
        ['{"fault":{"faultstring":"Quota","detail":{"errorcode":"q.1"}}}', 'Quota', undefined],
        ['{"detail":[{"loc":["body"],"msg":"field required"}]}', 'field required', undefined],
        ['{"code":"E1","message":null,"description":"Described"}', 'Described', 'E1'],
        ['{"response":{"error":"Nested"}}', 'Nested', undefined],
        ['"A text"', 'A text', undefined],
        ['null', 'The server answered 400.', undefined],
        ['0', 'The server answered 400.', undefined],
      ] as const
    ).map(([text, message, serverCode]): (typeof cases)[number] => [
      `the reason in ${text}`,
      400,
      {},
      text,
      { code: 'validation', message, ...(serverCode !== undefined && { serverCode }) },
    ]),
    ['problem details with a title alone', 404, {}, '{"title":"Not here"}', { code: 'not_found', message: 'Not here' }],
    [
      'an object as the message',
      400,
      {},
      '{"error":{"code":"BAD","message":{"text":{"message":"Deep"},"message":"Inner"}}}',
      { code: 'validation', message: 'Inner', serverCode: 'BAD' },
    ],
    [
      'an error without a code',
      400,
      {},
      '{"error":{"type":"invalid_request_error","message":"x"}}',
      { code: 'validation', message: 'x', serverCode: 'invalid_request_error' },
    ],
    [
      'a broken wait in the header',
      429,
      { 'retry-after': 'soon' },
      '{"message":"x","retryAfter":"60"}',
      { code: 'rate_limit', message: 'x', retryAfter: 60 },
    ],
  ];

  for (const [what, status, headers, text, expected] of cases) {
    it(`understands ${what}`, () => {
      const error = ours(toServerError(status, headers, text, now));
      assert.deepEqual([error.code, error.message, error.cause.status], [expected.code, expected.message, status]);
      for (const key of ['serverCode', 'requestId', 'retryAfter', 'details'] as const) {
        assert.deepEqual(error.cause[key], expected[key], key);
        assert.equal(key in error.cause, key in expected, key);
      }
    });
  }

  it('maps every status to one code', () => {
    const table: Record<ErrorCode, number[]> = {
      validation: [400, 413, 415, 422],
      authentication: [401],
      authorization: [402, 403],
      not_found: [404, 410],
      timeout: [408],
      conflict: [409],
      rate_limit: [429],
      not_supported: [501],
      server: [500, 502, 503, 504, 505, 507, 520, 599],
      unexpected: [300, 301, 302, 304, 307, 308, 405, 406, 418, 423, 451, 499],
      network: [],
      serialization: [],
      webhook_verification: [],
      websocket: [],
      storage: [],
    };
    for (const [code, statuses] of Object.entries(table))
      for (const one of statuses) assert.equal(codeOf(one), code, String(one));
  });

  it('explains a redirect', () => {
    const error = toServerError(307, { location: 'https://evil.test/?key=1' }, '', now);
    assert.equal(error.code, 'unexpected');
    assert.match(String(error.cause.hint), /final address/);
    assert.ok(!JSON.stringify(error).includes('evil'));
  });

  const waits: [string, number | undefined][] = [
    ['0', 0],
    ['7', 7],
    [' 7 ', 7],
    ['1.5', 1.5],
    ['-3', 0],
    ['Fri, 01 May 2026 12:00:30 GMT', 30],
    ['Friday, 01-May-26 12:00:30 GMT', 30],
    ['Fri May  1 12:00:30 2026', 30],
    ['2026-05-01T12:00:30Z', 30],
    ['2026-05-01T14:00:30+02:00', 30],
    ['Fri, 01 May 2026 11:00:00 GMT', 0],
    ['', undefined],
    ['soon', undefined],
    ['+5', undefined],
    ['5 seconds', undefined],
    ['in 12 months', undefined],
    ['garbage 12', undefined],
    ['9'.repeat(400), undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
  ];
  for (const [header, expected] of waits) {
    it(`reads Retry-After: ${header.slice(0, 40) || '(empty)'}`, () => {
      assert.equal(toServerError(429, { 'retry-after': header }, '', now).cause.retryAfter, expected);
    });
  }

  it('reads the wait of a date in any time zone of ours', () => {
    const before = process.env.TZ;
    try {
      for (const zone of ['America/Sao_Paulo', 'Asia/Tokyo', 'UTC']) {
        process.env.TZ = zone;
        for (const date of ['Fri May  1 12:00:30 2026', 'Fri, 01 May 2026 12:00:30 GMT']) {
          assert.equal(toServerError(429, { 'retry-after': date }, '', now).cause.retryAfter, 30, zone);
        }
      }
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it('reads the wait from the body under every name that servers use', () => {
    for (const body of [
      '{"retryAfter":5}',
      '{"retry_after":5}',
      '{"error":{"retryAfter":5}}',
      '{"error":{"retry_after":"5"}}',
    ]) {
      assert.equal(toServerError(429, {}, body, now).cause.retryAfter, 5, body);
    }
    assert.equal(toServerError(429, {}, '{"retryAfter":-5}', now).cause.retryAfter, 0);
    assert.equal(toServerError(429, {}, '{"retryAfter":"soon"}', now).cause.retryAfter, undefined);
  });

  it('never throws and always gives a complete error', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('{"error":{"message":{"a":1},"code":[]}}', '{"error":null}', '{"message":7}'),
    );
    const header = fc.oneof(fc.string(), fc.constantFrom('3', '-1', 'Fri, 01 May 2026 12:00:30 GMT', '١٢'));
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 999 }), header, text, (status, wait, body) => {
        const error = toServerError(
          status,
          { 'retry-after': wait, 'content-type': wait, 'x-request-id': wait },
          body,
          now,
        );
        assert.ok(error instanceof LinktorError);
        ours(error);
        assert.equal(error.cause.status, status);
        assert.notEqual(error.message, '');
        const { retryAfter = 0 } = error.cause;
        assert.ok(Number.isFinite(retryAfter) && retryAfter >= 0, String(retryAfter));
      }),
      { numRuns: 500 },
    );
  });
});

describe('contract: waits that servers ask for', () => {
  const now = Date.UTC(2026, 10, 29, 12, 0, 0);
  const waits: [given: unknown, seconds: number | undefined][] = [
    ['5', 5],
    ['0.5', 0.5],
    ['-3', 0],
    [90, 90],
    ['1e9', 3600],
    ['1000000000', 3600],
    ['9999999999', 3600],
    ['99999999999999', 3600],
    [`${now / 1000 + 30}`, 30],
    [`${now + 45_000}`, 45],
    [`${now - 45_000}`, 0],
    ['Sun, 29 Nov 2026 12:01:00 GMT', 60],
    ['2026-11-29T12:00:30Z', 30],
    ['2026-11-29T09:00:30-03:00', 30],
    ['Sun, 29 Nov 2099 12:01:00 GMT', 3600],
    ['Sun, 29 Nov 2020 12:01:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [{}, undefined],
  ];
  for (const [given, seconds] of waits) {
    it(`${String(given)} is ${seconds === undefined ? 'none' : `${seconds} s`}`, () => {
      assert.equal(secondsFromNow(given, now), seconds);
    });
  }

  it('are never longer than an hour, nor negative, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double(),
          fc.string(),
          fc.bigInt().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (given) => {
          const seconds = secondsFromNow(given, now) ?? 0;
          assert.ok(seconds >= 0 && seconds <= 3600, String(seconds));
        },
      ),
    );
  });
});
