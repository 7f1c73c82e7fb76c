import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { split, truncate } from '../../../lib/messages/split';
import { least } from '../../support/strangers';

const visible = (text: string) => text.replace(/\s+/g, '');
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const charactersOf = (text: string) => [...graphemes.segment(text)].map(({ segment }) => segment);
/** without half a surrogate pair */
const isWhole = (text: string) => !/\p{Cs}/u.test(text);

describe('split', () => {
  const cases: [string, string, number, string[]][] = [
    ['what fits', 'short', 10, ['short']],
    ['what just fits', '1234567890', 10, ['1234567890']],
    ['nothing', '', 10, []],
    ['between paragraphs', 'One. Two.\n\nThree. Four.', 14, ['One. Two.\n\n', 'Three. Four.']],
    ['between lines', 'one two\nthree four', 14, ['one two\n', 'three four']],
    ['between sentences', 'One two. Three four five.', 16, ['One two. ', 'Three four five.']],
    [
      'between sentences without spaces',
      '明日お届けします。よろしいですか？',
      10,
      ['明日お届けします。', 'よろしいですか？'],
    ],
    ['between words', 'one two three', 9, ['one two ', 'three']],
    [
      'a paragraph early on only when it fills the part',
      'Hi\n\none two three four five',
      16,
      ['Hi\n\none two ', 'three four five'],
    ],
    ['a word that is too long, in itself', 'abcdefghijkl', 5, ['abcde', 'fghij', 'kl']],
    ['a long word as late as it can', 'see https://example.com/a/b', 23, ['see ', 'https://example.com/a/b']],
    ['not within an emoji', '👍👍👍', 5, ['👍👍', '👍']],
    ['not within a family', 'ab👩‍👩‍👧', 8, ['ab', '👩‍👩‍👧']],
    ['not within a flag', '🇧🇷🇯🇵🇩🇪', 10, ['🇧🇷🇯🇵', '🇩🇪']],
    ['not before an accent', 'aae\u0301', 3, ['aa', 'e\u0301']],
    ['white space that just does not fit', 'abcde fghij', 5, ['abcde', 'fghij']],
  ];
  for (const [name, text, limit, expected] of cases) {
    it(`cuts ${name}`, () => assert.deepEqual(split(text, limit), expected));
  }

  const anyText = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(fc.constantFrom('word', 'água', '. ', '! ', ' ', '\n', '\n\n', '\r\n', '👩‍👩‍👧', '🇧🇷', 'e\u0301', '。'), {
        maxLength: 200,
      })
      .map((pieces) => pieces.join('')),
  );

  it('loses nothing that can be seen, keeps the order, and no part is too long or blank', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 60 }), (text, limit) => {
        const parts = split(text, limit);
        assert.equal(visible(parts.join('')), visible(text));
        for (const part of parts) {
          assert.ok(part.length <= limit);
          assert.notEqual(part.trim(), '');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves out a space only where a word fills its part', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 60 }), (list, limit) => {
        const parts = split(list.join(' '), limit);
        assert.deepEqual(
          parts.flatMap((part) => part.split(' ').filter(Boolean)),
          list,
        );
        for (const part of parts.slice(0, -1)) assert.ok(part.endsWith(' ') || part.length === limit);
      }),
    );
  });

  it('never cuts a surrogate pair, nor a character that fits into a part', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.integer({ min: 12, max: 60 }), (text, limit) => {
        const parts = split(text, limit);
        assert.ok(parts.every(isWhole));
        const fit = charactersOf(text).every((character) => character.length <= limit);
        if (fit) assert.deepEqual(charactersOf(parts.join('')).length, parts.flatMap(charactersOf).length);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes its time with nobody: a megabyte of anything is cut at once', async () => {
    for (const piece of ['a', ' ', '\n', '. ', '.', '"', 'e\u0301', '\u0301', '🇧🇷', '👩‍👩‍👧']) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      const took = await least(1, () => split(text, 4096));
      assert.ok(took < 3000, `${JSON.stringify(piece)}: ${took} ms`);
    }
  });
});

describe('truncate', () => {
  it('leaves what fits', () => assert.equal(truncate('1234567890', 10), '1234567890'));
  it('ends at a word, with an ellipsis', () => assert.equal(truncate('one two three', 10), 'one two…'));
  it('is never too long, never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 12, max: 60 }), (text, limit) => {
        const cut = truncate(text, limit);
        assert.ok(cut.length <= limit);
        assert.ok(isWhole(cut));
        assert.equal(cut === text, text.length <= limit);
      }),
    );
  });
});
