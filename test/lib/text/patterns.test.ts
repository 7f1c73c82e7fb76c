import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { Patterns } from '../../../lib/text';
import { failing } from '../support';

const matches = (source: string, text: string) => new Patterns([source]).match(text).length > 0;

describe('patterns against the texts of strangers', () => {
  it('answers at once where the engine of JavaScript takes for ever', () => {
    for (const source of ['^(\\w+\\s?)+$', '(a+)+$', '^(a|a)*$', '^(\\d+)*x', '(x+x+)+y', '(.*a){12}$']) {
      for (const text of [`${'a'.repeat(28)}!`, `${'a'.repeat(100_000)}!`, `${'1'.repeat(40)}y`, 'x'.repeat(5000)]) {
        assert.equal(typeof matches(source, text), 'boolean');
      }
    }
    assert.equal(matches('^(\\w+\\s?)+$', `${'a'.repeat(28)}!`), false);
    assert.equal(matches('^(\\w+\\s?)+$', 'a'.repeat(100_000)), true);
  });

  it('tests many together, and names those that match in their order', () => {
    const patterns = new Patterns(['^a', 'b$', '\\d', 'é', 'never']);
    assert.deepEqual(patterns.match('a1 e\u0301 b'), [0, 1, 2, 3]);
    assert.deepEqual(patterns.match('x'), []);
    assert.deepEqual(patterns.slow, []);
  });

  it('says the same of a long text as of a short one', () => {
    const sources = ['^a', 'b$', '\\bcat\\b', 'x{3}', '[^\\s\\w]', '(a|b)*c{2,50}d'];
    const patterns = new Patterns(sources);
    for (const end of ['', ' cat', 'xxx', '!', 'ccd', 'b']) {
      const short = patterns.match(`a ${end}`);
      const long = patterns.match(`a ${'q '.repeat(40_000)}${end}`);
      assert.deepEqual(long, short, end);
    }
  });

  it('gives what the groups have caught', () => {
    const patterns = new Patterns(['nothing', '^order (?<number>\\d+)(?: of (\\w+))?']);
    const { match, groups, named } = patterns.captures(1, 'Order 12 please') ?? {};
    assert.equal(match, 'Order 12');
    assert.deepEqual(groups, ['12', undefined]);
    assert.deepEqual({ ...named }, { number: '12' });
    assert.equal(patterns.captures(0, 'Order 12'), undefined);
    assert.deepEqual(patterns.captures(1, `Order 12 of May ${'x'.repeat(200_000)}`)?.groups, ['12', 'May']);
  });

  for (const [source, part] of [
    ['a(?=b)', '(?='],
    ['a(?!b)', '(?!'],
    ['(?<=a)b', '(?<='],
    ['(?<!a)b', '(?<!'],
    ['(a)\\1', '\\1'],
    ['(?<x>a)\\k<x>', '\\k<x>'],
  ] as const) {
    it(`refuses ${source}, and names ${part}`, async () => {
      const error = await failing(() => new Patterns([source]));
      assert.equal(error.code, 'validation');
      assert.ok(error.message.includes(part), error.message);
      assert.equal(typeof error.cause.hint, 'string');
    });
  }

  it('refuses what is no pattern', async () => {
    for (const source of ['(', '[', 'a**', '\\', '(?<a', '{']) {
      assert.equal((await failing(() => new Patterns([source], { allowSlow: true }))).code, 'validation', source);
    }
  });

  it('does not take for look-around what stands in a class or is escaped', () => {
    for (const [source, text] of [
      ['[(?=]', '='],
      ['\\(\\?=', '(?='],
      ['[\\\\1]', '1'],
      ['\\\\1', '\\1'],
    ] as const) {
      assert.equal(matches(source, text), true, source);
    }
  });

  describe('of an earlier version', () => {
    const old = (sources: string[]) => new Patterns(sources, { allowSlow: true });

    it('still means what it meant', () => {
      const patterns = old(['^(?!stop).*$', '(\\w)\\1', 'a{1001}', 'plain']);
      assert.deepEqual(patterns.slow, [0, 1, 2]);
      assert.deepEqual(patterns.match('go plain'), [0, 3]);
      assert.deepEqual(patterns.match('STOP it, book'), [1]);
      assert.deepEqual(patterns.captures(1, 'book')?.groups, ['o']);
    });

    it('ends in an error when it takes too long, and never in a match', async () => {
      const patterns = old(['^(\\w+\\s?)+$(?!x)', 'plain']);
      const error = await failing(() => patterns.match(`${'a'.repeat(40)}!`));
      assert.equal(error.code, 'timeout');
      assert.match(error.message, /20 ms/);
      // What comes after it is as quick as ever.
      assert.deepEqual(patterns.match('plain'), [0, 1]);
    });
  });

  it('means what it means in JavaScript', () => {
    const letters = fc.constantFrom(
      ...'abAB1_ .-\n\t/[]()é',
      '\u00a0',
      '\u2028',
      'ſ',
      'K',
      'ß',
      'ς',
      'Σ',
      'İ',
      '😀',
      'ǅ',
      '\u0345',
      'ﬀ',
    );
    const text = fc.string({ unit: letters, maxLength: 8 });
    const one = fc.constantFrom(
      'a',
      'B',
      '1',
      'é',
      'ſ',
      'k',
      's',
      'σ',
      '😀',
      '\\.',
      '.',
      '\\d',
      '\\D',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '\\n',
      '\\t',
      '\\v',
      '\\u00e9',
      '\\u{1F600}',
      '\\uD83D\\uDE00',
      '\\x41',
      '\\cJ',
      '\\0',
      '\\/',
      '/',
      '-',
      '\\[',
      '[]',
      '[^]',
      '\\p{L}',
      '\\p{Lu}',
      '\\p{Script=Greek}',
      '\\p{Letter}',
      '\\P{Nd}',
      '"',
      '#',
      '&',
      '~',
      '@',
      '<',
      ' ',
    );
    const inClass = fc.constantFrom(
      'a',
      'B',
      '1',
      'é',
      '[',
      '(',
      '.',
      '^',
      '$',
      '*',
      '\\]',
      '\\-',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '\\d',
      '\\b',
      '\\\\',
      'a-c',
      'A-Z',
      '\\u0041-\\u005a',
      '😀',
      '\\p{Ll}',
      ':alpha:',
      '&&',
      '~',
      '/',
    );
    const cls = fc
      .tuple(fc.boolean(), fc.array(inClass, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([not, parts, dash]) => `[${not ? '^' : ''}${parts.join('')}${dash ? '-' : ''}]`);
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        one,
        cls,
        fc.constantFrom('^', '$', '\\b', '\\B', ''),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
        fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
        fc
          .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '+?', '??'))
          .map(([a, q]) => `(${a})${q}`),
      ),
    }));
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        let native: RegExp;
        try {
          native = new RegExp(source, 'iu');
        } catch {
          return;
        }
        // The linear engine takes the long s and the sign of Kelvin for no letters where words begin and end.
        if (/\\b/i.test(source) && /[ſK]/.test(given)) return;
        // The engine of JavaScript looks between the two halves of a character as well, against its standard.
        if (/\\B/.test(source) && /[\u{10000}-\u{10FFFF}]/u.test(given)) return;
        const expected = [given, given.replace(/\p{Default_Ignorable_Code_Point}/gu, '').normalize('NFKC')].some(
          (form) => [source, source.normalize('NFC')].some((writing) => new RegExp(writing, 'iu').test(form)),
        );
        const exact = new Patterns([source], { exact: true }).match(given).length > 0;
        assert.equal(exact, new RegExp(source, 'u').test(given), `/${source}/u ${JSON.stringify(given)}`);
        assert.equal(matches(source, given), expected, `/${native.source}/ ${JSON.stringify(given)}`);
      }),
      { numRuns: 1000 },
    );
  });
});
