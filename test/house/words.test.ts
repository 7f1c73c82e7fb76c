import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { palette } from '../../nodes';
import { keysOf } from '../../nodes/kit/editor/render';
import { words } from '../../nodes/kit/status';

const root = path.join(import.meta.dirname ?? __dirname, '..', '..');
const languages = ['en-US', 'pt-BR', 'es-ES', 'de', 'fr', 'ja', 'zh-CN'];

type Tree = { [key: string]: Tree | string };

function leaves(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : leaves(value, `${prefix}${key}.`),
  );
}

const catalogue = (language: string) =>
  new Map(leaves(JSON.parse(readFileSync(path.join(root, 'locales', language, 'linktor.json'), 'utf8'))));

/** What the browser code asks for beside the palette's own words. */
function asked(): string[] {
  const source = readFileSync(path.join(root, 'nodes/kit/editor/browser.ts'), 'utf8');
  return [...source.matchAll(/'(linktor\.[\w.]+)'/g)].map((match) => match[1] as string);
}

describe('the words', () => {
  const needed = new Set([
    ...palette.flatMap(keysOf),
    ...words.map((word) => `linktor.status.${word}`),
    ...asked(),
    ...['required', 'number', 'url', 'regex', 'path'].map((what) => `linktor.invalid.${what}`),
    'linktor.output.error',
    'linktor.test.button',
    'linktor.copy',
    ...['register', 'created', 'updated', 'otherSecret'].map((what) => `linktor.webhook.${what}`),
  ]);
  const english = catalogue('en-US');

  it('are there in seven languages', () => {
    assert.deepEqual(readdirSync(path.join(root, 'locales')).sort(), [...languages].sort());
  });

  for (const language of languages) {
    it(`${language}: exactly those that the palette needs, none empty`, () => {
      const own = catalogue(language);
      assert.deepEqual(
        [...needed].filter((key) => !own.has(key)),
        [],
        'missing',
      );
      assert.deepEqual(
        [...own.keys()].filter((key) => !needed.has(key)),
        [],
        'not needed',
      );
      assert.deepEqual(
        [...own].filter(([, text]) => text.trim() === ''),
        [],
      );
    });

    it(`${language}: the same places to fill in as in English`, () => {
      const places = (text = '') => (text.match(/__\w+__/g) ?? []).sort();
      for (const [key, text] of catalogue(language)) assert.deepEqual(places(text), places(english.get(key)), key);
    });

    it(`${language}: help for every node, beginning with a sentence, of the same build as in English`, () => {
      const parts = helpOf(language);
      const original = helpOf('en-US');
      assert.deepEqual([...parts.keys()].sort(), palette.map(({ type }) => type).sort());
      for (const [type, html] of parts) {
        assert.match(html.trim(), /^<p>[^<]{10,}/, type);
        const build = (text = '') => (text.match(/<\/?[a-z][a-z0-9]*/g) ?? []).join(' ');
        assert.equal(build(html), build(original.get(type)), type);
      }
    });

    if (language === 'en-US') continue;
    it(`${language}: is translated`, () => {
      const same = [...catalogue(language)].filter(
        ([key, text]) => english.get(key) === text && /[a-z]{4,}/i.test(text),
      );
      assert.ok(same.length < english.size * 0.15, `left in English: ${same.map(([key]) => key).join(', ')}`);
    });
  }

  it('the help names every field of the message that a node works with', () => {
    const help = helpOf('en-US');
    for (const { type, fields } of palette) {
      const html = help.get(type) ?? '';
      for (const { kind, property } of Object.values(fields)) {
        if (kind !== 'typed' || !property) continue;
        assert.ok(html.includes(property.split(/[.[]/)[0] as string), `${type}: ${property}`);
      }
    }
  });

  it('every node has its icon', () => {
    for (const { type } of palette) assert.ok(existsSync(path.join(root, 'icons', `${type}.svg`)), type);
  });
});

function helpOf(language: string): Map<string, string> {
  const html = readFileSync(path.join(root, 'locales', language, 'linktor.html'), 'utf8');
  const parts = html.matchAll(/<script type="text\/html" data-help-name="([\w-]+)">([\s\S]*?)<\/script>/g);
  return new Map([...parts].map((match) => [match[1] as string, match[2] as string]));
}
