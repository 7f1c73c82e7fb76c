import { strict as assert } from 'node:assert';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { wholeHelp } from '../../tools/help';
import { removeFolder, root, temporaryFolder } from '../support/red';

const languages = readdirSync(path.join(root, 'locales'));
const source = (language: string, name: string) =>
  readFileSync(path.join(root, 'locales', language, `${name}.html`), 'utf8');

describe('the sources of the help', () => {
  for (const language of languages) {
    it(`${language}: has the parts that English has, and takes them in the same places`, () => {
      assert.deepEqual(outline(source(language, 'parts')), outline(source('en-US', 'parts')));
      const nodes = (one: string) =>
        new Map(
          source(one, 'linktor')
            .split('data-help-name=')
            .map((node) => [node.split('>')[0], outline(node)]),
        );
      assert.deepEqual(nodes(language), nodes('en-US'));
    });

    it(`${language}: uses each part, and leaves no comment in the help`, () => {
      assert.doesNotMatch(wholeHelp(root, language), /<!--|<template/);
    });

    it(`${language}: keeps nothing beside its parts`, () => {
      const rest = source(language, 'parts').replace(/<template data-part="[\w-]+">\n[\s\S]*?\n<\/template>\n/g, '');
      assert.equal(rest.trim(), '');
    });

    it(`${language}: says nothing of length more than twice`, () => {
      const times = new Map<string, number>();
      for (const line of `${source(language, 'linktor')}\n${source(language, 'parts')}`.split('\n')) {
        const said = line.replace(/<[^>]*>/g, '').trim();
        times.set(said, (times.get(said) ?? 0) + 1);
      }
      // Bytes, for a sentence of few Chinese characters says as much as a long one in English.
      const repeated = [...times].filter(([said, count]) => Buffer.byteLength(said) > 60 && count > 2);
      assert.deepEqual(repeated, [], 'a part for it in parts.html');
    });
  }
});

describe('the whole help', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => removeFolder(folder));

  function help(text: string, parts: string): string {
    const room = path.join(folder, 'locales', 'de');
    mkdirSync(room, { recursive: true });
    writeFileSync(path.join(room, 'linktor.html'), text);
    writeFileSync(path.join(room, 'parts.html'), parts);
    return wholeHelp(folder, 'de');
  }
  const part = (name: string, ...lines: string[]) =>
    [`<template data-part="${name}">`, ...lines.map((line) => `  ${line}`), '</template>', ''].join('\n');

  it('has each part at the indentation of its line, and in it the parts from above', () => {
    const parts = part('entry', '<li>one</li>') + part('list', '<ul>', '  <!-- part: entry -->', '</ul>');
    const text = '<div>\n  <!-- part: list -->\n    <!-- part: entry -->\n</div>\n';
    assert.equal(help(text, parts), '<div>\n  <ul>\n    <li>one</li>\n  </ul>\n    <li>one</li>\n</div>\n');
  });

  it('fails for a part that is not there, and says where', () => {
    const fault = /^Error: locales\/de\/linktor\.html: there is no part "rul"$/;
    assert.throws(() => help('<!-- part: rul -->\n', part('rule', '<p>One</p>')), fault);
  });

  it('fails for a part that takes itself, or one below it', () => {
    const fault = /^Error: locales\/de\/parts\.html: there is no part "rule"$/;
    assert.throws(() => help('<!-- part: rule -->\n', part('rule', '<!-- part: rule -->')), fault);
  });

  it('fails for a part that nobody uses', () => {
    const fault = /^Error: locales\/de\/parts\.html: nobody uses the part "rule"$/;
    assert.throws(() => help('<p>One</p>\n', part('rule', '<p>One</p>')), fault);
  });

  it('fails for two parts of one name', () => {
    const fault = /^Error: locales\/de\/parts\.html: there are two parts "rule"$/;
    const twice = part('rule', '<p>One</p>') + part('rule', '<p>Two</p>');
    assert.throws(() => help('<!-- part: rule -->\n', twice), fault);
  });
});

/** The parts that a text has and takes, in their order. */
function outline(text: string): string[] {
  return [...text.matchAll(/data-part="([\w-]+)"|<!-- part: ([\w-]+) -->/g)].map(([found]) => found);
}
