import { strict as assert } from 'node:assert';
import { compileSchema } from '../../../lib/ai/json-schema';
import type { LinktorError } from '../../../lib/errors';
import { least } from '../../support/strangers';
import { failing } from '../support';

const schema = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
  required: ['name'],
};

/** What is thrown for an answer. */
async function refused(answer: string, against: Record<string, unknown> = schema): Promise<LinktorError> {
  const shape = await compileSchema(against);
  return failing(() => shape.read(answer));
}

describe('a JSON schema for answers', () => {
  for (const [name, answer] of [
    ['JSON', '{"name": "Ana", "age": 4}'],
    ['JSON with room around it', '\n  {"name": "Ana", "age": 4}\n'],
    ['JSON in a block of code', '```json\n{"name": "Ana", "age": 4}\n```'],
    ['JSON in a block without a language', '```\n{"name": "Ana", "age": 4}```'],
  ] as const) {
    it(`reads ${name}`, async () => {
      assert.deepEqual((await compileSchema(schema)).read(answer), { name: 'Ana', age: 4 });
    });
  }

  it('drops a key that a copy of the message would take for its prototype', async () => {
    for (const key of ['__proto__', '\\u005f_proto__']) {
      const read = (await compileSchema(schema)).read(`{"name": "Ana", "${key}": {"admin": true}}`);
      assert.deepEqual(Object.keys(read as object), ['name'], key);
    }
  });

  it('refuses an answer that is nested too deeply to be copied', async () => {
    const { code } = await refused(`{"name": "Ana", "more": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    assert.equal(code, 'serialization');
  });

  it('says what does not fit and where, and keeps the answer', async () => {
    const { code, cause } = await refused('{"age": -1}');
    assert.equal(code, 'serialization');
    assert.equal(cause.retryable || cause.ambiguous, false);
    const { text, problems } = cause.details as { text: string; problems: { path: string; message: string }[] };
    assert.equal(text, '{"age": -1}');
    assert.deepEqual(problems.map(({ path }) => path).sort(), ['', '/age']);
    assert.match(problems.map(({ message }) => message).join(), /name/);
  });

  it('says that an answer is not JSON, and keeps it', async () => {
    for (const text of ['Sure! {"name": "Ana"', 'Sure!', '', '{"name": "Ana"} or {"name": "Bo"}']) {
      const { code, message, cause } = await refused(text);
      assert.deepEqual([code, /not JSON/.test(message)], ['serialization', true], text);
      assert.equal((cause.details as { text: string }).text, text);
    }
  });

  for (const [what, text] of [
    ['words around it', 'Sure! {"name": "Ana"} I hope that helps.'],
    ['a block of code', 'Here:\n```json\n{"name": "Ana"}\n```\nDone.'],
    ['a block that is not closed', '```json\n{"name": "Ana"}'],
    ['thoughts', '<think>Perhaps {"name": "Bo"}?</think>\n{"name": "Ana"}'],
    ['a comma too many', '{"name": "Ana",}'],
    ['a line break in a text', '{"name": "Ana", "note": "one\n\ttwo"}'],
    ['brackets in a text', 'So: {"name": "Ana", "note": "a } and a {"}'],
  ] as const) {
    it(`takes the one value that is there, with ${what}`, async () => {
      const schema = await compileSchema({ type: 'object', required: ['name'] });
      assert.equal((schema.read(text) as { name: string }).name, 'Ana');
    });
  }

  it('changes no text where it takes a comma away', async () => {
    const schema = await compileSchema({ type: 'object' });
    const text = 'a, ] and, } "quoted, ]" \\';
    assert.deepEqual(schema.read(`{"note": ${JSON.stringify(text)}, "list": [1, 2,],}`), { note: text, list: [1, 2] });
    assert.deepEqual(schema.read('{"note": "one\ntwo",}'), { note: 'one\ntwo' });
  });

  it('takes the schema out of the wrapper that some APIs want, and no example for a schema', async () => {
    const inner = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    for (const wrapped of [
      { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: inner } },
      { name: 'x', schema: inner },
      { type: 'json_schema', name: 'x', schema: inner },
    ]) {
      const schema = await compileSchema(wrapped);
      assert.equal((await failing(() => schema.read('{"name": 7}'))).code, 'serialization');
    }
    assert.equal((await failing(compileSchema({ name: 'Ana', age: 7 }))).code, 'validation');
    assert.deepEqual((await compileSchema({})).read('7'), 7);
  });

  for (const [name, bad] of [
    ['an unknown type', { type: 'strng' }],
    ['a pattern that is none', { type: 'string', pattern: '(' }],
    ['a reference to nowhere', { $ref: '#/definitions/gone' }],
    ['a reference to another host', { $ref: 'https://example.com/schema.json' }],
    ['a draft that nobody knows', { $schema: 'https://example.com/draft', type: 'object' }],
    ['one that would answer later', { $async: true, type: 'object' }],
  ] as const) {
    it(`refuses ${name}, naming the field`, async () => {
      const error = await failing(compileSchema(bad));
      assert.equal(error.code, 'validation');
      assert.match(error.message, /"schema"/);
    });
  }

  it('refuses what cannot be written down', async () => {
    const circle: Record<string, unknown> = { type: 'object' };
    circle.properties = { circle };
    assert.equal((await failing(compileSchema(circle))).code, 'validation');
  });

  for (const [draft, tuple] of [
    ['http://json-schema.org/draft-07/schema#', { items: [{ type: 'string' }] }],
    ['https://json-schema.org/draft/2019-09/schema', { items: [{ type: 'string' }] }],
    ['https://json-schema.org/draft/2020-12/schema', { prefixItems: [{ type: 'string' }] }],
  ] as const) {
    it(`knows ${draft}`, async () => {
      const dated = { $schema: draft, type: 'array', ...tuple };
      assert.deepEqual((await compileSchema(dated)).read('["a", 1]'), ['a', 1]);
      assert.equal((await refused('[1]', dated)).code, 'serialization');
    });
  }

  it('does not stumble over words of other programs and formats it does not know', async () => {
    const shape = await compileSchema({ type: 'string', example: 'x', 'x-order': 1, format: 'made-up' });
    assert.equal(shape.read('"text"'), 'text');
  });

  it('keeps what it has made of the same schema', async () => {
    const shape = await compileSchema(schema);
    assert.equal(await compileSchema({ ...schema }, shape), shape);
    assert.notEqual(await compileSchema({ ...schema, required: [] }, shape), shape);
  });

  describe('with an answer of 100 KB', () => {
    const many = <T>(count: number, item: (index: number) => T) =>
      JSON.stringify(Array.from({ length: count }, (_, index) => item(index)));
    const answers: [what: string, schema: Record<string, unknown>, answer: string, fits: boolean][] = [
      ['in a fence that is never closed', {}, `\`\`\`${' '.repeat(100_000)}`, false],
      ['of fences', {}, '`'.repeat(100_000), false],
      [
        'in a fence, with room',
        { type: 'array' },
        `\`\`\`json${' '.repeat(100_000)}[]${'\n'.repeat(50_000)}\`\`\``,
        true,
      ],
      [
        'against a pattern that takes for ever',
        { items: { pattern: '^(\\w+\\s?)+$' } },
        many(1, () => `${'a'.repeat(100_000)}!`),
        false,
      ],
      [
        'against such a pattern, many times',
        { items: { pattern: '^(a|aa)+$' } },
        many(2000, () => `${'a'.repeat(50)}`),
        true,
      ],
      ['with a look-ahead', { items: { pattern: '^(?!b)\\w+$' } }, many(20_000, () => 'abc'), true],
      ['with other items each', { uniqueItems: true }, many(10_000, (a) => ({ a })), true],
      ['with a twin at the end', { uniqueItems: true }, many(10_000, (a) => ({ a: a % 9999, b: 1 })), false],
      [
        'that is wrong everywhere',
        { items: { $ref: '#/definitions/a' }, definitions: { a: { type: 'string' } } },
        many(40_000, () => 1),
        false,
      ],
    ];
    for (const [what, against, answer, fits] of answers) {
      it(what, async () => {
        const shape = await compileSchema(against);
        if (fits) assert.ok(shape.read(answer));
        else assert.equal((await failing(() => shape.read(answer))).code, 'serialization');
      });
    }

    for (const [pattern, piece] of [
      ['^(a|aa)+$', 'a'],
      ['^(\\w+\\s?)+$', 'ab '],
      ['^(a*)*$', 'a'],
      ['^(.*?,){11}P', '1,2,'],
      ['^([a-z]+\\.?)+@', 'ab.'],
    ] as const) {
      it(`in less than 50 ms, whatever the pattern: ${pattern}`, async () => {
        const shape = await compileSchema({ type: 'string', pattern });
        const answer = JSON.stringify(`${piece.repeat(Math.ceil(100_000 / piece.length))}!`);
        const took = await least(8, () => failing(() => shape.read(answer)));
        assert.ok(took < 50, `${took} ms`);
      });
    }

    it('ends when a slow pattern has looked for too long, whatever it looked at', async () => {
      const shape = await compileSchema({ items: { pattern: '^(\\w+\\s?)+$(?!x)' } });
      const error = await failing(() => shape.read(many(1000, () => `${'a'.repeat(40)}!`)));
      assert.match(error.message, /could not be checked/);
      assert.equal(error.code, 'serialization');
    });
  });

  it('finds twins whatever the order of their keys, and no others', async () => {
    const shape = await compileSchema({ uniqueItems: true });
    const error = await failing(() => shape.read('[{"a": 1, "b": [2]}, 3, {"b": [2], "a": 1.0}]'));
    const { problems } = error.cause.details as { problems: unknown };
    assert.deepEqual(problems, [
      { path: '', message: 'must NOT have duplicate items (items ## 2 and 0 are identical)' },
    ]);
    assert.ok(shape.read('[1, "1", [1], {"a": 1}, {"a": "1"}, null, "null"]'));
    assert.ok((await compileSchema({ uniqueItems: false })).read('[1, 1]'));
  });

  it('reads patterns as JSON Schema does: case counts, and names of properties have them too', async () => {
    const shape = await compileSchema({
      patternProperties: { '^x_\\d+$': { pattern: '^[A-Z]+$' } },
      additionalProperties: false,
    });
    assert.ok(shape.read('{"x_1": "ABC"}'));
    for (const answer of ['{"x_1": "abc"}', '{"X_1": "ABC"}', '{"x_": "ABC"}']) {
      assert.equal((await failing(() => shape.read(answer))).code, 'serialization', answer);
    }
    assert.equal((await failing(compileSchema({ pattern: '(' }))).code, 'validation');
  });
});
