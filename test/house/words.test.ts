import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { languages } from '../../lib/dialogue/languages';
import { palette } from '../../nodes';
import { keysOf } from '../../nodes/kit/editor/keys';
import { statusNames } from '../../nodes/kit/status';
import { wholeHelp } from '../../tools/help';

const root = path.join(import.meta.dirname ?? __dirname, '..', '..');

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
  const room = path.join(root, 'nodes/kit/editor');
  const files = (readdirSync(room, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) => {
    const source = readFileSync(path.join(room, file), 'utf8');
    return [...source.matchAll(/['"](?:\[\w+\])?(linktor\.[\w.]+\w)['"]/g)].map((match) => match[1] as string);
  });
}

/** Words whose keys the browser code puts together. */
const chosenAtRunTime = {
  invalid: [
    ...[
      'required',
      'tick',
      'number',
      'atLeast',
      'atMost',
      'anyNumber',
      'url',
      'socketUrl',
      'natsUrl',
      'storeUrl',
      'regex',
      'slowRegex',
      'ownPath',
      'path',
      'placeholder',
    ],
  ],
  list: [
    ...['none', 'noConfig', 'notDeployed', 'forbidden', 'notSignedIn', 'notAllowed', 'missing', 'offline', 'failed'],
  ],
  test: [
    ...['forbidden', 'failed', 'server', 'signIn', 'contract', 'features', 'missing', 'clock', 'clockOff', 'realtime'],
    ...['not.outbox', 'outbox', 'not.store', 'store', 'storeEvicts', 'storeForgets'],
    ...[
      'not.server',
      'not.signIn',
      'not.realtime',
      'not.memory',
      'not.nats',
      'memory',
      'memoryOnly',
      'nats',
      'natsShared',
    ],
    ...['enter.apiKey', 'enter.accessToken', 'enter.email', 'enter.password'],
  ],
  advice: [
    ...['authentication', 'authorization', 'not_found', 'timeout', 'rate_limit', 'not_supported', 'server', 'network'],
    ...['serialization', 'websocket', 'clock', 'memory', 'nats', 'natsShared'],
    ...['storeEvicts', 'storeForgets'],
  ],
  feature: ['channels', 'contacts', 'knowledgeBases', 'agents', 'bots', 'flows', 'templates'],
  webhook: ['created', 'updated', 'otherSecret'],
};

describe('the words', () => {
  const needed = new Set([
    ...palette.flatMap(keysOf),
    ...statusNames.map((word) => `linktor.status.${word}`),
    ...asked(),
    'linktor.copy',
    ...[...catalogue('en-US').keys()].filter((key) => key.startsWith('linktor.failure.')),
    ...Object.entries(chosenAtRunTime).flatMap(([block, names]) => names.map((name) => `linktor.${block}.${name}`)),
  ]);
  const english = catalogue('en-US');

  it('are there in every language of lib/dialogue/languages.ts', () => {
    assert.deepEqual(readdirSync(path.join(root, 'locales')).sort(), [...languages].sort());
  });

  for (const language of languages) {
    it(`${language}: exactly those that the palette needs, none empty`, () => {
      const own = catalogue(language);
      assert.deepEqual(
        [...needed].filter((key) => !own.has(key)),
        [],
        `missing in locales/${language}/linktor.json`,
      );
      assert.deepEqual(
        [...own.keys()].filter((key) => !needed.has(key)),
        [],
        `nothing asks for these keys of locales/${language}/linktor.json (a placeholder: hint of its field)`,
      );
      assert.deepEqual(
        [...own].filter(([, text]) => text.trim() === ''),
        [],
        `empty in locales/${language}/linktor.json`,
      );
    });

    it(`${language}: the same places to fill in as in English`, () => {
      const places = (text = '') => (text.match(/__\w+__/g) ?? []).sort();
      for (const [key, text] of catalogue(language)) assert.deepEqual(places(text), places(english.get(key)), key);
    });

    it(`${language}: help for every node, beginning with a sentence, of the same build as in English`, () => {
      const parts = helpOf(language);
      const original = helpOf('en-US');
      const types = palette.map(({ type }) => type);
      assert.deepEqual([...parts.keys()].sort(), types.sort(), `the nodes in locales/${language}/linktor.html`);
      for (const [type, html] of parts) {
        assert.match(html.trim(), /^<p>[^<]{10,}/, type);
        const build = (text = '') => (text.match(/<\/?[a-z][a-z0-9]*/g) ?? []).join(' ');
        assert.equal(build(html), build(original.get(type)), `${type}: other elements than in English`);
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
        assert.ok(html.includes(property.split(/[.[]/)[0] as string), `the help of ${type} needs ${property}`);
      }
    }
  });

  it('every failure text in the catalogue is one that the code throws', () => {
    const files = ['lib', 'nodes'].flatMap((room) =>
      (readdirSync(path.join(root, room), { recursive: true }) as string[]).map((file) => path.join(root, room, file)),
    );
    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => readFileSync(file, 'utf8'));
    const thrown = sources.join('\n');
    const texts = [...english].filter(([key]) => key.startsWith('linktor.failure.'));
    assert.ok(texts.length > 40);
    for (const [key, text] of texts) {
      const written = text.replace(/^The connected server cannot (.*)\.$/, '$1');
      for (const piece of written.split(/__\w+?__/)) assert.ok(thrown.includes(piece), `${key}: ${piece}`);
    }
  });

  it('every node has its icon', () => {
    for (const { type } of palette) assert.ok(existsSync(path.join(root, 'icons', `${type}.svg`)), `icons/${type}.svg`);
  });
});

describe('the words of the sidebar', () => {
  const room = path.join(root, 'nodes', 'sidebar');
  const source = readdirSync(room)
    .map((file) => readFileSync(path.join(room, file), 'utf8'))
    .join();
  const own = (language: string) =>
    new Map(leaves(JSON.parse(readFileSync(path.join(root, 'locales', language, 'linktor-sidebar.json'), 'utf8'))));
  const english = own('en-US');

  it('are those that it says, and no others', () => {
    const said = [...source.matchAll(/\bsay\(\s*'([\w.]+)'/g)].map((match) => `sidebar.${match[1]}`);
    assert.ok(said.length > 20);
    assert.deepEqual(
      said.filter((key) => !english.has(key)),
      [],
      'missing',
    );
    const chosen = (key: string) => key.replace(/^sidebar\.(counter\.)?/, '');
    assert.deepEqual(
      [...english.keys()].filter((key) => !source.includes(`'${chosen(key)}'`)),
      [],
      'not needed',
    );
  });

  for (const language of languages.filter((one) => one !== 'en-US')) {
    it(`${language}: are the same ones, translated, with the same places to fill in`, () => {
      const words = own(language);
      assert.deepEqual([...words.keys()], [...english.keys()]);
      const places = (text = '') => (text.match(/__\w+__/g) ?? []).sort();
      for (const [key, text] of words) assert.deepEqual(places(text), places(english.get(key)), key);
      const same = [...words].filter(([key, text]) => english.get(key) === text);
      assert.ok(same.length < 3, `left in English: ${same.map(([key]) => key).join(', ')}`);
    });
  }
});

function helpOf(language: string): Map<string, string> {
  const parts = wholeHelp(root, language).matchAll(
    /<script type="text\/html" data-help-name="([\w-]+)">([\s\S]*?)<\/script>/g,
  );
  return new Map([...parts].map((match) => [match[1] as string, match[2] as string]));
}
