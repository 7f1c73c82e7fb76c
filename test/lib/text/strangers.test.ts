import { strict as assert } from 'node:assert';
import { compileSchema } from '../../../lib/ai/json-schema';
import { renderMarkup } from '../../../lib/text';
import { fill, least, readersOfStrangers, texts } from '../../support/strangers';

describe('100 KB of a stranger', () => {
  for (const [reader, read] of Object.entries(readersOfStrangers())) {
    it(`holds nothing up: ${reader}`, async function () {
      this.timeout(60_000);
      for (const [what, text] of Object.entries(texts)) {
        const took = await least(3, () => read(text));
        assert.ok(took < 100, `${what}: ${took} ms`);
      }
    });
  }

  for (const [what, text] of Object.entries({
    'blanks in Markdown': texts.blanks ?? '',
    'emphasis without an end': fill('*a'),
    'escapes of quotes': texts.quotes ?? '',
    'brackets in Markdown': fill('![a]('),
    'an element without an end': `<${fill('a')}`,
  })) {
    it(`holds nothing up: ${what}, and it is written all the same`, async () => {
      for (const markup of ['markdown', 'html'] as const) {
        let written = '';
        const took = await least(3, async () => {
          written = await renderMarkup(text, markup, 'whatsapp');
        });
        assert.ok(took < 200, `${markup}: ${took} ms`);
        assert.notEqual(written, '');
      }
    });
  }

  it('holds nothing up: a schema whose alternatives lead to itself', async () => {
    const schema = await compileSchema({
      properties: {
        next: { anyOf: [{ $ref: '#' }, { allOf: [{ $ref: '#' }], required: ['x'] }] },
        value: { type: 'string' },
      },
    });
    const deep = (levels: number): object => (levels === 0 ? { value: 1 } : { next: deep(levels - 1) });
    assert.deepEqual(schema.read('{"next":{"value":"x"}}'), { next: { value: 'x' } });
    const took = await least(1, () => schema.read(JSON.stringify(deep(100))));
    assert.ok(took < 200, `${took} ms`);
    assert.throws(() => schema.read(JSON.stringify(deep(100))), /could not be checked/);
  });
});
