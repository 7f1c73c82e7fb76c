import { strict as assert } from 'node:assert';
import { valuesIn } from '../../nodes/kit/editor/failure-text';

describe('valuesIn: a failure in the words of the catalogue', () => {
  const cases: [text: string, pattern: string, values: Record<string, string> | undefined][] = [
    ['No credentials are set.', 'No credentials are set.', {}],
    ['No credentials are set', 'No credentials are set.', undefined],
    ['The server answered 502.', 'The server answered __status__.', { status: '502' }],
    ['The server answered .', 'The server answered __status__.', undefined],
    ['The server answered 502. Why?', 'The server answered __status__.', undefined],
    ['The server answered a.b.', 'The server answered __status__.', { status: 'a.b' }],
    ['What stands in "NATS URL" is known.', 'What stands in "__field__" is known.', { field: 'NATS URL' }],
    ['a 1 and 2 b', 'a __one__ and __two__ b', { one: '1', two: '2' }],
    ['a 1 and b', 'a __one__ and __two__ b', undefined],
    ['1', '__all__', { all: '1' }],
    ['', 'No credentials are set.', undefined],
  ];
  for (const [text, pattern, values] of cases)
    it(`"${text}" in "${pattern}"`, () => assert.deepEqual(valuesIn(text, pattern), values));
});
