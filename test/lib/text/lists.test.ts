import { strict as assert } from 'node:assert';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { glob, globs, readList, describe as what } from '../../../lib/text';
import { failing } from '../support';

describe('lists as people write them', () => {
  const same: unknown[] = [
    'a,b',
    ' a , b ',
    'a, b,',
    'a;b',
    'a\nb',
    'a\r\n\r\nb',
    'a，b',
    'a、b',
    'a؛b',
    'a\tb',
    'a\u0085b',
    'a﹐b',
    'a､b',
    '"a", "b"',
    '\u200b"a","b"',
    ['a', 'b'],
    ['a, b'],
    [' a', 'b\u200b', ''],
    '["a", "b"]',
    'a,b,a',
    '\u200ba,\u202ab',
    "'a', 'b'",
    '“a”, “b”',
    '„a“; «b»',
    "['a','b']",
    '[a, b]',
    ["'a'", '"b"'],
  ];
  for (const given of same) {
    it(`reads ${JSON.stringify(given)}`, () => assert.deepEqual(readList(given, 'tags'), ['a', 'b']));
  }

  it('never takes one id for another: digits beyond 2^53 are exact, or refused', async () => {
    assert.deepEqual(readList('[9007199254740993, 9007199254740995]', 'ids'), ['9007199254740993', '9007199254740995']);
    assert.deepEqual(readList('[9007199254740993]', 'ids'), ['9007199254740993']);
    const rounded = JSON.parse('[9007199254740993]') as unknown;
    assert.match((await failing(() => readList(rounded, 'ids'))).message, /"ids".*16 digits/);
  });

  it('takes numbers, and a single one', () => {
    assert.deepEqual(readList([1, '2', 3n], 'ids'), ['1', '2', '3']);
    assert.deepEqual(readList(7, 'ids'), ['7']);
  });

  it('leaves a single entry in brackets, and quotes within one, as they are', () => {
    assert.deepEqual(readList('[a], b', 'x'), ['[a]', 'b']);
    assert.deepEqual(readList('[a]', 'x'), ['[a]']);
    assert.deepEqual(readList('"a" or "b", it\'s', 'x'), ['"a" or "b"', "it's"]);
  });

  it('says what was there instead', async () => {
    for (const [given, expected] of [
      [{ a: 1 }, /an object \{a\}/],
      [[{ id: 1 }], /an object \{id\}/],
      ['["a", {"id": 1}]', /an object \{id\}/],
      [true, /true/],
      [[null], /null/],
      [Number.NaN, /NaN/],
    ] as const) {
      const error = await failing(() => readList(given, 'tags'));
      assert.equal(error.code, 'validation');
      assert.match(error.message, expected);
      assert.match(error.message, /"tags"/);
    }
  });

  it('gives back what it gave', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (entries) => {
        const list = readList(entries, 'x');
        assert.deepEqual(readList(list, 'x'), list);
        assert.deepEqual(readList(list.join(', '), 'x'), list);
        assert.ok(list.every((one) => one === one.trim() && one !== ''));
      }),
    );
  });
});

describe('what a value is called', () => {
  const table: [unknown, string][] = [
    [undefined, 'nothing'],
    [null, 'null'],
    ['  ', 'an empty text'],
    ['x', 'a text'],
    [Number.NaN, 'NaN'],
    [3, 'the number 3'],
    [false, 'false'],
    [[], 'an empty array'],
    [[1, 2, 3], 'an array of 3'],
    [new Date(0), 'a date'],
    [new Date('x'), 'an invalid date'],
    [Buffer.from('abc'), 'a buffer of 3 bytes'],
    [new Uint8Array(2), 'a buffer of 2 bytes'],
    [new Map([[1, 2]]), 'a Map of 1'],
    [runInNewContext('new Error()'), 'an error'],
    [new Set(), 'a Set of 0'],
    [{ text: 1, x: 2 }, 'an object {text, x}'],
    [{ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, 'an object {a, b, c, d, e, ...}'],
    [() => 1, 'a function'],
  ];
  for (const [given, expected] of table) it(expected, () => assert.equal(what(given), expected));
});

describe('names by a pattern with stars', () => {
  const table: [pattern: string, yes: string[], no: string[]][] = [
    ['message.*', ['message.sent', 'MESSAGE.read', 'message.'], ['message', 'xmessage.sent']],
    ['*', ['', 'anything'], []],
    ['*.failed', ['message.failed'], ['message.failed.x']],
    ['a*b*c', ['abc', 'aXbYc', 'abcbc'], ['ac', 'abcd', 'acb']],
    ['message.sent', ['message.sent'], ['messageXsent', 'message.sent.x']],
    ['a*a', ['aa', 'aba'], ['a']],
    ['', [''], ['x']],
  ];
  for (const [pattern, yes, no] of table) {
    it(pattern || 'nothing', () => {
      for (const name of yes) assert.equal(glob(pattern)(name), true, name);
      for (const name of no) assert.equal(glob(pattern)(name), false, name);
    });
  }

  it('is one of several, or every name when there are none', () => {
    assert.equal(globs(['a*', 'b'])('b'), true);
    assert.equal(globs(['a*', 'b'])('c'), false);
    assert.equal(globs([])('c'), true);
  });

  it('means what a regular expression means', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (given, one) => {
        const expression = new RegExp(`^${given.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        assert.equal(glob(given)(one), expression.test(one));
      }),
      { numRuns: 3000 },
    );
  });

  it('is done with nine stars and any name', () => {
    assert.equal(glob('*a*a*a*a*a*a*a*a*b')('a'.repeat(100_000)), false);
  });
});
