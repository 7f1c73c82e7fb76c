import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { cleanId, cleanKey, composed, fold, foldLoosely, tidy, trimPasted } from '../../../lib/text';

const unicode = fc.string({ unit: 'binary' });
/** What the one writing must make no difference to. */
const invisible = fc.constantFrom('\u200b', '\u202a', '\u200e', '\u2060', '\ufe0f', '\ufeff', '\u00ad');

describe('one writing for what people type', () => {
  const same: [what: string, one: string, other: string][] = [
    ['composed and decomposed letters', 'café', 'cafe\u0301'],
    ['a zero-width blank in front', 'hello', '\u200bhello'],
    ['a blank in front and behind', 'hello', ' hello\t\n'],
    ['two blanks', 'good morning', 'good  morning'],
    ['a blank that does not break', 'good morning', 'good\u00a0morning'],
    ['an emoji with and without its selector', '❤', '❤\ufe0f'],
    ['full-width letters', 'hello 12', 'ｈｅｌｌｏ　１２'],
    ['half-width kana', 'ガイド', 'ｶﾞｲﾄﾞ'],
    ['marks of direction', 'hello', '\u202ahello\u202c\u200e'],
    ['hyphens that do not break', 'e-mail', 'e\u2011mail'],
    ['smart quotes', 'don\'t "go"', 'don’t “go”'],
    ['case', 'ÜBER straße ΟΔΟΣ', 'über STRASSE οδος'],
    ['the two letters i of Turkish', 'iptal', 'İPTAL'],
    ['a soft hyphen', 'delivery', 'deliv\u00adery'],
    ['dots', 'wait...', 'wait…'],
  ];
  for (const [what, one, other] of same) {
    it(`folds ${what}`, () => assert.equal(fold(one), fold(other)));
  }

  it('keeps apart what is something else', () => {
    for (const [one, other] of [
      ['cafe', 'café'],
      ['👍', '👎'],
      ['1', '2'],
      ['か', 'が'],
      ['a b', 'ab'],
    ] as const) {
      assert.notEqual(fold(one), fold(other));
    }
  });

  it('changes nothing when it folds what is folded', () => {
    fc.assert(
      fc.property(unicode, (text) => {
        for (const form of [fold, tidy, foldLoosely, composed, cleanId]) assert.equal(form(form(text)), form(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('folds every character that there is in one way, whatever its case and composition', () => {
    for (let code = 0; code < 0x20000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const letter = String.fromCodePoint(code);
      const folded = fold(`x${letter}x`);
      assert.equal(fold(folded), folded, code.toString(16));
      for (const form of [letter.normalize('NFD'), letter.toLowerCase(), letter.toUpperCase()]) {
        assert.equal(fold(`x${form}x`), folded, code.toString(16));
      }
    }
  });

  it('sees no invisible character, wherever it stands', () => {
    fc.assert(
      fc.property(unicode, unicode, invisible, (before, after, mark) => {
        // What stands right before it may be half of a pair, or a blank at the end.
        assert.equal(fold(`${before}x${mark}${after}`), fold(`${before}x${after}`));
      }),
    );
  });

  it('keeps the case and the lines apart where only reading is meant', () => {
    assert.equal(tidy('  Ａna\u200b  Souza '), 'Ana Souza');
    assert.equal(composed('a\u200b\ncafe\u0301'), 'a\ncafé');
  });

  it('leaves out accents, punctuation and emoji where an answer is compared with what was offered', () => {
    for (const one of ['Não!', 'nao', 'NÃO 🙏', '"não"', ' não. ']) assert.equal(foldLoosely(one), 'nao');
    assert.equal(foldLoosely('が'), 'が');
    assert.equal(foldLoosely('👍'), '');
  });

  it('takes 100 KB of anything in no time', () => {
    for (const text of ['a'.repeat(100_000), '\u200b'.repeat(100_000), 'e\u0301'.repeat(50_000), ' '.repeat(100_000)]) {
      assert.ok(fold(text).length <= 100_000);
    }
    for (const run of [' ', '\n', '\u200b', '\u00a0', '.', '-', '"']) {
      const text = `é${run.repeat(100_000)}é`;
      for (const form of [fold, tidy, foldLoosely, composed, cleanId, cleanKey, trimPasted]) {
        assert.ok((form(text) ?? '').length <= text.length + 2);
      }
    }
  });
});

describe('ids and keys as they are pasted', () => {
  it('cleans an id of what nobody sees and of what a keyboard made of it', () => {
    for (const one of ['conv_1', ' conv_1\n', '\u200bconv_1', 'conv\u200b_1', 'ｃｏｎｖ＿１', '\u202aconv_1\u202c']) {
      assert.equal(cleanId(one), 'conv_1');
    }
    assert.equal(cleanId('3f2a\u20111b'), '3f2a-1b');
    assert.equal(cleanId('a b'), 'a b');
  });

  it('leaves a name in any other writing as it is', () => {
    for (const one of ['Zoë', 'م\u200cن', '日本 １', '👩\u200d🚀']) assert.equal(cleanId(` ${one} `), one);
  });

  it('cleans a key, or says that it is none', () => {
    for (const one of ['key-1', '\u200bkey-1', 'key\n-1', ' key-1 ', 'key\r\n   -1', 'ｋｅｙ－１', '\ufeffkey-1']) {
      assert.equal(cleanKey(one), 'key-1', JSON.stringify(one));
    }
    for (const one of ['key 1', 'kéy', 'кey', '••••••', 'key\u00a01']) assert.equal(cleanKey(one), undefined);
  });

  it('gives only what a header can carry', () => {
    fc.assert(fc.property(unicode, (text) => /^[\x21-\x7e]*$/.test(cleanKey(text) ?? '')));
  });

  it('trims a password without touching what is inside', () => {
    assert.equal(trimPasted('\ufeff pass\u200dword é \u200e\n'), 'pass\u200dword é');
  });
});
