import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { commandOf, fold, textRule } from '../../../lib/text';

const fits = (rule: string, value: string, text: string) => textRule(rule, value)?.test(text);

describe('rules for the text of a message', () => {
  const table: [rule: string, value: string, yes: string[], no: string[]][] = [
    ['equals', 'café', ['café', 'cafe\u0301', '\u200bCAFÉ ', 'ＣＡＦÉ'], ['cafe', 'café au lait']],
    ['equals', '❤️', ['❤', '❤️', ' ❤'], ['💔', '']],
    ['equals', "I don't know", ['i don’t know'], ['i dont know']],
    ['startsWith', 'hello', ['hello', ' Hello there', '\u200bhello', 'ｈｅｌｌｏ'], ['oh hello', 'hell']],
    ['startsWith', 'Straße', ['STRASSE 1'], ['Strase']],
    ['contains', 'pedido', ['Meu PEDIDO chegou', 'pe\u00addido'], ['pedi do']],
    ['contains', 'e-mail', ['my e\u2011mail', 'E–MAIL'], ['email']],
    ['contains', '\u200d', ['👩\u200d🚀'], ['hello']],
    [
      'command',
      'help',
      [
        '/help',
        '/HELP now',
        '/help@my_bot now',
        '／help',
        '\u200b/help',
        ' /help\nme',
        '/help!',
        '/help, please',
        '/help。',
      ],
      ['/helper', 'help', '/ help', 'a /help'],
    ],
    ['command', '/help', ['/help'], ['//help']],
    ['command', '／ｈｅｌｐ', ['/help', '／help'], ['help']],
    ['command', 'help@my_bot', ['/help@My_Bot', '/help@my_bot, now'], ['/help@other', '/help']],
    ['command', 'help_', ['/help_', '/help_!'], ['/help', '/help:now']],
    ['command', 'início', ['/inicio\u0301'.replace('inicio\u0301', 'ini\u0301cio'), '/INÍCIO'], ['/inicio']],
    ['regex', '^order \\d+$', ['order 12', 'ORDER 7', 'order １２'], ['order x', 'my order 1']],
    ['regex', 'café', ['cafe\u0301', 'CAFÉ'], ['cafe']],
    ['regex', 'cafe\u0301', ['café'], ['cafe']],
    ['regex', '^.+$', ['a'], ['a\nb']],
  ];
  for (const [rule, value, yes, no] of table) {
    it(`${rule} ${JSON.stringify(value)}`, () => {
      for (const text of yes) assert.equal(fits(rule, value, text), true, JSON.stringify(text));
      for (const text of no) assert.equal(fits(rule, value, text), false, JSON.stringify(text));
    });
  }

  it('finds a beginning in a part of a text as in all of it', () => {
    const letters = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', 'e', '\u0301', '\u200b', 'É', '`', '’'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(letters, letters, (value, text) => {
        if (fold(value) === '') return;
        assert.equal(fits('startsWith', value, text), fold(text).startsWith(fold(value)));
      }),
    );
  });

  it('has nothing to ask where every text fits', () => assert.equal(textRule('any', 'x'), undefined));

  it('lets nothing out that an earlier version let in', () => {
    const word = fc.string({ minLength: 1, maxLength: 8 }).filter((one) => one.trim() !== '');
    fc.assert(
      fc.property(word, word, (value, more) => {
        const sought = value.trim();
        assert.equal(fits('equals', sought, ` ${sought.toUpperCase()} `), true);
        assert.equal(fits('contains', sought, `${more}${sought}${more}`), true);
        assert.equal(fits('startsWith', sought, `${sought} ${more}`), true);
      }),
    );
  });

  it('reads a command with its words', () => {
    assert.deepEqual(commandOf(' ／Start@My_Bot  promo  Ünï '), {
      name: 'start',
      mention: 'my_bot',
      args: ['promo', 'Ünï'],
    });
    assert.deepEqual(commandOf('/stop'), { name: 'stop', args: [] });
    for (const text of ['stop', '/', '/ stop', '', 'http://x', '/@bot', '/...'])
      assert.equal(commandOf(text), undefined, text);
  });

  it('is done with 100 KB of anything', () => {
    const texts = ['a'.repeat(100_000), '/'.repeat(100_000), ' \u200b'.repeat(50_000), `/${'help@'.repeat(20_000)}`];
    for (const rule of ['startsWith', 'contains', 'equals', 'command', 'regex']) {
      for (const text of texts) assert.equal(fits(rule, 'zz', text), false);
    }
  });
});
