import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { anyOf, asciiDigits, choose, numberIn } from '../../../lib/text';

const options = [
  { id: 'sales', title: '🛒 Comprar', also: ['preço', 'orçamento'] },
  { id: 'help', title: 'Suporte técnico' },
  { id: 'bill', title: 'Segunda via do boleto' },
  { id: 'yes', title: '👍' },
];
const how = (text: string) => {
  const found = choose(text, options);
  return found.kind === 'one' ? `${found.option.id} ${found.how}` : found.kind;
};

describe('choices that are typed instead of pressed', () => {
  const table: [text: string, expected: string][] = [
    ['help', 'help id'],
    ['2', 'help number'],
    ['2.', 'help number'],
    ['2)', 'help number'],
    ['(2)', 'help number'],
    ['#2', 'help number'],
    ['２', 'help number'],
    ['2️⃣', 'help number'],
    ['②', 'help number'],
    ['٢', 'help number'],
    [' 2 ', 'help number'],
    ['0', 'none'],
    ['9', 'none'],
    ['22', 'none'],
    ['🛒 Comprar', 'sales title'],
    ['comprar', 'sales title'],
    ['COMPRAR!', 'sales title'],
    ['suporte tecnico', 'help title'],
    ['suporte te\u0301cnico', 'help title'],
    ['\u200bSuporte Técnico.', 'help title'],
    ['preco', 'sales word'],
    ['orçamento?', 'sales word'],
    ['sup', 'help title'],
    ['su', 'none'],
    ['segunda via', 'bill title'],
    ['👍', 'yes title'],
    ['👎', 'none'],
    ['', 'none'],
    ['...', 'none'],
  ];
  for (const [text, expected] of table)
    it(`${JSON.stringify(text)} is ${expected}`, () => assert.equal(how(text), expected));

  it('names both when two fit', () => {
    const found = choose('blue', [
      { id: '1a', title: 'Blue sky' },
      { id: '2a', title: 'Blue sea' },
      { id: '3a', title: 'Red' },
    ]);
    assert.deepEqual(found.kind === 'several' && found.options.map(({ id }) => id), ['1a', '2a']);
  });

  it('takes the id before the number, so that a button "3" is a 3', () => {
    const numbers = ['3', '2', '1'].map((title) => ({ id: title, title }));
    const found = choose('3', numbers);
    assert.equal(found.kind === 'one' && found.option.id, '3');
  });

  it('finds each of them by its title, whatever else is offered', () => {
    const titles = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), {
      selector: (one) => one.trim().toLowerCase(),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(titles, (all) => {
        const offered = all.map((title, index) => ({ id: `id-${index}`, title }));
        for (const { id, title } of offered) {
          if (numberIn(title) !== undefined || title.trim() === '' || all.includes(title.trim()) === false) continue;
          const found = choose(title, offered);
          if (found.kind === 'one') assert.equal(found.option.id, id);
          else assert.ok(found.kind === 'several' && found.options.some((one) => one.id === id), JSON.stringify(all));
        }
      }),
    );
  });

  it('reads the digits of every script', () => {
    for (let code = 0; code < 0x20000; code++) {
      const letter = String.fromCodePoint(code);
      if (!/\p{Nd}/u.test(letter)) continue;
      assert.match(asciiDigits(letter), /^\d$/);
      if (asciiDigits(letter) === '0') {
        const ten = Array.from({ length: 10 }, (_, index) => String.fromCodePoint(code + index)).join('');
        assert.equal(asciiDigits(ten), '0123456789');
      }
    }
  });

  it('knows words that are the whole message', () => {
    const isStop = anyOf(['stop', 'parar', 'cancelar inscrição', '停止', '']);
    for (const text of ['STOP', ' stop. ', 'Parar!', 'cancelar inscricao', '停止', '\u200bstop'])
      assert.equal(isStop(text), true, text);
    for (const text of ['stop it', '', '!!', 'please stop', '停']) assert.equal(isStop(text), false, text);
  });
});
