import { strict as assert } from 'node:assert';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { keepable, MAX_RECORD_BYTES } from '../../../lib/ledger';

describe('what of a message is kept', () => {
  it('keeps plain data as it is', () => {
    const message = { _msgid: '1', payload: { a: [1, null, 'é', { b: true }] }, topic: 't', at: new Date(0) };
    const { value, dropped } = keepable(message, MAX_RECORD_BYTES);
    assert.deepEqual(value, { ...message, at: '1970-01-01T00:00:00.000Z' });
    assert.deepEqual(dropped, []);
  });

  it('keeps what a function node has made, in a realm of its own', () => {
    const payload = runInNewContext('({ order: { id: 7, lines: [{ sku: "a" }] } })');
    const { value, dropped } = keepable({ payload, map: runInNewContext('new Map()') }, MAX_RECORD_BYTES);
    assert.deepEqual(JSON.parse(JSON.stringify(value)), { payload: { order: { id: 7, lines: [{ sku: 'a' }] } } });
    assert.deepEqual(dropped, ['map']);
  });

  it('leaves out what lives, and names it', () => {
    const cycle: Record<string, unknown> = { name: 'x' };
    cycle.self = cycle;
    const message = {
      req: { socket: 1 },
      res: { _res: 1 },
      event: { raw: true },
      payload: { call: () => 1, file: Buffer.from('abc'), big: 1n, ok: 1, list: [1, () => 1] },
      attachments: [{ url: 'u', data: 'QUJD' }],
      cycle,
      map: new Map(),
      infinite: Number.POSITIVE_INFINITY,
      nothing: undefined,
    };
    const { value, dropped } = keepable(message, MAX_RECORD_BYTES);
    assert.deepEqual(value, {
      payload: { ok: 1, list: [1, null] },
      attachments: [{ url: 'u' }],
      cycle: { name: 'x' },
    });
    assert.deepEqual(dropped.sort(), [
      'attachments[0].data',
      'cycle.self',
      'event',
      'infinite',
      'map',
      'payload.big',
      'payload.call',
      'payload.file',
      'payload.list[1]',
      'req',
      'res',
    ]);
  });

  it('keeps a text that is called like something that lives', () => {
    assert.deepEqual(keepable({ event: 'message.received', req: 7 }, MAX_RECORD_BYTES).dropped, []);
  });

  it('leaves out the largest until the rest is small enough', () => {
    const message = { payload: 'x'.repeat(500), middle: 'y'.repeat(300), small: 'z' };
    const { value, dropped } = keepable(message, 400);
    assert.deepEqual(Object.keys(value), ['middle', 'small']);
    assert.deepEqual(dropped, ['payload']);
  });

  it('never throws, is plain JSON, and is never too large', () => {
    const anything = fc.dictionary(
      fc.string(),
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true }),
    );
    fc.assert(
      fc.property(anything, fc.integer({ min: 2, max: 500 }), (message, maxBytes) => {
        const { value } = keepable(message, maxBytes);
        const text = JSON.stringify(value);
        assert.ok(Buffer.byteLength(text) <= maxBytes);
        assert.equal(JSON.stringify(JSON.parse(text)), text);
      }),
    );
  });

  it('gives no copy a prototype from a message', () => {
    const message = JSON.parse('{"__proto__": {"a": 1}, "payload": {"__proto__": {"b": 2}}}') as Record<
      string,
      unknown
    >;
    const { value } = keepable(message, MAX_RECORD_BYTES);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal((value.payload as { b?: number }).b, undefined);
  });
});
