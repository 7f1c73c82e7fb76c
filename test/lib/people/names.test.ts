import { strict as assert } from 'node:assert';
import { addressKindOf } from '../../../lib/people';
import { personOf } from '../../../lib/people/person';
import { limitsOf } from '../../../lib/sending/limits';

describe('names that every object knows', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty']) {
    it(`${name} is a type of channel like any other`, () => {
      assert.equal(addressKindOf(name), undefined);
      assert.equal(limitsOf(name).text, limitsOf('a channel of others').text);
    });

    it(`${name} is a field of a contact like any other`, async () => {
      const given = Object.fromEntries([[name, 'kept']]);
      const person = await personOf(given, '');
      assert.equal(
        Object.entries(person).find(([key]) => key === name)?.[1] ?? 'none',
        name === '__proto__' ? 'none' : 'kept',
      );
      assert.equal(Object.getPrototypeOf(person), Object.prototype);
    });
  }
});
