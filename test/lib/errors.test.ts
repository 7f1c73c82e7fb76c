import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { codes, invalid, LinktorError, toLinktorError, unsupported } from '../../lib/errors';
import { ours } from './support';

describe('errors', () => {
  it('has a closed list of codes', () => {
    const known = [
      'authentication',
      'authorization',
      'conflict',
      'network',
      'not_found',
      'not_supported',
      'rate_limit',
      'serialization',
      'server',
      'storage',
      'timeout',
      'unexpected',
      'validation',
      'webhook_verification',
      'websocket',
    ];
    assert.deepEqual([...codes].sort(), known);
  });

  it('carries code and cause as properties of its own, which is all that a Catch node copies', () => {
    const error = new LinktorError('conflict', 'It is there already.', { status: 409, serverCode: 'CONFLICT_ERROR' });
    for (const property of ['code', 'cause']) assert.ok(Object.hasOwn(error, property), property);
    assert.equal(error.code, 'conflict');
    assert.deepEqual(error.cause, { status: 409, serverCode: 'CONFLICT_ERROR', retryable: false, ambiguous: false });
    assert.equal(Object.getPrototypeOf(error.cause), Object.prototype);
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'LinktorError');
  });

  it('reads as its message alone, and has a stack that begins with it', () => {
    const error = new LinktorError('server', 'The server answered 500.');
    assert.equal(String(error), 'The server answered 500.');
    assert.equal(`${error}`, 'The server answered 500.');
    assert.match(String(error.stack), /The server answered 500\./);
    assert.match(inspect(error), /server/);
  });

  it('survives JSON with what matters', () => {
    const copy = JSON.parse(JSON.stringify(new LinktorError('timeout', 'Late.', { retryable: true })));
    assert.equal(copy.code, 'timeout');
    assert.equal(copy.cause.retryable, true);
  });

  it('says what to do next for every code that an operator can act upon', () => {
    const spoken = codes.filter((code) => new LinktorError(code, 'x').cause.hint !== undefined);
    assert.deepEqual(spoken.sort(), [
      'authentication',
      'authorization',
      'network',
      'not_found',
      'rate_limit',
      'serialization',
      'server',
      'storage',
      'timeout',
      'websocket',
    ]);
    for (const code of spoken) assert.match(String(new LinktorError(code, 'x').cause.hint), /^[A-Z].+\.$/);
  });

  it('prefers the hint it is given', () => {
    assert.equal(new LinktorError('server', 'x', { hint: 'Wait.' }).cause.hint, 'Wait.');
  });

  it('never has a key without a value, whatever plan it gets', () => {
    const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
    const plan = fc.record(
      {
        status: maybe(fc.integer()),
        serverCode: maybe(fc.string()),
        requestId: maybe(fc.string()),
        retryAfter: maybe(fc.nat()),
        details: maybe(fc.jsonValue()),
        retryable: maybe(fc.constant(true)),
        ambiguous: maybe(fc.constant(false)),
        hint: maybe(fc.string()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.string(), plan, (code, message, given) => {
        const error = ours(new LinktorError(code, message, given));
        assert.equal(error.cause.retryable, given.retryable ?? false);
        assert.equal(error.cause.status, given.status);
        assert.equal(error.message, message);
      }),
    );
  });

  it('does not change the plan it was given', () => {
    const plan = Object.freeze({ status: 400, details: undefined });
    new LinktorError('validation', 'x', plan);
    assert.deepEqual(plan, { status: 400, details: undefined });
  });

  it('has short words for bad input and for what the server cannot do', () => {
    const bad = invalid('The field "x" is empty.', 'Fill it in.', [{ field: 'x' }]);
    assert.deepEqual(
      [bad.code, bad.message, bad.cause],
      [
        'validation',
        'The field "x" is empty.',
        { details: [{ field: 'x' }], retryable: false, ambiguous: false, hint: 'Fill it in.' },
      ],
    );
    assert.deepEqual(Object.keys(invalid('x').cause).sort(), ['ambiguous', 'retryable']);
    const cannot = unsupported('merge contacts', 'Update the server.');
    assert.equal(cannot.code, 'not_supported');
    assert.match(cannot.message, /cannot merge contacts/);
    assert.equal(cannot.cause.hint, 'Update the server.');
  });

  it('says what to do where Node-RED turns its cause into a text, and stays plain data', () => {
    const error = new LinktorError('network', 'No answer.', { hint: 'Check the cable.' });
    assert.equal(`${error.cause}`, 'Check the cable.');
    assert.equal(`${new LinktorError('conflict', 'It is there.').cause}`, '');
    assert.deepEqual(Object.keys(error.cause).sort(), ['ambiguous', 'hint', 'retryable']);
  });

  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const trap = new Proxy(
    {},
    {
      get() {
        throw new Error('trap');
      },
    },
  );
  for (const [what, thrown, message] of [
    ['an object without a prototype', Object.create(null), 'Something unexpected happened.'],
    ['an object whose text cannot be read', trap, 'Something unexpected happened.'],
    ['a revoked proxy', proxy, 'Something unexpected happened.'],
    ['an error of another realm', { message: 'from a store' }, 'from a store'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['nothing', undefined, 'undefined'],
  ] as const) {
    it(`are made of ${what}, which others have thrown`, () => assert.equal(toLinktorError(thrown).message, message));
  }
});
