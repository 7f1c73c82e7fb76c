import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root, sourcesOf } from '../support/imports';

const rooms = ['nodes', 'lib', 'sandbox', 'bench', 'tools', 'test'];
const self = 'test/house/contract.test.ts';
const headings = new Set(
  [...readFileSync(path.join(root, 'docs', 'contract.md'), 'utf8').matchAll(/^#{2,4} (\d+(?:\.\d+)*)\.? /gm)].map(
    ([, number]) => number,
  ),
);

/** What cites the contract: its number where it is well formed, else the words as they stand. */
function citations(): { file: string; words: string; number: string | undefined }[] {
  return rooms.flatMap(sourcesOf).flatMap((file) => {
    if (file === self) return [];
    const source = readFileSync(path.join(root, file), 'utf8');
    return [...source.matchAll(/\b[Cc]ontract(?:\.md)?,? (?:section |§ ?)?(\d[\d.]*\d|\d|[A-C]\b)[^\n]{0,6}/g)].map(
      ([words, number = '']) => {
        const isForm = /^[Cc]ontract \d+(\.\d+)*(?![\d.]*,? \d)/.test(words);
        return { file, words, number: isForm ? number : undefined };
      },
    );
  });
}

describe('citations of the contract', () => {
  it('have one form: contract 2.1', () => {
    const odd = citations().filter(({ number }) => number === undefined);
    assert.deepEqual(
      odd.map(({ file, words }) => `${file}: ${words}`),
      [],
    );
  });

  it('name sections that are there', () => {
    const all = citations();
    assert.ok(all.length > 60, `only ${all.length} were found`);
    const lost = all.filter(({ number }) => number !== undefined && !headings.has(number));
    assert.deepEqual(
      lost.map(({ file, words }) => `${file}: ${words}`),
      [],
    );
  });
});
