import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withWords } from '../../sandbox/page/words';
import words from '../../sandbox/page/words.json';
import { root } from '../support/imports';

const page = readFileSync(path.join(root, 'sandbox', 'page', 'index.html'), 'utf8');
const spoken = Object.entries<Record<string, string>>(words);
const [, english = {}] = spoken[0] ?? [];
/** What is named by what a server says: kinds of content, statuses, channels. */
const byName =
  /^(Audio|Document|Image|Location|Template|Text|Video|Web chat|E-mail|conversation \w+|pending|sent|delivered|read)$/;

describe('the words of the chat page', () => {
  it('are there in every language of the nodes', () => {
    const others = readdirSync(path.join(root, 'locales')).filter((one) => one !== 'en-US');
    assert.deepEqual(Object.keys(words).toSorted(), others.toSorted());
    for (const [language, own] of spoken) {
      assert.deepEqual(Object.keys(own), Object.keys(english), language);
      const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([one]) => one).toSorted();
      for (const [key, text] of Object.entries(own)) {
        assert.ok(text.trim().length > 0, `${language}: ${key}`);
        assert.deepEqual(places(text), places(key), `${language}: ${key}`);
      }
    }
  });

  it('are all that the page says, and no others', () => {
    const asked = [...page.matchAll(/\bt\('([^']+)'/g)].map(([, key = '']) => key);
    assert.ok(asked.length > 40);
    assert.deepEqual(
      asked.filter((key) => !(key in english)),
      [],
    );
    assert.deepEqual(
      Object.keys(english).filter((key) => !byName.test(key) && !page.includes(key)),
      [],
    );
  });

  it('are put into the page', () => {
    assert.notEqual(withWords(page), page);
    assert.ok(withWords(page).includes('Receipts by hand":"'));
  });
});
