import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LinktorError } from '../../../lib/errors';
import { e164, looksLikePhone, phoneKey, spellingsOf } from '../../../lib/people/phone';

describe('phone numbers', () => {
  const good: [string, string, string][] = [
    ['+5511999990001', '', '+5511999990001'],
    ['+55 (11) 99999-0001', '', '+5511999990001'],
    ['(11) 99999-0001', 'BR', '+5511999990001'],
    ['011 99999 0001', 'br', '+5511999990001'],
    ['+49 1512 3456789', 'BR', '+4915123456789'],
    ['0151 23456789', 'DE', '+4915123456789'],
    ['00351 912 345 678', 'PT', '+351912345678'],
    ['0044 20 7946 0958', 'PT', '+442079460958'],
    ['0044 20 7946 0958', 'BR', '+442079460958'],
    ['0044 20 7946 0958', '', '+442079460958'],
    ['+44 (0)20 7946 0958', '', '+442079460958'],
    ['\u202a+55 11 99999\u20110001\u202c', '', '+5511999990001'],
    ['\u200e＋５５ １１ ９９９９９ ０００１', '', '+5511999990001'],
    ['٠٠٣٥١٩١٢٣٤٥٦٧٨', 'PT', '+351912345678'],
    // Prefixes for calls abroad of other countries.
    ['0011 61 2 9374 4000', 'AU', '+61293744000'],
    ['001 81 3 1234 5678', 'KR', '+81312345678'],
    ['0015 351 912 345 678', 'BR', '+351912345678'],
    ['011 351 912 345 678', 'US', '+351912345678'],
    ['8~10 49 30 123456', 'RU', '+4930123456'],
    ['0044 20 7946 0958', 'TH', '+442079460958'],
    ['001 650 253 0000', 'DE', '+16502530000'],
    ['(+55) 11 99999.0001', '', '+5511999990001'],
    ['(00351) 912 345 678', '', '+351912345678'],
    ['tel:+5511999990001', '', '+5511999990001'],
    ['5511999990001', 'BR', '+5511999990001'],
    ['5511999990001', '\u200bbr ', '+5511999990001'],
    // As it was before all numbers of the country got a digit more, or less: what is sent is never rewritten.
    ['+55 21 8765-4321', '', '+552187654321'],
    ['+52 1 55 1234 5678', '', '+5215512345678'],
    ['+54 11 2345-6789', '', '+541123456789'],
    ['+54 9 11 2345-6789', '', '+5491123456789'],
  ];
  for (const [given, same] of [
    ['+44 07911 123456', '+447911123456'],
    ['+62 0812-3456-7890', '6281234567890'],
    ['+972 050-123-4567', '+972501234567'],
    ['+55 (0) 11 99999-0001', '551199990001'],
  ] as const) {
    it(`knows ${given} as ${same}`, () => assert.equal(phoneKey(given), phoneKey(same)));
  }

  it('keeps apart a landline and a mobile of Italy, and the areas of Ivory Coast', () => {
    assert.notEqual(phoneKey('+39 0331 234567'), phoneKey('+39 331 234567'));
    assert.equal(phoneKey('+225 07 12 34 56 78'), '2250712345678');
  });

  for (const [given, country, expected] of good) {
    it(`reads ${given} ${country}`, async () => assert.equal(await e164(given, country), expected));
  }

  const bad: [string, string, RegExp][] = [
    ['0011 65 6223 4567', 'AU', /may be \+6562234567 or \+16562234567/],
    ['001 65 6223 4567', 'TH', /may be/],
    ['+1 (212) 555-0100 x12', '', /extension 12/],
    ['tel:+1-212-555-0100;ext=12', '', /extension 12/],
    ['212 555 0100 / 212 555 0101', 'US', /not a phone number/],
    ['1-800-FLOWERS', 'US', /not a phone number/],
    ['11 99999-0001', '', /no country/],
    ['11 99999-0001', 'XX', /not a country/],
    ['+1', '', /not a phone number/],
    ['123', 'BR', /not a phone number|not a valid phone number/],
    ['hello', 'BR', /not a phone number/],
    ['hello', '', /not a phone number/],
    ['call me at 2125550100 please', 'US', /not a phone number/],
    ['call me at 2125550100 please', '', /not a phone number/],
    ['2125550100 or 2125550101', 'US', /not a phone number/],
    ['+1 212 555 0100 ext 5', '', /extension 5/],
    ['212 555 0100 x5', 'US', /extension 5/],
    ['+1 212 555 0100#5', '', /extension 5/],
    ['+55 11 12345-6789', '', /not a valid phone number/],
    ['+999 123 456 789', '', /phone number/],
    ['+55 21 3765-432', '', /phone number/],
    ['', 'BR', /not a phone number/],
  ];
  for (const [given, country, expected] of bad) {
    it(`refuses ${given} ${country}, and says what to do`, async () => {
      const error = await e164(given, country).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof LinktorError);
      assert.equal(error.code, 'validation');
      assert.match(error.message, expected);
      assert.equal(typeof error.cause.hint, 'string');
    });
  }

  it('tells a number from a name', () => {
    for (const one of ['+5511999990001', '(11) 99999-0001', '12345']) assert.equal(looksLikePhone(one), true, one);
    for (const one of ['ana', '1234', 'user 12345', 'a@b.c', '']) assert.equal(looksLikePhone(one), false, one);
  });

  const same: [one: string, other: string][] = [
    ['+5521987654321', '+55 21 8765-4321'],
    ['5521987654321', '+552187654321'],
    ['+54 9 11 2345-6789', '+541123456789'],
    ['+52 1 55 1234 5678', '+525512345678'],
    ['+5511999990001', '\u202a0055 (11) 99999\u20110001'],
    ['+44 (0)20 7946 0958', '+442079460958'],
  ];
  for (const [one, other] of same) {
    it(`takes ${one} and ${other} for one`, () => {
      assert.equal(phoneKey(one), phoneKey(other));
      const keys = spellingsOf(one).map((number) => number.replace(/\D/g, ''));
      assert.ok(keys.includes(phoneKey(other)) && keys.includes(phoneKey(one)));
    });
  }

  it('takes no two phones for one', () => {
    for (const [one, other] of [
      // A mobile and a landline of Brazil, and numbers of other countries that begin alike.
      ['+5521933334444', '+552133334444'],
      ['+5521987654321', '+5521987654322'],
      ['+15512345678', '+5215512345678'],
      ['+549112345678', '+54112345678'],
    ] as const) {
      assert.notEqual(phoneKey(one), phoneKey(other), `${one} ${other}`);
    }
  });

  it('writes what was given first, and each of them once', () => {
    assert.deepEqual(spellingsOf('+5521987654321'), ['+5521987654321', '+552187654321']);
    assert.deepEqual(spellingsOf('+552187654321'), ['+552187654321', '+5521987654321']);
    assert.deepEqual(spellingsOf('+442079460958'), ['+442079460958']);
  });

  it('reads whatever comes without throwing anything but its own error', async () => {
    const letters = fc.string({ unit: fc.constantFrom(...'0123456789+-() .x#;ext=＋０\u202a\u2011a'), maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(letters, fc.constantFrom('', 'BR', 'US', 'PT'), async (given, country) => {
        const read = await e164(given, country).catch((thrown: unknown) => thrown);
        if (typeof read !== 'string') return assert.equal((read as LinktorError).code, 'validation');
        assert.match(read, /^\+[1-9]\d{4,14}$/);
        assert.equal(await e164(read), read);
        assert.equal(phoneKey(read), phoneKey(spellingsOf(read).at(-1) ?? ''));
      }),
    );
  });
});
