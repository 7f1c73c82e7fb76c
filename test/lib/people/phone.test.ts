import { strict as assert } from 'node:assert';
import { LinktorError } from '../../../lib/errors';
import { e164, looksLikePhone } from '../../../lib/people/phone';

describe('phone numbers', () => {
  const good: [string, string, string][] = [
    ['+5511999990001', '', '+5511999990001'],
    ['+55 (11) 99999-0001', '', '+5511999990001'],
    ['(11) 99999-0001', 'BR', '+5511999990001'],
    ['011 99999 0001', 'br', '+5511999990001'],
    ['+49 1512 3456789', 'BR', '+4915123456789'],
    ['0151 23456789', 'DE', '+4915123456789'],
  ];
  for (const [given, country, expected] of good) {
    it(`reads ${given} ${country}`, async () => assert.equal(await e164(given, country), expected));
  }

  const bad: [string, string, RegExp][] = [
    ['11 99999-0001', '', /no country/],
    ['11 99999-0001', 'XX', /not a country/],
    ['+1', '', /not a phone number/],
    ['123', 'BR', /not a phone number/],
    ['hello', 'BR', /not a phone number/],
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
});
