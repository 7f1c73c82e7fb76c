import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { htmlToText } from '../../sandbox/wire/html-text';
import { type Bench, bench, type Json } from './support';

/** The same by one pattern, which takes quadratic time: fine for short texts. */
function slowly(html: string): string {
  return html
    .replace(/<(script|style)\b[\s\S]*?<\/\1[^>]*>|<([^<>]*)>/gi, (_, element?: string, tag?: string) =>
      element === undefined && /^(\/(p|div|li|h\d|tr)|br\s*\/?)$/i.test(tag ?? '') ? '\n' : ' ',
    )
    .replace(/[ \t]+/g, ' ');
}

describe('sandbox: documents that strangers write', () => {
  const samples: [html: string, text: string][] = [
    ['<p>We open at nine.</p><p>We close at six.</p>', ' We open at nine.\n We close at six.\n'],
    ['a<br>b<BR />c', 'a\nb\nc'],
    ['<style>p { color: red }</style>Hello <b>you</b>', ' Hello you '],
    ['<SCRIPT src="x">if (a < b) {}</SCRIPT >Hi', ' Hi'],
    ['<script>never ends, and is read', ' never ends, and is read'],
    ['1 < 2 and no tag', '1 < 2 and no tag'],
    ['1 < 2 <b>and a tag', '1 < 2 and a tag'],
    ['İ<script>x</script>i', 'İ i'],
  ];
  for (const [html, text] of samples) {
    it(`reads ${html}`, () => {
      assert.equal(htmlToText(html), text);
    });
  }

  it('reads what patterns would read', () => {
    const pieces = [
      '<p>',
      '</p>',
      '<br/>',
      '<script>',
      '</script>',
      '<style>',
      '</STYLE>',
      '<a href="x">',
      '<',
      '>',
      ' ',
      'word',
      '\n',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) => {
        const html = parts.join('');
        assert.equal(htmlToText(html), slowly(html));
      }),
      { numRuns: 2000 },
    );
  });

  describe('of hundreds of kilobytes', () => {
    let box: Bench;
    before(async () => {
      box = await bench();
    });
    after(() => box.close());

    const SIZE = 400_000;
    for (const piece of ['<', '<script', '<script>', '<style><', '<a ', '</p', '-\n', '. ', 'x'.repeat(50), '! \t ']) {
      it(`of ${JSON.stringify(piece)}`, async () => {
        const content = `Ferns need shade. ${piece.repeat(SIZE / piece.length)}`;
        const made = await box.api('POST', '/knowledge-bases', { name: 'b', chunkSize: 10, chunkOverlap: 9 });
        const path = `/knowledge-bases/${made.body.id}`;
        const added = await box.api('POST', `${path}/documents`, { name: 'd.html', content });
        assert.equal(added.status, 201);
        const { body } = await box.api('POST', `${path}/query`, { query: 'Do ferns need shade?', topK: 1 });
        assert.match(String((body.chunks as Json[])[0]?.content), /^Ferns need shade\./);
      });
    }
  });

  it('matches planned failures with many stars', async () => {
    const box = await bench();
    try {
      await box.control('/fail', { count: 1, status: 503, path: `/${'*a'.repeat(30)}*b` });
      assert.equal((await box.api('GET', `/conversations/${'a'.repeat(5000)}`)).status, 404);
      assert.equal((await box.api('GET', `/conversations/${'a'.repeat(5000)}b`)).status, 503);
    } finally {
      await box.close();
    }
  });
});
