import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { palette } from '../../nodes';
import { newNodeValue } from '../../nodes/kit/fields';
import { builtHelp } from '../../tools/help';
import { root } from '../support/red';
import { html, registrations, scripts, templates } from './html';

const built = path.join(root, 'dist', 'nodes');
const require = createRequire(import.meta.url);

/** The words of a language, by their full keys. */
function wordsOf(language: string): Map<string, string> {
  const words = new Map<string, string>();
  const collect = (tree: object, prefix: string) => {
    for (const [key, value] of Object.entries(tree)) {
      if (typeof value === 'string') words.set(prefix + key, value);
      else collect(value, `${prefix}${key}.`);
    }
  };
  collect(JSON.parse(readFileSync(path.join(built, 'locales', language, 'linktor.json'), 'utf8')), '');
  return words;
}

describe('what the editor is given', () => {
  const { types, metas, forms } = registrations();
  const english = wordsOf('en-US');

  it('registers the same types as the runtime, in the order of the palette', () => {
    const atRunTime: string[] = [];
    const RED = {
      nodes: { registerType: (type: string) => atRunTime.push(type) },
      httpAdmin: { get: () => undefined, post: () => undefined },
      httpNode: { use: () => undefined },
      auth: { needsPermission: () => () => undefined },
      settings: {},
      events: { on: () => undefined },
    };
    require(path.join(built, 'linktor.js')).default(RED);
    assert.deepEqual([...types.keys()], atRunTime);
    assert.deepEqual(
      atRunTime,
      palette.map(({ type }) => type),
    );
    assert.deepEqual(templates, atRunTime);
    assert.deepEqual([...forms.keys()], atRunTime);
  });

  it('is literal, for those who read the HTML without running it', () => {
    const calls = [...html.matchAll(/RED\.nodes\.registerType\(\s*([^,]+),\s*([^\s])/g)];
    assert.deepEqual(
      calls.map(([, type]) => type),
      palette.map(({ type }) => JSON.stringify(type)),
    );
    for (const [, type, next] of calls) assert.equal(next, '{', `${type} is described by an inline object`);
    for (const script of scripts.slice(1)) {
      const [, object = ''] = /registerType\([^{]+(\{[\s\S]*\})\);/.exec(script) ?? [];
      assert.doesNotMatch(object, /\.\.\./, 'nothing is spread');
      assert.match(object, /^\{category:"(Linktor|config)",/);
      assert.match(object, /,defaults:\{/);
    }
  });

  it('is small: less than 220 KB with the sidebar and the words of any language', () => {
    const plugins = path.join(built, '..', 'plugins');
    const pages = [html, readFileSync(path.join(plugins, 'linktor-sidebar.html'), 'utf8')];
    for (const language of readdirSync(path.join(built, 'locales'))) {
      const catalogues = [path.join(built, 'locales', language, 'linktor.json')];
      catalogues.push(path.join(plugins, 'locales', language, 'linktor-sidebar.json'));
      const words = catalogues.map((file) => JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))));
      const bytes = [...pages, ...words].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      assert.ok(bytes < 220 * 1024, `${language}: ${bytes} bytes`);
    }
  });

  it('has the whole help of every language, in 150 KB, and not the parts that it is made of', () => {
    for (const language of readdirSync(path.join(built, 'locales'))) {
      const room = path.join(built, 'locales', language);
      assert.deepEqual(readdirSync(room).sort(), ['linktor.html', 'linktor.json']);
      const help = readFileSync(path.join(room, 'linktor.html'), 'utf8');
      assert.equal(help, builtHelp(root, language));
      assert.ok(Buffer.byteLength(help) <= 150 * 1024, `${language}: ${Buffer.byteLength(help)} bytes`);
    }
  });

  it('has words for every key that a form shows', () => {
    const keys = [...[...forms.values()].join().matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, list = '']) =>
      list.split(';').map((key) => key.replace(/^\[[\w-]+\]/, '')),
    );
    assert.ok(keys.length > 50);
    assert.deepEqual(
      [...new Set(keys)].filter((key) => !english.get(key)),
      [],
    );
  });

  it('has words for every key that a script asks for', () => {
    const keys = [...html.matchAll(/\._\("([\w.-]+)"/g)].map(([, key = '']) => key);
    assert.ok(keys.length > 5);
    assert.deepEqual(
      [...new Set(keys)].filter((key) => !english.get(key)),
      [],
    );
  });

  for (const definition of palette) {
    const { type, fields, role } = definition;
    const rowOutputs = role === 'config' ? undefined : definition.rowOutputs;
    describe(type, () => {
      const registered = types.get(type);
      assert.ok(registered);
      const { defaults, credentials = {}, category, icon } = registered;
      const form = forms.get(type) ?? '';
      const prefix = role === 'config' ? 'node-config-input-' : 'node-input-';
      const ids = [...form.matchAll(/<(?:input|select|textarea)[^>]* id="([^"]+)"/g)].map(([, id = '']) => id);

      it('has a category, a label and an icon that is there', () => {
        assert.equal(category, role === 'config' ? 'config' : 'Linktor');
        assert.ok(existsSync(path.join(built, 'icons', icon)), icon);
        assert.equal(english.get(registered.paletteLabel.call({ type, _: (key: string) => key })) === undefined, false);
      });

      it('begins with the values of its definition', () => {
        for (const [name, field] of Object.entries(fields)) {
          if (field.kind === 'secret') {
            assert.equal(defaults[name], undefined);
            assert.deepEqual(
              { ...credentials[name] },
              { type: ['email', 'natsUser'].includes(name) ? 'text' : 'password' },
            );
            continue;
          }
          const initial = name === 'outputs' ? Number(newNodeValue(field)) : newNodeValue(field);
          assert.equal(JSON.stringify(defaults[name]?.value), JSON.stringify(initial), name);
          if (field.kind === 'typed' || field.kind === 'out') {
            assert.equal(defaults[`${name}Type`]?.value, field.start, `${name}Type`);
          }
        }
      });

      it('has no property that Node-RED reserves', () => {
        const reserved = ['id', 'type', 'wires', 'x', 'y', 'z', 'g', 'd', 'l', 'info', 'env', 'users'];
        for (const name of Object.keys(defaults)) assert.ok(name.length > 1 && !reserved.includes(name), name);
      });

      it('has a form with one element per property, and none for anything else', () => {
        // No row is for these.
        const portsOnly = ['version', 'inputs', ...(fields.outputs || rowOutputs ? [] : ['outputs'])];
        // Their boxes are stored by us: Node-RED would store the value of an element with the name of the field.
        const boxes = Object.keys(fields).filter((name) => fields[name]?.kind === 'accounts');
        const expected = [
          ...Object.keys(defaults).filter((name) => ![...portsOnly, ...boxes].includes(name)),
          ...Object.keys(credentials),
        ];
        assert.deepEqual(ids.toSorted(), expected.map((name) => prefix + name).toSorted());
        const labels = [...form.matchAll(/ for="([^"]+)"/g)].map(([, id = '']) => id);
        for (const id of labels) assert.ok(ids.includes(id), `a label is for ${id}, which is not there`);
      });

      it('has validators that may answer in words', () => {
        for (const [name, { validate }] of Object.entries(defaults)) {
          if (validate) assert.equal(validate.length, 2, name);
        }
      });

      it('names every output, the one for errors included', () => {
        if (definition.role === 'config') return;
        const node = { type, _def: registered, _: (one: string) => one, unsure: 'output' };
        const key = (index: number) => String(registered.outputLabels?.call(node, index));
        for (let index = 0; index <= definition.outputs.length; index += 1) {
          assert.ok(english.get(key(index)), `output ${index}: ${key(index)}`);
        }
        assert.equal(metas.get(type)?.outputs?.length, definition.outputs.length);
      });

      it('has help in every language that has words', () => {
        const help = `<script type="text/html" data-help-name="${type}">`;
        for (const language of readdirSync(path.join(built, 'locales'))) {
          const file = path.join(built, 'locales', language, 'linktor.html');
          const text = readFileSync(file, 'utf8').split(help)[1]?.trim() ?? '';
          assert.match(text, /^<p>/, `${language}: its first paragraph is the tip of the palette`);
        }
      });
    });
  }
});
