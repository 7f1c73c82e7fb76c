import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { escapedFor, type Markup, type MarkupStyle, renderMarkup } from '../../../lib/text/markup';
import { least } from '../../support/strangers';

const styles = ['whatsapp', 'telegram', 'plain'] as const;

describe('text: markup', () => {
  const cases: [string, Markup, Record<MarkupStyle, string>][] = [
    [
      '![our shop](https://x.test/a.png) [![logo](https://x.test/b.png)](https://x.test) ![x](data:image/png;base64,AA)',
      'markdown',
      {
        whatsapp: 'our shop (https://x.test/a.png) logo (https://x.test) x',
        telegram: '<a href="https://x.test/a.png">our shop</a> <a href="https://x.test">logo</a> x',
        plain: 'our shop (https://x.test/a.png) logo (https://x.test) x',
      },
    ],
    [
      'Hello **Ana**, *this* is ~~old~~ `new`',
      'markdown',
      {
        whatsapp: 'Hello *Ana*, _this_ is ~old~ `new`',
        telegram: 'Hello <b>Ana</b>, <i>this</i> is <s>old</s> <code>new</code>',
        plain: 'Hello Ana, this is old new',
      },
    ],
    [
      '<b>Hello</b>\n<i>Ana</i> &amp; <u>Rui</u><br>1 &lt; 2<script>x()</script>',
      'html',
      {
        whatsapp: '*Hello*\n_Ana_ & Rui\n1 < 2',
        telegram: '<b>Hello</b>\n<i>Ana</i> &amp; Rui\n1 &lt; 2',
        plain: 'Hello\nAna & Rui\n1 < 2',
      },
    ],
    [
      '# Menu\n\nToday:\n\n- soup\n- fish\n  - with rice\n\n3. three\n4. four',
      'markdown',
      {
        whatsapp: '*Menu*\n\nToday:\n\n• soup\n• fish\n  • with rice\n\n1. three\n2. four',
        telegram: '<b>Menu</b>\n\nToday:\n\n• soup\n• fish\n  • with rice\n\n1. three\n2. four',
        plain: 'Menu\n\nToday:\n\n• soup\n• fish\n  • with rice\n\n1. three\n2. four',
      },
    ],
    [
      'See [the shop](https://x.test/a_b_c?d=1&e=2), https://x.test/_a_b or [this](javascript:x)',
      'markdown',
      {
        whatsapp: 'See the shop (https://x.test/a_b_c?d=1&e=2), https://x.test/_a_b or this',
        telegram:
          'See <a href="https://x.test/a_b_c?d=1&amp;e=2">the shop</a>, <a href="https://x.test/_a_b">https://x.test/_a_b</a> or this',
        plain: 'See the shop (https://x.test/a_b_c?d=1&e=2), https://x.test/_a_b or this',
      },
    ],
    [
      'line\nbreak\n\n```js\nif (a < b) c();\n```\n\n> said\n> so',
      'markdown',
      {
        whatsapp: 'line\nbreak\n\n```if (a < b) c();```\n\n> said\n> so',
        telegram: 'line\nbreak\n\n<pre>if (a &lt; b) c();</pre>\n\n<blockquote>said\nso</blockquote>',
        plain: 'line\nbreak\n\nif (a < b) c();\n\n> said\n> so',
      },
    ],
    [
      '2\\*3\\*4 and \\*not bold\\* but snake_case_name',
      'markdown',
      {
        whatsapp: '2*3*4 and ∗not bold∗ but snake_case_name',
        telegram: '2*3*4 and *not bold* but snake_case_name',
        plain: '2*3*4 and *not bold* but snake_case_name',
      },
    ],
    [
      '<b>open <i>both</b> wrong</i> </p> <a href="https://x.test">',
      'html',
      {
        whatsapp: '*open _both_* wrong https://x.test',
        telegram: '<b>open <i>both</i></b> wrong <a href="https://x.test">https://x.test</a>',
        plain: 'open both wrong https://x.test',
      },
    ],
    ['*as* _it_ is', 'plain', { whatsapp: '*as* _it_ is', telegram: '*as* _it_ is', plain: '*as* _it_ is' }],
  ];
  for (const [text, markup, expected] of cases) {
    for (const style of styles) {
      it(`writes ${JSON.stringify(text.slice(0, 30))} for ${style}`, async () =>
        assert.equal(await renderMarkup(text, markup, style), expected[style]));
    }
  }

  const value = fc.oneof(
    fc.string(),
    fc.string({
      unit: fc.constantFrom('*', '_', '~', '`', '<', 'b', '>', '/', '&', ';', '[', ']', '(', ')', '#', '\\', ' ', 'a'),
    }),
  );

  it('keeps a value what it is, in every markup', async () => {
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom('markdown' as const, 'html' as const), async (given, markup) => {
        const words = given.replace(/\s+/g, ' ').trim();
        fc.pre(
          words !== '' && !/[\0\ufffd\ud800-\udfff]/.test(words) && !words.includes('://') && !/www\.|@/i.test(words),
        );
        const text = markup === 'html' ? `<p>x ${escapedFor(markup, words)} x</p>` : `x ${escapedFor(markup, words)} x`;
        assert.equal(await renderMarkup(text, markup, 'plain'), `x ${words} x`);
        const telegram = await renderMarkup(text, markup, 'telegram');
        assert.ok(!/<(?!\/?[a-z]+>)/.test(telegram) && !/<\/?[a-z]/.test(telegram), telegram);
      }),
      { numRuns: 500 },
    );
  });

  it('takes no longer for what is no markup at all', async () => {
    for (const odd of ['<', '<a ', '<a href="', '&', '<!--', '**', '[](', '<b>']) {
      const took = await least(1, () => renderMarkup(odd.repeat(20_000), 'html', 'whatsapp'));
      assert.ok(took < 2000, `${odd}: ${took} ms`);
    }
  });
});
