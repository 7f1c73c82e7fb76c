import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { number, parseJson, put, safeFileName, string, tryJson, unexpectedShape } from '../../../lib/contract/json';
import type { LinktorError } from '../../../lib/errors';

/** Every key of every object in a value, at any depth. */
function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Reflect.ownKeys(value).flatMap((key) => [
    String(key),
    ...keysOf((value as Record<string, unknown>)[String(key)]),
  ]);
}

describe('contract: JSON from outside', () => {
  const spellings = [
    '__proto__',
    '\\u005f_proto__',
    '\\u005F\\u005Fproto\\u005f\\u005f',
    '__pr\\u006fto__',
    '\\u005f\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f',
  ];

  for (const spelling of spellings) {
    it(`drops ${spelling} wherever it is`, () => {
      for (const text of [
        `{"${spelling}":{"admin":true},"a":1}`,
        `{"a":1,"${spelling}":null}`,
        `{"a":{"b":[{"${spelling}":{"admin":true}}]}}`,
        `[[{"${spelling}":1}]]`,
        `{"${spelling}":{"${spelling}":{}}}`,
      ]) {
        const value = parseJson(text);
        assert.ok(!keysOf(value).includes('__proto__'), text);
        assert.equal(({} as Record<string, unknown>).admin, undefined);
        const copy = Object.assign({}, value) as Record<string, unknown>;
        assert.equal(copy.admin, undefined, text);
      }
    });
  }

  it('leaves the word alone where it is a value, and keeps null, false, 0 and empty texts', () => {
    const text = '{"key":"__proto__","list":["__proto__","\\u00e9"],"none":null,"no":false,"zero":0,"empty":""}';
    assert.deepEqual(parseJson(text), JSON.parse(text));
  });

  it('reads everything else exactly as JSON does, with and without escapes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }), fc.boolean(), (value, escaped) => {
        if (keysOf(value).includes('__proto__') || JSON.stringify(value).match(/(?<!\.\d*)\d{16}/)) return;
        const plain = JSON.stringify(value);
        const text = escaped
          ? plain.replace(/[^\0-~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
          : plain;
        assert.deepEqual(parseJson(text), JSON.parse(plain));
      }),
    );
  });

  it('keeps integers beyond 2^53 with all their digits, wherever they stand', () => {
    const id = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    const awkward = fc.string({ unit: fc.constantFrom('"', '\\', '1', '0', '9007199254740993', ':', ',', ' ') });
    fc.assert(
      fc.property(fc.array(fc.tuple(awkward, id), { maxLength: 8 }), fc.constantFrom('', ' ', '\n'), (pairs, blank) => {
        const text = `[${pairs.map(([word, figure]) => `${JSON.stringify(word)}${blank},${blank}${figure}${blank}`).join(',')}]`;
        const expected = pairs.flatMap(([word, figure]) => {
          const isExact = Number.isSafeInteger(Number(figure)) && String(figure).replace('-', '').length < 17;
          return [word, isExact ? Number(figure) : String(figure)];
        });
        assert.deepEqual(parseJson(text), expected);
      }),
    );
    for (const text of [
      '[1e400]',
      '[12345678901234567890.5]',
      '[1.2345678901234567]',
      '[9007199254740993e2]',
      '["9007199254740993"]',
    ]) {
      assert.deepEqual(parseJson(text), JSON.parse(text), text);
    }
    assert.deepEqual(parseJson('{"a":"\\\\","id":9007199254740993,"b":[9007199254740992]}'), {
      a: '\\',
      id: '9007199254740993',
      b: ['9007199254740992'],
    });
    // Whoever has only the rounded number has no id at all.
    assert.equal(string(2 ** 53), undefined);
    assert.equal(string(2 ** 53 - 1), '9007199254740991');
    assert.equal(string(1.5), '1.5');
  });

  it('throws a SyntaxError for what is no JSON', () => {
    for (const text of ['', ' ', '{', 'undefined', "{'a':1}", '{"__proto__":', '\\u005f']) {
      assert.throws(() => parseJson(text), SyntaxError, text);
    }
  });

  describe('nested as no server means it', () => {
    const escaped = '"\\u0061"';
    const nests = (depth: number, core = '') => [
      '['.repeat(depth) + core + ']'.repeat(depth),
      '{"a":'.repeat(depth) + (core || '0') + '}'.repeat(depth),
      '[{"a":'.repeat(depth / 2) + (core || '0') + '}]'.repeat(depth / 2),
    ];

    for (const depth of [202, 20_000]) {
      it(`refuses ${depth} levels: copying them would end Node-RED`, () => {
        // With escapes it is read another way.
        for (const text of [...nests(depth), ...nests(depth, escaped)]) {
          assert.throws(
            () => parseJson(text),
            ({ code }: LinktorError) => code === 'serialization',
          );
          assert.equal(tryJson(text), undefined);
        }
      });
    }

    it('takes a long list of what is nested less', () => {
      for (const text of [...nests(200), ...nests(200, escaped)]) {
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }
      const rows = `[${Array.from({ length: 1000 }, () => '{"a":[{"b":{}}]}').join()}]`;
      assert.deepEqual(parseJson(rows), JSON.parse(rows));
    });
  });

  it('reads texts and numbers from what servers make of them', () => {
    const texts: [unknown, string | undefined][] = [
      ['a', 'a'],
      [' ', ' '],
      ['', undefined],
      [7, '7'],
      [0, '0'],
      [Number.NaN, undefined],
      [Number.POSITIVE_INFINITY, undefined],
      [true, undefined],
      [null, undefined],
      [['a'], undefined],
      [{}, undefined],
    ];
    for (const [given, expected] of texts) assert.equal(string(given), expected, String(given));
    const numbers: [unknown, number | undefined][] = [
      [7, 7],
      ['7', 7],
      ['-1.5', -1.5],
      [' 2 ', 2],
      ['', undefined],
      [' ', undefined],
      ['7 s', undefined],
      ['1e999', undefined],
      [Number.NaN, undefined],
      [Number.POSITIVE_INFINITY, undefined],
      [null, undefined],
      [true, undefined],
      [[1], undefined],
    ];
    for (const [given, expected] of numbers) assert.equal(number(given), expected, String(given));
  });

  it('sets a key only when there is a value', () => {
    const target: { a?: number; b?: number } = {};
    put(target, 'a', undefined);
    put(target, 'b', 0);
    assert.deepEqual(Object.keys(target), ['b']);
  });

  it('calls a wrong shape a serialization error', () => {
    const error = unexpectedShape('a message');
    assert.equal(error.code, 'serialization');
    assert.match(error.message, /a message/);
  });
});

