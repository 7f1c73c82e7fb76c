import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { languages } from '../../lib/dialogue/languages';
import { palette } from '../../nodes';
import { root } from '../support/red';
import { registrations } from './html';

const { types } = registrations();

/** A node of the editor, as far as its label is concerned. */
function nodeOf(type: string, language: string, stored: Record<string, unknown>): object {
  const file = path.join(root, 'dist', 'nodes', 'locales', language, 'linktor.json');
  const catalogue = JSON.parse(readFileSync(file, 'utf8'));
  const word = (key: string) => key.split('.').reduce((tree, part) => tree?.[part], catalogue) ?? key;
  return { _def: types.get(type), _: word, ...stored, type };
}

function labelOf(type: string, stored: Record<string, unknown>, language = 'en-US'): string {
  return String(types.get(type)?.label.call(nodeOf(type, language, stored)));
}

describe('the label of a node', () => {
  it('is the name that the user gave', () => {
    for (const { type } of palette) assert.equal(labelOf(type, { name: 'Mine', kind: 'text' }), 'Mine');
  });

  it('says after the type what the node does, in every language', () => {
    assert.equal(labelOf('linktor-send', { kind: 'buttons' }), 'send: buttons');
    assert.equal(labelOf('linktor-send', { kind: 'buttons' }, 'de'), 'senden: Schaltflächen');
    const seen = new Set(languages.map((language) => labelOf('linktor-send', { kind: 'text' }, language)));
    assert.ok(seen.size >= languages.length - 1, [...seen].join(', '));
  });

  it('is that of a new node where a flow says nothing', () => {
    assert.equal(labelOf('linktor-send', {}), 'send: text');
  });

  it('of a config node is its host and path', () => {
    assert.equal(labelOf('linktor-config', { baseUrl: 'https://linktor.example/shop' }), 'linktor.example/shop');
    assert.equal(labelOf('linktor-config', { baseUrl: '' }), 'Linktor account');
  });

  it('is short, and never fails, whatever is stored', () => {
    for (const { type, fields } of palette) {
      const odd = fc.record(Object.fromEntries(Object.keys(fields).map((name) => [name, fc.anything()])));
      const property = fc.property(odd, (stored) => {
        const label = labelOf(type, { ...stored, name: '' });
        assert.ok(label.length > 0 && label.length < 120, label);
        assert.doesNotMatch(label, /\.option\./);
      });
      fc.assert(property, { numRuns: 30 });
    }
  });
});
