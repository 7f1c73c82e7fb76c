import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { languageOf, languages } from '../../../lib/dialogue/languages';
import { dayIn, readDayOf } from '../../../lib/dialogue/parse/day';
import { readNumber } from '../../../lib/dialogue/parse/number';
import { readTimeOfDay } from '../../../lib/dialogue/parse/time-of-day';
import { readYesNo } from '../../../lib/dialogue/parse/yes-no';
import { phrase, phraseNames, yesAndNo } from '../../../lib/dialogue/phrases';
import { tagged, untagged } from '../../../lib/messages/choice-tag';

describe('what people answer', () => {
  describe('yes and no', () => {
    const yes = [
      'yes',
      'Yes!',
      'YEP',
      'ok 👍',
      '👍🏽',
      'Sim.',
      'claro',
      'Sí',
      'si',
      'por supuesto',
      'Ja',
      'ja, gerne',
      'genau',
      'yes, please',
      'Sim, por favor!',
      'sim sim',
    ];
    const more = [
      'Oui',
      'd’accord',
      'Bien sûr !',
      'はい',
      'いいですよ',
      'お願いします。',
      '是的',
      '好的！',
      'ｙｅｓ',
      '✅',
    ];
    const no = [
      'no',
      'No, thanks',
      'nope',
      '👎',
      'Não',
      'nao',
      'nein',
      'Nein, danke!',
      'non',
      'いいえ',
      'いいえ、結構です。',
      '不是',
      '不要。',
      '❌',
    ];
    const neither = [
      '',
      'maybe',
      'yes and no',
      'yesterday',
      'no idea what you mean',
      '?',
      '🤷',
      'talvez',
      'vielleicht',
      'いいです',
      '大丈夫です',
    ];
    for (const text of [...yes, ...more]) it(`${text} means yes`, () => assert.equal(readYesNo(text), true));
    for (const text of no) it(`${text} means no`, () => assert.equal(readYesNo(text), false));
    for (const text of neither) it(`"${text}" means neither`, () => assert.equal(readYesNo(text), undefined));
  });

  describe('numbers', () => {
    const cases: [string, number | undefined][] = [
      ['3', 3],
      ['about 3 kg', 3],
      ['R$ 1.234,50', 1234.5],
      ['$1,234.50', 1234.5],
      ['1.234.567', 1234567],
      ['1,234,567.8', 1234567.8],
      ["1'234.5", 1234.5],
      ['1 234', 1234],
      ['1\u00a0234,5', 1234.5],
      ['1,5', 1.5],
      ['1.5', 1.5],
      ['0,125', 0.125],
      ['0.125', 0.125],
      ['1.234', 1234],
      ['12,345', 12345],
      ['-7', -7],
      ['\u22127.5 °C', -7.5],
      ['+2', 2],
      ['size-7', 7],
      ['２個', 2],
      ['٣', 3],
      ['三', undefined],
      ['3 or 4', undefined],
      ['3-4', undefined],
      ['none', undefined],
      ['', undefined],
      ['1.2.3', undefined],
      ['12.34.56', undefined],
      ['1,23.456,7', undefined],
      ['2 3', undefined],
      ['2, 3', undefined],
      ['1 2345', undefined],
      ['12 34 56 78', undefined],
      ['1 234 567,8', 1234567.8],
      ['.5', 0.5],
      ['R$ ,50', 0.5],
      ['-.5', -0.5],
      ['item.5', 5],
    ];
    for (const [text, expected] of cases)
      it(`"${text}" is ${expected}`, () => assert.equal(readNumber(text), expected));

    it('reads whatever a computer writes, in any place', () => {
      const written = (locale: string) =>
        fc.assert(
          fc.property(fc.integer({ min: 0, max: 10_000_000 }), (number) => {
            const text = new Intl.NumberFormat(locale, { minimumFractionDigits: 2 }).format(number);
            assert.equal(readNumber(`= ${text} !`), number, text);
          }),
          { numRuns: 60 },
        );
      for (const locale of languages) written(locale);
    });

    it('never throws, and is a number or nothing', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (text) => {
          const number = readNumber(text);
          assert.ok(number === undefined || Number.isFinite(number));
        }),
      );
    });
  });

  describe('times of the day', () => {
    const cases: [string, string | undefined][] = [
      ['14:30', '14:30'],
      ['9:05', '09:05'],
      ['3pm', '15:00'],
      ['at 3 pm', '15:00'],
      ['12 am', '00:00'],
      ['12:15 p.m.', '12:15'],
      ['às 15h', '15:00'],
      ['15h30', '15:30'],
      ['8 da noite', '20:00'],
      ['a las 3 de la tarde', '15:00'],
      ['um 15 Uhr', '15:00'],
      ['15 Uhr 30', '15:30'],
      ['à 18h45', '18:45'],
      ['7 heures du matin', '07:00'],
      ['午後3時', '15:00'],
      ['午前9時半', '09:30'],
      ['15時20分', '15:20'],
      ['下午3点', '15:00'],
      ['noon', '12:00'],
      ['meia-noite', '00:00'],
      ['Mittag', '12:00'],
      ['24:00', '00:00'],
      ['12 da noite', '00:00'],
      ['12 da tarde', '12:00'],
      ['15h30min', '15:30'],
      ['meio dia', '12:00'],
      ['8 e meia', '08:30'],
      ['entre 3 e 4', undefined],
      ['between 3 and 4 pm', undefined],
      ['3 - 4', undefined],
      ['25:00', undefined],
      ['9:75', undefined],
      ['13 am', undefined],
      ['later', undefined],
      ['constructor', undefined],
      ['__proto__', undefined],
      ['', undefined],
    ];
    for (const [text, expected] of cases)
      it(`"${text}" is ${expected}`, () => assert.equal(readTimeOfDay(text), expected));
  });

  describe('days', () => {
    // A Wednesday.
    const now = Date.parse('2026-05-13T15:00:00Z');
    const cases: [language: string, text: string, expected: string | undefined, country?: string][] = [
      ['en-US', '5/17', '2026-05-17'],
      ['en-US', '17/5', '2026-05-17'],
      ['en-US', '3/4', '2027-03-04'],
      ['en-US', '3/6', '2026-06-03', 'GB'],
      ['en-US', 'tomorrow', '2026-05-14'],
      ['en-US', 'May 20th', '2026-05-20'],
      ['en-US', '2026-12-24', '2026-12-24'],
      ['pt-BR', '17/5', '2026-05-17'],
      ['pt-BR', '03/06/2026', '2026-06-03'],
      ['pt-BR', 'amanhã', '2026-05-14'],
      ['pt-BR', 'amanhã às 15h', '2026-05-14'],
      ['pt-BR', '20 de maio', '2026-05-20'],
      ['es-ES', 'mañana', '2026-05-14'],
      ['es-ES', '20 de mayo', '2026-05-20'],
      ['de', '17.5.2026', '2026-05-17'],
      ['de', '17.5.', '2026-05-17'],
      ['de', 'morgen', '2026-05-14'],
      ['de', 'nächsten Freitag', '2026-05-22'],
      ['fr', 'demain', '2026-05-14'],
      ['fr', 'le 20 mai', '2026-05-20'],
      ['ja', '明日', '2026-05-14'],
      ['ja', '5月20日', '2026-05-20'],
      ['ja', '来週の金曜日', '2026-05-22'],
      ['ja', '2026年5月20日', '2026-05-20'],
      ['zh-CN', '明天', '2026-05-14'],
      ['zh-CN', '5月20日', '2026-05-20'],
      ['zh-CN', '下周五', '2026-05-22'],
      ['en-US', 'day after tomorrow', '2026-05-15'],
      ['en-US', 'at 3pm', undefined],
      ['en-US', 'in September', undefined],
      ['pt-BR', 'depois de amanhã, às 15h', '2026-05-15'],
      ['pt-BR', 'daqui a 3 dias', '2026-05-16'],
      ['pt-BR', 'em 2 semanas', '2026-05-27'],
      ['pt-BR', '1º de junho', '2026-06-01'],
      ['pt-BR', 'às 15h', undefined],
      ['es-ES', 'pasado mañana', '2026-05-15'],
      ['es-ES', 'mañana por la mañana', '2026-05-14'],
      ['es-ES', 'a las 15', undefined],
      ['de', 'übermorgen', '2026-05-15'],
      ['de', 'um 15 Uhr', undefined],
      ['fr', 'après-demain', '2026-05-15'],
      ['fr', 'à 15h', undefined],
      ['ja', '明後日', '2026-05-15'],
      ['ja', '3日後', '2026-05-16'],
      ['ja', '15時', undefined],
      ['zh-CN', '后天', '2026-05-15'],
      ['zh-CN', '15点', undefined],
      ['pt-BR', 'tomorrow', '2026-05-14'],
      ['pt-BR', '29/2', '2028-02-29'],
      ['pt-BR', '31/4/2026', undefined],
      ['pt-BR', '13/13', undefined],
      ['en-US', 'soon', undefined],
      ['en-US', '', undefined],
    ];
    for (const [language, text, expected, country] of cases) {
      it(`${language}: "${text}" is ${expected}`, async () => {
        const rules = { language: languageOf(language) ?? 'en-US', country, zone: 'America/Sao_Paulo', now };
        assert.equal(await readDayOf(text, rules), expected);
      });
    }

    it('is today where the person is, not where the server is', () => {
      const late = Date.parse('2026-05-13T23:30:00Z');
      assert.equal(dayIn('Asia/Tokyo', late), '2026-05-14');
      assert.equal(dayIn('America/Sao_Paulo', late), '2026-05-13');
    });

    it('is never something that is no day', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string(), fc.constantFrom(...languages), async (text, language) => {
          const day = await readDayOf(text, { language, zone: 'UTC', now });
          if (day !== undefined) assert.equal(new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10), day);
        }),
        { numRuns: 200 },
      );
    });
  });

  describe('languages', () => {
    const cases: [unknown, string | undefined][] = [
      ['pt', 'pt-BR'],
      ['pt_PT', 'pt-BR'],
      ['PT-br', 'pt-BR'],
      ['zh-Hans-CN', 'zh-CN'],
      ['en', 'en-US'],
      ['ja-JP', 'ja'],
      ['xx', undefined],
      ['', undefined],
      [7, undefined],
    ];
    for (const [tag, expected] of cases)
      it(`${String(tag)} is ${expected}`, () => assert.equal(languageOf(tag), expected));

    for (const language of languages)
      it(`${language}: its own yes and no are understood`, () => {
        assert.deepEqual(
          yesAndNo[language].map((word) => readYesNo(word)),
          [true, false],
          'lib/dialogue/parse/yes-no.ts',
        );
      });

    it('all say all phrases, each in its own words, with the same places to fill in', () => {
      for (const name of phraseNames) {
        const places = (text: string) => (text.match(/\{\d\}/g) ?? []).sort().join();
        const said = languages.map((language) => phrase(language, name, '{0}', '{1}'));
        assert.equal(new Set(said).size, languages.length, name);
        assert.equal(new Set(said.map(places)).size, 1, name);
      }
    });
  });

  describe('tags of buttons', () => {
    it('come off as they went on', () => {
      fc.assert(
        fc.property(fc.string({ maxLength: 70 }), fc.stringMatching(/^[0-9a-z]{4}$/), (id, tag) => {
          const whole = tagged(id, tag);
          assert.ok(Buffer.byteLength(whole) <= Math.max(64, Buffer.byteLength(id)));
          if (whole !== id) assert.deepEqual(untagged(whole), { id, tag });
        }),
      );
    });

    it('are not seen where there are none', () => {
      assert.deepEqual(untagged('menu-1'), { id: 'menu-1' });
      assert.deepEqual(untagged('~lkabc'), { id: '~lkabc' });
    });
  });
});