describe('contract: file names from outside', () => {
  const names: [given: unknown, safe: string | undefined][] = [
    ['invoice.pdf', 'invoice.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\x\\a.txt', 'a.txt'],
    ['.npmrc', 'npmrc'],
    ['...', undefined],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Lpt1.pdf', '_Lpt1.pdf'],
    ['COM\u00b9', '_COM\u00b9'],
    ['console.log', 'console.log'],
    ['CON .txt', '_CON .txt'],
    ['clock$', '_clock$'],
    ['. .', undefined],
    ['\u00a0.bashrc', 'bashrc'],
    ['a:b', 'a_b'],
    ['a<b>|?*".txt', 'a_b_____.txt'],
    ['report. ', 'report'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['a\0b\nc\u200bd.txt', 'abcd.txt'],
    ['cafe\u0301.txt', 'caf\u00e9.txt'],
    [`${'x'.repeat(199)}. ${'y'.repeat(50)}`, 'x'.repeat(199)],
    ['\ud800', undefined],
    ['', undefined],
    [undefined, undefined],
    [7, '7'],
  ];
  for (const [given, safe] of names) {
    it(`${JSON.stringify(given)} is stored as ${JSON.stringify(safe)}`, () => assert.equal(safeFileName(given), safe));
  }

  it('are safe on every system, whatever they were, and stay what they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 200, maxLength: 400 })),
        (given) => {
          const name = safeFileName(given);
          if (name === undefined) return;
          assert.doesNotMatch(name, /[/\\<>:"|?*\p{Cc}]|^[.\s]|[.\s]$/u);
          assert.ok(Buffer.byteLength(name) <= 220);
          assert.equal(Buffer.from(name).toString(), name);
          assert.equal(safeFileName(name), name);
        },
      ),
    );
    assert.match(safeFileName(`${'x'.repeat(500)}.jpeg`) ?? '', /^x{195}\.jpeg$/);
  });
});

describe('a file name of any length', () => {
  it('is cleaned in no time', () => {
    for (const run of [' ', '.', '\u200e', '_']) {
      assert.match(safeFileName(`a${run.repeat(200_000)}b.txt`) ?? '', /\.txt$/);
    }
  });
});
